"""A tenant's account at PayU: its settings form, what must be right about it, and PayU's hosts."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blueprints.payments.interface import AccountField, ProviderAccountView
from blueprints.payments.providers.payu.signing import ALGORITHMS, HMAC, Keys
from saas.config import Config
from saas.languages import N_
from saas.refusals import Refusal

# Local currency first; a second one where PayU's accounts of that country also take it.
CURRENCIES: Mapping[str, Sequence[str]] = {
    "CO": ("COP", "USD"),
    "AR": ("ARS", "USD"),
    "PE": ("PEN", "USD"),
    "MX": ("MXN", "USD"),
    "CL": ("CLP", "USD"),
    "PA": ("USD",),
    "BR": ("BRL", "USD"),
}
# Decimals of a refund, where they are fewer than those of a payment.
REFUND_EXPONENTS = {"AR": 0}
# An authorisation that was not charged can be given back at once, except here.
NO_VOID = frozenset({"CO", "PA"})

# PayU's published sandbox, and the one before it that its older pages still show.
SANDBOX_MERCHANT = "508029"
SANDBOX_LOGIN = "pRRXKOl8ikMmt9u"
SANDBOX_KEY = "4Vj8eK4rloUd272L48hsrarnUA"  # published by PayU for everybody
SANDBOX_ACCOUNTS = {
    "AR": "512322",
    "BR": "512327",
    "CL": "512325",
    "CO": "512321",
    "MX": "512324",
    "PA": "512326",
    "PE": "512323",
}
PUBLISHED_MERCHANTS = frozenset({SANDBOX_MERCHANT, "500238"})
PUBLISHED_SECRETS = frozenset(
    {
        SANDBOX_KEY,
        SANDBOX_LOGIN,
        "PKaC6H4cEDJD919n705L544kSU",
        "6u39nqhq8ftd0hlvnjfs66eh8c",
        "11959c415b33d0c",
    }
)
TAX_ZERO, TAX_BY_PAYU = "zero", "payu"
HOURS = ("2", "24", "72")

FIELDS: Sequence[AccountField] = (
    AccountField(
        "country",
        N_("Country of the PayU account"),
        choices=tuple(
            zip(
                CURRENCIES,
                ("Colombia", "Argentina", "Perú", "México", "Chile", "Panamá", "Brasil"),
                strict=True,
            )
        ),
        default="CO",
    ),
    AccountField(
        "merchant_id",
        N_("Merchant ID"),
        hint=N_("In PayU's panel under Technical information. PayU's sandbox: 508029."),
        pattern="[0-9]{1,12}",
    ),
    AccountField(
        "account_id",
        N_("Account ID"),
        hint=N_(
            "One per country. PayU's sandbox: Colombia 512321, Argentina 512322, Peru 512323, Mexico 512324."
        ),
        pattern="[0-9]{1,8}",
    ),
    AccountField(
        "api_key", N_("API key"), secret=True, hint=N_("PayU's sandbox: 4Vj8eK4rloUd272L48hsrarnUA.")
    ),
    AccountField("api_login", N_("API login"), secret=True, hint=N_("PayU's sandbox: pRRXKOl8ikMmt9u.")),
    AccountField(
        "algorithm",
        N_("Signature algorithm"),
        hint=N_("HMAC-SHA256 is the safe one. With the others PayU is asked again after every notice."),
        choices=tuple((name, "SHA-1" if name == "SHA" else name) for name in ALGORITHMS),
        default=HMAC,
    ),
    AccountField(
        "hmac_key",
        N_("HMAC key"),
        secret=True,
        required=False,
        hint=N_("Only when PayU gave you one besides the API key."),
    ),
    AccountField(
        "tax",
        N_("Tax that PayU is told of"),
        choices=((TAX_ZERO, N_("None: amounts are final")), (TAX_BY_PAYU, N_("PayU works it out"))),
        default=TAX_ZERO,
        hint=N_("It never changes the total. Without a word of it PayU Colombia takes 19 % to be included."),
    ),
    AccountField(
        "hours",
        N_("Hours that a payer has"),
        choices=tuple((hours, hours) for hours in HOURS),
        default="24",
        hint=N_("Cash coupons of PayU must be paid in this time too."),
    ),
    AccountField(
        "addresses",
        N_("Addresses that notices may come from"),
        required=False,
        hint=N_("Leave it empty unless your security rules ask for it: PayU changes its addresses."),
    ),
)
REQUIRED_SECRETS = ("api_key", "api_login")
SECRET = re.compile(r"[\x21-\x7d]{6,64}")  # printable, and no "~": it would be ambiguous in what is signed


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where a form is posted, and the two APIs."""

    checkout: str
    payments: str
    queries: str


SANDBOX = Hosts(
    "https://sandbox.checkout.payulatam.com/ppp-web-gateway-payu/",
    "https://sandbox.api.payulatam.com/payments-api/4.0/service.cgi",
    "https://sandbox.api.payulatam.com/reports-api/4.0/service.cgi",
)
PRODUCTION = Hosts(
    "https://checkout.payulatam.com/ppp-web-gateway-payu/",
    "https://api.payulatam.com/payments-api/4.0/service.cgi",
    "https://api.payulatam.com/reports-api/4.0/service.cgi",
)
LOOK_ALIKE_PATH = "/payu"


def look_alike(config: Config) -> bool:
    """Whether test accounts talk to the look-alike of this installation. Never in production."""
    return config.environment != "production" and config.simulator_host is not None


def hosts_of(account: ProviderAccountView, config: Config) -> Hosts:
    """The hosts that an account's mode leads to: live never leads to a sandbox, nor the other way round."""
    if account.mode == "live":
        return PRODUCTION
    if not look_alike(config):
        return SANDBOX
    base = config.origin(config.simulator_host or "") + LOOK_ALIKE_PATH
    return Hosts(
        f"{base}/ppp-web-gateway-payu",
        f"{base}/payments-api/4.0/service.cgi",
        f"{base}/reports-api/4.0/service.cgi",
    )


def setting(account: ProviderAccountView, name: str) -> str:
    """A setting as text; the form's default when it was never given."""
    given = account.settings.get(name)
    if given not in (None, ""):
        return str(given).strip()
    return next((line.default for line in FIELDS if line.name == name), "")


def keys_of(account: ProviderAccountView) -> list[Keys]:
    """What notices may be signed with: the secrets of today, then those before the last rotation."""
    found = (_keys(account, secrets) for secrets in (account.secrets, account.previous))
    return [keys for keys in found if keys is not None]


def signing_keys(account: ProviderAccountView) -> Keys:
    """What forms are signed with: the secrets of today. Raises Refusal when they prove nothing."""
    keys = _keys(account, account.secrets)
    if keys is None:
        raise Refusal(N_("This PayU account is not set up for real payments yet."))
    return keys


def _keys(account: ProviderAccountView, secrets: Mapping[str, str]) -> Keys | None:
    """One set of secrets. What PayU publishes for its sandbox proves nothing on a live account, not even as
    the set before a rotation: a tenant that began in the sandbox has it there, and everybody else has it too.
    """
    keys = Keys(secrets.get("api_key", ""), secrets.get("hmac_key", ""))
    known_to_all = account.mode == "live" and PUBLISHED_SECRETS & {keys.api_key, keys.hmac_key}
    return None if not keys.api_key or known_to_all else keys


def lifetime(account: ProviderAccountView) -> datetime.timedelta:
    hours = setting(account, "hours")
    return datetime.timedelta(hours=int(hours) if hours in HOURS else 24)


def allowed_addresses(account: ProviderAccountView) -> frozenset[str]:
    """The senders that the account believes; empty means all. Raises ValueError for what is no address."""
    texts = re.split(r"[\s,;]+", setting(account, "addresses"))
    return frozenset(str(ipaddress.ip_address(text)) for text in texts if text)


def check(account: ProviderAccountView) -> None:
    """Raises Refusal, with the field, for what cannot be right. No network."""
    _check_settings(account)
    _check_secrets(account.secrets)
    merchant = setting(account, "merchant_id")
    if account.mode == "live":
        if merchant in PUBLISHED_MERCHANTS:
            raise Refusal(
                N_("This is PayU's public sandbox: no real money arrives there."), field="merchant_id"
            )
        for name in (*REQUIRED_SECRETS, "hmac_key"):
            if account.secrets.get(name) in PUBLISHED_SECRETS:
                raise Refusal(N_("This is PayU's public sandbox: no real money arrives there."), field=name)
        if setting(account, "account_id") in SANDBOX_ACCOUNTS.values():
            raise Refusal(
                N_("This is PayU's public sandbox: no real money arrives there."), field="account_id"
            )
    elif merchant == SANDBOX_MERCHANT:
        _check_sandbox(account)


def _check_settings(account: ProviderAccountView) -> None:
    country = setting(account, "country")
    if country not in CURRENCIES:
        raise Refusal(N_("PayU has no accounts in this country."), field="country")
    if not re.fullmatch("[0-9]{1,12}", setting(account, "merchant_id")):
        raise Refusal(N_("The merchant ID has only figures, 12 at most."), field="merchant_id")
    if not re.fullmatch("[0-9]{1,8}", setting(account, "account_id")):
        raise Refusal(N_("The account ID has only figures, 8 at most."), field="account_id")
    if setting(account, "algorithm") not in ALGORITHMS:
        raise Refusal(N_("PayU does not know this algorithm."), field="algorithm")
    if setting(account, "tax") not in (TAX_ZERO, TAX_BY_PAYU):
        raise Refusal(N_("Choose how PayU is told of taxes."), field="tax")
    if setting(account, "hours") not in HOURS:
        raise Refusal(N_("Choose one of the times."), field="hours")
    try:
        allowed_addresses(account)
    except ValueError:
        raise Refusal(
            N_("Write Internet addresses in figures, separated by commas."), field="addresses"
        ) from None


def _check_secrets(secrets: Mapping[str, str]) -> None:
    for name in REQUIRED_SECRETS:
        if not secrets.get(name):
            raise Refusal(N_("The API key and the API login are needed."), field=name)
    for name in (*REQUIRED_SECRETS, "hmac_key"):
        if secrets.get(name) and not SECRET.fullmatch(secrets[name]):
            raise Refusal(
                N_("This has spaces or signs that PayU's keys never have. Copy it again."), field=name
            )


def _check_sandbox(account: ProviderAccountView) -> None:
    """The public sandbox is one merchant with one account per country and one key."""
    if setting(account, "account_id") != SANDBOX_ACCOUNTS[setting(account, "country")]:
        raise Refusal(
            N_("In PayU's sandbox the account of this country is %(account)s."),
            field="account_id",
            account=SANDBOX_ACCOUNTS[setting(account, "country")],
        )
    for name, value in (("api_key", SANDBOX_KEY), ("api_login", SANDBOX_LOGIN)):
        if account.secrets[name] != value:
            raise Refusal(N_("This is not the one that PayU publishes for its sandbox."), field=name)
