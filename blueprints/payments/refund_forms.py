"""What staff and customers type about refunds and credit. Amounts are read by the tenant's locale, or refused."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints.payments.refundable import LONGEST
from saas.refusals import Refusal

MISSING = _l("Fill in this field.")
TOO_LONG = _l("Use at most %(max)d characters.")


def one_line(typed: Any) -> Any:
    """What people type or paste, on one line and without what cannot be seen."""
    if not isinstance(typed, str):
        return typed
    seen = "".join(sign for sign in typed[:1000] if sign.isprintable() or sign.isspace())
    return " ".join(unicodedata.normalize("NFC", seen).split())


class NoteForm(FlaskForm):
    """What was done, or why."""

    note = TextAreaField(
        _l("What was done"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=LONGEST, message=TOO_LONG)],
    )


class RefundForm(FlaskForm):
    """How and why money is given back; the amounts stand beside the invoices."""

    way = RadioField(
        _l("How it is given back"),
        validators=[InputRequired(_l("Choose how the money is given back."))],
        validate_choice=False,
    )
    reference = StringField(
        _l("Reference of the transfer or receipt"),
        filters=[one_line],
        validators=[Length(max=LONGEST, message=TOO_LONG)],
    )
    reason = StringField(
        _l("Why"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=LONGEST, message=TOO_LONG)],
    )


def refuse(form: FlaskForm, refusal: Refusal, sentence: str) -> None:
    """Put a service's refusal beside the field it names, or at the head of the form."""
    field = form[refusal.field] if refusal.field and refusal.field in form else None
    if field is not None:
        field.errors = [*field.errors, sentence]
    else:
        form.form_errors.append(sentence)
