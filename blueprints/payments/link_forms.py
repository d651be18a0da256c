"""What is typed about payment links."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Form, IntegerField
from wtforms.validators import InputRequired

from blueprints.payments.links import LONGEST, USUAL
from saas.refusals import Refusal


class PayLinkForm(Form):
    """Where the receipt goes."""

    email = EmailField(
        _l("E-mail for the receipt"), [InputRequired(_l("Type an e-mail: the receipt goes there."))]
    )


class NewLinkForm(Form):
    """How long a new link is valid."""

    days = IntegerField(
        _l("Valid for how many days"),
        [InputRequired(_l("Type a number of days from 1 to %(most)s.", most=LONGEST))],
        default=USUAL,
    )

    def refuse(self, refusal: Refusal) -> None:
        """Put a service's refusal beside its field, or above all fields."""
        sentence = _(refusal.msgid, **refusal.facts)
        if refusal.field == "days":
            self.days.errors = [*self.days.errors, sentence]
        else:
            self.form_errors.append(sentence)
