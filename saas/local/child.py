"""A program that this process starts and that does not outlive it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

FORCE_SECONDS = 5


class Child:
    """Runs in a session of its own, so that Ctrl-C reaches us alone and we stop things in order.

    A shell keeps watch: when this process is gone, however it went, it stops the program and removes `leavings`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        output: IO[bytes],
        leavings: Sequence[Path] = (),
        stop_with: signal.Signals = signal.SIGTERM,
        **options: Any,
    ) -> None:
        self._stop_with = stop_with
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **options,
        )
        script = 'read _; kill "-$1" "$2"; shift 2; sleep 1; rm -rf "$@"'
        self._watcher = subprocess.Popen(
            ["sh", "-c", script, "watch", str(int(stop_with)), str(self.pid), *map(str, leavings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def stop(self, seconds: float = 30) -> None:
        """Politely first, after `seconds` by force. Returns when it has ended."""
        self._watcher.kill()
        self._watcher.communicate()
        end(self._process.send_signal, self._process.poll, self._stop_with, seconds)


def end(
    send: Callable[[int], None], ended: Callable[[], object], first: signal.Signals, seconds: float
) -> None:
    """`send` delivers a signal; `ended` answers None while the process lives."""
    for number, patience in (
        (first, seconds),
        (signal.SIGQUIT, FORCE_SECONDS),
        (signal.SIGKILL, FORCE_SECONDS),
    ):
        with contextlib.suppress(ProcessLookupError):
            send(number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if ended() is not None:
                return
            time.sleep(0.02)
