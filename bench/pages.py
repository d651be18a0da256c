"""The signed-in invoice list against the floor: rounds in turn, so that whatever else the machine does meets both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.load import Round, WrongAnswer, fetch, request_bytes, run_round
from bench.report import Figure, of_rounds
from bench.servers import WebServer
from bench.world import Town

LIST = "/invoices"
HISTORY = "/invoices/history"
COOKIE = "ventanilla"  # tenants.frame.SESSION_COOKIE without HTTPS
AIM = 0.4
GROWTH_AIM = 1.3


@dataclass(frozen=True, slots=True)
class Course:
    """One thing that is asked for again and again: where, and with which requests."""

    name: str
    server: WebServer
    requests: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Taken:
    """A round with the processor time that its server's workers and the database needed for it."""

    round: Round
    processor: float  # seconds

    @property
    def cost(self) -> float:
        """Processor seconds per answer."""
        return self.processor / max(self.round.answers, 1)


def product_course(server: WebServer, town: Town, path: str) -> Course:
    """The page of every signed-in customer of the town. Raises WrongAnswer when it is not that page."""
    requests = []
    for resident in town.residents:
        request = request_bytes(f"{town.host}:{server.port}", path, cookie=f"{COOKIE}={resident.token}")
        status, body = fetch(server.port, request)
        if status != 200 or resident.newest.encode() not in body:
            raise WrongAnswer(f"{path} answered {status} without the invoice {resident.newest}")
        requests.append(request)
    return Course(f"{path} of {town.invoices:,}", server, requests)


def floor_course(server: WebServer, town: Town) -> Course:
    requests = []
    for resident in town.residents:
        request = request_bytes(f"127.0.0.1:{server.port}", f"/{town.id}/{resident.account_id}")
        status, body = fetch(server.port, request)
        if status != 200 or body.count(b"<tr>") != 21 or resident.newest.encode() not in body:
            raise WrongAnswer(f"the floor answered {status}")
        requests.append(request)
    return Course("floor", server, requests)


def run(
    courses: Sequence[Course],
    *,
    rounds: int,
    seconds: float,
    database_time: Callable[[], float],
    say: Callable[[str], None],
) -> dict[str, list[Taken]]:
    """Every course in every round, after one warm-up of each; the order is turned round from round to round."""
    for course in courses:
        run_round(course.server.port, course.requests, max(seconds, 1.0))
    taken: dict[str, list[Taken]] = {course.name: [] for course in courses}
    for number in range(rounds):
        for course in courses if number % 2 == 0 else reversed(courses):
            before = database_time() + course.server.processor_seconds()
            result = run_round(course.server.port, course.requests, seconds)
            after = database_time() + course.server.processor_seconds()
            taken[course.name].append(Taken(result, after - before))
        say(f"  round {number + 1} of {rounds}")
    return taken


def figure(
    what: str,
    over: Sequence[Taken],
    under: Sequence[Taken],
    *,
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """Answers per second of `over` by those of `under`, round by round."""
    ratios = [one.round.rate / other.round.rate for one, other in zip(over, under, strict=True)]
    cost = median(
        [other.cost / one.cost for one, other in zip(over, under, strict=True) if one.cost and other.cost]
        or [0]
    )
    words = f"{_rate(over)} : {_rate(under)} a second"
    if cost:
        words += f"; by processor time {cost:.2f}"
    return of_rounds(what, ratios, least=least, most=most, orientation=words)


def _rate(taken: Sequence[Taken]) -> str:
    return f"{median(one.round.rate for one in taken):.0f}"
