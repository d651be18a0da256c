"""Plans who is told of which invoice: set-based, a batch of customers at a time, each step of an invoice once.

What is planned is looked at again when it leaves (composing.py): what was paid meanwhile is not asked for.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from blueprints.accounts.models import Account, AccountParty
from blueprints.accounts.reach import LASTING
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.messages import rules
from blueprints.messages.hours import hours_for
from blueprints.messages.kinds import KINDS, MAIL
from blueprints.messages.models import Choice, Message, Reminder
from blueprints.messages.owed import asked_for
from blueprints.messages.services import LEAVE
from blueprints.messages.steps import ISSUED, Step, steps_of
from saas.database import db
from saas.ids import new_id
from saas.locks import lock
from saas.outbox import enqueue_many
from tenants.context import TenantContext
from tenants.loading import serving

BATCH = 2000  # invoices looked at in one transaction
GATHERED = datetime.timedelta(
    minutes=10
)  # for which new invoices of one customer are gathered into one message
PAYING = ("holder", "renter")
Pair = tuple[uuid.UUID, uuid.UUID]  # customer, invoice


def steps_for(tenant: TenantContext, day: datetime.date) -> list[Step]:
    """The steps of a day as the tenant has set them; none while reminders are off."""
    if not tenant.setting("messages.reminders"):
        return []
    return steps_of(
        day,
        before=tenant.setting("messages.days-before"),
        on_day=tenant.setting("messages.on-day"),
        after=tenant.setting("messages.days-after"),
        again=tenant.setting("messages.days-after-again"),
    )


def plan_step(step: Step, after: uuid.UUID | None, moment: datetime.datetime) -> uuid.UUID | None:
    """Plan a batch of one step, customers beyond `after`. Returns where the next batch begins; None at the end."""
    lock("messages.plan")
    due_on = func.coalesce(Invoice.second_due_on, Invoice.due_on) if step.late else Invoice.due_on
    pairs, more = _pairs(and_(due_on >= step.first, due_on <= step.last), step.code, after)
    _announce(step.kind, step.code, pairs, moment, _earliest(step.kind, moment))
    return pairs[-1][0] if more else None


def plan_notices(
    first_id: uuid.UUID, last_id: uuid.UUID, after: uuid.UUID | None, moment: datetime.datetime
) -> uuid.UUID | None:
    """The same for invoices that were just issued: those whose ids lie between two. They leave a little later, so
    that what the next stretch of a run brings for the same customer comes in the same mail."""
    lock("messages.plan")
    pairs, more = _pairs(Invoice.id.between(first_id, last_id), ISSUED, after)
    _announce("invoice-new", ISSUED, pairs, moment, moment + GATHERED)
    return pairs[-1][0] if more else None


def plan_batch_notices(
    batch_id: uuid.UUID, after: uuid.UUID | None, moment: datetime.datetime
) -> uuid.UUID | None:
    """The same for the invoices of an import."""
    lock("messages.plan")
    # Who brings the invoices of years in tells nobody of those that were due long ago.
    fresh = and_(Invoice.batch_id == batch_id, Invoice.due_on >= serving().today())
    pairs, more = _pairs(fresh, ISSUED, after)
    _announce("invoice-new", ISSUED, pairs, moment, moment + GATHERED)
    return pairs[-1][0] if more else None


def _earliest(kind: str, moment: datetime.datetime) -> datetime.datetime:
    """When the messages of a plan may leave at the soonest; each looks again when its turn comes."""
    tenant = serving()
    day = moment.astimezone(ZoneInfo(tenant.time_zone)).date()
    hours = hours_for(tenant, KINDS[kind].nature, day)
    try:
        return rules.next_moment(moment, hours.limits, hours.zone, hours.is_holiday)
    except rules.NeverAllowed:
        return moment  # the message itself will say so


def _pairs(which: ColumnElement[bool], step: str, after: uuid.UUID | None) -> tuple[list[Pair], bool]:
    """Customers with their invoices that were not planned for this step, whole customers only; and whether there
    are more."""
    today = serving().today()
    query = (
        select(AccountParty.customer_id, Invoice.id)
        .join(Account, and_(Account.tenant_id == Invoice.tenant_id, Account.id == Invoice.account_id))
        .join(
            AccountParty,
            and_(AccountParty.tenant_id == Invoice.tenant_id, AccountParty.account_id == Invoice.account_id),
        )
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .where(
            which,
            *asked_for(),
            or_(AccountParty.role.in_(PAYING), Account.kind == "mandate"),
            or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= Invoice.issued_on),
            or_(
                AccountParty.valid_until.is_(None),
                AccountParty.valid_until >= today,
                # Who rented on its day owes it still, and sees it.
                and_(AccountParty.role.in_(LASTING), AccountParty.valid_until >= Invoice.issued_on),
            ),
            ~exists().where(
                Reminder.tenant_id == Invoice.tenant_id,
                Reminder.invoice_id == Invoice.id,
                Reminder.customer_id == AccountParty.customer_id,
                Reminder.step == step,
            ),
        )
        .distinct()
        .order_by(AccountParty.customer_id, Invoice.id)
        .limit(BATCH + 1)
    )
    if after is not None:
        query = query.where(AccountParty.customer_id > after)
    found: list[Pair] = [(row.customer_id, row.id) for row in db.session.execute(query)]
    if len(found) <= BATCH:
        return found, False
    last = found[-1][0]
    whole = [pair for pair in found if pair[0] != last]
    # One customer alone may have more than a batch: then this batch is that customer's.
    return whole or found, True


def _announce(
    kind: str, step: str, pairs: Sequence[Pair], moment: datetime.datetime, leaves_at: datetime.datetime
) -> None:
    """Write one message a customer, or add to one that waits; and note each invoice."""
    unwilling = _unwilling(kind, {customer for customer, _invoice in pairs})
    by_customer: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for customer, invoice in pairs:
        if customer not in unwilling:
            by_customer[customer].append(invoice)
    if not by_customer:
        return
    waiting = _waiting(kind, by_customer, moment)
    messages, notes = [], []
    for customer, invoices in by_customer.items():
        message_id = _added_to(waiting[customer], invoices) if customer in waiting else None
        if message_id is None:
            message_id = new_id()
            messages.append(_message(message_id, kind, customer, invoices, moment, leaves_at))
        notes += [
            {
                "id": new_id(),
                "invoice_id": invoice,
                "customer_id": customer,
                "step": step,
                "message_id": message_id,
            }
            for invoice in invoices
        ]
    if messages:
        db.session.execute(insert(Message), messages)
        enqueue_many(
            LEAVE,
            [(str(one["id"]), {"message": str(one["id"])}, leaves_at) for one in messages],
        )
    db.session.execute(insert(Reminder), notes)


def _message(
    message_id: uuid.UUID,
    kind: str,
    customer: uuid.UUID,
    invoices: Sequence[uuid.UUID],
    moment: datetime.datetime,
    leaves_at: datetime.datetime,
) -> dict[str, object]:
    waits = KINDS[kind].limited and leaves_at > moment
    return {
        "id": message_id,
        "kind": kind,
        "channel": MAIL,
        "state": rules.DEFERRED if waits else rules.QUEUED,
        "counts": KINDS[kind].limited,
        "customer_id": customer,
        "recipient": "",
        "subject": "",
        "attachments": [],
        "facts": {"invoices": [str(invoice) for invoice in invoices]},
        "not_before": leaves_at,
        "created_at": moment,
        "tries": 0,
    }


def _unwilling(kind: str, customers: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those who have said that they do not want this kind by mail."""
    rows = db.session.execute(
        select(Choice.customer_id, Choice.wanted)
        .where(Choice.customer_id.in_(list(customers)), Choice.kind == kind, Choice.channel == MAIL)
        .ext(distinct_on(Choice.customer_id))
        .order_by(Choice.customer_id, Choice.id.desc())
    )
    return {row.customer_id for row in rows if not row.wanted}


def _waiting(
    kind: str, customers: Mapping[uuid.UUID, object], moment: datetime.datetime
) -> dict[uuid.UUID, Row[uuid.UUID, uuid.UUID, dict[str, object]]]:
    """Messages of the same sort to these customers that have not left and will not right now."""
    reminders = [code for code in KINDS if code.startswith("reminder-")]
    rows = db.session.execute(
        select(Message.id, Message.customer_id, Message.facts)
        .where(
            Message.customer_id.in_(list(customers)),
            Message.kind.in_(reminders if kind in reminders else [kind]),
            Message.state.in_(rules.WAITING),
            Message.not_before > moment,
        )
        .order_by(Message.id)
        .with_for_update(skip_locked=True)
    )
    return {row.customer_id: row for row in rows if row.customer_id is not None}


def _added_to(row: Row[uuid.UUID, uuid.UUID, dict[str, object]], invoices: Sequence[uuid.UUID]) -> uuid.UUID:
    message_id, _customer, facts = row
    named = facts.get("invoices")
    known = [str(one) for one in named] if isinstance(named, list) else []
    known += [str(invoice) for invoice in invoices if str(invoice) not in known]
    db.session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(facts={**facts, "invoices": known})
        .execution_options(synchronize_session=False)
    )
    return message_id
