"""The way out to providers: bounded in time and size, and broken off where nobody answers (case M12)."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from blueprints.payments import wire as wires
from blueprints.payments.breaker import FAILURES, PAUSE, SLOW, WAITING, Breaker
from blueprints.payments.interface import Answer, Unreachable
from blueprints.payments.wire import LARGEST_ANSWER, HttpWire

URL = "https://provider.example/api"


class Scripted:
    """A wire that answers, fails or falls silent as it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.next: int | BaseException = 200

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.asked += 1
        if isinstance(self.next, BaseException):
            raise self.next
        return Answer(self.next, b"", {})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(scripted: Scripted, clock: Clock) -> Breaker:
    return Breaker(scripted, clock)


def fail(breaker: Breaker, scripted: Scripted, times: int, how: int | BaseException | None = None) -> None:
    scripted.next = how if how is not None else Unreachable("silence")
    for _turn in range(times):
        with contextlib.suppress(Unreachable):
            breaker.send("GET", URL)


@pytest.mark.parametrize("how", [Unreachable("silence"), 502, 503, 504])
def test_after_some_silence_nobody_waits_any_more(breaker: Breaker, scripted: Scripted, how):
    fail(breaker, scripted, FAILURES, how)
    asked = scripted.asked
    for _turn in range(20):
        with pytest.raises(Unreachable, match="later"):
            breaker.send("GET", URL)
    assert scripted.asked == asked == FAILURES


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 422, 429, 500])
def test_an_answer_is_no_silence(breaker: Breaker, scripted: Scripted, status: int):
    fail(breaker, scripted, 30, status)
    assert scripted.asked == 30


def test_one_request_tries_for_all_when_the_pause_is_over(breaker: Breaker, scripted: Scripted, clock: Clock):
    fail(breaker, scripted, FAILURES)
    clock.now += PAUSE + 1
    fail(breaker, scripted, 3)
    assert scripted.asked == FAILURES + 1
    clock.now += PAUSE + 1
    scripted.next = 200
    for _turn in range(5):
        assert breaker.send("GET", URL).status == 200


def test_a_success_forgets_earlier_silence(breaker: Breaker, scripted: Scripted):
    for _turn in range(5):
        fail(breaker, scripted, FAILURES - 1)
        scripted.next = 200
        breaker.send("GET", URL)
    assert scripted.asked == 5 * FAILURES


def test_one_provider_does_not_stop_another(breaker: Breaker, scripted: Scripted):
    fail(breaker, scripted, FAILURES)
    scripted.next = 200
    assert breaker.send("GET", "https://other.example/").status == 200


def test_our_own_fault_does_not_keep_a_provider_closed(breaker: Breaker, scripted: Scripted, clock: Clock):
    fail(breaker, scripted, FAILURES)
    clock.now += PAUSE + 1
    scripted.next = RuntimeError("ours")
    with pytest.raises(RuntimeError):
        breaker.send("GET", URL)
    scripted.next = 200
    assert breaker.send("GET", URL).status == 200


def test_whoever_comes_while_others_wait_is_told_at_once(clock: Clock):
    release, here = threading.Event(), threading.Semaphore(0)

    class Slow(Scripted):
        def send(self, method, url, *, body=b"", headers=None) -> Answer:
            here.release()
            release.wait(10)
            return super().send(method, url)

    slow = Slow()
    breaker = Breaker(slow, clock)
    waiting = [threading.Thread(target=breaker.send, args=("GET", URL)) for _turn in range(WAITING)]
    for one in waiting:
        one.start()
        here.acquire(timeout=10)
    clock.now += SLOW + 0.1
    with pytest.raises(Unreachable, match="waiting"):
        breaker.send("GET", URL)
    release.set()
    for one in waiting:
        one.join(10)
    assert breaker.send("GET", URL).status == 200
    assert slow.asked == WAITING + 1


@contextlib.contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A listener on this machine that treats each caller as told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    caller, _address = listener.accept()
                    with caller, contextlib.suppress(OSError):
                        caller.recv(65536)
                        answer(caller)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_an_answer_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wires, "PATIENCE", 0.5)

    def drip(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _turn in range(100):
            caller.sendall(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    with server(drip) as url, pytest.raises(Unreachable):
        HttpWire().send("GET", url)
    assert time.monotonic() - began < 2


def test_an_answer_without_end_is_cut_off():
    def flood(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            caller.sendall(b"x" * 65536)

    with server(flood) as url, pytest.raises(Unreachable, match="too much"):
        HttpWire().send("GET", url)


def test_an_answer_of_the_largest_size_arrives_whole():
    body = b"y" * LARGEST_ANSWER

    def whole(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        caller.sendall(body)

    with server(whole) as url:
        assert HttpWire().send("GET", url).body == body


@pytest.mark.parametrize(
    "noise", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"]
)
def test_noise_is_no_answer(noise: bytes):
    with server(lambda caller: caller.sendall(noise)) as url, pytest.raises(Unreachable):
        HttpWire().send("GET", url)


def test_nobody_listening_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        HttpWire().send("GET", f"http://127.0.0.1:{port}/")
    with pytest.raises(Unreachable):
        HttpWire().send("GET", "http://no-such-host.invalid/")


def test_redirects_are_not_followed():
    def elsewhere(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    with server(elsewhere) as url:
        assert HttpWire().send("GET", url).status == 302


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "gopher://x/"])
def test_only_the_web_is_spoken(url: str):
    with pytest.raises(Unreachable):
        HttpWire().send("GET", url)
