"""The way out to payment providers: one request, one answer, a short patience."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

from flask import current_app

from blueprints.payments.interface import Answer, Unreachable, Wire

PATIENCE = 10  # seconds
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
        try:
            connection.request(
                method,
                f"{path}?{parts.query}" if parts.query else path,
                body=body or None,
                headers={"Host": parts.netloc, **(headers or {})},
            )
            response = connection.getresponse()
            content = response.read(LARGEST_ANSWER + 1)
        except (OSError, http.client.HTTPException) as problem:
            raise Unreachable(f"{type(problem).__name__}: {host}") from problem
        finally:
            connection.close()
        if len(content) > LARGEST_ANSWER:
            raise Unreachable(f"{host} answered too much")
        return Answer(response.status, content, {key.lower(): value for key, value in response.getheaders()})


def current_wire() -> Wire:
    """The application's wire; tests lay their own."""
    return cast(Wire, current_app.extensions.setdefault(EXTENSION, HttpWire()))
