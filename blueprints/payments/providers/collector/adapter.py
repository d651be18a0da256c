"""The adapter of a cash collector: instructions out, a daily file in. Nobody is asked and nobody calls."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from stdnum import ean

from blueprints.payments.interface import (
    AccountField,
    AttemptView,
    Capabilities,
    CaptureView,
    CollectedLine,
    Forged,
    Instructions,
    Notice,
    Observation,
    ProviderAccountView,
    RefundNotPossible,
    RefundView,
    Settled,
    Unknown,
    Wire,
)
from blueprints.payments.providers.collector.coupons import (
    TOO_MUCH,
    CouponFacts,
    CouponLayout,
    coupon_layouts,
    digits_of,
)
from blueprints.payments.providers.collector.daily_files import FileLayout, file_layouts
from blueprints.payments.providers.collector.reading import read_lines
from saas.config import Config
from saas.languages import N_
from saas.refusals import Refusal

MOST_DAYS: Final = 60
DIGITS: Final = r"[0-9]*"


class Collector:
    """See `blueprints.payments.interface.Adapter` and `ReadsFiles`."""

    fields: Sequence[AccountField] = (
        AccountField(
            "where",
            N_("Where it is paid"),
            required=False,
            hint=N_("One sentence for the payer, printed on the coupon."),
        ),
        AccountField(
            "coupon",
            N_("Coupon"),
            choices=tuple((layout.id, layout.title) for layout in coupon_layouts().values()),
            hint=N_("What stands in its bars."),
        ),
        AccountField(
            "company",
            N_("Company code"),
            pattern=DIGITS,
            hint=N_("The digits that the collector gave you; in Colombia the GLN."),
        ),
        AccountField(
            "agreement",
            N_("Agreement number"),
            required=False,
            pattern=DIGITS,
            hint=N_("Only where the coupon has a place for it."),
        ),
        AccountField(
            "file",
            N_("Daily file"),
            choices=tuple((layout.id, layout.title) for layout in file_layouts().values()),
            hint=N_("How the collector tells what was paid."),
        ),
        AccountField(
            "file_company",
            N_("Company code in the file"),
            required=False,
            pattern=DIGITS,
            hint=N_("Where the file's header shows another one than the coupon."),
        ),
        AccountField(
            "days", N_("Days until a coupon lapses"), default="7", pattern=r"[0-9]{1,2}", hint=N_("1 to 60.")
        ),
    )

    def __init__(self, config: Config) -> None:
        pass

    def check(self, account: ProviderAccountView) -> None:
        settings = account.settings
        coupon, daily = _coupon(account), _file(account)
        if coupon.currency and daily.currency and coupon.currency != daily.currency:
            raise Refusal(N_("The coupon and the daily file are in different currencies."), field="file")
        if not (coupon.currency or daily.currency):
            raise Refusal(
                N_("Neither the coupon nor the daily file says a currency. Choose another one."), field="file"
            )
        for name in ("company", "agreement"):
            _check_code(coupon, name, str(settings.get(name, "")))
        for name in ("company", "file_company"):
            _only_digits(str(settings.get(name, "")), name)
        days = str(settings.get("days", ""))
        if not (days.isascii() and days.isdigit() and 1 <= int(days) <= MOST_DAYS):
            raise Refusal(N_("Write a number of days from 1 to 60."), field="days")

    def ping(self, account: ProviderAccountView, wire: Wire, now: datetime.datetime) -> None:
        self.check(account)

    def can(self, account: ProviderAccountView) -> Capabilities:
        coupon = _coupon(account)
        currency = coupon.currency or _file(account).currency
        return Capabilities(
            exponents={currency: coupon.decimals(currency)},
            highest=coupon.highest(currency),
            lifetime=datetime.timedelta(days=int(account.settings["days"])),
            offline=True,
        )

    def start(self, account: ProviderAccountView, attempt: AttemptView, wire: Wire) -> Instructions:
        coupon, can = _coupon(account), self.can(account)
        if attempt.currency not in can.exponents or attempt.amount > can.highest:
            raise Refusal(TOO_MUCH)
        due = attempt.expires_at.astimezone(ZoneInfo(attempt.zone)).date()
        facts = CouponFacts(
            company=str(account.settings["company"]),
            agreement=str(account.settings.get("agreement", "")),
            reference=attempt.provider_reference,
            amount=attempt.amount,
            currency=attempt.currency,
            due=due,
        )
        return Instructions(
            text=str(account.settings.get("where", "")),
            reference=attempt.provider_reference,
            due=due,
            barcode=digits_of(coupon, facts) if coupon.symbol else "",
            symbol=coupon.symbol,
        )

    def receive(self, account: ProviderAccountView, notice: Notice) -> Sequence[Observation]:
        raise Forged("a collector tells by file, never by notice")

    def observe(
        self, account: ProviderAccountView, attempt: AttemptView, wire: Wire, now: datetime.datetime
    ) -> Sequence[Observation] | Unknown:
        return Unknown("a collector tells by file")

    def refund(
        self, account: ProviderAccountView, capture: CaptureView, refund: RefundView, wire: Wire
    ) -> Observation:
        raise RefundNotPossible("a collector gives no cash back; refund it outside the provider")

    def settled(
        self,
        account: ProviderAccountView,
        since: datetime.datetime,
        until: datetime.datetime,
        ours: Sequence[CaptureView],
        wire: Wire,
    ) -> Sequence[Settled]:
        return ()

    def read_file(self, account: ProviderAccountView, content: bytes) -> Sequence[CollectedLine]:
        settings = account.settings
        company = str(settings.get("file_company") or settings["company"])
        return read_lines(_file(account), content, company=company)


def _coupon(account: ProviderAccountView) -> CouponLayout:
    found = coupon_layouts().get(str(account.settings.get("coupon", "")))
    if found is None:
        raise Refusal(N_("Choose one of the coupons."), field="coupon")
    return found


def _file(account: ProviderAccountView) -> FileLayout:
    found = file_layouts().get(str(account.settings.get("file", "")))
    if found is None:
        raise Refusal(N_("Choose one of the daily files."), field="file")
    return found


def _check_code(coupon: CouponLayout, name: str, code: str) -> None:
    field = coupon.field(name)
    if field is None:
        return
    if len(code) != field.length or not (code.isascii() and code.isdigit()):
        raise Refusal(N_("The coupon has %(length)s digits for it."), field=name, length=field.length)
    if field.ai == "415" and not ean.is_valid(code):
        raise Refusal(N_("The last digit of this GLN does not fit the others."), field=name)


def _only_digits(code: str, name: str) -> None:
    if code and not (code.isascii() and code.isdigit()):
        raise Refusal(N_("Write only digits."), field=name)
