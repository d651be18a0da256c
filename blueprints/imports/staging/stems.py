"""Ids by the hundred thousand: as everybody makes them."""

from __future__ import annotations

from saas.stems import Stems

__all__ = ["Stems"]
