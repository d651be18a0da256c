"""A monthly run, step by step: each step is one transaction with its own progress, so a run that was killed goes on
where it stood, and two that run at once take turns."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, func, select, update
from sqlalchemy.exc import IntegrityError

from blueprints.billing.models import BillingItem, BillingRun
from blueprints.billing.months import Month, due_days, parse_month
from blueprints.billing.numbering import series_of
from blueprints.billing.payment_codes import parts_of
from blueprints.billing.rules import BILLED_EFFECTS, REAL, Tax, Wording
from blueprints.billing.staging import bills, drafts, issue
from blueprints.billing.staging.undo import undo as take_back
from blueprints.billing.wording import tax_text, wording_of
from blueprints.invoices.models import InvoiceType
from blueprints.invoices.services import add_invoice_type
from blueprints.leases.models import LeaseScenario
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.clock import now, today
from saas.counters import begin_at, take_numbers
from saas.database import db
from saas.events import emit
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.calendars import calendar
from tenants.loading import serving
from tenants.people import User

LOCK: Final = "billing"
SIZE: Final = 10_000  # leases of one step: memory stays flat and progress is seen
RENT: Final = "rent"
NAMES: Final = {
    "es": {"one": "Factura de arriendo", "many": "Facturas de arriendo"},
    "en": {"one": "Rent invoice", "many": "Rent invoices"},
}
FAILED: Final = N_("Something went wrong on our side. What was issued stays; the rest can go on.")
TAKEN: Final = N_(
    "Some of the numbers from %(first)s to %(last)s are taken. Set the first number of rent invoices above those that "
    "you have, then go on."
)
NOT_DONE: Final = N_("Only a run that is done can be undone.")

log = logging.getLogger("ventanilla.billing")


def frozen_rules(month: Month) -> dict[str, Any]:
    """The settings that a run is drafted with, as it keeps them. Raises Refusal for a pattern that is none."""
    tenant = serving()
    parts_of(tenant.setting("billing.payment_code"))
    moved = calendar().on_or_after if tenant.setting("billing.next_business_day") else None
    words = wording_of(month, tenant.locale)
    return {
        "count": tenant.setting("billing.days"),
        "prefix": tenant.setting("billing.prefix"),
        "code": tenant.setting("billing.payment_code"),
        "due_days": [day.isoformat() for day in due_days(month, moved)],
        "words": words._asdict(),
    }


def step(tenant_id: uuid.UUID, run_id: uuid.UUID, *, size: int = SIZE) -> bool:
    """Take a run one step on, in a transaction of its own. Whether there is more to do.

    What stops it is written into the run, for the page; nothing of the step is kept then. Raises NotFound.
    """
    try:
        with unit_of_work(tenant_id):
            lock(LOCK)
            run = _locked(run_id)
            if run.state == "preparing":
                return _prepare(run, size)
            if run.state == "running":
                return _issue(run, size)
            return False
    except Refusal as refusal:
        _stop(tenant_id, run_id, refusal)
    except NotFound:
        raise
    except Exception:
        log.exception("a billing run failed", extra={"facts": {"run": str(run_id)}})
        _stop(tenant_id, run_id, Refusal(FAILED))
    return False


def finish(tenant_id: uuid.UUID, run_id: uuid.UUID, *, size: int = SIZE) -> None:
    """Take a run on until nothing is left to do: the draft made, or everything issued."""
    while step(tenant_id, run_id, size=size):
        pass


def undo(tenant_id: uuid.UUID, run_id: uuid.UUID, *, actor: Actor = SYSTEM) -> dict[str, int]:
    """Void what a run issued and free its month: how many invoices, and their total. All or nothing.

    Raises NotFound, and Refusal when something was paid or is under way; the reason is kept in the run too.
    """
    try:
        with unit_of_work(tenant_id):
            lock(LOCK)
            run = _locked(run_id)
            if run.state not in ("done", "stopped", "undoing") or run.started_at is None:
                raise Refusal(NOT_DONE)
            moment = now()
            counts = take_back(run_id, today=today(serving().time_zone), moment=moment)
            _change(run_id, state="undone", undone_at=moment, undo=counts, problem=None)
            emit("invoices.taken-back", run_id=run_id, period=run.period, count=counts["voided"])
            audit.record(
                "billing.undone",
                actor=actor,
                subject=("billing-run", run_id),
                data={"period": run.period, "currency": serving().currency, **counts},
            )
    except Refusal as refusal:
        with unit_of_work(tenant_id):
            _change(run_id, BillingRun.state == "undoing", state="done", problem=written(refusal))
        raise
    return counts


def _locked(run_id: uuid.UUID) -> Row[Any]:
    row = db.session.execute(
        select(
            BillingRun.id,
            BillingRun.period,
            BillingRun.lease_id,
            BillingRun.issued_on,
            BillingRun.state,
            BillingRun.rules,
            BillingRun.seen_to,
            BillingRun.items,
            BillingRun.done_to,
            BillingRun.created_by,
            BillingRun.started_by,
            BillingRun.started_at,
        )
        .where(BillingRun.id == run_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    return row


def _change(run_id: uuid.UUID, *conditions: Any, **values: Any) -> None:
    db.session.execute(
        update(BillingRun)
        .where(BillingRun.id == run_id, *conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _prepare(run: Row[Any], size: int) -> bool:
    """Foresee the next leases. The draft is whole when there are no more."""
    with_ = _reckoning(run)
    bills.choose_next(
        with_.month, lease_id=run.lease_id, seen_to=run.seen_to or "", placed=run.items, size=size
    )
    chosen, seen_to = bills.chosen()
    if chosen:
        bills.reckon(with_)
        drafts.draft(run.id, with_, now())
    if chosen == size:
        _change(run.id, seen_to=seen_to, items=run.items + chosen)
        return True
    _change(run.id, state="draft", seen_to=seen_to, items=run.items + chosen, totals=totals_of(run.id))
    return False


def _issue(run: Row[Any], size: int) -> bool:
    """Issue the next items as they were foreseen: rows, books, evidence and progress in one transaction."""
    with_, moment = _reckoning(run), now()
    last = min(run.done_to + size, run.items)
    bills.choose_planned(run.id, after=run.done_to, last=last)
    bills.reckon(with_)
    found = issue.put_aside(run.id, with_)
    numbers = _issue_ready(run, with_, found, moment) if found.ready else range(0)
    issue.carry_credits(run.id, with_, moment)
    _change(
        run.id,
        done_to=last,
        issued=BillingRun.issued + found.ready,
        issued_total=BillingRun.issued_total + found.total,
    )
    more = bool(last < run.items)
    if not more:
        _change(run.id, state="done", finished_at=moment, totals=totals_of(run.id))
    if found.ready:
        _record(run, numbers, found)
    return more


def _issue_ready(
    run: Row[Any], with_: bills.Reckoning, found: issue.Found, moment: datetime.datetime
) -> range:
    prefix = run.rules["prefix"]
    series = series_of(prefix)
    begin_at(series, serving().setting("billing.first_number"))
    numbers = take_numbers(series, found.ready)
    try:
        first_id, last_id = issue.issue(
            run.id, with_, numbers, prefix=prefix, code=parts_of(run.rules["code"]), moment=moment
        )
    except IntegrityError as problem:
        # Asked beforehand, it would cost a look-up for each; the database knows when it happens.
        if not _number_taken(problem):
            raise
        first, last = f"{prefix}{numbers.start}", f"{prefix}{numbers.stop - 1}"
        raise Refusal(TAKEN, first=first, last=last) from problem
    emit(
        "invoices.issued",
        run_id=run.id,
        period=run.period,
        count=found.ready,
        first_id=first_id,
        last_id=last_id,
    )
    return numbers


def _number_taken(problem: IntegrityError) -> bool:
    """Whether another invoice has one of the numbers. PostgreSQL does not say which, under row security."""
    told = getattr(problem.orig, "diag", None)
    return told is not None and told.constraint_name == "uq_invoices_number"


def _record(run: Row[Any], numbers: range, found: issue.Found) -> None:
    prefix = run.rules["prefix"]
    audit.record(
        "billing.issued",
        actor=_actor(run.started_by),
        subject=("billing-run", run.id),
        data={
            "period": run.period,
            "first": f"{prefix}{numbers.start}",
            "last": f"{prefix}{numbers.stop - 1}",
            "count": found.ready,
            "total": found.total,
            "currency": serving().currency,
        },
    )


def totals_of(run_id: uuid.UUID) -> dict[str, Any]:
    """Counts and sums of a run's items by effect, minor units: {"new": {"count": …, "total": …, "before": …}, …} and
    "warned", how many have a warning."""
    rows = db.session.execute(
        select(
            BillingItem.effect,
            func.count().label("many"),
            func.coalesce(func.sum(BillingItem.total), 0).label("total"),
            func.coalesce(func.sum(BillingItem.before), 0).label("before"),
            func.count().filter(func.cardinality(BillingItem.warnings) > 0).label("warned"),
        )
        .where(BillingItem.run_id == run_id)
        .group_by(BillingItem.effect)
    ).all()
    found: dict[str, Any] = {
        row.effect: {"count": row.many, "total": int(row.total), "before": int(row.before)} for row in rows
    }
    return {**found, "warned": sum(row.warned for row in rows)}


def billed(totals: Mapping[str, Any]) -> tuple[int, int]:
    """How many invoices a draft foresees, and their total."""
    parts = [totals[effect] for effect in BILLED_EFFECTS if effect in totals]
    return sum(part["count"] for part in parts), sum(part["total"] for part in parts)


def _reckoning(run: Row[Any]) -> bills.Reckoning:
    return reckoning_of(parse_month(run.period), run.issued_on, run.rules)


def reckoning_of(month: Month, issued_on: datetime.date, kept: Mapping[str, Any]) -> bills.Reckoning:
    """What is the same for all leases of a run. The scenarios' taxes are those of today: whoever corrects one after the
    draft sees the leases put aside, not billed by the old one."""
    return bills.Reckoning(
        month=month,
        count=kept.get("count", REAL),
        issued_on=issued_on,
        due_days=[datetime.date.fromisoformat(day) for day in kept["due_days"]],
        wording=Wording(**kept["words"]),
        taxes=scenario_taxes(serving().locale),
        type_code=rent_type(),
    )


def scenario_taxes(locale: str) -> dict[str, Sequence[Tax]]:
    """The taxes and withholdings on the rent, by scenario."""
    rows = db.session.execute(select(LeaseScenario.code, LeaseScenario.rent_taxes))
    return {
        row.code: [
            Tax(one["kind"], tax_text(one["name"], one["rate"], locale), one["rate"])
            for one in row.rent_taxes
        ]
        for row in rows
    }


def rent_type() -> str:
    """The tenant's type of rent invoices; made when it has none."""
    known = db.session.execute(select(InvoiceType.code).where(InvoiceType.code == RENT)).scalar()
    if known is None:
        add_invoice_type(RENT, account_kind="lease", books="rent", names=NAMES)
    return RENT


def _stop(tenant_id: uuid.UUID, run_id: uuid.UUID, refusal: Refusal) -> None:
    with unit_of_work(tenant_id):
        _change(
            run_id,
            BillingRun.state.in_(("preparing", "running")),
            state="stopped",
            problem=written(refusal),
        )


def written(refusal: Refusal) -> dict[str, Any]:
    """A refusal as it is kept: it is translated where it is read."""
    return {"msgid": refusal.msgid, "facts": {name: str(value) for name, value in refusal.facts.items()}}


def _actor(user_id: uuid.UUID | None) -> Actor:
    """Who started it, as evidence names them."""
    if user_id is None:
        return SYSTEM
    name = db.session.execute(select(User.name).where(User.id == user_id)).scalar()
    return Actor("staff", user_id, name or "")
