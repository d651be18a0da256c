"""What messages answer to: every letter of the house, and what other capabilities tell."""

from __future__ import annotations

from blueprints.messages import jobs, office

__all__ = ["jobs", "office"]
