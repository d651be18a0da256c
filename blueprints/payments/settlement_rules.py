"""What differs between our captures and a provider's books. Pure: minor units, aware moments."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from blueprints.payments.interface import CaptureView, Settled

MISSING = "missing"  # we booked it and the provider does not have it
EXTRA = "extra"  # the provider has it and we did not book it
AMOUNT = "amount"  # both have it, with another amount or currency

# A provider may count a capture of our midnight to the other day: it is looked for on both sides of the day.
MARGIN = datetime.timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Difference:
    """One capture on which the books differ; amounts are None where a side has none."""

    kind: str
    reference: str
    provider_reference: str
    attempt_id: uuid.UUID | None
    our_amount: int | None
    their_amount: int | None
    currency: str


def differences(
    ours: Iterable[CaptureView],
    theirs: Iterable[Settled],
    *,
    since: datetime.datetime,
    until: datetime.datetime,
    booked: Collection[str],
    lists: bool,
) -> list[Difference]:
    """Compare a day, `since` ≤ moment < `until`.

    `theirs` reaches MARGIN beyond the day on both sides; `booked` are the references among theirs that we have
    captured on whatever day. `lists`: the provider lists all its captures, so what we do not have is extra.
    Several captures of one reference add up.
    """
    known: dict[str, list[Settled]] = {}
    for settled in theirs:
        known.setdefault(settled.reference, []).append(settled)
    found = []
    for capture in ours:
        there = known.get(capture.reference, [])
        if not there:
            found.append(
                Difference(
                    MISSING,
                    capture.reference,
                    capture.provider_reference,
                    capture.attempt_id,
                    capture.amount,
                    None,
                    capture.currency,
                )
            )
            continue
        currencies = {settled.currency for settled in there}
        their_amount = sum(settled.amount for settled in there)
        if currencies != {capture.currency} or their_amount != capture.amount:
            found.append(
                Difference(
                    AMOUNT,
                    capture.reference,
                    there[0].provider_reference,
                    capture.attempt_id,
                    capture.amount,
                    their_amount,
                    " ".join(sorted(currencies)),
                )
            )
    if lists:
        for reference, there in known.items():
            inside = [s for s in there if s.occurred_at is None or since <= s.occurred_at < until]
            if inside and reference not in booked:
                amount = sum(settled.amount for settled in inside)
                first = inside[0]
                found.append(
                    Difference(EXTRA, reference, first.provider_reference, None, None, amount, first.currency)
                )
    return found
