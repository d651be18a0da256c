"""When a process is killed: at a named place between two statements, around the provider's answer, or by the clock."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.gate import Passing, asking
from chaos.line import Talk, Verdict

BEFORE, AFTER = "before", "after"
GRACE = 3.0  # seconds that a place has to come by, until the clock decides


@dataclass(frozen=True, slots=True)
class Place:
    """A statement between whose question and answer, or before which, a process ends.

    `now` is found in the statement, `said` in one of its transaction, `never` in none of it.
    """

    name: str
    side: str
    now: str
    said: str = ""
    never: str = ""
    at: str = "line"

    @property
    def path(self) -> str:
        """What is being done: a place early on a path is passed by everybody, and must not hide the later ones."""
        return self.name.partition(":")[0]

    def meets(self, talk: Talk) -> bool:
        if not re.search(self.now, talk.now):
            return False
        if self.said and not any(re.search(self.said, text) for text in talk.said):
            return False
        return not (self.never and any(re.search(self.never, text) for text in talk.said))


NO_OUTBOX = "UPDATE outbox"
OBSERVED = "INTO payment_observations"
DONE = "UPDATE outbox SET .*done_at"
PLACES = (
    Place("start: the freeze is written, not committed", BEFORE, "^COMMIT", "INTO payment_attempts "),
    Place("start: frozen, the provider was not asked", AFTER, "^COMMIT", "INTO payment_attempts "),
    Place("start: the question is on its way (M01)", BEFORE, "checkout/sessions", at="gate"),
    Place("start: the provider has answered, nobody heard it (M01)", AFTER, "checkout/sessions", at="gate"),
    Place("start: the step is written, not committed", BEFORE, "^COMMIT", r"payment_attempts SET .*step"),
    Place("start: the step is committed, the payer not told", AFTER, "^COMMIT", r"payment_attempts SET .*step"),
    Place("notice: before it is kept", BEFORE, "INTO hook_inbox"),
    Place("notice: kept, not committed", AFTER, "INTO hook_inbox"),
    Place("notice: kept and committed, not applied", AFTER, "^COMMIT", "INTO hook_inbox"),
    Place("apply: the invoices are locked", AFTER, "FOR UPDATE OF invoices", never=NO_OUTBOX),
    Place("apply: the observation is written", AFTER, "INTO payment_observations"),
    Place("apply: the attempt is captured, no money booked", AFTER, r"payment_attempts SET .*state", OBSERVED),
    Place("apply: the payment is written", AFTER, "INTO payments "),
    Place("apply: half of the books is written", AFTER, "INTO journal_entries"),
    Place("apply: the receipt is written", AFTER, "INTO receipts"),
    Place("apply: before the commit", BEFORE, "^COMMIT", "INTO payments "),
    Place("apply: committed, no ring, no 200 (M03)", AFTER, "^COMMIT", "INTO payments "),
    Place("job: claimed, not begun (M02)", AFTER, "^COMMIT", "UPDATE outbox SET tries="),
    Place("job: the PDF is in its folder, not in the books (M02)", BEFORE, "INTO files"),
    Place("job: the PDF is kept, not committed (M02)", BEFORE, "^COMMIT", "INTO files"),
    Place("job: the letter is sent, its row is not done (M02)", BEFORE, DONE, "FROM receipts", "INTO (files|payment)"),
    Place("job: done and marked, not committed (M02)", BEFORE, "^COMMIT", DONE),
    Place("job: committed, the next one not looked for", AFTER, "^COMMIT", DONE),
    Place("poll: the bank's answer is heard, not applied", AFTER, "/api/order|GET /stripe/v1/", at="gate"),
)  # fmt: skip


class Killer:
    """Kills one process at a time. `victims` tells who may die and whose they are."""

    def __init__(self, victims: Callable[[], dict[int, str]]) -> None:
        self.where: Counter[str] = Counter()
        self.who: Counter[str] = Counter()
        self.kills = 0
        self._victims = victims
        self._places: tuple[Place, ...] = ()
        self._lock = threading.Lock()
        self._hit = threading.Event()
        self._last: dict[int, str] = {}  # what each process said last

    def at(self, places: Sequence[Place], patience: float = GRACE) -> bool:
        """Kill whoever comes to one of these places next. False when nobody did."""
        self._hit.clear()
        self._places = tuple(places)
        try:
            return self._hit.wait(patience)
        finally:
            with self._lock:
                self._places = ()

    def now(self, pid: int) -> bool:
        """Kill this one, whatever it is doing. False when it is gone already."""
        doing = _short(self._last.get(pid, ""))
        return self._kill(pid, f"by the clock, {doing}" if doing else "by the clock")

    def before(self, talk: Talk) -> Verdict:
        self._last[talk.pid] = talk.now
        return self._at_line(BEFORE, talk)

    def after(self, talk: Talk) -> Verdict:
        self._last[talk.pid] = ""
        return self._at_line(AFTER, talk)

    def gate_before(self, passing: Passing) -> Verdict:
        return self._at_gate(BEFORE, passing)

    def gate_after(self, passing: Passing) -> Verdict:
        return self._at_gate(AFTER, passing)

    def _at_line(self, side: str, talk: Talk) -> Verdict:
        for place in self._places:
            if place.at == "line" and place.side == side and place.meets(talk):
                return self._here(place, talk.pid)
        return Verdict.PASS

    def _at_gate(self, side: str, passing: Passing) -> Verdict:
        for place in self._places:
            if place.at == "gate" and place.side == side and re.search(place.now, passing.line):
                pid = asking(passing.peer, list(self._victims()))
                return Verdict.PASS if pid is None else self._here(place, pid)
        return Verdict.PASS

    def _here(self, place: Place, pid: int) -> Verdict:
        with self._lock:
            if place not in self._places or not self._kill(pid, place.name):
                return Verdict.PASS
            self._places = ()
        self._hit.set()
        return Verdict.CUT

    def _kill(self, pid: int, where: str) -> bool:
        whose = self._victims().get(pid)
        if whose is None:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.kills += 1
        self.where[where] += 1
        self.who[whose] += 1
        self._last.pop(pid, None)
        return True


def _short(statement: str) -> str:
    """ "in INSERT payments" of a whole statement."""
    found = re.match(r"(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", statement)
    if found:
        return f"in {found[1].split()[0]} {found[2]}"
    return f"in {statement.split()[0]}" if statement else ""
