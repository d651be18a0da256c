"""What staff type about papers, scenarios, indexes and properties."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from blueprints.leases import words
from blueprints.leases.field_forms import (
    MISSING,
    TOO_LONG,
    DayField,
    MonthField,
    PercentField,
    WholeField,
    choices,
    line,
    needed,
    one_line,
)
from blueprints.leases.scenarios import Levy

LEVIES: Final = 3  # rows of taxes that the form offers
CIRCLES: Final = {
    "both": (True, True),
    "renter": (True, False),
    "owner": (False, True),
    "staff": (False, False),
}


class PaperForm(FlaskForm):
    """A paper of a lease; on a change the file is only needed for a new version."""

    kind = SelectField(
        _l("Kind of paper"), choices=choices(*((code, _l(text)) for code, text in words.DOCUMENTS.items()))
    )
    title = line(_l("Title"), longest=120, description=_l("What people read in the list."))
    file = FileField(_l("File"), description=_l("PDF or picture, at most 10 MB."))
    expires_on = DayField(_l("Expires on"), validators=[Optional()])
    circle = SelectField(
        _l("Who sees it"),
        choices=choices(
            ("both", _l("Renter and owner")),
            ("renter", _l("Renter")),
            ("owner", _l("Owner")),
            ("staff", _l("Staff only")),
        ),
    )


class NewPaperForm(PaperForm):
    file = FileField(
        _l("File"),
        description=_l("PDF or picture, at most 10 MB."),
        validators=[FileRequired(_l("Choose a file."))],
    )


class ScenarioForm(FlaskForm):
    """Names, taxes and adjustment; `rent_1_name` and so on are added below."""

    name_es = line(_l("Name in Spanish"), longest=80)
    name_en = line(_l("Name in English"), longest=80, optional=True)
    purpose = SelectField(
        _l("Let for"), choices=choices(*((code, _l(text)) for code, text in words.PURPOSES.items()))
    )
    index_code = SelectField(_l("Index of the yearly adjustment"))
    cap = SelectField(_l("Legal limit"))
    active = BooleanField(_l("Offered for new leases"), default=True)


class NewScenarioForm(ScenarioForm):
    code = StringField(
        _l("Code"),
        description=_l("Small letters, figures and hyphens; it does not change any more."),
        filters=[one_line],
        validators=[
            InputRequired(MISSING),
            Length(max=40, message=TOO_LONG),
            Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", message=_l("Use small letters, figures and hyphens.")),
        ],
    )


def _levies() -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for of in ("rent", "commission"):
        for place in range(1, LEVIES + 1):
            start = f"{of}_{place}"
            fields[f"{start}_kind"] = SelectField(
                _l("What it is"), choices=choices(*((code, _l(text)) for code, text in words.LEVIES.items()))
            )
            fields[f"{start}_name"] = line(_l("Name"), longest=60, optional=True)
            fields[f"{start}_rate"] = PercentField(_l("Rate"), validators=[Optional()])
    return fields


for _name, _field in _levies().items():
    setattr(ScenarioForm, _name, _field)


def levies_of(form: ScenarioForm, of: str) -> list[Levy]:
    """Those that have a name or a rate."""
    found = []
    for place in range(1, LEVIES + 1):
        name, rate = form[f"{of}_{place}_name"].data, form[f"{of}_{place}_rate"].data
        if name or rate:
            found.append(Levy(form[f"{of}_{place}_kind"].data, name or "", rate or 0))
    return found


class IndexForm(FlaskForm):
    code = SelectField(_l("Index"))
    period = MonthField(_l("Month"), description=_l("For example 2026-03."), validators=needed())
    value = PercentField(
        _l("Change over twelve months"),
        negative=True,
        description=_l("Per cent, as it is published."),
        validators=needed(),
    )
    source = line(_l("Where it is published"))
    published_on = DayField(_l("Published on"), validators=[Optional()])


class IndexFileForm(FlaskForm):
    file = FileField(
        _l("File"),
        description=_l("CSV with the columns code, period, value, source and, if known, published_on."),
        validators=[FileRequired(_l("Choose a file."))],
    )


class PlaceForm(FlaskForm):
    kind = line(_l("Kind of property"), longest=40, optional=True)
    address = line(_l("Address"))
    city = line(_l("City"), longest=80, optional=True)
    stratum = WholeField(_l("Stratum"), low=0, high=9, validators=[Optional()])
