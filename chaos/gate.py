"""The network in front of everything: to tenants through whichever web server answers, to the bank, and with faults.

One port, as the reverse proxy of a real installation. A watcher may act before a request is passed on and between
an answer and its being heard; `trouble` makes a host hang, break off or talk nonsense.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chaos.line import Verdict

ADDRESS = "127.0.0.1"
PATIENCE = 60.0
SILENCE = 30.0
HANG, BROKEN, HTML, RESET = "hang", "500", "html", "reset"


@dataclass(frozen=True, slots=True)
class Passing:
    """One request: the port of who asks (to find the process), the host, and the request's first line."""

    peer: int
    host: str
    line: str


Watcher = Callable[[Passing], Verdict]


def passes(_passing: Passing) -> Verdict:
    return Verdict.PASS


class Gate:
    """Listens on `port`. `bank` is the port of the bank's server, `webs` those of the web servers, in turn."""

    def __init__(self, port: int, bank_host: str, bank: int, webs: list[int]) -> None:
        self.port = port
        self.bank_host = bank_host
        self.bank = bank
        self.webs = webs
        self.before: Watcher = passes
        self.after: Watcher = passes
        self.trouble: dict[str, str] = {}  # host: what is wrong with it
        self.suffering: list[Passing] = []  # requests that meet with trouble at this moment
        self._turn = itertools.count()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, ADDRESS, self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            head = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            hosts = [line[5:].strip() for line in head if line.lower().startswith("host:")]
            host = hosts[0].partition(":")[0] if hosts else ""
            passing = Passing(writer.get_extra_info("peername")[1], host, head[0])
            if host in self.trouble:
                self.suffering.append(passing)
                try:
                    await _misbehave(reader, writer, self.trouble[host])
                finally:
                    self.suffering.remove(passing)
                return
            if self.before(passing) is Verdict.CUT:
                return
            answer = await self._carry(host, _closing(request))
            if self.after(passing) is Verdict.CUT:
                return
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _carry(self, host: str, request: bytes) -> bytes:
        """The answer of whoever serves the host; 502 when nobody does, or breaks off."""
        ports = [self.bank] if host == self.bank_host else self._in_turn()
        for port in ports:
            try:
                reader, writer = await asyncio.open_connection(ADDRESS, port)
            except OSError:
                continue  # nobody listens there now: the next one has it
            try:
                writer.write(request)
                await writer.drain()
                answer = await asyncio.wait_for(reader.read(-1), PATIENCE)
                if b"\r\n\r\n" in answer:
                    return answer
            except (OSError, TimeoutError):
                pass
            finally:
                writer.close()
            break  # it was taken and not answered: nobody knows what became of it
        return b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    def _in_turn(self) -> list[int]:
        first = next(self._turn) % len(self.webs) if self.webs else 0
        return self.webs[first:] + self.webs[:first]


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    return head + (await reader.readexactly(length) if length else b"")


def _closing(request: bytes) -> bytes:
    """The request with one connection to itself, so that the answer's end is the connection's."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body


async def _misbehave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, how: str) -> None:
    if how == HANG:  # until whoever asked has given up
        await asyncio.wait_for(reader.read(1), SILENCE)
    elif how == RESET:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nhalf of it")
        await writer.drain()
        writer.transport.abort()
    elif how in (BROKEN, HTML):
        status = "500 Internal Server Error" if how == BROKEN else "200 OK"
        page = b"<!doctype html><title>Maintenance</title><p>We are sorry."
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n".encode())
        writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(page), page))
        await writer.drain()


def unheard(port: int) -> int:
    """How many requests to a local port nobody has taken yet, or not read to their end. 0 where nobody can tell."""
    ours = f"0100007F:{port:04X}"
    try:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    except OSError:
        return 0
    # Of an established connection: whose it is (0 while it waits to be accepted), and what waits to be read.
    open_ones = [row for row in rows if row[1] == ours and row[3] == "01"]
    return sum(row[9] == "0" or int(row[4].partition(":")[2], 16) > 0 for row in open_ones)


def asking(port: int, candidates: list[int]) -> int | None:
    """Which of these processes holds the connection that comes from a local port. None where nobody can tell."""
    wanted = f"0100007F:{port:04X}"
    try:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        inode = next(row[9] for row in rows if row[1] == wanted)
    except (OSError, StopIteration):
        return None
    for pid in candidates:
        try:
            for held in Path(f"/proc/{pid}/fd").iterdir():
                if str(held.readlink()) == f"socket:[{inode}]":
                    return pid
        except OSError:
            continue
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])
