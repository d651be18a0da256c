"""What a new organisation does first: on the desk's first page until customers can come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flask_babel import gettext as _

from tenants.context import TenantContext


class Begun(NamedTuple):
    """What of it the books and the people already show."""

    customers: bool  # somebody is in the books
    colleagues: bool  # more than one person works here
    invited: bool  # a customer has a login, or an invitation to one


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    note: str
    endpoint: str
    icon: str
    done: bool


def first_steps(tenant: TenantContext, begun: Begun) -> Sequence[Step]:
    """All of them, in order; none once customers are in the books, some can come in, and they know whom to ask.

    What only some organisations want (colleagues, a logo, being paid online) keeps nobody here for ever.
    """
    reachable = any((tenant.support.phone, tenant.support.whatsapp, tenant.support.email))
    if reachable and begun.customers and begun.invited:
        return ()
    return (
        Step(
            _("Say how customers reach you"),
            _("Telephone, WhatsApp, hours: on every page and in every mail."),
            "desk.settings",
            "phone",
            reachable,
        ),
        Step(
            _("Give it your look"),
            _("Your logo and your colour; you see them before anybody else does."),
            "desk.theme",
            "palette",
            tenant.look.logo_url is not None,
        ),
        Step(
            _("Bring in your data"),
            _("The files of your back office as they are: customers, contracts, invoices, receipts."),
            "imports.ask_for_file",
            "upload",
            begun.customers,
        ),
        Step(
            _("Choose how you are paid online"),
            _("Your own account at PayU or Stripe, a cash collector, or first a bank to practise with."),
            "payments_desk.providers",
            "card",
            bool(tenant.offers),
        ),
        Step(
            _("Invite who works with you"),
            _("Each with a role: money acts can ask for a second person."),
            "desk.staff",
            "people",
            begun.colleagues,
        ),
        Step(
            _("Invite your customers"),
            _("They get a mail with a link, and choose their password themselves."),
            "desk.ask_to_invite_all",
            "mail",
            begun.invited,
        ),
    )
