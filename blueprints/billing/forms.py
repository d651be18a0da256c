"""What staff choose when they bill a month."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import Length, Optional


class DraftForm(FlaskForm):
    """A month; the months to choose from are set by the page."""

    month = SelectField(_l("Month"))
    lease = StringField(
        _l("One contract alone"),
        description=_l("Its number, for a contract that came late. Empty: all contracts in force."),
        validators=[Optional(), Length(max=100)],
    )
    issued_on = StringField(
        _l("Date of the invoices"),
        description=_l("Day, month and year. Empty: today."),
        validators=[Optional(), Length(max=40)],
    )
