"""What staff choose when they put a collector's file in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField


class CollectedForm(FlaskForm):
    """The file and whose it is. The choices are set by the page."""

    account = SelectField(_l("Collector"))
    file = FileField(
        _l("File"),
        description=_l("The daily file as the collector sent it, at most 10 MB."),
        validators=[FileRequired(_l("Choose a file."))],
    )
