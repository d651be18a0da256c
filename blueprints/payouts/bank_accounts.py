"""Where owners are paid: entered, confirmed on two channels, held for 72 hours, stopped by "it was not me".

A change is a new row. Until it is confirmed and its hold is over, the account before goes on; a frozen one stops all.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select, update

from blueprints.payouts import rules
from blueprints.payouts.bank_directory import CheckedNumber, check_number
from blueprints.payouts.bank_letters import send_letter
from blueprints.payouts.contacts import Owner, find_owner
from blueprints.payouts.models import OwnerBankAccount
from blueprints.payouts.tokens import (
    ALARM,
    CODE,
    LINK,
    NUMBER,
    fingerprint,
    make_token,
    same_code,
    seal,
    unseal,
)
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.identity_numbers import normalise_document
from saas.ids import new_id
from saas.languages import N_
from saas.limits import count_attempt
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from saas.tokens import digest, new_code
from tenants.loading import serving

A_DAY = datetime.timedelta(days=1)
CHANGES_A_DAY = 5
LONGEST = 200
DECIDED = N_("Somebody has decided this already.")


class BadLink(Exception):
    """Used, replaced, expired, altered, of another tenant: nobody is told which."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What was typed. `bank` is a code of the directory, or a name where the country's banks are not listed."""

    bank: str
    kind: str
    number: str
    holder_name: str
    holder_document_kind: str
    holder_document_number: str
    sure: bool = False  # the unusual number was compared and is right


def enter_account(
    customer_id: uuid.UUID,
    new: NewAccount,
    *,
    actor: Actor,
    by_staff: bool,
    now: datetime.datetime,
) -> uuid.UUID:
    """Enter an owner's bank account; whoever calls has made sure who the person is. Returns its id.

    Nothing is paid to it before it is confirmed and 72 hours have passed. Raises NotFound for somebody who owns
    nothing, Refusal for what cannot be, for the account that is used already, while one is frozen, or too often.
    """
    assert actor.user_id is not None
    owner = find_owner(customer_id)
    lock(f"bank-account:{customer_id}")
    checked = _checked(customer_id, new, now)
    if count_attempt("bank-account", str(customer_id), window=A_DAY) > CHANGES_A_DAY:
        raise Refusal(N_("The bank account was changed too often today. Try again tomorrow, or call us."))
    country = serving().country
    document = normalise_document(country, new.holder_document_kind, new.holder_document_number)
    another = (new.holder_document_kind, document) != (owner.document_kind, owner.document_number)
    if not document or not new.holder_name.strip():
        raise Refusal(N_("Type the name and the document of the holder."), field="holder_document_number")
    _end_pending(customer_id, rules.CHANGED_AGAIN, now)
    link_to, code_to = _channels(owner, actor, by_staff)
    account_id, code = new_id(), new_code()
    with_code = code_to is not None or not by_staff
    db.session.add(
        OwnerBankAccount(
            id=account_id,
            customer_id=customer_id,
            country=country,
            bank_code=checked.bank_code,
            bank_name=checked.bank_name,
            account_kind=checked.kind,
            sealed_number=seal(checked.number, account_id, NUMBER),
            last_four=checked.number[-4:],
            number_fingerprint=fingerprint(checked.number),
            holder_name=" ".join(new.holder_name.split())[:LONGEST],
            holder_document_kind=new.holder_document_kind,
            holder_document_number=document,
            another_holder=another,
            state=rules.WAITING,
            entered_by=actor.user_id,
            entered_by_staff=by_staff,
            entered_at=now,
            confirm_until=now + rules.CONFIRM_WITHIN,
            mailed_to=link_to,
            link_digest=digest(make_token(LINK, account_id)) if link_to else None,
            sealed_code=seal(code, account_id, CODE) if with_code else None,
            code_sent_to=code_to,
            alarm_digest=digest(make_token(ALARM, account_id)),
        )
    )
    db.session.flush()
    if link_to:
        send_letter("link", account_id, link_to)
    if code_to:
        send_letter("code", account_id, code_to)
    for email in owner.emails:
        if email not in (link_to, code_to):
            send_letter("warning", account_id, email)
    _note("bank-account.entered", account_id, customer_id, actor, _said(checked, another))
    return account_id


def _checked(customer_id: uuid.UUID, new: NewAccount, now: datetime.datetime) -> CheckedNumber:
    checked = check_number(serving().country, bank=new.bank, kind=new.kind, number=new.number)
    if checked.warning and not new.sure:
        raise Refusal(checked.warning, field="sure")
    views = rows_of([customer_id])
    if any(row.state == rules.FROZEN for row in views):
        raise Refusal(N_("A bank account is frozen: it must be cleared up first. Call us."))
    chosen = rules.choose_account([view_of(row) for row in views], now)
    present = next((row for row in views if row.id == chosen.account_id), None)
    if present is not None and present.number_fingerprint == fingerprint(checked.number):
        raise Refusal(N_("This is the account that is used already."), field="number")
    return checked


def _channels(owner: Owner, actor: Actor, by_staff: bool) -> tuple[str | None, str | None]:
    """To whom the link goes, and to whom the code: two different contacts where two are known. An owner who has one
    sees the code on the own page; what staff entered for such an owner, other staff confirm by telephone."""
    link_to = owner.present[0] if owner.present else None
    code_to = next((email for email in owner.present[1:] if email != link_to), None)
    return link_to, code_to


def confirm_by_link(token: str, typed: str, *, now: datetime.datetime) -> bool:
    """The link was opened and the code typed. True when nothing else is missing. Raises BadLink, or Refusal for a
    wrong code: after five of them the account must be entered again."""
    row = _by_link(token, now)
    lock(f"bank-account:{row.customer_id}")
    row = _by_link(token, now)
    if row.sealed_code is not None:
        wrong = N_("This is not the code. Compare it letter by letter.")
        if count_attempt("bank-account-code", str(row.id), window=rules.CONFIRM_WITHIN) > rules.WRONG_CODES:
            raise Refusal(N_("Too many wrong codes: enter the bank account again."), field="code")
        if not same_code(typed, row.sealed_code, row.id):
            raise Refusal(wrong, field="code")
    _change(row.id, link_confirmed_at=now)
    actor = Actor("customer", None, row.holder_name if not row.another_holder else "")
    _note("bank-account.link-confirmed", row.id, row.customer_id, actor, {"last_four": row.last_four})
    return _complete(row.id, actor, now)


def awaited(token: str, now: datetime.datetime) -> Row[Any]:
    """The account that a link is about; looking changes nothing. Raises BadLink."""
    return _by_link(token, now)


def vouch(account_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime) -> bool:
    """Staff asked the owner by the telephone number of the books. True when nothing else is missing.

    Raises NotFound, or Refusal for whoever entered it, without a note, or when nothing waits for it.
    """
    row = _held(account_id)
    _other_person(row, actor)
    if row.vouched_at is not None or not rules.pending(view_of(row), now):
        raise Refusal(DECIDED)
    words = _words(note)
    _change(account_id, vouched_by=actor.user_id, vouched_at=now, vouched_note=words)
    _note("bank-account.vouched", account_id, row.customer_id, actor, {"note": words})
    return _complete(account_id, actor, now)


def approve_holder(account_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime) -> bool:
    """Staff agree that an owner is paid on somebody else's account. True when nothing else is missing. Raises as
    `vouch` does."""
    row = _held(account_id)
    _other_person(row, actor)
    if row.state != rules.WAITING or not row.another_holder or row.holder_approved_at is not None:
        raise Refusal(DECIDED)
    words = _words(note)
    _change(account_id, holder_approved_by=actor.user_id, holder_approved_at=now, holder_note=words)
    _note("bank-account.holder-approved", account_id, row.customer_id, actor, {"note": words})
    return _complete(account_id, actor, now)


def missing(row: Row[Any]) -> list[str]:
    """What an account waits for: link, staff, holder."""
    lacks = []
    if row.mailed_to is not None and row.link_confirmed_at is None:
        lacks.append("link")
    if row.entered_by_staff and row.code_sent_to is None and row.vouched_at is None:
        lacks.append("staff")
    if row.another_holder and row.holder_approved_at is None:
        lacks.append("holder")
    return lacks


def _complete(account_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> bool:
    row = _held(account_id)
    if row.state != rules.WAITING or missing(row):
        return bool(row.state == rules.CONFIRMED)
    usable = now + rules.HOLD
    _change(account_id, state=rules.CONFIRMED, confirmed_at=now, usable_from=usable, sealed_code=None)
    for email in find_owner(row.customer_id).emails:
        send_letter("usable", account_id, email)
    facts = {"last_four": row.last_four, "usable_from": usable.isoformat()}
    _note("bank-account.confirmed", account_id, row.customer_id, actor, facts)
    return True


def freeze(account_id: uuid.UUID, *, actor: Actor, now: datetime.datetime) -> bool:
    """ "It was not me", or staff have doubts: nobody is paid until staff decide. False when it was frozen already.

    Raises NotFound, or Refusal for an account that is no more.
    """
    row = _held(account_id)
    if row.state == rules.FROZEN:
        return False
    if row.state == rules.ENDED:
        raise Refusal(N_("This bank account is not used any more: there is nothing to stop."))
    _change(account_id, state=rules.FROZEN, frozen_at=now)
    _note("bank-account.frozen", account_id, row.customer_id, actor, {"last_four": row.last_four})
    return True


def freeze_by_alarm(token: str, *, now: datetime.datetime) -> bool:
    """The same from the link in a letter, without signing in: whoever took the login over must not be in the way.
    Raises BadLink, or Refusal."""
    row = alarmed(token, now)
    return freeze(row.id, actor=Actor("customer", None, ""), now=now)


def alarmed(token: str, now: datetime.datetime) -> Row[Any]:
    """The account that a warning is about; looking changes nothing. Raises BadLink."""
    row = db.session.execute(
        _rows().where(
            OwnerBankAccount.alarm_digest == digest(token),
            OwnerBankAccount.entered_at > now - rules.ALARM_WITHIN,
        )
    ).first()
    if row is None:
        raise BadLink
    return row


def release(account_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime) -> None:
    """Staff found out that a frozen account is right: it begins its hold again. Raises NotFound or Refusal."""
    row = _held(account_id)
    _other_person(row, actor)
    if row.state != rules.FROZEN:
        raise Refusal(DECIDED)
    words = _words(note)
    if row.confirmed_at is not None:
        _change(account_id, state=rules.CONFIRMED, frozen_at=None, usable_from=now + rules.HOLD)
    else:
        _end_pending(row.customer_id, rules.CHANGED_AGAIN, now, but=account_id)
        until = now + rules.CONFIRM_WITHIN
        _change(account_id, state=rules.WAITING, frozen_at=None, confirm_until=until)
    _note("bank-account.released", account_id, row.customer_id, actor, {"note": words})


def reject(account_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime) -> None:
    """Staff end an account: the one before is used again, where there is one. Raises NotFound or Refusal."""
    row = _held(account_id)
    if row.state == rules.ENDED:
        raise Refusal(DECIDED)
    words = _words(note)
    _change(account_id, state=rules.ENDED, ended_at=now, end_reason=rules.REJECTED, sealed_code=None)
    _note("bank-account.rejected", account_id, row.customer_id, actor, {"note": words})


def withdraw(account_id: uuid.UUID, *, actor: Actor, now: datetime.datetime) -> None:
    """The owner takes a change back before it counts. Raises NotFound, or Refusal when it counts already."""
    row = _held(account_id)
    if not rules.pending(view_of(row), now):
        raise Refusal(DECIDED)
    _change(account_id, state=rules.ENDED, ended_at=now, end_reason=rules.WITHDRAWN, sealed_code=None)
    _note("bank-account.withdrawn", account_id, row.customer_id, actor, {"last_four": row.last_four})


def number_of(account_id: uuid.UUID, sealed: str) -> str:
    """The whole number, for the bank's file and nothing else. Raises saas.secrets.Unreadable."""
    return unseal(sealed, account_id, NUMBER)


def code_of(row: Row[Any]) -> str | None:
    """The code to show on the owner's own page; None when it was sent elsewhere or is not needed any more."""
    if row.sealed_code is None or row.code_sent_to is not None or row.entered_by_staff:
        return None
    return unseal(row.sealed_code, row.id, CODE)


def chosen_accounts(customer_ids: list[uuid.UUID], now: datetime.datetime) -> dict[uuid.UUID, rules.Chosen]:
    """Where each of the owners is paid now, or why not; one statement for a thousand of them."""
    views: dict[uuid.UUID, list[rules.AccountView]] = {customer_id: [] for customer_id in customer_ids}
    for first in range(0, len(customer_ids), 1000):
        for row in rows_of(customer_ids[first : first + 1000]):
            views[row.customer_id].append(view_of(row))
    return {customer_id: rules.choose_account(found, now) for customer_id, found in views.items()}


def rows_of(customer_ids: list[uuid.UUID]) -> list[Row[Any]]:
    """The accounts of owners that have not ended."""
    return list(
        db.session.execute(
            _rows().where(
                OwnerBankAccount.customer_id.in_(customer_ids), OwnerBankAccount.state != rules.ENDED
            )
        )
    )


def view_of(row: Row[Any]) -> rules.AccountView:
    return rules.AccountView(row.id, row.state, row.usable_from, row.confirm_until)


def _rows() -> Select[*tuple[Any, ...]]:
    return select(*(getattr(OwnerBankAccount, column.key) for column in OwnerBankAccount.__table__.columns))


def _by_link(token: str, now: datetime.datetime) -> Row[Any]:
    row: Row[Any] | None = db.session.execute(
        _rows().where(
            OwnerBankAccount.link_digest == digest(token),
            OwnerBankAccount.state == rules.WAITING,
            OwnerBankAccount.link_confirmed_at.is_(None),
            OwnerBankAccount.confirm_until > now,
        )
    ).first()
    if row is None:
        raise BadLink
    return row


def _held(account_id: uuid.UUID) -> Row[Any]:
    row: Row[Any] | None = db.session.execute(
        _rows().where(OwnerBankAccount.id == account_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    return row


def _end_pending(
    customer_id: uuid.UUID, reason: str, now: datetime.datetime, *, but: uuid.UUID | None = None
) -> None:
    """A newer wish takes the place of one that does not count yet."""
    statement = update(OwnerBankAccount).where(
        OwnerBankAccount.customer_id == customer_id,
        or_(
            OwnerBankAccount.state == rules.WAITING,
            and_(OwnerBankAccount.state == rules.CONFIRMED, OwnerBankAccount.usable_from > now),
        ),
    )
    if but is not None:
        statement = statement.where(OwnerBankAccount.id != but)
    db.session.execute(
        statement.values(
            state=rules.ENDED, ended_at=now, end_reason=reason, sealed_code=None
        ).execution_options(synchronize_session=False)
    )


def _change(account_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(OwnerBankAccount)
        .where(OwnerBankAccount.id == account_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _other_person(row: Row[Any], actor: Actor) -> None:
    if actor.user_id is None or actor.user_id == row.entered_by:
        raise Refusal(N_("Somebody else must do this: not the person who entered the bank account."))


def _words(note: str) -> str:
    words = " ".join(note.split())[:LONGEST]
    if not words:
        raise Refusal(N_("Say how you know."), field="note")
    return words


def _said(checked: CheckedNumber, another: bool) -> dict[str, object]:
    return {"bank": checked.bank_name, "last_four": checked.number[-4:], "another_holder": another}


def _note(
    action: str, account_id: uuid.UUID, customer_id: uuid.UUID, actor: Actor, data: dict[str, Any]
) -> None:
    """Evidence, and word to whoever tells people."""
    audit.record(
        action, actor=actor, subject=("bank-account", account_id), customer_id=customer_id, data=data
    )
    emit(
        "bank-account.changed",
        bank_account_id=account_id,
        customer_id=customer_id,
        what=action.partition(".")[2],
    )
