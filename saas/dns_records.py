"""What the world's name servers say about a name. Asked only after a transaction or by an operator."""

from __future__ import annotations

from typing import Final, Protocol

import dns.exception
import dns.resolver
from dns.rdata import Rdata
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from flask import current_app

EXTENSION: Final = "dns_records"
SECONDS: Final = 2.0  # for one server
SECONDS_IN_ALL: Final = 4.0


class NoAnswer(Exception):
    """No server answered in time. Whether the record exists is not known."""


class Records(Protocol):
    """Who can be asked. Tests bring one that reads from a script. Both raise NoAnswer."""

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name; none when there is no such name."""

    def addresses(self, name: str) -> frozenset[str]:
        """Where a name leads at last, as IPv4 and IPv6 addresses; none when it leads nowhere."""


class NameServers:
    """The name servers that this machine is told to use."""

    def texts(self, name: str) -> list[str]:
        return [
            b"".join(record.strings).decode("ascii", "replace")
            for record in self._ask(name, "TXT")
            if isinstance(record, TXT)
        ]

    def addresses(self, name: str) -> frozenset[str]:
        found = (record for kind in ("A", "AAAA") for record in self._ask(name, kind))
        return frozenset(record.address for record in found if isinstance(record, (A, AAAA)))

    def _ask(self, name: str, kind: str) -> list[Rdata]:
        try:
            resolver = dns.resolver.Resolver()
            resolver.timeout, resolver.lifetime = SECONDS, SECONDS_IN_ALL
            # Without search: a name that is not complete must not become one of this machine's own network.
            return list(resolver.resolve(f"{name}.", kind, search=False, raise_on_no_answer=False))
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as problem:
            raise NoAnswer(f"{name} {kind}: {type(problem).__name__}") from problem


def records() -> Records:
    """The name servers of this application."""
    found: Records = current_app.extensions.setdefault(EXTENSION, NameServers())
    return found
