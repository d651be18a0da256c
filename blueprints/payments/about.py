"""What people are told of each provider: staff when they choose one and set it up, payers when they choose a way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saas.languages import N_
from tenants.provider_account_sheets import AccountSheet


@dataclass(frozen=True, slots=True)
class About:
    """Msgids. `sentence` is for staff, `payers` says what a payer can use there; `steps` are what staff do at
    the provider's own pages, where the notice address belongs when `wants_address`. `proof` names the secret
    without which no notice can be believed, where staff may leave it for later; empty: there is none such."""

    title: str
    sentence: str = ""
    payers: str = ""
    steps: Sequence[str] = ()
    wants_address: bool = True
    leaves: bool = True  # payers leave for its page
    proof: str = ""

    def deaf(self, sheet: AccountSheet) -> bool:
        """Whether an account cannot hear what its provider tells: payments are only found by asking."""
        return bool(self.proof) and self.proof not in {line.name for line in sheet.secrets if line.last_four}


ABOUT: Mapping[str, About] = {
    "payu": About(
        "PayU",
        N_("Cards, bank transfers and cash in Latin America. People pay on PayU's page."),
        N_("Card, bank transfer or cash"),
        (
            N_("Enter PayU's merchant panel and open Settings, then Technical configuration."),
            N_("Put the notice address into “Confirmation URL” and save."),
            N_("Switch on “Unique validation of the payment reference”."),
            N_("In the notices of refunds, switch on the transaction type."),
        ),
    ),
    "stripe": About(
        "Stripe",
        N_("Cards and local ways to pay in many countries. People pay on Stripe's page."),
        N_("Card and other ways"),
        (
            N_("Enter Stripe's dashboard and open Developers, then Webhooks."),
            N_("Add an endpoint with the notice address."),
            N_("Choose the events of Checkout sessions, payment intents, refunds and disputes."),
            N_("Copy the signing secret that Stripe shows and put it here under “Replace secrets”."),
        ),
        proof="webhook_secret",
    ),
    "collector": About(
        N_("Cash collector"),
        N_("People take a coupon to a cash point; the collector tells by a daily file who paid."),
        N_("Cash, with a coupon for a payment point"),
        wants_address=False,
        leaves=False,
    ),
    "bank-simulator": About(
        N_("Practice bank"),
        N_("A bank inside this installation, to try everything without real money. Ready in one click."),
        N_("Card or bank transfer, to practise"),
        wants_address=False,
    ),
}


def about(provider: str) -> About:
    """What is told of a provider; of one that nobody has described, its name."""
    return ABOUT.get(provider) or About(provider)
