"""Whether accounts at providers look right, without asking anybody: for `flask doctor` and `flask payments check`."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.payments.about import about
from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.registry import NoSuchProvider
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.frame import config
from tenants.provider_account_services import SecretsUnreadable, open_account
from tenants.provider_account_sheets import AccountSheet, account_sheets
from tenants.services import list_tenants


@dataclass(frozen=True, slots=True)
class AccountProblem:
    """One account that is switched on and cannot be right. `sentence` is for operators, in English."""

    tenant: str
    account: str
    sentence: str


def problems_of_accounts() -> list[AccountProblem]:
    """Every tenant's accounts that are switched on and wrong: their secrets do not open, their provider refuses
    such credentials (a sandbox's in a live account, a live key in a test account), their notices cannot be
    believed, or test and live are mixed in production."""
    found = []
    for tenant in list_tenants():
        with unit_of_work(tenant.id):
            sheets = [sheet for sheet in account_sheets() if sheet.enabled]
            modes = {sheet.mode for sheet in sheets}
            for sheet in sheets:
                sentence = _problem(sheet)
                if sentence is None and len(modes) > 1 and sheet.mode == "test" and _production():
                    sentence = "a test account is offered beside a live one"
                if sentence is not None:
                    found.append(AccountProblem(tenant.slug, f"{sheet.provider} “{sheet.name}”", sentence))
    return found


def _problem(sheet: AccountSheet) -> str | None:
    try:
        account = open_account(sheet.id)
        adapter_of(account).check(view_of(account))
    except SecretsUnreadable:
        return "its secrets do not open with the master keys at hand"
    except NoSuchProvider:
        return "this installation does not have the provider"
    except Refusal as refusal:
        return f"{sheet.mode}: {refusal}"
    if about(sheet.provider).deaf(sheet):
        return (
            "its signing secret is missing, so its notices are not believed and payments are found by asking"
        )
    return None


def _production() -> bool:
    return config().environment == "production"
