"""What pages read of collected files: columns, keyset-paged; what a file would do, counted by the database."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select, tuple_
from sqlalchemy.orm import aliased

from blueprints.invoices.models import Invoice
from blueprints.payments import collected_rules as rules
from blueprints.payments.collected_lines import PROVIDER
from blueprints.payments.collected_models import CollectedFile, CollectedLineRow
from blueprints.payments.models import Attempt
from blueprints.payments.rules import CAPTURED
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.people import User
from tenants.provider_accounts import ProviderAccount

PAGE = 20
SHOWN = 100  # lines on a page; the report has them all


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of a file that do the same. `total` in minor units of `currency`."""

    what: str
    currency: str
    lines: int
    total: int


def collectors() -> Sequence[Any]:
    """The tenant's accounts that tell by file, also those that are switched off: money may be on its way."""
    return db.session.execute(
        select(ProviderAccount.id, ProviderAccount.name)
        .where(ProviderAccount.provider == PROVIDER)
        .order_by(ProviderAccount.preference)
    ).all()


def collected_files(cursor: str | None = None, size: int = PAGE) -> Page[Any]:
    """The files that were put in, the newest first."""
    query = (
        select(
            CollectedFile.id,
            CollectedFile.file_name,
            CollectedFile.state,
            CollectedFile.lines,
            CollectedFile.total,
            CollectedFile.currency,
            CollectedFile.first_day,
            CollectedFile.last_day,
            CollectedFile.outcome,
            CollectedFile.created_at,
            ProviderAccount.name.label("collector"),
        )
        .join(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == CollectedFile.tenant_id,
                ProviderAccount.id == CollectedFile.provider_account_id,
            ),
        )
        .order_by(CollectedFile.created_at.desc(), CollectedFile.id.desc())
        .limit(size + 1)
    )
    start = decode_cursor(cursor, (datetime.datetime, uuid.UUID))
    if start and None not in start:
        query = query.where(tuple_(CollectedFile.created_at, CollectedFile.id) < tuple_(*start))
    rows: list[Any] = list(db.session.execute(query).all())
    older = encode_cursor((rows[size - 1].created_at, rows[size - 1].id)) if len(rows) > size else None
    return Page(rows[:size], None, older)


def collected_file(collected_file_id: uuid.UUID) -> Any:
    """One file with who put it in and for which account. Raises NotFound."""
    row = db.session.execute(
        select(
            CollectedFile.id,
            CollectedFile.provider_account_id,
            CollectedFile.file_name,
            CollectedFile.sha256,
            CollectedFile.layout,
            CollectedFile.state,
            CollectedFile.lines,
            CollectedFile.total,
            CollectedFile.currency,
            CollectedFile.first_day,
            CollectedFile.last_day,
            CollectedFile.outcome,
            CollectedFile.created_at,
            CollectedFile.finished_at,
            ProviderAccount.name.label("collector"),
            ProviderAccount.mode,
            User.name.label("created_by_name"),
        )
        .join(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == CollectedFile.tenant_id,
                ProviderAccount.id == CollectedFile.provider_account_id,
            ),
        )
        .outerjoin(User, and_(User.tenant_id == CollectedFile.tenant_id, User.id == CollectedFile.created_by))
        .where(CollectedFile.id == collected_file_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def effects(collected_file_id: uuid.UUID) -> list[Group]:
    """What its lines have done so far; those that wait are "" ."""
    effect = func.coalesce(CollectedLineRow.effect, "")
    rows = db.session.execute(
        select(effect, CollectedLineRow.currency, func.count(), func.sum(CollectedLineRow.amount))
        .where(CollectedLineRow.collected_file_id == collected_file_id)
        .group_by(effect, CollectedLineRow.currency)
        .order_by(effect)
    )
    return [Group(what, currency, count, int(total)) for what, currency, count, total in rows]


def expected(collected_file_id: uuid.UUID) -> list[Group]:
    """What its lines would do if they were applied now: a forecast, the same questions as applying asks."""
    what = _expectation()
    rows = db.session.execute(
        select(
            what.label("what"),
            CollectedLineRow.currency,
            func.count(),
            func.sum(CollectedLineRow.amount),
        )
        .where(CollectedLineRow.collected_file_id == collected_file_id)
        .group_by("what", CollectedLineRow.currency)
    )
    groups = [Group(what, currency, count, int(total)) for what, currency, count, total in rows]
    return sorted(groups, key=lambda group: rules.EXPECTED.index(group.what))


def lines(collected_file_id: uuid.UUID, *, odd: bool = False, limit: int | None = None) -> list[Any]:
    """The lines of a file with what each did, in their order; `odd`: only those that booked nothing by
    themselves."""
    query = (
        select(
            CollectedLineRow.number,
            CollectedLineRow.key,
            CollectedLineRow.reference,
            CollectedLineRow.amount,
            CollectedLineRow.fee,
            CollectedLineRow.currency,
            CollectedLineRow.paid_on,
            CollectedLineRow.effect,
            Invoice.number.label("invoice"),
        )
        .outerjoin(
            Invoice,
            and_(Invoice.tenant_id == CollectedLineRow.tenant_id, Invoice.id == CollectedLineRow.invoice_id),
        )
        .where(CollectedLineRow.collected_file_id == collected_file_id)
        .order_by(CollectedLineRow.number)
    )
    if odd:
        query = query.where(CollectedLineRow.effect.not_in((rules.PAID, rules.INVOICE_PAID)))
    return list(db.session.execute(query.limit(limit) if limit else query).all())


def forecast_lines(collected_file_id: uuid.UUID, limit: int = SHOWN) -> list[Any]:
    """The lines that would book nothing, each with why."""
    what = _expectation()
    return list(
        db.session.execute(
            select(
                CollectedLineRow.number,
                CollectedLineRow.reference,
                CollectedLineRow.amount,
                CollectedLineRow.currency,
                CollectedLineRow.paid_on,
                what.label("what"),
            )
            .where(
                CollectedLineRow.collected_file_id == collected_file_id, what.not_in(("coupon", "invoice"))
            )
            .order_by(CollectedLineRow.number)
            .limit(limit)
        ).all()
    )


def _expectation() -> ColumnElement[str]:
    line, earlier = CollectedLineRow, aliased(CollectedLineRow)
    number = func.ltrim(line.reference, "0")
    collector = select(ProviderAccount.id).where(ProviderAccount.provider == PROVIDER)
    is_coupon = and_(Attempt.provider_account_id.in_(collector), Attempt.provider_reference == number)
    agrees = and_(
        Attempt.provider_account_id == line.provider_account_id,
        Attempt.amount == line.amount,
        Attempt.currency == line.currency,
    )
    is_invoice = and_(
        Invoice.bare_payment_code.is_not(None),
        Invoice.bare_payment_code == number,
        Invoice.void_at.is_(None),
    )
    # Before it is paid, whether the second amount is the right one is told by the day alone.
    owed = case(
        (
            and_(
                Invoice.second_total.is_not(None),
                line.paid_on > Invoice.due_on,
                Invoice.open_amount <= Invoice.total,
            ),
            Invoice.open_amount + Invoice.second_total - Invoice.total,
        ),
        else_=Invoice.open_amount,
    )

    def some(*conditions: Any) -> ColumnElement[bool]:
        return exists().where(*conditions)

    repeated = some(
        earlier.provider_account_id == line.provider_account_id, earlier.key == line.key, earlier.counts
    )
    return case(
        (repeated, rules.REPEATED),
        (and_(some(is_coupon), some(is_invoice)), rules.AMBIGUOUS),
        (some(is_coupon, Attempt.state == CAPTURED), rules.NOTHING_OWED),
        (some(is_coupon, agrees), "coupon"),
        (some(is_coupon), "differs"),
        (some(is_invoice, Invoice.open_amount == 0), rules.NOTHING_OWED),
        (some(is_invoice, owed == line.amount, Invoice.currency == line.currency), "invoice"),
        (some(is_invoice), "differs"),
        else_="unknown",
    )
