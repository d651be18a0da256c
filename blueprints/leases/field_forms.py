"""Form fields that read what people type: amounts, percentages, days, months. What was typed stays in the box."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, StringField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.leases.contracts import PERIOD
from blueprints.leases.rates import parse_percent, percent
from saas.dates import format_short, parse_date
from saas.languages import N_
from saas.money import as_decimal, parse_amount
from saas.refusals import Refusal

MISSING = _l("Fill in this field.")
TOO_LONG = _l("Use at most %(max)d characters.")
LONGEST = 200


def one_line(typed: Any) -> Any:
    """What people type or paste, on one line and without what cannot be seen."""
    if not isinstance(typed, str):
        return typed
    seen = "".join(sign for sign in typed[:1000] if sign.isprintable() or sign.isspace())
    return " ".join(unicodedata.normalize("NFC", seen).split())


def choices(*pairs: tuple[str, Any]) -> list[SelectChoice]:
    """(value, text) or (value, (text, hint)) as WTForms wants them."""
    return [SelectChoice(value, text) for value, text in pairs]


def needed() -> list[Callable[..., Any]]:
    return [InputRequired(MISSING)]


def line(label: Any, *, longest: int = LONGEST, optional: bool = False, **options: Any) -> StringField:
    """A field of one line of text."""
    first = Optional() if optional else InputRequired(MISSING)
    return StringField(
        label, filters=[one_line], validators=[first, Length(max=longest, message=TOO_LONG)], **options
    )


class ReadField(StringField):
    """A box whose text is read into a value; `data` is the value, or None while it cannot be read."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        text = str(valuelist[0]).strip() if valuelist else ""  # JSON may send a number
        self.data = None
        if text:
            try:
                self.data = self.read(text)
            except Refusal as refusal:
                raise ValueError(_(refusal.msgid, **refusal.facts)) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.written(self.data)

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def written(self, value: Any) -> str:
        raise NotImplementedError


class AmountField(ReadField):
    """Minor units of the tenant's currency."""

    def read(self, text: str) -> int:
        return parse_amount(text, g.tenant.currency, g.tenant.locale)

    def written(self, value: int) -> str:
        return f"{as_decimal(value, g.tenant.currency):.2f}".removesuffix(".00").replace(".", ",")


class PercentField(ReadField):
    """Millionths."""

    def __init__(self, *args: Any, negative: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.negative = negative

    def read(self, text: str) -> int:
        return parse_percent(text, negative=self.negative)

    def written(self, value: int) -> str:
        return percent(value)


class DayField(ReadField):
    def read(self, text: str) -> datetime.date:
        return parse_date(text, g.tenant.locale)

    def written(self, value: datetime.date) -> str:
        return format_short(value)


class WholeField(ReadField):
    def __init__(self, *args: Any, low: int, high: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.low, self.high = low, high

    def read(self, text: str) -> int:
        if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not self.low <= int(text) <= self.high:
            raise Refusal(N_("Write a whole number from %(low)s to %(high)s."), low=self.low, high=self.high)
        return int(text)

    def written(self, value: int) -> str:
        return str(value)


class MonthField(ReadField):
    """A month as 2026-03; 03/2026 is read too."""

    def read(self, text: str) -> str:
        turned = re.sub(r"^(\d{1,2})[/-](\d{4})$", lambda part: f"{part[2]}-{int(part[1]):02d}", text)
        if not PERIOD.fullmatch(turned):
            raise Refusal(N_("Write a month, for example 2026-03."))
        return turned

    def written(self, value: str) -> str:
        return value


def refuse(form: FlaskForm, refusal: Refusal) -> None:
    """Put a service's refusal beside the field it names, or at the head of the form."""
    sentence = _(refusal.msgid, **refusal.facts)
    field = form[refusal.field] if refusal.field and refusal.field in form else None
    if field is not None:
        field.errors = [*field.errors, sentence]
    else:
        form.form_errors.append(sentence)
