"""When somebody may be contacted, and how often. Pure: hours, days and what went before come in.

The hours of a country are data (`contact_hours/`); a tenant may only be stricter.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

QUEUED = "queued"
DEFERRED = "deferred"  # waits for an hour at which it may leave
SENT = "sent"
REFUSED = "refused"  # never left, or the server would not take it
BOUNCED = "bounced"
DROPPED = "dropped"  # was not needed or not wanted any more when its turn came
WAITING = (QUEUED, DEFERRED)
TROUBLE = (REFUSED, BOUNCED)

WEEK = datetime.timedelta(days=7)
LOOKED_AHEAD = 60  # days; a rule that leaves no hour in two months is no rule

IsHoliday = Callable[[datetime.date], bool]


@dataclass(frozen=True, slots=True)
class Window:
    """From an hour until before another, local time of the tenant."""

    start: datetime.time
    end: datetime.time


@dataclass(frozen=True, slots=True)
class Limits:
    """Hours by weekday (0 is Monday; a day that is missing has none), whether holidays count as their weekday, and
    how often: None is no limit."""

    hours: Mapping[int, Window]
    holidays: bool = True
    most_a_day: int | None = None
    channels_a_week: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """That somebody was contacted: when (aware), and how."""

    at: datetime.datetime
    channel: str


class NeverAllowed(ValueError):
    """The limits leave no hour in which anybody could be contacted."""


def stricter(one: Limits, other: Limits) -> Limits:
    """What both allow. A day whose hours do not meet has none."""
    hours = {}
    for day in one.hours.keys() & other.hours.keys():
        start = max(one.hours[day].start, other.hours[day].start)
        end = min(one.hours[day].end, other.hours[day].end)
        if start < end:
            hours[day] = Window(start, end)
    return Limits(
        hours,
        one.holidays and other.holidays,
        _least(one.most_a_day, other.most_a_day),
        _least(one.channels_a_week, other.channels_a_week),
    )


def _least(one: int | None, other: int | None) -> int | None:
    return min((value for value in (one, other) if value is not None), default=None)


def window_of(day: datetime.date, limits: Limits, is_holiday: IsHoliday) -> Window | None:
    """The hours of a day; None when nobody may be contacted on it."""
    if not limits.holidays and is_holiday(day):
        return None
    return limits.hours.get(day.weekday())


def next_moment(
    moment: datetime.datetime, limits: Limits, zone: ZoneInfo, is_holiday: IsHoliday
) -> datetime.datetime:
    """The first moment, not before `moment` (aware), that lies in a window. Raises NeverAllowed."""
    local = moment.astimezone(zone)
    for ahead in range(LOOKED_AHEAD):
        day = local.date() + datetime.timedelta(days=ahead)
        window = window_of(day, limits, is_holiday)
        if window is None:
            continue
        start = datetime.datetime.combine(day, window.start, tzinfo=zone)
        if ahead or local.time() < window.start:
            # Where clocks are put forward an hour is missing: what comes after it is the first that exists.
            return max(start.astimezone(datetime.UTC), moment.astimezone(datetime.UTC))
        if local.time() < window.end:
            return moment.astimezone(datetime.UTC)
    raise NeverAllowed


def contact_moment(
    moment: datetime.datetime,
    channel: str,
    before: Sequence[Contact],
    limits: Limits,
    zone: ZoneInfo,
    is_holiday: IsHoliday,
) -> datetime.datetime:
    """The first moment, not before `moment`, at which this channel may be used after the contacts `before`.

    A day is the tenant's calendar day. A week is any seven days, so that the end of a calendar week opens no gap.
    Raises NeverAllowed.
    """
    found = moment.astimezone(datetime.UTC)
    for _try in range(LOOKED_AHEAD):
        found = next_moment(found, limits, zone, is_holiday)
        wait = _wait(found, channel, before, limits, zone)
        if wait is None:
            return found
        found = wait
    raise NeverAllowed


def _wait(
    moment: datetime.datetime, channel: str, before: Sequence[Contact], limits: Limits, zone: ZoneInfo
) -> datetime.datetime | None:
    """Until when an earlier contact forbids this one; None when none does."""
    day = moment.astimezone(zone).date()
    if limits.most_a_day is not None:
        same_day = sum(contact.at.astimezone(zone).date() == day for contact in before)
        if same_day >= limits.most_a_day:
            tomorrow = datetime.datetime.combine(
                day + datetime.timedelta(days=1), datetime.time(), tzinfo=zone
            )
            return tomorrow.astimezone(datetime.UTC)
    if limits.channels_a_week is not None:
        last = {
            contact.channel: max(one.at for one in before if one.channel == contact.channel)
            for contact in before
            if contact.channel != channel and abs(moment - contact.at) < WEEK
        }
        if len(last) >= limits.channels_a_week:
            return (min(last.values()) + WEEK).astimezone(datetime.UTC)
    return None
