"""The whole ordeal: customers pay, processes die, the world goes on, and both sides are compared."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaos.comparing import Comparison, compare
from chaos.gate import passes as every_request
from chaos.gateway import dead_rows, repeat_notices, time_passes
from chaos.house import House, HouseFailed, house, is_ready
from chaos.line import passes as every_statement
from chaos.moments import PLACES, Killer, Place
from chaos.payers import Counts, Customer
from chaos.world import World
from saas import outbox
from saas.config import Config
from saas.database import db
from wsgi import create_app

AHEAD = 3  # kills that a path may be ahead of the one that is passed least often
AIMED = 0.75  # of the kills at a named place, the others by the clock
BACK_SECONDS = 60.0
STOP_SECONDS = 90.0
ROUNDS_OF_TIME = 12
POLLS = "payments.poll"


@dataclass(slots=True)
class Report:
    """What happened, and what was found afterwards."""

    kills: int
    seconds: float
    where: Counter[str]
    who: Counter[str]
    counts: Counts
    comparison: Comparison
    repeated: Counter[int] = field(default_factory=Counter)
    recovered: int = 0  # captured only when the world went on
    dead: list[tuple[object, str, str]] = field(default_factory=list)
    stuck: dict[str, int] = field(default_factory=dict)
    books: str = ""
    evidence: str = ""

    @property
    def clean(self) -> bool:
        """Nothing is missing, nothing is there twice, and there was something to lose."""
        found = self.comparison
        problems = self.dead or self.stuck or self.books or self.evidence
        return found.clean and not problems and 0 < found.captured == found.approved


def endure(
    home: Path, *, kills: int, seed: int, payers: int, redis: bool, say: Callable[[str], None]
) -> Report:
    """Kill so many processes while so many customers pay, then compare. The same seed chooses the same moments, as far
    as a machine with several processes can repeat itself. Raises HouseFailed."""
    chance = random.Random(seed)  # noqa: S311 - which process dies is no secret
    with house(home, redis=redis) as ours, application(ours) as world_of:
        world = world_of(payers)
        killer = Killer(ours.victims)
        _move_in(ours, redis)
        ours.wait_ready()
        ours.line.before, ours.line.after = killer.before, killer.after
        ours.gate.before, ours.gate.after = killer.gate_before, killer.gate_after
        counts = Counts()
        customers = [
            Customer(payer, world, ours.gate.port, counts, random.Random(f"{seed} {number}"))  # noqa: S311
            for number, payer in enumerate(world.payers)
        ]
        say(f"{len(customers)} customers pay while {kills} processes are killed …")
        began = time.monotonic()
        for customer in customers:
            customer.thread.start()
        _kill(ours, killer, kills, chance, say)
        seconds = time.monotonic() - began
        for customer in customers:
            customer.stopping.set()
        for customer in customers:
            customer.thread.join(60)
        ours.line.before = ours.line.after = every_statement
        ours.gate.before = ours.gate.after = every_request
        say(f"{killer.kills} killed in {seconds:.0f} s. The world goes on …")
        return _go_on(ours, world, killer, counts, seconds, home)


@contextlib.contextmanager
def application(ours: House) -> Iterator[Callable[[int], World]]:
    """The driver's own application: it makes the world and reads it, on a way of its own to the database."""
    app = create_app(Config.from_env(ours.direct | {"VENTANILLA_OUTBOX": "off"}))
    try:
        yield lambda payers: World(app, payers)
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
            app.extensions["platform_engine"].dispose()
            app.extensions["limits_engine"].dispose()


def _move_in(ours: House, redis: bool) -> None:
    """Both kinds of drainers at once: a thread of a web server, and workers that anything may overtake."""
    ours.start_bank()
    ours.start_web("web with its outbox")
    ours.start_web("web with workers", outbox="rq" if redis else "off")
    ours.start_worker("outbox command", "outbox")
    if redis:
        ours.start_worker("RQ worker", "rq")


def _kill(ours: House, killer: Killer, kills: int, chance: random.Random, say: Callable[[str], None]) -> None:
    while killer.kills < kills:
        before = killer.kills
        if chance.random() < AIMED:
            killer.at(next_places(killer.where, chance))
        if killer.kills == before:
            time.sleep(chance.uniform(0, 0.5))
            victims = ours.victims()
            if victims:
                killer.now(chance.choice(sorted(victims)))
        if killer.kills != before and killer.kills % 25 == 0:
            say(f"  {killer.kills}")
        _back(ours)
        time.sleep(chance.uniform(0, 0.4))


def next_places(where: Mapping[str, int], chance: random.Random) -> tuple[Place, ...]:
    """On each path the place that had the fewest kills so far; paths that are ahead of the others wait for them. The
    first of these places that somebody comes by is taken."""
    rarest = sorted(PLACES, key=lambda place: (where[place.name], chance.random()))
    fewest = {place.path: place for place in reversed(rarest)}.values()
    return tuple(place for place in fewest if where[place.name] <= where[rarest[0].name] + AHEAD)


def _back(ours: House) -> None:
    """Until a web server answers again: whoever is killed before it has begun proves nothing."""
    deadline = time.monotonic() + BACK_SECONDS
    while not any(is_ready(port) for port in ours.gate.webs):
        if time.monotonic() > deadline:
            raise HouseFailed(f"No web server came back:\n{ours.last_words()}")
        time.sleep(0.05)


def _go_on(ours: House, world: World, killer: Killer, counts: Counts, seconds: float, home: Path) -> Report:
    before = compare(ours.superuser_url, home)
    ours.wait_ready()
    for name in [name for name in ours.rooms if name != "bank"]:
        ours.stop(name)
    _wait_for_the_end(ours, STOP_SECONDS)
    for name in _living(ours):  # RQ finishes its job first, however much that job has found to do
        if ours.rooms[name].what == "rq":
            ours.stop(name)
    _wait_for_the_end(ours, STOP_SECONDS)
    if late := _living(ours):
        raise HouseFailed(f"They did not stop when they were asked to: {', '.join(late)}")
    ours.gate.webs.clear()
    ours.start_web("web afterwards", outbox="off")
    ours.wait_ready("web afterwards")
    repeated = repeat_notices(world, ours.gate.port)
    waiting = let_time_pass(ours, world)
    return Report(
        kills=killer.kills,
        seconds=seconds,
        where=killer.where,
        who=killer.who,
        counts=counts,
        comparison=(after := compare(ours.superuser_url, home)),
        repeated=repeated,
        recovered=after.captured - before.captured,
        dead=[*dead_rows(ours.superuser_url)],
        stuck=waiting,
        books=command(world, "ledger", "check"),
        evidence=command(world, "audit", "verify"),
    )


def _living(ours: House) -> list[str]:
    return sorted(set(ours.pids) - {"bank"})


def _wait_for_the_end(ours: House, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _living(ours) and time.monotonic() < deadline:
        time.sleep(0.05)


def let_time_pass(ours: House, world: World) -> dict[str, int]:
    """Hours go by and the outbox is drained, until only questions about unpaid attempts are left. Nobody else may be
    draining. Returns what is stuck, by topic."""
    waiting: dict[str, int] = {}
    for turn in range(ROUNDS_OF_TIME):
        waiting = time_passes(ours.superuser_url)
        if turn > 1 and not set(waiting) - {POLLS}:
            break
        with world.app.app_context():
            while outbox.drain():
                pass
    return {topic: count for topic, count in waiting.items() if topic != POLLS}


def command(world: World, *words: str) -> str:
    """What the command complained of; empty when its exit status was 0."""
    done = world.app.test_cli_runner().invoke(args=list(words))
    return (done.output[-2000:] or repr(done.exception)) if done.exit_code else ""
