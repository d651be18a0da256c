"""When this tenant may contact its customers: the law of its country, and what it has decided to be stricter about."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from blueprints.messages.contact_hours import Law, law_on
from blueprints.messages.kinds import Kind
from blueprints.messages.models import Message
from blueprints.messages.rules import (
    WEEK,
    Contact,
    IsHoliday,
    Limits,
    Window,
    contact_moment,
    stricter,
)
from saas.business_days import BusinessCalendar
from saas.database import db
from tenants.calendars import calendar
from tenants.context import TenantContext
from tenants.loading import serving

EARLIEST, LATEST, REST_DAYS = "messages.earliest", "messages.latest", "messages.rest-days"
MOST_A_DAY = 1  # also where no law says so: nobody wants to be asked for money twice a day
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Hours:
    """What holds for one nature of messages today. `law` is None where the tenant's own hours are all there is."""

    limits: Limits
    law: Law | None
    zone: ZoneInfo
    is_holiday: IsHoliday


def hours_for(tenant: TenantContext, nature: str, day: datetime.date) -> Hours:
    """The hours for messages of a nature. A law that does not bind it leaves the tenant's own."""
    law = law_on(tenant.country, day)
    if law is not None and nature not in law.natures:
        law = None
    own = own_limits(tenant)
    limits = stricter(law.limits, own) if law else own
    return Hours(limits, law, ZoneInfo(tenant.time_zone), holidays_of(calendar()))


def own_limits(tenant: TenantContext) -> Limits:
    """What the tenant decided by its settings, whatever the law says."""
    window = Window(datetime.time(tenant.setting(EARLIEST)), datetime.time(tenant.setting(LATEST)))
    rest = bool(tenant.setting(REST_DAYS))
    days = range(7) if rest else range(SUNDAY)
    return Limits(dict.fromkeys(days, window), holidays=rest, most_a_day=MOST_A_DAY)


def holidays_of(days: BusinessCalendar) -> IsHoliday:
    """Public holidays, and days that the organisation does not work. A holiday on which it does work stays one
    here: the law protects who is called, not who calls."""

    def is_holiday(day: datetime.date) -> bool:
        return day in days.base(day.year) or day in days.off

    return is_holiday


def contacts_of(customer_id: uuid.UUID, moment: datetime.datetime) -> list[Contact]:
    """The limited contacts with a customer in the week before, on every channel."""
    rows = db.session.execute(
        select(Message.sent_at, Message.channel).where(
            Message.customer_id == customer_id,
            Message.counts,
            Message.sent_at > moment - WEEK,
        )
    )
    return [Contact(row.sent_at, row.channel) for row in rows]


def allowed_from(
    kind: Kind, customer_id: uuid.UUID | None, channel: str, moment: datetime.datetime
) -> datetime.datetime:
    """The first moment, not before `moment`, at which a message of this kind may go to a customer on a channel.

    `moment` itself for kinds that nothing binds. Raises NeverAllowed.
    """
    if not kind.limited:
        return moment
    tenant = serving()
    hours = hours_for(tenant, kind.nature, moment.astimezone(ZoneInfo(tenant.time_zone)).date())
    before = contacts_of(customer_id, moment) if customer_id else []
    return contact_moment(moment, channel, before, hours.limits, hours.zone, hours.is_holiday)
