"""How a payer chooses among several ways to pay."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice

from blueprints.payments.ways import Way


class WayForm(FlaskForm):
    """Cards to choose from. What is sent is checked against what is offered at that moment, not here."""

    way = RadioField(_l("How do you want to pay?"), validate_choice=False)

    def offer(self, ways: Sequence[Way]) -> None:
        """Show these, the first of them chosen."""
        self.way.choices = [SelectChoice(str(way.id), (way.name, _note(way))) for way in ways]
        self.way.data = str(ways[0].id) if ways else None


def _note(way: Way) -> str:
    parts = [_(way.note)] if way.note else []
    if way.mode == "test":
        parts.append(_("Test mode: no real money moves."))
    return " · ".join(parts)
