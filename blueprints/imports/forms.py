"""What staff choose when they import a file."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectChoice, SelectField
from wtforms.validators import InputRequired

AUTOMATIC = "auto"


class UploadForm(FlaskForm):
    """A file, and what it is, if its columns do not tell. The choices are set by the page."""

    file = FileField(
        _l("File"),
        description=_l("CSV or XLSX, at most 10 MB. Larger ones are imported from the command line."),
        validators=[FileRequired(_l("Choose a file."))],
    )
    profile = SelectField(_l("What it holds"), default=AUTOMATIC)


class StartForm(FlaskForm):
    """How to go on with a file that was read."""

    mode = RadioField(
        _l("If rows are wrong"),
        default="all-or-nothing",
        choices=[
            SelectChoice(
                "all-or-nothing",
                (_l("Take nothing"), _l("The file is refused whole, with every wrong row and its reason.")),
            ),
            SelectChoice(
                "good-rows-only",
                (_l("Take the good rows"), _l("The wrong ones are left out and listed with their reasons.")),
            ),
        ],
        validators=[InputRequired(_l("Choose one of the options"))],
    )
