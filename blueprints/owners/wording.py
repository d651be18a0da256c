"""What the lines of a statement are called. Where each leads is `line_url`."""

from __future__ import annotations

from flask_babel import gettext as _

from blueprints.owners import statement_rules as rules
from blueprints.owners.months import month_name
from blueprints.owners.statement_rules import Line
from blueprints.owners.statements import Share, Statement
from saas.dates import format_short

MILLION = 1_000_000


def line_words(found: Statement, line: Line) -> tuple[str, str, str]:
    """What a line is, which document that is, and what its page is called (empty: there is none)."""
    origin = found.origins.get(line.source) if line.source is not None else None
    if origin is None:
        return _other(line), "", ""
    note = _("Number %(number)s", number=origin.number)
    if origin.what == "rent":
        return _("Rent of %(period)s", period=month_name(origin.period)), note, "rent"
    if origin.what == "invoice":
        return _("Commission of %(period)s", period=month_name(origin.period)), note, "invoice"
    if origin.what == "credit-note":
        return _("Commission given back"), note, "credit-note"
    if origin.what == "charge":
        text = _("Taken back: %(what)s", what=origin.text) if line.whole.total > 0 else origin.text
        return text, note, "charge"
    returned = line.whole.total > 0
    if not line.of(found.owner_id).total:
        # What another owner got is a figure of the whole; how and where it was paid is that one's own affair.
        name = ", ".join(one.name for one in found.shares if one.customer_id in line.parts)
        back = _("Payout to %(name)s that the bank returned", name=name)
        return back if returned else _("Payout to %(name)s", name=name), "", ""
    what = _("Payout that the bank returned") if returned else _("Payout")
    return what, note, "" if origin.void else "payout"


def _other(line: Line) -> str:
    words = {
        rules.PAYOUT: _("Payout"),
        rules.COMMISSION: _("Commission"),
        rules.CHARGE: _("Charge"),
        rules.RENT: _("Rent"),
    }
    return str(words.get(line.section) or _("Other movement"))


def part_words(found: Statement, one: Share) -> str:
    """One owner's part of the whole; with its days when it did not hold all of the month."""
    said = []
    for part in one.parts:
        share = share_words(part.share)
        begins = part.valid_from if part.valid_from and part.valid_from > found.first else None
        ends = part.valid_until if part.valid_until and part.valid_until < found.last else None
        if begins and ends:
            said.append(
                _(
                    "%(share)s from %(since)s to %(until)s",
                    share=share,
                    since=format_short(begins),
                    until=format_short(ends),
                )
            )
        elif begins:
            said.append(_("%(share)s since %(since)s", share=share, since=format_short(begins)))
        elif ends:
            said.append(_("%(share)s until %(until)s", share=share, until=format_short(ends)))
        else:
            said.append(share)
    return ", ".join(said)


def share_words(share: int | None) -> str:
    """An owner's part as per cent; empty when it changed in these days."""
    if share is None:
        return ""
    whole, rest = divmod(share, MILLION // 100)
    return f"{whole}{f',{rest:04d}'.rstrip('0') if rest else ''}\u00a0%"
