"""Rows of payouts for the world: a bank account of the customer, runs in several states, an answer with a line kept."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from blueprints.payouts.models import (
    OwnerBankAccount,
    PayoutAnswer,
    PayoutAnswerLine,
    PayoutLine,
    PayoutRun,
)
from blueprints.payouts.tokens import ALARM, LINK, NUMBER, make_token, seal
from saas.clock import now
from saas.ids import new_id
from saas.tokens import digest

Add = Callable[..., Any]


def pay_owners(side: Any, size: int, add: Add) -> None:
    """To be called once the side has payouts: the first run waits for approval."""
    customer, mandate = side.first("customers"), side.rows["accounts"][2]
    currency, admin = side.cast.currency, side.people["admin"].user_id
    account = _bank_accounts(side, size, add, customer)
    for number in range(size):
        run = add(
            side,
            PayoutRun,
            number=f"{side.canary}-{number}",
            state="prepared" if number == 0 else "approved",
            cut_on=now().date(),
            pay_on=now().date(),
            currency=currency,
            lines=1,
            total=100,
            prepared_by=admin,
            prepared_at=now() - datetime.timedelta(minutes=number),
        )
        payout = side.rows["payouts"][number] if number else None
        line = add(
            side,
            PayoutLine,
            run_id=run,
            mandate_account_id=mandate,
            customer_id=customer,
            state="under-way" if number else "proposed",
            held=100,
            kept=0,
            amount=100,
            currency=currency,
            facts={"reserve": 1},
            bank_account_id=account,
            payout_id=payout,
            key=f"{new_id().int % 10**10:010d}" if number else None,
        )
        answer = add(
            side,
            PayoutAnswer,
            layout="csv-generico-v1",
            file_name=f"{side.canary}-{number}.csv",
            lines=1,
            total=100,
            currency=currency,
            outcome={"unknown-code": 1},
            kept=1,
            taken_at=now(),
        )
        add(
            side,
            PayoutAnswerLine,
            answer_id=answer,
            number=2,
            amount=100,
            effect="unknown-code",
            done_on=now().date(),
            line_id=line,
        )


def _bank_accounts(side: Any, size: int, add: Add, customer: Any) -> Any:
    """One that waits for its confirmation, and as many that were used before."""
    waiting = None
    for number in range(size):
        row_id = new_id()
        moment = now() - datetime.timedelta(days=10 + number)
        first = number == 0
        add(
            side,
            OwnerBankAccount,
            id=row_id,
            customer_id=customer,
            country="CO",
            bank_code="1007",
            account_kind="savings",
            bank_name=f"Banco {side.canary}",
            sealed_number=seal("12345678901", row_id, NUMBER),
            last_four="8901",
            holder_name=side.person_canary,
            another_holder=False,
            state="waiting" if first else "confirmed",
            entered_by=side.people["customer"].user_id,
            entered_by_staff=False,
            entered_at=moment if not first else now(),
            confirm_until=now() + datetime.timedelta(days=1),
            mailed_to=f"{side.person_canary}@example.com",
            link_digest=digest(make_token(LINK, row_id)),
            alarm_digest=digest(make_token(ALARM, row_id)),
            usable_from=None if first else moment,
        )
        if first:
            waiting = row_id
            side.bank_token, side.alarm_token = make_token(LINK, row_id), make_token(ALARM, row_id)
    return waiting
