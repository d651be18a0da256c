"""The form of a bank account, as the tenant's country needs it: for the owner's own pages and for the desk."""

from __future__ import annotations

from flask import g
from flask_babel import gettext as _
from wtforms import SelectChoice

from blueprints.payouts.bank_accounts import NewAccount
from blueprints.payouts.bank_directory import directory
from blueprints.payouts.contacts import Owner
from blueprints.payouts.forms import BankAccountForm, NamedBankForm


def account_form(owner: Owner, *, empty: bool = False) -> BankAccountForm:
    """The form, filled with the owner as the holder. Where the number says bank and kind, neither is asked."""
    known = directory(g.tenant.country)
    given = {
        "holder_name": owner.name,
        "holder_document_kind": owner.document_kind,
        "holder_document_number": owner.document_number,
    }
    make = BankAccountForm if known.banks else NamedBankForm
    form: BankAccountForm = make(formdata=None, data=given) if empty else make(data=given)
    if not known.asks_bank:
        del form.bank
        del form.account_kind
        return form
    if known.banks:
        form.bank.choices = [
            SelectChoice("", _("Choose the bank")),
            *(SelectChoice(bank.code, bank.name) for bank in known.banks.values()),
        ]
    form.account_kind.choices = [SelectChoice(code, _(title)) for code, title in known.kinds.items()]
    if not form.account_kind.data:
        form.account_kind.data = next(iter(known.kinds))
    return form


def typed_account(form: BankAccountForm) -> NewAccount:
    """What was typed into a form that validated."""
    known = directory(g.tenant.country)
    return NewAccount(
        bank=form.bank.data if known.asks_bank else "",
        kind=form.account_kind.data if known.asks_bank else next(iter(known.kinds)),
        number=form.number.data,
        holder_name=form.holder_name.data,
        holder_document_kind=form.holder_document_kind.data.upper(),
        holder_document_number=form.holder_document_number.data,
        sure=bool(form.sure.data),
    )


def country_hint() -> str:
    """What the number of an account looks like here."""
    known = directory(g.tenant.country)
    if known.number:
        return str(_("The 22 figures of the CBU, or of the CVU of a wallet."))
    return str(_("Only the figures, as on a statement of the bank."))
