"""What staff type about charges to owners. Amounts and days are read by the tenant's locale, or refused."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.payments.refund_forms import MISSING, TOO_LONG, one_line


def _text(label: str, *, most: int, needed: bool = False) -> StringField:
    checks = [InputRequired(MISSING)] if needed else [Optional()]
    return StringField(label, filters=[one_line], validators=[*checks, Length(max=most, message=TOO_LONG)])


class ChargeForm(FlaskForm):
    """One charge. `once` names the form, so that it makes one charge however often it is sent."""

    once = HiddenField()
    contract = _text(_l("Contract"), most=60, needed=True)
    kind = SelectField(_l("Kind"), validate_choice=False)
    description = _text(_l("What for"), most=200, needed=True)
    amount = _text(_l("Amount, tax included"), most=40, needed=True)
    tax = _text(_l("Tax in it"), most=40)
    charged_on = _text(_l("Date"), most=40, needed=True)
    supplier = _text(_l("Who is to be paid"), most=120)
    reference = _text(_l("Number of the bill"), most=60)
    file = FileField(_l("Bill or policy"), validators=[Optional()])


class SupplierForm(FlaskForm):
    """That whoever did it was paid, all of it."""

    paid_on = _text(_l("Paid on"), most=40, needed=True)
    method = _text(_l("How it was paid"), most=80, needed=True)
    reference = _text(_l("Reference of the payment"), most=80)


class ReasonForm(FlaskForm):
    reason = _text(_l("Why"), most=200, needed=True)
