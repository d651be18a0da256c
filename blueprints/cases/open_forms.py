"""What somebody without a login types: a case, and what opens it again."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from blueprints.cases.forms import CaseForm, FilesForm

NAMED, ANONYMOUS = "name", "anonymous"


class OpenCaseForm(FilesForm):
    """A case of anybody. The fields of a person count only where they say who they are."""

    class_code = RadioField(_l("What do you want to file?"), validate_choice=False)
    subject_code = SelectField(_l("What is it about?"), validate_choice=False)
    description = TextAreaField(_l("Tell us what happened and what you ask for"))
    since = StringField(_l("Since when?"), validators=[Optional()])
    who = RadioField(_l("Do you tell us who you are?"), validate_choice=False)
    name = StringField(_l("Your name"))
    document = StringField(_l("Document"), validators=[Optional()])
    email = StringField(_l("E-mail"))
    phone = StringField(_l("Telephone"))
    consent = BooleanField("")


class FollowForm(CaseForm):
    number = StringField(_l("Number of the case"))
    code = StringField(_l("Code"))
