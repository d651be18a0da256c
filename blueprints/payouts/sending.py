"""The file for the bank: made once for a run, kept sealed with its hash, the same bytes for whoever asks again."""

from __future__ import annotations

import base64
import datetime
import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, select, update

from blueprints.accounts.models import Customer
from blueprints.leases.models import Payout
from blueprints.payouts import rules
from blueprints.payouts.bank_accounts import chosen_accounts, number_of
from blueprints.payouts.booking import Ending, end_lines, held_lines
from blueprints.payouts.layouts import ORDER, Layout, layouts
from blueprints.payouts.models import OwnerBankAccount, PayoutLine
from blueprints.payouts.proposing import Pair, Scope, held
from blueprints.payouts.runs import LOCK, change_run, held_run
from blueprints.payouts.tokens import FILE, seal, unseal
from blueprints.payouts.writing import sanitised, write_file
from saas import audit, files
from saas.audit import Actor
from saas.database import db
from saas.languages import N_
from saas.locks import lock
from saas.money import EXPONENTS
from saas.refusals import NotFound, Refusal
from tenants.loading import serving

COMPANY_CODE, SOURCE_ACCOUNT = "payouts.company-code", "payouts.source-account"
STOPPED = {
    rules.ACCOUNT_FROZEN: N_("The bank account was frozen or taken away before the file was made."),
    rules.WENT_BACK: N_("Rent in it went back, or is disputed, before the file was made."),
}


def make_file(run_id: uuid.UUID, layout_id: str, *, actor: Actor, now: datetime.datetime) -> int:
    """Write the bank's file of an approved run. Returns how many payouts stayed out of it because, since the approval,
    their account was frozen or ended, or rent in them went back or is disputed (case F11): that money is held for the
    owners again, and the next run proposes what is left of it. Asked twice, the first file stays.

    Raises NotFound, or Refusal for a run that is not under way, for an unknown layout, for what does not fit it.
    """
    lock(LOCK)
    run = held_run(run_id)
    if run.file_id is not None:
        return 0
    if run.state != rules.APPROVED:
        raise Refusal(N_("Only a run that is under way has a file for the bank."))
    layout = layouts(ORDER).get(layout_id)
    if layout is None:
        raise Refusal(N_("Choose one of the layouts."), field="layout")
    lines, stopped = _still_paid(run, now)
    if not lines:
        raise Refusal(N_("No payout of this run can go into a file any more: look at each line."))
    today = serving().today()
    end_lines(
        [
            Ending(line, rules.RETURNED, today, reason=reason, note=STOPPED[reason])
            for line, reason in stopped
        ],
        by=actor.user_id,
        now=now,
    )
    content = write_file(layout, _given(run, today), _details(layout, run, lines))
    sha256 = hashlib.sha256(content).hexdigest()
    sealed = seal(base64.b64encode(content).decode(), run_id, FILE)
    name = f"{run.number}-{layout_id}.{'txt' if layout.fixed else 'csv'}"
    file_id = files.store(
        sealed.encode(), media_type="application/octet-stream", name=name, purpose="payout-file"
    )
    for first in range(0, len(lines), 1000):
        db.session.execute(
            update(PayoutLine)
            .where(PayoutLine.id.in_([line.id for line in lines[first : first + 1000]]))
            .values(in_file=True)
            .execution_options(synchronize_session=False)
        )
    change_run(
        run_id, layout=layout_id, file_id=file_id, file_sha256=sha256, file_name=name, file_made_at=now
    )
    audit.record(
        "payout-run.file-made",
        actor=actor,
        subject=("payout-run", run_id),
        data={
            "number": run.number,
            "layout": layout_id,
            "lines": len(lines),
            "total": sum(line.amount for line in lines),
            "sha256": sha256,
            "stopped": len(stopped),
        },
    )
    return len(stopped)


def file_of(run_id: uuid.UUID, *, actor: Actor) -> tuple[str, bytes]:
    """Name and bytes of a run's file; who takes it leaves evidence. Raises NotFound.

    A content whose hash is not the one that was written down is never served: RuntimeError.
    """
    run = held_run(run_id)
    if run.file_id is None:
        raise NotFound()
    content = base64.b64decode(unseal(files.load(run.file_id).content.decode(), run_id, FILE))
    if hashlib.sha256(content).hexdigest() != run.file_sha256:
        raise RuntimeError(f"the file of payout run {run_id} is damaged")
    audit.record(
        "payout-run.file-taken",
        actor=actor,
        subject=("payout-run", run_id),
        data={"number": run.number, "sha256": run.file_sha256},
    )
    return run.file_name, content


Stopped = tuple[Row[Any], str]


def _still_paid(run: Row[Any], now: datetime.datetime) -> tuple[list[Row[Any]], list[Stopped]]:
    """The lines that may leave, and those that may not, with the reason."""
    lines = held_lines(and_(PayoutLine.run_id == run.id, PayoutLine.state == rules.UNDER_WAY))
    owners = sorted({line.customer_id for line in lines})
    chosen = chosen_accounts(owners, now)
    states = _states({line.bank_account_id for line in lines})
    overdrawn = _overdrawn({line.mandate_account_id for line in lines}, run.currency)
    good: list[Row[Any]] = []
    stopped: list[Stopped] = []
    for line in lines:
        if (
            chosen[line.customer_id].reason == rules.ACCOUNT_FROZEN
            or states.get(line.bank_account_id) != rules.CONFIRMED
        ):
            stopped.append((line, rules.ACCOUNT_FROZEN))
        elif (line.mandate_account_id, line.customer_id) in overdrawn:
            stopped.append((line, rules.WENT_BACK))
        else:
            good.append(line)
    return good, stopped


def _overdrawn(mandates: set[uuid.UUID], currency: str) -> set[Pair]:
    """Owners of whom, after the payouts that are booked already, less than nothing is left once refunds on their way
    have gone: an approval never leaves that, so rent went back since."""
    found = held(serving().today(), currency, Scope(mandates=frozenset(mandates)))
    return {pair for pair, amounts in found.items() if amounts.held < amounts.refunds}


def _states(account_ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    ids = sorted(account_ids)
    found: dict[uuid.UUID, str] = {}
    for first in range(0, len(ids), 1000):
        rows = db.session.execute(
            select(OwnerBankAccount.id, OwnerBankAccount.state).where(
                OwnerBankAccount.id.in_(ids[first : first + 1000])
            )
        )
        found |= {row.id: row.state for row in rows}
    return found


def _given(run: Row[Any], today: datetime.date) -> dict[str, Any]:
    tenant = serving()
    return {
        "company": tenant.legal_name or tenant.name,
        "company_document": _figures(tenant.tax_number),
        "company_code": str(tenant.setting(COMPANY_CODE)),
        "source_account": _figures(str(tenant.setting(SOURCE_ACCOUNT))),
        "made_on": today,
        "pay_on": run.pay_on,
        "run": run.number,
        "currency": run.currency,
    }


def _details(layout: Layout, run: Row[Any], lines: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    by_id = {line.id: line for line in lines}
    details = []
    for first in range(0, len(lines), 1000):
        rows = db.session.execute(
            select(
                PayoutLine.id,
                PayoutLine.key,
                PayoutLine.bank_account_id,
                Payout.number,
                OwnerBankAccount.bank_code,
                OwnerBankAccount.bank_name,
                OwnerBankAccount.account_kind,
                OwnerBankAccount.sealed_number,
                OwnerBankAccount.holder_name,
                OwnerBankAccount.holder_document_kind,
                OwnerBankAccount.holder_document_number,
                Customer.email,
            )
            .join(Payout, and_(Payout.tenant_id == PayoutLine.tenant_id, Payout.id == PayoutLine.payout_id))
            .join(
                OwnerBankAccount,
                and_(
                    OwnerBankAccount.tenant_id == PayoutLine.tenant_id,
                    OwnerBankAccount.id == PayoutLine.bank_account_id,
                ),
            )
            .join(
                Customer,
                and_(Customer.tenant_id == PayoutLine.tenant_id, Customer.id == PayoutLine.customer_id),
            )
            .where(PayoutLine.id.in_([line.id for line in lines[first : first + 1000]]))
            .order_by(PayoutLine.key)
        )
        details += [
            {
                "key": row.key,
                "amount": scaled(layout, by_id[row.id].amount, run.currency),
                "holder_name": row.holder_name
                if sanitised(layout, row.holder_name)
                else row.holder_document_number,
                "holder_document_kind": row.holder_document_kind,
                "holder_document_number": row.holder_document_number,
                "bank_code": row.bank_code or row.bank_name,
                "account_kind": row.account_kind,
                "account_number": number_of(row.bank_account_id, row.sealed_number),
                "concept": row.number,
                "email": row.email or "",
            }
            for row in rows
        ]
    return details


def scaled(layout: Layout, amount: int, currency: str) -> int:
    """Minor units with as many decimals as the layout's amounts have. Raises Refusal when some would be lost."""
    amounts = layout.records["detail"].column("amount")
    spare = (amounts.decimals if amounts else 0) - EXPONENTS[currency]
    whole, rest = divmod(amount * 10 ** max(spare, 0), 10 ** max(-spare, 0))
    if rest:
        raise Refusal(
            N_("The amounts of this layout have too few decimals for %(currency)s."), currency=currency
        )
    return int(whole)


def unscaled(layout: Layout, amount: int, currency: str) -> int:
    """The other way round: minor units of the currency, or -1 for what it cannot be."""
    amounts = layout.records["detail"].column("amount")
    spare = EXPONENTS[currency] - (amounts.decimals if amounts else 0)
    whole, rest = divmod(amount * 10 ** max(spare, 0), 10 ** max(-spare, 0))
    return -1 if rest else int(whole)


def _figures(text: str) -> str:
    return "".join(sign for sign in text if sign.isascii() and sign.isdigit())
