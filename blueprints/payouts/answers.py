"""What the bank answers: a file is checked whole, each line counts once, what fits nothing is kept for staff."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections import Counter
from typing import Any

from sqlalchemy import Row, insert, select, update

from blueprints.payouts import rules
from blueprints.payouts.booking import Ending, earliest, end_lines, fitting, held_lines
from blueprints.payouts.layouts import ANSWER, Layout, layouts
from blueprints.payouts.models import PayoutAnswer, PayoutAnswerLine, PayoutLine
from blueprints.payouts.reading import Line, read_file
from blueprints.payouts.runs import LOCK
from blueprints.payouts.sending import unscaled
from saas import audit, files
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from tenants.loading import serving

CHUNK = 1000
LONGEST = 200


class AlreadyTaken(Refusal):
    """The very same file was put in before."""

    def __init__(self, answer_id: uuid.UUID, at: datetime.datetime) -> None:
        super().__init__(
            N_("This file was already taken on %(day)s."), field="file", day=at.date().isoformat()
        )
        self.answer_id = answer_id
        self.taken_at = at


def take_answer(
    content: bytes, name: str, layout_id: str, *, actor: Actor, now: datetime.datetime
) -> uuid.UUID:
    """Read a file of the bank and book what it says. Returns its id.

    Raises AlreadyTaken for the same bytes, Refusal with the line and the reason for a file that is not whole.
    """
    layout = layouts(ANSWER).get(layout_id)
    if layout is None:
        raise Refusal(N_("Choose one of the layouts."), field="layout")
    sha256 = hashlib.sha256(content).hexdigest()
    lock(LOCK)
    _not_taken_yet(sha256)
    read = read_file(layout, content)
    currency = serving().currency
    file_id = files.store(content, media_type="text/plain", name=name, purpose="payout-answer")
    answer_id = new_id()
    db.session.execute(
        insert(PayoutAnswer).values(
            id=answer_id,
            layout=layout_id,
            file_id=file_id,
            file_name=name,
            sha256=sha256,
            lines=len(read.lines),
            total=max(unscaled(layout, read.total, currency), 0),
            currency=currency,
            outcome={},
            kept=0,
            taken_by=actor.user_id,
            taken_at=now,
        )
    )
    effects = _apply(answer_id, layout, read.lines, actor, now)
    kept = sum(count for effect, count in effects.items() if effect in rules.KEPT_FOR_STAFF)
    db.session.execute(
        update(PayoutAnswer)
        .where(PayoutAnswer.id == answer_id)
        .values(outcome=dict(effects), kept=kept)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "payout-answer.taken-in",
        actor=actor,
        subject=("payout-answer", answer_id),
        data={"file": name, "sha256": sha256, "lines": len(read.lines), **effects},
    )
    return answer_id


def _not_taken_yet(sha256: str) -> None:
    row = db.session.execute(
        select(PayoutAnswer.id, PayoutAnswer.taken_at).where(PayoutAnswer.sha256 == sha256)
    ).first()
    if row is not None:
        raise AlreadyTaken(row.id, row.taken_at)


def _apply(
    answer_id: uuid.UUID, layout: Layout, lines: tuple[Line, ...], actor: Actor, now: datetime.datetime
) -> Counter[str]:
    effects: Counter[str] = Counter()
    for first in range(0, len(lines), CHUNK):
        chunk = list(lines[first : first + CHUNK])
        while chunk:
            chunk = _apply_some(answer_id, layout, chunk, effects, actor, now)
    return effects


def _apply_some(
    answer_id: uuid.UUID,
    layout: Layout,
    lines: list[Line],
    effects: Counter[str],
    actor: Actor,
    now: datetime.datetime,
) -> list[Line]:
    """Apply lines until one speaks of a payout a second time; what is left is the next turn's work."""
    known = {row.key: row for row in held_lines(PayoutLine.key.in_({key_of(line) for line in lines}))}
    endings: list[Ending] = []
    rows: list[dict[str, Any]] = []
    moved: set[uuid.UUID] = set()
    rest: list[Line] = []
    for place, line in enumerate(lines):
        found = known.get(key_of(line))
        if found is not None and found.id in moved:
            rest = lines[place:]
            break
        row, effect = _row(answer_id, layout, line, found)
        effects[effect] += 1
        rows.append(row)
        if found is not None and effect in (rules.PAID, rules.RETURNED):
            moved.add(found.id)
            endings.append(
                Ending(found, effect, row["done_on"], reference=row["reference"], words=row["words"])
            )
    db.session.execute(insert(PayoutAnswerLine), rows)
    end_lines(endings, by=actor.user_id, now=now)
    return rest


def _row(
    answer_id: uuid.UUID, layout: Layout, line: Line, found: Row[Any] | None
) -> tuple[dict[str, Any], str]:
    values = line.values
    code = str(values["code"])
    currency = found.currency if found is not None else serving().currency
    amount = unscaled(layout, values["amount"], currency)
    effect = rules.effect_of(
        found.state if found is not None else "",
        layout.outcome(code),
        same_amount=found is not None and amount == found.amount,
    )
    return {
        "id": new_id(),
        "answer_id": answer_id,
        "number": line.number,
        "key": key_of(line),
        "code": code[:LONGEST],
        "amount": max(amount, 0),
        "reference": str(values.get("reference") or "")[:LONGEST],
        "words": str(values.get("words") or "")[:LONGEST],
        "done_on": fitting(values.get("done_on") or serving().today(), found),
        "effect": effect,
        "line_id": found.id if found is not None else None,
    }, effect


def key_of(line: Line) -> str:
    """Banks drop the zeros before a number, or add some."""
    bare = str(line.values["key"]).lstrip("0")
    return bare.zfill(10)


def resolve_line(answer_line_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime) -> uuid.UUID:
    """Staff have seen to a line that fitted nothing. Returns the answer's id. Raises NotFound or Refusal."""
    lock(LOCK)
    row = db.session.execute(
        select(PayoutAnswerLine.answer_id, PayoutAnswerLine.effect, PayoutAnswerLine.resolved_at)
        .where(PayoutAnswerLine.id == answer_line_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.resolved_at is not None or row.effect not in rules.KEPT_FOR_STAFF:
        raise Refusal(N_("Somebody has decided this already."))
    words = " ".join(note.split())[:LONGEST]
    if not words:
        raise Refusal(N_("Say what was done."), field="note")
    db.session.execute(
        update(PayoutAnswerLine)
        .where(PayoutAnswerLine.id == answer_line_id)
        .values(resolved_at=now, resolved_by=actor.user_id, resolution=words)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(PayoutAnswer)
        .where(PayoutAnswer.id == row.answer_id)
        .values(kept=PayoutAnswer.kept - 1)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "payout-answer.line-resolved",
        actor=actor,
        subject=("payout-answer", row.answer_id),
        data={"line": str(answer_line_id), "note": words},
    )
    answer_id: uuid.UUID = row.answer_id
    return answer_id


def mark_by_hand(
    line_id: uuid.UUID,
    *,
    paid: bool,
    on: datetime.date,
    reference: str,
    note: str,
    actor: Actor,
    now: datetime.datetime,
) -> None:
    """Staff saw at the bank what became of a payout. Raises NotFound, or Refusal without a reference or a reason, for a
    day to come, or for what cannot be any more."""
    lock(LOCK)
    found = held_lines(PayoutLine.id == line_id)
    if not found:
        raise NotFound()
    line, outcome = found[0], rules.PAID if paid else rules.RETURNED
    said, words = " ".join(reference.split())[:LONGEST], " ".join(note.split())[:LONGEST]
    if paid and not said:
        raise Refusal(N_("Type the bank's reference."), field="reference")
    if not words:
        raise Refusal(N_("Say how you know."), field="note")
    if on > serving().today():
        raise Refusal(N_("The day cannot be in the future."), field="on")
    if on < earliest(line):
        raise Refusal(N_("The day cannot be before the payout was on its way."), field="on")
    if rules.effect_of(line.state, outcome, same_amount=True) != outcome:
        raise Refusal(N_("Somebody has decided this already."))
    end_lines([Ending(line, outcome, on, reference=said, note=words)], by=actor.user_id, now=now)
    audit.record(
        f"payout.marked-{outcome}",
        actor=actor,
        subject=("payout", line.payout_id),
        customer_id=line.customer_id,
        data={
            "key": line.key,
            "amount": line.amount,
            "currency": line.currency,
            "reference": said,
            "note": words,
        },
    )
