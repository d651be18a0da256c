"""Where the demo answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    port: int

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"
