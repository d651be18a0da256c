"""One house for the tests that break its parts: database, bank, a web server, a command that drains the outbox."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from chaos.comparing import Comparison, compare
from chaos.gate import ADDRESS
from chaos.gateway import dead_rows
from chaos.house import House, house
from chaos.payers import TOKEN
from chaos.run import application, command, let_time_pass
from chaos.world import Payer, World

PATIENCE = 120.0  # only for what never happens: a busy machine may take its time
WHILE = 0.5


@dataclass
class Street:
    """The house with its world."""

    house: House
    world: World

    def ask(
        self,
        payer: Payer,
        path: str,
        fields: dict[str, str] | None = None,
        *,
        port: int | None = None,
    ) -> httpx.Response:
        """A request as this payer, through the gate or straight to a server. POST when there are `fields`."""
        return httpx.request(
            "GET" if fields is None else "POST",
            f"http://{ADDRESS}:{port or self.house.gate.port}{path}",
            data=fields,
            headers={
                "Host": f"{payer.town.host}:{self.house.gate.port}",
                "Origin": f"http://{payer.town.host}:{self.house.gate.port}",
                "Cookie": f"ventanilla={payer.token}",
            },
            timeout=60,
        )

    def form(self, payer: Payer, invoice_id: uuid.UUID) -> dict[str, str]:
        """What the confirmation page would send."""
        found = TOKEN.search(self.ask(payer, f"/payments/confirm?invoice={invoice_id}").text)
        assert found, "there is no form"
        return {"csrf_token": found[1], "invoice": str(invoice_id)}

    def platform(self, path: str) -> httpx.Response:
        return httpx.get(
            f"http://{ADDRESS}:{self.house.gate.port}{path}", headers={"Host": "localhost"}, timeout=60
        )

    def settle(self) -> Comparison:
        """Let the world go on until everything is done, and compare. Asserts that nothing is stuck or unbalanced."""
        drained_by = "outbox command"
        self.house.stop(drained_by)
        wait_until(lambda: drained_by not in self.house.pids)
        stuck = let_time_pass(self.house, self.world)
        assert (stuck, dead_rows(self.house.superuser_url)) == ({}, [])
        assert (command(self.world, "ledger", "check"), command(self.world, "audit", "verify")) == ("", "")
        self.house.start_worker(drained_by, "outbox")
        found = compare(self.house.superuser_url, self.house.home)
        assert (found.lost, found.doubled, found.wrong) == ([], [], [])
        assert found.captured == found.approved
        return found


def wait_until(happened: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def stays(holds: Callable[[], bool], seconds: float = WHILE) -> None:
    """What must not end by itself is looked at for a while. Shorter or longer, it can only show what is wrong."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert holds(), "it did not last"
        time.sleep(0.02)


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


class Streets:
    """One street for all tests, for to build it takes longer than most of them; after a failure, a new one."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._exit = ExitStack()
        self._street: Street | None = None

    def now(self) -> Street:
        if self._street is None:
            ours = self._exit.enter_context(house(self._factory.mktemp("chaos")))
            world_of = self._exit.enter_context(application(ours))
            self._street = Street(ours, world_of(6))
            ours.start_bank()
            ours.start_web("web", outbox="off")
            ours.start_worker("outbox command", "outbox")
        return self._street

    def leave(self) -> None:
        self._street = None
        self._exit.close()


@pytest.fixture(scope="session")
def _streets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streets]:
    streets = Streets(tmp_path_factory)
    yield streets
    streets.leave()


@pytest.fixture
def street(_streets: Streets, request: pytest.FixtureRequest) -> Iterator[Street]:
    """Everything is up when a test begins. What the processes said last is shown when it fails; what it broke, the
    next test need not live with."""
    street = _streets.now()
    try:
        street.house.wait_ready(seconds=PATIENCE)
        wait_until(lambda: "outbox command" in street.house.pids)
        yield street
        print(street.house.last_words())
    finally:
        if request.node.stash.get(FAILED, False) or sys.exc_info()[0] is not None:
            _streets.leave()
