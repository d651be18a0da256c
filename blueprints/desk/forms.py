"""What staff type. Every form names its fields, so nothing else of a request is ever read."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.desk.pages import tidy
from blueprints.desk.rules import LONGEST_REASON
from saas.refusals import Refusal

MISSING = _l("Fill in this field.")


def one_line(typed: Any) -> Any:
    return tidy(typed, 500) if isinstance(typed, str) else typed


class Checkboxes(SelectMultipleField):
    """Several of a few choices, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ReasonForm(FlaskForm):
    """Why staff look at a customer's pages."""

    reason = StringField(
        _l("Reason"),
        filters=[one_line],
        validators=[
            InputRequired(MISSING),
            Length(max=LONGEST_REASON, message=_l("Use at most %(max)d characters.")),
        ],
    )


class InviteForm(FlaskForm):
    """An address that gets a link to set a password."""

    email = StringField(
        _l("E-mail"), filters=[one_line], validators=[InputRequired(MISSING), Length(max=254)]
    )


class InviteColleagueForm(InviteForm):
    name = StringField(_l("Name"), filters=[one_line], validators=[InputRequired(MISSING), Length(max=120)])
    roles = Checkboxes(_l("Roles"), validators=[InputRequired(_l("Choose at least one role."))])


class RolesForm(FlaskForm):
    roles = Checkboxes(_l("Roles"))


class LogoForm(FlaskForm):
    logo = FileField(
        _l("Upload a logo"),
        validators=[Optional()],
        description=_l("PNG, JPEG or WebP, smaller than 2 MB. It is shown as a small square."),
    )
    remove_logo = BooleanField(_l("Show no logo"))


def refuse(form: FlaskForm, refusal: Refusal, sentence: str) -> None:
    """Put a service's refusal beside the field it names, or at the head of the form."""
    field = form[refusal.field] if refusal.field and refusal.field in form else None
    if field is not None:
        field.errors = [*field.errors, sentence]
    else:
        form.form_errors.append(sentence)
