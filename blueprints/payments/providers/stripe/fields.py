"""What an account of Stripe needs, and what can be seen to be wrong without asking anybody."""

from __future__ import annotations

import re
from collections.abc import Sequence

from blueprints.payments.interface import AccountField, ProviderAccountView
from blueprints.payments.providers.stripe.client import CONNECT
from blueprints.payments.providers.stripe.notices import SECRET
from saas.languages import N_
from saas.refusals import Refusal

OWN = "own"
KEY = re.compile(r"(?:sk|rk)_(test|live)_[A-Za-z0-9_]{8,250}")
WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9_+/=-]{8,250}")
CONNECTED = re.compile(r"acct_[A-Za-z0-9]{6,60}")

FIELDS: Sequence[AccountField] = (
    AccountField(
        "access",
        N_("Whose key it is"),
        default=OWN,
        choices=(
            (OWN, N_("A key of this Stripe account")),
            (CONNECT, N_("A platform's key, by Stripe Connect")),
        ),
    ),
    AccountField(
        "key",
        N_("Secret or restricted key"),
        secret=True,
        hint=N_("Begins with rk_ or sk_. A restricted key is enough and safer."),
        pattern=KEY.pattern,
    ),
    AccountField(
        SECRET,
        N_("Signing secret of the notices"),
        secret=True,
        # The address of the notices exists only once the account does: without the secret they are refused,
        # and payments are known by asking.
        required=False,
        hint=N_(
            "Begins with whsec_. Stripe shows it once the notice address is entered there; it can follow later."
        ),
        pattern=WEBHOOK_SECRET.pattern,
    ),
    AccountField(
        "connected_account",
        N_("Connected account"),
        required=False,
        hint=N_("Begins with acct_. Only for a platform's key."),
        pattern=CONNECTED.pattern,
    ),
)


def check_account(account: ProviderAccountView) -> None:
    """Raises Refusal with the field for credentials that cannot be right."""
    _check_key(account)
    secret = account.secrets.get(SECRET, "")
    if secret and not WEBHOOK_SECRET.fullmatch(secret):
        raise Refusal(N_("The signing secret begins with whsec_."), field=SECRET)
    access, connected = account.settings.get("access", OWN), account.settings.get("connected_account", "")
    if access not in (OWN, CONNECT):
        raise Refusal(N_("Choose whose key it is."), field="access")
    if access == CONNECT and not CONNECTED.fullmatch(str(connected)):
        raise Refusal(
            N_("A platform's key needs the connected account, which begins with acct_."),
            field="connected_account",
        )
    if access == OWN and connected:
        raise Refusal(N_("A connected account belongs to a platform's key."), field="connected_account")


def _check_key(account: ProviderAccountView) -> None:
    key = account.secrets.get("key", "")
    if key.startswith("pk_"):
        raise Refusal(
            N_("This is the publishable key. The secret or a restricted one is needed."), field="key"
        )
    found = KEY.fullmatch(key)
    if found is None:
        raise Refusal(
            N_("A key of Stripe begins with sk_test_, rk_test_, sk_live_ or rk_live_."), field="key"
        )
    if found[1] != account.mode:
        if account.mode == "live":
            raise Refusal(N_("This is a test key, and the account takes real money."), field="key")
        raise Refusal(N_("This is a live key, and the account is for tests."), field="key")
