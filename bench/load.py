"""A client that costs little: prepared request bytes on a few kept connections, one thread, no parsing to speak of."""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

ADDRESS = "127.0.0.1"
CONNECTIONS = 8
PATIENCE = 10.0  # seconds without any answer


class WrongAnswer(Exception):
    """The server answered something else than the page: a figure of errors would be worthless."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round saw: answers, seconds, and the bytes of one page."""

    answers: int
    seconds: float
    page_bytes: int

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds


def request_bytes(host: str, path: str, *, cookie: str = "") -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: text/html", "Accept-Language: es"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def fetch(port: int, request: bytes) -> tuple[int, bytes]:
    """One request on a connection of its own: status and body."""
    with socket.create_connection((ADDRESS, port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        received = b""
        while (whole := _whole(received)) is None or len(received) < whole:
            part = connection.recv(1 << 18)
            if not part:
                raise WrongAnswer("the connection ended before the answer did")
            received += part
    return int(received[9:12]), received[received.index(b"\r\n\r\n") + 4 :]


def run_round(port: int, requests: Sequence[bytes], seconds: float, connections: int = CONNECTIONS) -> Round:
    """Ask for `seconds`, every connection again as soon as it was answered. Raises WrongAnswer."""
    upcoming = cycle(requests)
    poll = select.poll()
    sockets: dict[int, socket.socket] = {}
    received: dict[int, bytes] = {}
    answers = size = 0
    gc.disable()
    try:
        for _ in range(connections):
            opened = socket.create_connection((ADDRESS, port), timeout=PATIENCE)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets[opened.fileno()] = opened
            received[opened.fileno()] = b""
            poll.register(opened.fileno(), select.POLLIN)
        began = time.perf_counter()
        end = began + seconds
        for one in sockets.values():
            one.sendall(next(upcoming))
        while time.perf_counter() < end:
            ready = poll.poll(PATIENCE * 1000)
            if not ready:
                raise WrongAnswer(f"no answer in {PATIENCE} s")
            for number, _events in ready:
                part = sockets[number].recv(1 << 18)
                if not part:
                    raise WrongAnswer("the server closed a connection")
                whole = received[number] + part if received[number] else part
                wanted = _whole(whole)
                if wanted is None or len(whole) < wanted:
                    received[number] = whole
                    continue
                if not whole.startswith(b"HTTP/1.1 200"):
                    raise WrongAnswer(whole[:200].decode(errors="replace"))
                answers += 1
                size = wanted
                received[number] = b""
                sockets[number].sendall(next(upcoming))
        return Round(answers, time.perf_counter() - began, size)
    finally:
        gc.enable()
        for one in sockets.values():
            one.close()


def _whole(received: bytes) -> int | None:
    """How long the answer is with its head; None while that cannot be told."""
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return None
    lower = received[:head].lower()
    at = lower.find(b"content-length:")
    if at < 0:
        raise WrongAnswer("an answer without Content-Length")
    end = lower.find(b"\r\n", at)
    return head + 4 + int(lower[at + 15 : end if end > 0 else head])
