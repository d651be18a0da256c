"""What staff type about messages."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired

from tenants.letter_fields import LONGEST_BODY, LONGEST_SUBJECT


def _given(longest: int) -> Any:
    """No more than twice what is allowed is looked at; the service says what is too long."""
    return lambda typed: typed[: 2 * longest] if isinstance(typed, str) else typed


class WordingForm(FlaskForm):
    """Subject and body of one kind in one language."""

    subject = StringField(_l("Subject"), filters=[_given(LONGEST_SUBJECT)])
    body = TextAreaField(_l("Text"), filters=[_given(LONGEST_BODY)])


class ByHandForm(FlaskForm):
    """How a message is brought by hand."""

    channel = RadioField(
        _l("How it is brought"), validators=[InputRequired(_l("Choose how."))], validate_choice=False
    )
