"""What owners and staff type about payouts."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from saas.refusals import Refusal

MISSING = _l("Fill in this field.")
TOO_LONG = _l("Use at most %(max)d characters.")
LONGEST = 200


def one_line(typed: Any) -> Any:
    """What people type or paste, on one line and without what cannot be seen."""
    if not isinstance(typed, str):
        return typed
    seen = "".join(sign for sign in typed[:1000] if sign.isprintable() or sign.isspace())
    return " ".join(unicodedata.normalize("NFC", seen).split())


def short(label: Any, *, needed: bool = True, **more: Any) -> StringField:
    first = InputRequired(MISSING) if needed else Optional()
    return StringField(
        label, filters=[one_line], validators=[first, Length(max=LONGEST, message=TOO_LONG)], **more
    )


class HouseForm(FlaskForm):
    """A form whose refusals come from the services."""

    def refuse(self, refusal: Refusal) -> None:
        """Put a service's refusal beside its field, or above all fields."""
        sentence = _(refusal.msgid, **refusal.facts)
        field = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(sentence)
        else:
            field.errors = [*field.errors, sentence]


class BankAccountForm(HouseForm):
    """A bank account; the choices are the country's."""

    bank = SelectField(_l("Bank"), validators=[InputRequired(MISSING)], validate_choice=False)
    account_kind = RadioField(
        _l("Kind of account"), validators=[InputRequired(MISSING)], validate_choice=False
    )
    number = StringField(
        _l("Number of the account"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=64, message=TOO_LONG)],
    )
    sure = BooleanField(_l("I compared the number: it is right"))
    holder_name = short(_l("Name of the holder"))
    holder_document_kind = StringField(
        _l("Kind of document"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=20, message=TOO_LONG)],
    )
    holder_document_number = StringField(
        _l("Number of the document"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=64, message=TOO_LONG)],
    )


class NamedBankForm(BankAccountForm):
    """The same where the country's banks are not listed."""

    bank = short(_l("Bank"))


class CodeForm(HouseForm):
    code = StringField(
        _l("Code"), filters=[one_line], validators=[InputRequired(_l("Type the code.")), Length(max=40)]
    )


class ConfirmForm(HouseForm):
    """Nothing to type: the press is the answer."""


class NoteForm(HouseForm):
    note = TextAreaField(
        _l("Why"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=LONGEST, message=TOO_LONG)],
    )


class PrepareForm(HouseForm):
    """Which money, for whom, to be paid when."""

    cut_on = StringField(
        _l("Collected until"),
        filters=[one_line],
        validators=[InputRequired(_l("Type a day."))],
        description=_l("Day, month and year. What came in later waits for the next run."),
    )
    pay_on = StringField(
        _l("Payment day"),
        filters=[one_line],
        validators=[InputRequired(_l("Type a day."))],
        description=_l("Day, month and year: when the bank is to pay."),
    )
    whom = RadioField(_l("For whom"), validate_choice=False, default="all")
    which = TextAreaField(
        _l("Contracts or documents"),
        validators=[Optional(), Length(max=5000, message=TOO_LONG)],
        description=_l("Numbers of contracts, or documents of owners, one a line."),
    )


class FileForm(HouseForm):
    layout = RadioField(_l("Layout of the file"), validators=[InputRequired(MISSING)], validate_choice=False)


class AnswerForm(HouseForm):
    layout = SelectField(_l("Layout of the file"), validate_choice=False)
    file = FileField(
        _l("File"),
        description=_l("As the bank sent it, at most 10 MB."),
        validators=[FileRequired(_l("Choose a file."))],
    )


class MarkForm(HouseForm):
    """What the bank's own pages say of one payout."""

    on = StringField(_l("Day"), filters=[one_line], validators=[InputRequired(_l("Type a day."))])
    reference = short(_l("Reference of the bank"), needed=False)
    note = TextAreaField(
        _l("How you know"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=LONGEST, message=TOO_LONG)],
    )
