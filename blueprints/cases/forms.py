"""What customers type about a case. Every form names its fields, so nothing else of a request is ever read."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from saas.refusals import Refusal


class CaseForm(FlaskForm):
    """A form whose refusals come from the services."""

    def refuse(self, refusal: Refusal) -> None:
        """Put a service's refusal beside its field, or above all fields."""
        sentence = _(refusal.msgid, **refusal.facts)
        field = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(sentence)
        else:
            field.errors = [*field.errors, sentence]


class FilesForm(CaseForm):
    """Anything that files may come with. `form_key` tells one sending of it from the next."""

    form_key = HiddenField()
    files = MultipleFileField(_l("Photos or PDF"), validators=[Optional()])


class KindForm(CaseForm):
    """The first question: what it is, and what it is about."""

    class_code = RadioField(_l("What do you want to file?"), validate_choice=False)
    subject_code = RadioField(_l("What is it about?"), validate_choice=False)


class RepairForm(FilesForm):
    """What the form of a repair asks besides."""

    category = SelectField(_l("What is broken"), validate_choice=False)
    entry = RadioField(_l("May we go in?"), validate_choice=False)
    hours = StringField(_l("Hours that suit"), validators=[Optional()])


class NewCaseForm(RepairForm):
    class_code = HiddenField()
    subject_code = HiddenField()
    invoice = HiddenField()
    description = TextAreaField(_l("Tell us what happened and what you ask for"))
    since = StringField(_l("Since when?"), validators=[Optional()])
    property_id = SelectField(_l("Property"), validators=[Optional()], validate_choice=False)
    account_id = SelectField("", validators=[Optional()], validate_choice=False)


class MessageForm(FilesForm):
    body = TextAreaField(_l("Your message"))


class ActForm(FilesForm):
    """A step with words: appeal, reopen, withdraw."""

    body = TextAreaField(_l("Your reasons"))


class RatingForm(CaseForm):
    form_key = HiddenField()
    rating = RadioField(_l("How good was our answer?"), validate_choice=False)
    rating_words = TextAreaField(_l("What could we do better?"), validators=[Optional()])

    def offer(self) -> None:
        """Fill the choices."""
        words = {"5": _("Very good"), "4": _("Good"), "3": _("So so"), "2": _("Bad"), "1": _("Very bad")}
        self.rating.choices = [SelectChoice(stars, word) for stars, word in words.items()]


class RefuseQuoteForm(CaseForm):
    words = StringField(_l("Why not?"), validators=[Optional()])


def typed(value: Any) -> str:
    """What a field holds, as text."""
    return value if isinstance(value, str) else ""
