"""The amount that a payer typed in place of all that was chosen, where the tenant allows it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request
from flask_babel import gettext as _

from blueprints.payments.choosing import Choice
from blueprints.payments.parts import ALLOWED, FIELD, MINIMUM, PartRules, part_of
from saas.money import format_money, parse_amount
from saas.refusals import Refusal
from tenants.page_context import locale


@dataclass(frozen=True, slots=True)
class PartBox:
    """The box of the summary: what stands in it, what is wrong with it, what may be typed."""

    typed: str
    error: str
    hint: str


def part_rules() -> PartRules:
    """What the tenant allows."""
    return PartRules(bool(g.tenant.setting(ALLOWED)), int(g.tenant.setting(MINIMUM)))


def typed_part() -> str:
    """What was typed; nothing where parts are not allowed, whatever a form says."""
    return request.values.get(FIELD, "").strip()[:64] if part_rules().allowed else ""


def with_part(choice: Choice) -> Choice:
    """The choice with what the typed amount pays of each invoice, or as it is. Raises Refusal (field "part")."""
    typed = typed_part()
    if not typed:
        return choice
    amount = parse_amount(typed, choice.currency, locale(), field=FIELD)
    return part_of(choice, amount, part_rules())


def part_box(whole: Choice, refusal: Refusal | None) -> PartBox | None:
    """The box under the bill of a whole choice; None where parts are not allowed."""
    rules = part_rules()
    if not rules.allowed:
        return None
    where = locale()
    hint = _(
        "From %(least)s to %(most)s. The oldest invoice is paid first.",
        least=format_money(rules.least(whole.amount), whole.currency, where),
        most=format_money(whole.amount, whole.currency, where),
    )
    return PartBox(typed_part(), _(refusal.msgid, **refusal.facts) if refusal else "", hint)
