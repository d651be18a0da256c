"""What customers type about their credit. Amounts stay text until they are read by the tenant's locale."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField

from blueprints.payments.refund_forms import one_line


class AmountForm(FlaskForm):
    amount = StringField(_l("Amount"), filters=[one_line])


class UseForm(AmountForm):
    invoice = SelectField(_l("Invoice"), validate_choice=False)
