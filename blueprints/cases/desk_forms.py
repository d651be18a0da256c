"""What staff type about a case. Every form names its fields, so nothing else of a request is ever read."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from blueprints.cases.forms import CaseForm, FilesForm, RepairForm


class WordsForm(FilesForm):
    """Words to the customer or to colleagues, with files."""

    body = TextAreaField(_l("Text"))


class FilingForm(RepairForm):
    """A case that staff write down for somebody. The fields of a person are of who is not in the books."""

    customer = HiddenField()
    name = StringField(_l("Name"))
    document = StringField(_l("Document"), validators=[Optional()])
    email = StringField(_l("E-mail"), validators=[Optional()])
    phone = StringField(_l("Telephone"), validators=[Optional()])
    address = StringField(_l("Postal address"), validators=[Optional()])
    channel = SelectField(_l("How it came in"), validate_choice=False)
    received_on = StringField(_l("Day on which it came in"))
    received_hour = StringField(_l("Hour"))
    late_why = StringField(_l("Why it is filed later"), validators=[Optional()])
    class_code = SelectField(_l("Classification"), validate_choice=False)
    subject_code = SelectField(_l("Subject"), validate_choice=False)
    description = TextAreaField(_l("What happened and what is asked for"))
    since = StringField(_l("Since when?"), validators=[Optional()])
    property_id = SelectField(_l("Property"), validators=[Optional()], validate_choice=False)
    account_id = SelectField("", validators=[Optional()], validate_choice=False)


class UntilForm(WordsForm):
    """Words, and a day."""

    until = StringField(_l("Until which day"))


class DeliveryForm(CaseForm):
    """How an answer was brought."""

    form_key = HiddenField()
    way = SelectField(_l("How it was delivered"), validate_choice=False)
    on = StringField(_l("Day"))
    body = TextAreaField(_l("What can be proved"), validators=[Optional()])


class AssignForm(CaseForm):
    to = SelectField(_l("Who answers it"), validate_choice=False)


class ClassForm(CaseForm):
    """Where a case belongs."""

    class_code = SelectField(_l("Classification"), validate_choice=False)
    subject_code = SelectField(_l("Subject"), validate_choice=False)
    body = TextAreaField(_l("Why? The customer reads it"), validators=[Optional()])


class EntryForm(CaseForm):
    """One class or subject of the catalogue."""

    code = StringField(
        _l("Short code"),
        description=_l("Lower-case letters, digits and hyphens; it cannot be changed later."),
    )
    name_es = StringField(_l("Name in Spanish"))
    name_en = StringField(_l("Name in English"), validators=[Optional()])
    asks = SelectField(_l("What its form asks besides"), validate_choice=False, validators=[Optional()])
    without_login = BooleanField(
        _l("Also for who files without logging in"),
        description=_l("Where it makes sense without an account, and its form asks nothing besides."),
    )


class TemplateForm(CaseForm):
    title = StringField(_l("Title"))
    body = TextAreaField(_l("Text"))
    class_code = SelectField(_l("Classification"), validate_choice=False, validators=[Optional()])
    subject_code = SelectField(_l("Subject"), validate_choice=False, validators=[Optional()])


class TermForm(CaseForm):
    """A term of the organisation's own."""

    days = StringField(_l("Business days"), validators=[Optional()])
    rule = SelectField(_l("Rule of the law"), validate_choice=False)
    valid_from = StringField(_l("For cases received from"))
    source = StringField(_l("Why"))
    class_code = HiddenField()
