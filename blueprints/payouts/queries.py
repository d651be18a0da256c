"""What the desk reads of payout runs, their lines and the bank's answers."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Account, Customer
from blueprints.leases.models import Payout
from blueprints.payouts import rules
from blueprints.payouts.account_queries import WAITS, waiting_counts
from blueprints.payouts.models import (
    OwnerBankAccount,
    PayoutAnswer,
    PayoutAnswerLine,
    PayoutLine,
    PayoutRun,
)
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.people import User

SIZE = 25
STATES = ("", rules.PREPARED, rules.APPROVED, rules.DONE, rules.DROPPED)
LINE_STATES = ("", rules.PROPOSED, rules.LEFT_OUT, rules.UNDER_WAY, rules.PAID, rules.RETURNED)


def runs(state: str, cursor: str | None) -> Page[Row[Any]]:
    """Runs, the newest first."""
    query = _runs().order_by(PayoutRun.id.desc()).limit(SIZE + 1)
    if state:
        query = query.where(PayoutRun.state == state)
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(PayoutRun.id < literal(after[0]))
    rows = db.session.execute(query).all()
    return Page(rows[:SIZE], older=encode_cursor((rows[SIZE - 1].id,)) if len(rows) > SIZE else None)


def run(run_id: uuid.UUID) -> Row[Any]:
    """Raises NotFound."""
    row: Row[Any] | None = db.session.execute(_runs().where(PayoutRun.id == run_id)).first()
    if row is None:
        raise NotFound()
    return row


def _runs() -> Any:
    first, second = aliased(User), aliased(User)
    return (
        select(
            PayoutRun.id,
            PayoutRun.number,
            PayoutRun.state,
            PayoutRun.cut_on,
            PayoutRun.pay_on,
            PayoutRun.currency,
            PayoutRun.scope,
            PayoutRun.lines,
            PayoutRun.total,
            PayoutRun.prepared_by,
            PayoutRun.prepared_at,
            PayoutRun.second_person,
            PayoutRun.approved_at,
            PayoutRun.layout,
            PayoutRun.file_id,
            PayoutRun.file_name,
            PayoutRun.file_sha256,
            PayoutRun.file_made_at,
            PayoutRun.ended_at,
            PayoutRun.end_reason,
            first.name.label("prepared_by_name"),
            second.name.label("approved_by_name"),
        )
        .select_from(PayoutRun)
        .outerjoin(first, and_(first.tenant_id == PayoutRun.tenant_id, first.id == PayoutRun.prepared_by))
        .outerjoin(second, and_(second.tenant_id == PayoutRun.tenant_id, second.id == PayoutRun.approved_by))
    )


def sums(run_id: uuid.UUID) -> list[Any]:
    """How many lines of a run are in each state, for each reason, and what they come to."""
    found = db.session.execute(
        select(
            PayoutLine.state,
            PayoutLine.reason,
            func.count().label("lines"),
            func.sum(PayoutLine.amount).label("amount"),
            func.sum(PayoutLine.held).label("held"),
        )
        .select_from(PayoutLine)
        .where(PayoutLine.run_id == run_id)
        .group_by(PayoutLine.state, PayoutLine.reason)
        .order_by(PayoutLine.state == rules.LEFT_OUT, PayoutLine.state, PayoutLine.reason)
    )
    return list(found)


def lines(run_id: uuid.UUID, state: str, cursor: str | None) -> Page[Row[Any]]:
    """Lines of a run in a stable order: who is paid first, who is left out after."""
    left_out = PayoutLine.state == rules.LEFT_OUT
    query = _lines().where(PayoutLine.run_id == run_id).order_by(left_out, PayoutLine.id).limit(SIZE + 1)
    if state:
        query = query.where(PayoutLine.state == state)
    after = decode_cursor(cursor, (int, uuid.UUID))
    if after is not None:
        query = query.where(
            tuple_(left_out, PayoutLine.id) > tuple_(literal(bool(after[0])), literal(after[1]))
        )
    rows = db.session.execute(query).all()
    last = rows[SIZE - 1] if len(rows) > SIZE else None
    key = (int(last.state == rules.LEFT_OUT), last.id) if last is not None else None
    return Page(rows[:SIZE], older=encode_cursor(key) if key else None)


def line(line_id: uuid.UUID) -> Row[Any]:
    """Raises NotFound."""
    row: Row[Any] | None = db.session.execute(_lines().where(PayoutLine.id == line_id)).first()
    if row is None:
        raise NotFound()
    return row


def _lines() -> Any:
    return (
        select(
            PayoutLine.id,
            PayoutLine.run_id,
            PayoutLine.state,
            PayoutLine.reason,
            PayoutLine.note,
            PayoutLine.held,
            PayoutLine.kept,
            PayoutLine.amount,
            PayoutLine.currency,
            PayoutLine.facts,
            PayoutLine.key,
            PayoutLine.in_file,
            PayoutLine.reference,
            PayoutLine.bank_words,
            PayoutLine.ended_on,
            PayoutLine.ended_at,
            PayoutLine.customer_id,
            PayoutLine.bank_account_id,
            PayoutRun.number.label("run_number"),
            PayoutRun.state.label("run_state"),
            Payout.number.label("payout_number"),
            Account.number.label("mandate_number"),
            Account.address,
            Customer.name.label("owner"),
            OwnerBankAccount.bank_name,
            OwnerBankAccount.last_four,
            User.name.label("ended_by_name"),
        )
        .join(PayoutRun, and_(PayoutRun.tenant_id == PayoutLine.tenant_id, PayoutRun.id == PayoutLine.run_id))
        .join(
            Account,
            and_(Account.tenant_id == PayoutLine.tenant_id, Account.id == PayoutLine.mandate_account_id),
        )
        .join(
            Customer,
            and_(Customer.tenant_id == PayoutLine.tenant_id, Customer.id == PayoutLine.customer_id),
        )
        .outerjoin(Payout, and_(Payout.tenant_id == PayoutLine.tenant_id, Payout.id == PayoutLine.payout_id))
        .outerjoin(
            OwnerBankAccount,
            and_(
                OwnerBankAccount.tenant_id == PayoutLine.tenant_id,
                OwnerBankAccount.id == PayoutLine.bank_account_id,
            ),
        )
        .outerjoin(User, and_(User.tenant_id == PayoutLine.tenant_id, User.id == PayoutLine.ended_by))
    )


def answers(cursor: str | None) -> Page[Row[Any]]:
    """The bank's answers, the newest first."""
    query = _answers().order_by(PayoutAnswer.id.desc()).limit(SIZE + 1)
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(PayoutAnswer.id < literal(after[0]))
    rows = db.session.execute(query).all()
    return Page(rows[:SIZE], older=encode_cursor((rows[SIZE - 1].id,)) if len(rows) > SIZE else None)


def answer(answer_id: uuid.UUID) -> Row[Any]:
    """Raises NotFound."""
    row: Row[Any] | None = db.session.execute(_answers().where(PayoutAnswer.id == answer_id)).first()
    if row is None:
        raise NotFound()
    return row


def _answers() -> Any:
    return select(
        PayoutAnswer.id,
        PayoutAnswer.layout,
        PayoutAnswer.file_name,
        PayoutAnswer.sha256,
        PayoutAnswer.lines,
        PayoutAnswer.total,
        PayoutAnswer.currency,
        PayoutAnswer.outcome,
        PayoutAnswer.kept,
        PayoutAnswer.taken_at,
        User.name.label("taken_by_name"),
    ).outerjoin(User, and_(User.tenant_id == PayoutAnswer.tenant_id, User.id == PayoutAnswer.taken_by))


def answer_lines(answer_id: uuid.UUID, cursor: str | None, *, kept: bool) -> Page[Row[Any]]:
    """Lines of an answer in the order of the file; `kept`: only those that wait for staff."""
    query = (
        _answer_lines()
        .where(PayoutAnswerLine.answer_id == answer_id)
        .order_by(PayoutAnswerLine.number)
        .limit(SIZE + 1)
    )
    if kept:
        query = query.where(
            PayoutAnswerLine.effect.in_(sorted(rules.KEPT_FOR_STAFF)), PayoutAnswerLine.resolved_at.is_(None)
        )
    after = decode_cursor(cursor, (int,))
    if after is not None:
        query = query.where(PayoutAnswerLine.number > literal(after[0]))
    rows = db.session.execute(query).all()
    return Page(rows[:SIZE], older=encode_cursor((rows[SIZE - 1].number,)) if len(rows) > SIZE else None)


def answer_line(answer_line_id: uuid.UUID) -> Row[Any]:
    """Raises NotFound."""
    row: Row[Any] | None = db.session.execute(
        _answer_lines().where(PayoutAnswerLine.id == answer_line_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def _answer_lines() -> Any:
    return (
        select(
            PayoutAnswerLine.id,
            PayoutAnswerLine.answer_id,
            PayoutAnswerLine.number,
            PayoutAnswerLine.key,
            PayoutAnswerLine.code,
            PayoutAnswerLine.amount,
            PayoutAnswerLine.reference,
            PayoutAnswerLine.words,
            PayoutAnswerLine.done_on,
            PayoutAnswerLine.effect,
            PayoutAnswerLine.line_id,
            PayoutAnswerLine.resolved_at,
            PayoutAnswerLine.resolution,
            PayoutAnswer.currency,
            PayoutAnswer.file_name,
            Customer.name.label("owner"),
            PayoutLine.amount.label("our_amount"),
            PayoutLine.state.label("our_state"),
        )
        .join(
            PayoutAnswer,
            and_(
                PayoutAnswer.tenant_id == PayoutAnswerLine.tenant_id,
                PayoutAnswer.id == PayoutAnswerLine.answer_id,
            ),
        )
        .outerjoin(
            PayoutLine,
            and_(
                PayoutLine.tenant_id == PayoutAnswerLine.tenant_id, PayoutLine.id == PayoutAnswerLine.line_id
            ),
        )
        .outerjoin(
            Customer,
            and_(Customer.tenant_id == PayoutLine.tenant_id, Customer.id == PayoutLine.customer_id),
        )
    )


def find_scope(words: Sequence[str]) -> tuple[dict[str, uuid.UUID], dict[str, uuid.UUID]]:
    """Contracts by number and owners by document that are called like these: ({word: mandate}, {word: owner})."""
    mandates = db.session.execute(
        select(Account.number, Account.id).where(Account.kind == "mandate", Account.number.in_(words))
    )
    owners = db.session.execute(
        select(Customer.document_number, Customer.id).where(Customer.document_number.in_(words))
    )
    return {row.number: row.id for row in mandates}, {row.document_number: row.id for row in owners}


def waiting(now: datetime.datetime) -> dict[str, int]:
    """What waits for staff: runs to approve, files to make, lines of answers, bank accounts. One statement."""
    row = db.session.execute(
        select(
            func.count(PayoutRun.id).filter(PayoutRun.state == rules.PREPARED).label("runs"),
            func.count(PayoutRun.id)
            .filter(PayoutRun.state == rules.APPROVED, PayoutRun.file_id.is_(None))
            .label("files"),
            select(func.coalesce(func.sum(PayoutAnswer.kept), 0))
            .select_from(PayoutAnswer)
            .where(PayoutAnswer.kept > 0)
            .scalar_subquery()
            .label("answers"),
            *waiting_counts(now),
        )
        .select_from(PayoutRun)
        .where(or_(PayoutRun.state == rules.PREPARED, PayoutRun.state == rules.APPROVED))
    ).one()
    return {
        "runs": int(row.runs),
        "files": int(row.files),
        "answers": int(row.answers),
        **{narrow: int(getattr(row, narrow)) for narrow in WAITS},
    }
