"""The line to PostgreSQL: a socket that passes statements on and lets a watcher act between any two of them.

It speaks just enough of the protocol to know the statement's text, when its answer is complete, and, from the
kernel, which process is asking.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
LARGEST = 1 << 18  # bytes of an answer that wait for its end


class Verdict(Enum):
    """What becomes of a statement: it passes, the line is cut, or whoever asked is left without any answer."""

    PASS = 1
    CUT = 2


@dataclass(slots=True)
class Talk:
    """One connection: who asks, what was said since BEGIN, what is being said."""

    pid: int
    said: list[str] = field(default_factory=list)  # of this transaction, `now` included
    now: str = ""
    earlier: list[str] = field(default_factory=list)  # the transaction before


Watcher = Callable[[Talk], Verdict]


def passes(_talk: Talk) -> Verdict:
    return Verdict.PASS


class Line:
    """Listens in `folder`; `upstream` is the server's own socket, None while there is no server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.upstream: Path | None = None
        self.before: Watcher = passes  # the statement has not reached the server
        self.after: Watcher = passes  # the server has answered, nobody has heard it
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.folder / SOCKET)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Cut every connection."""
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(_peer(writer))
        self._open.add(writer)
        server: asyncio.StreamWriter | None = None
        try:
            if self.upstream is None:
                return
            answers, server = await asyncio.open_unix_connection(str(self.upstream))
            if not await _greet(reader, writer, server):
                return
            tasks = [
                asyncio.ensure_future(self._questions(talk, reader, server)),
                asyncio.ensure_future(self._answers(talk, answers, writer)),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            for one in (writer, server):
                if one is not None:
                    one.transport.abort()

    async def _questions(
        self, talk: Talk, reader: asyncio.StreamReader, server: asyncio.StreamWriter
    ) -> None:
        names: dict[bytes, str] = {}
        batch: list[bytes] = []
        asked: list[str] = []
        while True:
            kind, message = await _message(reader)
            batch.append(message)
            if kind == b"P":
                name, query, _rest = message[5:].split(b"\0", 2)
                names[name] = query.decode(errors="replace")
            elif kind == b"B":
                _portal, name, _rest = message[5:].split(b"\0", 2)
                asked.append(names.get(name, ""))
            elif kind == b"Q":
                asked.append(message[5:-1].decode(errors="replace"))
            if kind in (b"Q", b"S"):
                for text in asked:
                    _note(talk, text)
                if asked and self.before(talk) is Verdict.CUT:
                    return
                asked = []
            if kind not in (b"P", b"B", b"D", b"E", b"C"):
                server.write(b"".join(batch))
                batch = []
                await server.drain()

    async def _answers(self, talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held: list[bytes] = []
        size = 0
        while True:
            kind, message = await _message(reader)
            held.append(message)
            size += len(message)
            if kind == b"Z" and talk.now and self.after(talk) is Verdict.CUT:
                return
            if kind in b"ZRGWN" or size > LARGEST:
                writer.write(b"".join(held))
                held, size = [], 0
                await writer.drain()


async def _greet(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: asyncio.StreamWriter
) -> bool:
    """Pass the first message on. False when there will be no conversation."""
    while True:
        length = await reader.readexactly(4)
        rest = await reader.readexactly(struct.unpack("!I", length)[0] - 4)
        code = struct.unpack("!I", rest[:4])[0]
        if code in (SSL_REQUEST, GSS_REQUEST):
            writer.write(b"N")
            continue
        server.write(length + rest)
        await server.drain()
        if code == CANCEL_REQUEST:
            with contextlib.suppress(OSError):
                server.write_eof()
        return bool(code != CANCEL_REQUEST)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)


def _note(talk: Talk, text: str) -> None:
    if text.startswith("BEGIN"):
        talk.earlier, talk.said = talk.said, []
    talk.said.append(text)
    talk.now = text


def _peer(writer: asyncio.StreamWriter) -> int:
    """The process at the other end, as the kernel knows it; 0 where it does not tell."""
    connection = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid: int = struct.unpack("3i", told)[0]
    return pid
