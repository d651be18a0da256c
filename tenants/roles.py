"""Staff roles and what they allow."""

from __future__ import annotations

from collections.abc import Iterable

from saas.languages import N_

CUSTOMERS = "desk.customers"  # search and open customers and accounts
VIEW_AS = "desk.view-as"  # see what a customer sees, leaving an audit row that the customer can read
INVITE = "desk.invite"
IMPORTS = "desk.imports"
PAYMENTS = "desk.payments"  # attempts, quarantine
SETTINGS = "desk.settings"
THEME = "desk.theme"
STAFF = "desk.staff"  # who works here, with which role
AUDIT = "desk.audit"
LEASES = "desk.leases"  # contracts, their terms and documents
BILLING = "desk.billing"  # the monthly run
PAYOUTS = "desk.payouts"  # charges to owners, their bank accounts, runs that pay them
APPROVE_PAYOUTS = "desk.payouts.approve"  # the second person of a payout run
CASES = "desk.cases"  # answer what customers ask
MESSAGES = "desk.messages"  # templates, what was sent and what became of it

ROLES: dict[str, frozenset[str]] = {
    "administrator": frozenset(
        {
            CUSTOMERS,
            VIEW_AS,
            INVITE,
            IMPORTS,
            PAYMENTS,
            SETTINGS,
            THEME,
            STAFF,
            AUDIT,
            LEASES,
            BILLING,
            PAYOUTS,
            APPROVE_PAYOUTS,
            CASES,
            MESSAGES,
        }
    ),
    "billing": frozenset({CUSTOMERS, IMPORTS, PAYMENTS, LEASES, BILLING, PAYOUTS}),
    "service": frozenset({CUSTOMERS, VIEW_AS, INVITE, LEASES, CASES, MESSAGES}),
    "reader": frozenset({CUSTOMERS}),
}
ROLE_NAMES = {
    "administrator": N_("Administrator"),
    "billing": N_("Billing"),
    "service": N_("Customer service"),
    "reader": N_("Read only"),
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """What a set of roles allows together; an unknown role allows nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
