"""What access answers to: its outbox topics."""

from __future__ import annotations

from blueprints.auth import letters

__all__ = ["letters"]
