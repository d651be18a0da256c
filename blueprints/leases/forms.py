"""What staff type about leases."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from blueprints.leases.field_forms import (
    MISSING,
    TOO_LONG,
    AmountField,
    DayField,
    MonthField,
    PercentField,
    WholeField,
    choices,
    line,
    needed,
    one_line,
)
from blueprints.leases.people import Person

DOCUMENT_KINDS: Final = {
    "CO": ("CC", "NIT", "CE", "TI", "PPT", "PP"),
    "AR": ("DNI", "CUIT", "CUIL", "PP"),
    "VE": ("V", "E", "RIF", "PP"),
}
MOST_PEOPLE: Final = 8


class TermsForm(FlaskForm):
    """The terms of a lease but its rent."""

    scenario_code = SelectField(_l("Taxes and adjustment"), validate_choice=True)
    payment_day = WholeField(_l("Day of payment"), low=1, high=31, validators=needed())
    commission = PercentField(_l("Commission"), description=_l("Per cent of the rent."), validators=needed())
    ends_on = DayField(_l("Ends on"), validators=needed())
    renews = BooleanField(
        _l("Renews by itself"), description=_l("Goes on for another term unless somebody ends it.")
    )
    renewal_months = WholeField(_l("Months of a new term"), low=1, high=120, default=12, validators=needed())
    adjustment_points = PercentField(
        _l("Points added to the index"),
        negative=True,
        description=_l("Only where the contract says so, for example 2 for “index plus two points”."),
        validators=[Optional()],
    )


class NewLeaseForm(TermsForm):
    """A lease with its place; the people are added by `lease_form`."""

    number = line(_l("Number of the lease"), longest=40)
    property_code = line(
        _l("Code of the property"), longest=40, description=_l("One that is in the books is found by it.")
    )
    property_kind = line(_l("Kind of property"), longest=40, optional=True)
    address = line(_l("Address"), optional=True)
    city = line(_l("City"), longest=80, optional=True)
    stratum = WholeField(_l("Stratum"), low=0, high=9, validators=[Optional()])
    rent = AmountField(_l("Rent a month"), validators=needed())
    starts_on = DayField(_l("Starts on"), validators=needed())
    draft = BooleanField(
        _l("Keep it as a draft"), description=_l("Nothing is billed until it is put in force.")
    )
    renters: int
    owners: int


class PeopleForm(FlaskForm):
    """Other people from a day on; they are added by `people_form`."""

    first_day = DayField(_l("From which day"), validators=needed())
    reason = StringField(
        _l("Reason"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=300, message=TOO_LONG)],
    )
    renters: int = 0
    owners: int = 0


def lease_form(renters: int, owners: int, kinds: tuple[str, ...]) -> type[NewLeaseForm]:
    """The form of a new lease with so many renters and owners."""
    fields: dict[str, Any] = {"renters": renters, "owners": owners}
    fields |= _people("renter", renters, kinds) | _people("owner", owners, kinds)
    return type("LeaseForm", (NewLeaseForm,), fields)


def people_form(role: str, count: int, kinds: tuple[str, ...]) -> type[PeopleForm]:
    """The form of another set of renters or owners, with so many places; an empty one is nobody."""
    fields = _people(role, count, kinds, first_needed=False)
    return type("PeopleForm", (PeopleForm,), {f"{role}s": count, **fields})


def _people(role: str, count: int, kinds: tuple[str, ...], *, first_needed: bool = True) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for place in range(1, count + 1):
        start = f"{role}_{place}"
        optional = place > 1 or not first_needed
        fields[f"{start}_kind"] = SelectField(
            _l("Kind of document"), choices=choices(*((kind, kind) for kind in kinds))
        )
        fields[f"{start}_document"] = line(_l("Document number"), longest=40, optional=optional)
        fields[f"{start}_name"] = line(_l("Name"), longest=160, optional=True)
        fields[f"{start}_email"] = line(_l("E-mail"), longest=254, optional=True)
        fields[f"{start}_phone"] = line(_l("Telephone"), longest=40, optional=True)
        if role == "owner":
            fields[f"{start}_share"] = PercentField(
                _l("Share"), default=1_000_000 if count == 1 else None, validators=[Optional()]
            )
    return fields


def people_of(form: NewLeaseForm | PeopleForm, role: str) -> list[Person]:
    """Those whose document was typed. A single owner has all of it."""
    found = []
    for place in range(1, (form.renters if role == "renter" else form.owners) + 1):
        start = f"{role}_{place}"
        if not form[f"{start}_document"].data:
            continue
        share = form[f"{start}_share"].data if role == "owner" else 1_000_000
        found.append(
            Person(
                f"{start}_document",
                form[f"{start}_kind"].data,
                form[f"{start}_document"].data,
                form[f"{start}_name"].data or "",
                form[f"{start}_email"].data or "",
                form[f"{start}_phone"].data or "",
                share or 0,
            )
        )
    return found


class RentForm(FlaskForm):
    rent = AmountField(_l("New rent a month"), validators=needed())
    valid_from = DayField(_l("From which day"), validators=needed())
    reason = RadioField(
        _l("Why"),
        choices=choices(
            ("agreed", (_l("By agreement"), _l("The parties agreed on it. The legal limit is kept."))),
            ("correction", (_l("Correction"), _l("What is in the books was written wrong."))),
        ),
        validators=[InputRequired(MISSING)],
    )
    note = line(_l("Note"), optional=True)


class ChargeForm(FlaskForm):
    kind = RadioField(
        _l("What it is"),
        choices=choices(
            ("charge", (_l("Charge"), _l("Billed with the rent."))),
            ("credit", (_l("Discount"), _l("Taken off the rent."))),
        ),
        default="charge",
        validators=[InputRequired(MISSING)],
    )
    description = line(_l("Description"), longest=120)
    amount = AmountField(_l("Amount a month"), validators=needed())
    taxed = BooleanField(_l("With the taxes of the rent"))
    from_period = MonthField(_l("First month"), description=_l("For example 2026-03."), validators=needed())
    until_period = MonthField(
        _l("Last month"), description=_l("Leave it empty for every month from then."), validators=[Optional()]
    )


class FinishForm(FlaskForm):
    until_period = MonthField(
        _l("Last month"),
        description=_l("A month before the first one takes it off altogether."),
        validators=needed(),
    )


class EndForm(FlaskForm):
    ended_on = DayField(_l("Last day of the lease"), validators=needed())
    reason = StringField(
        _l("Reason"),
        filters=[one_line],
        validators=[InputRequired(MISSING), Length(max=300, message=TOO_LONG)],
    )


class RenewForm(FlaskForm):
    until = DayField(_l("The new term ends on"), validators=needed())
