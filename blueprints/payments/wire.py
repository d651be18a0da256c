"""The way out to payment providers: one request, one answer, a short patience."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

from flask import current_app

from blueprints.payments.breaker import Breaker
from blueprints.payments.interface import Answer, Unreachable, Wire
from tenants.frame import commit_so_far

PATIENCE = 10.0  # seconds for the whole exchange, however slowly it drips (case M12)
LARGEST_ANSWER = 1024 * 1024
EXTENSION = "payment_wire"


class HttpWire:
    """Plain HTTP(S) without redirects. A name under `localhost` is this machine, resolver or not."""

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        parts = urlsplit(url)
        host = parts.hostname or ""
        target = "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(target, parts.port, timeout=PATIENCE, context=context)
        elif parts.scheme == "http":
            connection = http.client.HTTPConnection(target, parts.port, timeout=PATIENCE)
        else:
            raise Unreachable(f"no way to {parts.scheme}")
        path = parts.path or "/"
        deadline = Deadline(connection)
        try:
            connection.request(
                method,
                f"{path}?{parts.query}" if parts.query else path,
                body=body or None,
                headers={"Host": parts.netloc, **(headers or {})},
            )
            response = connection.getresponse()
            content = response.read(LARGEST_ANSWER + 1)
            if len(content) <= LARGEST_ANSWER and (response.length or deadline.over):
                raise http.client.IncompleteRead(content)
        except (OSError, http.client.HTTPException) as problem:
            raise Unreachable(f"{type(problem).__name__}: {host}") from problem
        finally:
            deadline.lift()
            connection.close()
        if len(content) > LARGEST_ANSWER:
            raise Unreachable(f"{host} answered too much")
        return Answer(response.status, content, {key.lower(): value for key, value in response.getheaders()})


class Deadline:
    """The end of a whole exchange. A socket's own timeout starts anew with every byte that drips in."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.over = False
        self._connection = connection
        self._timer = threading.Timer(PATIENCE, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def lift(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.over = True
        with contextlib.suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)


class Patient:
    """A wire that lets go of the database before it goes out: what was decided so far is committed, and no
    connection waits while a provider thinks. What is heard is written in a second transaction."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        commit_so_far()
        return self._wire.send(method, url, body=body, headers=headers or {})


def patient_wire() -> Wire:
    """The application's wire for those who ask in the middle of their work: jobs, commands, pages."""
    return Patient(current_wire())


def current_wire() -> Wire:
    """The application's wire, with its breaker; tests lay their own."""
    return cast(Wire, current_app.extensions.setdefault(EXTENSION, Breaker(HttpWire())))
