"""What staff type about an account at a provider. Its own fields are the adapter's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.payments.interface import AccountField
from saas.refusals import Refusal
from tenants.payment_stops import LONGEST_REASON
from tenants.provider_account_changes import LONGEST_OVERLAP, USUAL_OVERLAP
from tenants.provider_account_services import LONGEST_NAME

MISSING = _l("Fill in this field.")
LONGEST_VALUE = 4000  # characters: some keys are long
OF = "of_"  # before the names of the adapter's fields, which must not meet ours
RADIO_AT_MOST = 2


def one_line(typed: Any) -> Any:
    """What people type or paste, without what cannot be seen."""
    if not isinstance(typed, str):
        return typed
    seen = "".join(sign for sign in typed[:LONGEST_VALUE] if sign.isprintable() or sign.isspace())
    return " ".join(unicodedata.normalize("NFC", seen).split())


class Checkboxes(SelectMultipleField):
    """Several of a few choices, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class WholeNumber(IntegerField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Type a whole number")) from None


class PlaceForm(FlaskForm):
    """What an account is called, and where it is offered."""

    name = StringField(
        _l("Name"),
        description=_l("Payers see it when they choose how to pay."),
        filters=[one_line],
        validators=[
            InputRequired(MISSING),
            Length(max=LONGEST_NAME, message=_l("Use at most %(max)d characters.")),
        ],
    )
    invoice_types = Checkboxes(_l("Types of invoices"), validate_choice=False)
    account_kinds = Checkboxes(_l("Kinds of accounts"), validate_choice=False)


class ReplaceForm(FlaskForm):
    """How new secrets take the place of old ones."""

    overlap = WholeNumber(
        _l("Days that the old ones are still believed"),
        default=USUAL_OVERLAP.days,
        description=_l("Payments that are on their way were begun with them. 0: not any more, at once."),
        validators=[
            InputRequired(_l("Type a whole number")),
            NumberRange(0, LONGEST_OVERLAP.days, message=_l("Type a number from %(min)s to %(max)s")),
        ],
    )
    new_address = BooleanField(
        _l("Make a new notice address too"),
        description=_l(
            "Needed when the address itself became known. It must then be changed at the provider."
        ),
    )


class StopForm(FlaskForm):
    """Why nobody can pay online for the time being."""

    reason = TextAreaField(
        _l("Reason"),
        description=_l(
            "Colleagues read it at the desk, and it is kept as evidence. Customers do not see it."
        ),
        filters=[one_line],
        validators=[
            InputRequired(MISSING),
            Length(max=LONGEST_REASON, message=_l("Use at most %(max)d characters.")),
        ],
    )


def mode_field() -> RadioField:
    return RadioField(
        _("Mode"),
        default="test",
        validate_choice=False,
        choices=[
            SelectChoice("test", (_("Test"), _("The provider's sandbox: no real money moves."))),
            SelectChoice("live", (_("Live"), _("Real money. It cannot be changed to test later."))),
        ],
        validators=[AnyOf(("test", "live"), message=_("Choose one of the options"))],
    )


def account_form(
    fields: Sequence[AccountField],
    *,
    base: type[FlaskForm] = PlaceForm,
    with_mode: bool = False,
    secrets_optional: bool = False,
    data: Mapping[str, Any] | None = None,
) -> FlaskForm:
    """A form of `base` with the adapter's fields. `data`: what to show, by the adapter's names and ours;
    None: what was sent. Secrets are never shown; with `secrets_optional` an empty one means "as it is"."""
    own: dict[str, Any] = {"mode": mode_field()} if with_mode else {}
    for field in fields:
        own[OF + field.name] = _box(field, optional=field.secret and secrets_optional)
    kind = type("AccountForm", (base,), own)
    if data is None:
        return kind()
    defaults = {OF + field.name: field.default for field in fields if field.default and not field.secret}
    known = {field.name for field in fields}
    shown = {OF + key if key in known else key: value for key, value in data.items()}
    return kind(formdata=None, data={**defaults, **shown})


def _box(field: AccountField, *, optional: bool) -> Field:
    label, hint = _(field.label), _(field.hint) if field.hint else ""
    needed = field.required and not optional
    checks = [InputRequired(MISSING) if needed else Optional()]
    if field.choices:
        choices = [SelectChoice(value, _(words)) for value, words in field.choices]
        kind = RadioField if len(choices) <= RADIO_AT_MOST else SelectField
        known = AnyOf([value for value, _words in field.choices], message=_("Choose one of the options"))
        checks = [known] if needed else [Optional(), known]
        return kind(label, description=hint, choices=choices, validators=checks, validate_choice=False)
    box = PasswordField if field.secret else StringField
    return box(label, description=hint, filters=[one_line], validators=checks)


def typed_of(form: FlaskForm, fields: Sequence[AccountField], *, secret: bool) -> dict[str, str]:
    """The values of the adapter's fields that are secret, or those that are not. Empty secrets are left out."""
    values = {field.name: str(form[OF + field.name].data or "") for field in fields if field.secret == secret}
    return {name: value for name, value in values.items() if value} if secret else values


def check_patterns(form: FlaskForm, fields: Sequence[AccountField]) -> bool:
    """Put an error beside every value that does not look as the adapter says."""
    good = True
    for field in fields:
        box = form[OF + field.name]
        if field.pattern and box.data and not re.fullmatch(field.pattern, box.data):
            box.errors = [
                *box.errors,
                _("It does not look as it should. Compare it with what the provider shows."),
            ]
            good = False
    return good


def refuse(form: FlaskForm, refusal: Refusal) -> None:
    """Put a refusal beside the field that it names, the adapter's or ours, or at the head of the form."""
    sentence = _(refusal.msgid, **refusal.facts)
    for name in (f"{OF}{refusal.field}", refusal.field):
        if refusal.field and name in form:
            form[name].errors = [*form[name].errors, sentence]
            return
    form.form_errors.append(sentence)


def offer(form: FlaskForm, types: Sequence[tuple[str, str]], kinds: Sequence[tuple[str, str]]) -> None:
    """The choices of where an account is offered: (code, words)."""
    form.invoice_types.choices = [SelectChoice(code, words) for code, words in types]
    form.account_kinds.choices = [SelectChoice(code, words) for code, words in kinds]


def off_for(form: FlaskForm) -> dict[str, list[str]]:
    """What is not ticked, as accounts keep it."""
    return {
        place: [
            choice.value for choice in form[place].choices if choice.value not in (form[place].data or ())
        ]
        for place in ("invoice_types", "account_kinds")
    }
