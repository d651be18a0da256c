"""One house for the tests that break its parts: database, bank, a web server, a command that drains the outbox."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="module")  # what one file breaks, the next need not live with
def _street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with house(tmp_path_factory.mktemp("chaos")) as ours, application(ours) as world_of:
        street = Street(ours, world_of(6))
        ours.start_bank()
        ours.start_web("web", outbox="off")
        ours.start_worker("outbox command", "outbox")
        yield street


@pytest.fixture
def street(_street: Street) -> Iterator[Street]:
    """Everything is up when a test begins. What the processes said last is shown when it fails."""
    _street.house.wait_ready(seconds=PATIENCE)
    if "outbox command" not in _street.house.pids:  # a test that failed may have left it stopped
        _street.house.start_worker("outbox command", "outbox")
    wait_until(lambda: "outbox command" in _street.house.pids)
    yield _street
    print(_street.house.last_words())
