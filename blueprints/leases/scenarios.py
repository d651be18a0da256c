"""Scenarios: how leases of one sort are taxed and adjusted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from blueprints.leases.catalogue import caps, indexes, starter_scenarios
from blueprints.leases.models import LeaseScenario
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal

PURPOSES = ("housing", "commercial")
MOST_TAXES = 6


@dataclass(frozen=True, slots=True)
class Levy:
    """A tax on top of an amount, or a withholding that the payer keeps. `rate` in millionths."""

    kind: str
    name: str
    rate: int

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "rate": self.rate}


@dataclass(frozen=True, slots=True)
class ScenarioTerms:
    """`names` by language; `index_code` and `cap` of the catalogue, None for none."""

    names: Mapping[str, str]
    purpose: str
    rent_taxes: Sequence[Levy]
    commission_taxes: Sequence[Levy]
    index_code: str | None
    cap: str | None
    active: bool = True


def add_scenario(code: str, terms: ScenarioTerms, *, actor: Actor) -> uuid.UUID:
    """Raises Refusal for a code that is taken, a rate outside 0 to 100 %, an index or cap that nobody knows."""
    values = _values(terms)
    scenario_id = new_id()
    made = db.session.execute(
        insert(LeaseScenario)
        .values(id=scenario_id, code=code, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
        .returning(LeaseScenario.id)
    ).scalar_one_or_none()
    if made is None:
        raise Refusal(N_("There is a scenario with this code already."), field="code")
    audit.record(
        "lease-scenario.added",
        actor=actor,
        subject=("lease-scenario", scenario_id),
        data={"code": code, **values},
    )
    return scenario_id


def change_scenario(scenario_id: uuid.UUID, terms: ScenarioTerms, *, actor: Actor) -> None:
    """What is billed from now on follows. Raises NotFound, and Refusal as `add_scenario`."""
    values = _values(terms)
    row = db.session.execute(
        select(LeaseScenario.code, *(getattr(LeaseScenario, name) for name in values))
        .where(LeaseScenario.id == scenario_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    changes = {name: [getattr(row, name), new] for name, new in values.items() if getattr(row, name) != new}
    if not changes:
        return
    db.session.execute(
        update(LeaseScenario)
        .where(LeaseScenario.id == scenario_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "lease-scenario.changed",
        actor=actor,
        subject=("lease-scenario", scenario_id),
        data={"code": row.code, "changes": changes},
    )


def add_starter_scenarios(country: str) -> None:
    """What a new agency begins with; what it has already stays as it is."""
    for one in starter_scenarios().get(country, ()):
        db.session.execute(
            insert(LeaseScenario)
            .values(
                id=new_id(),
                code=one.code,
                names=dict(one.names),
                purpose=one.purpose,
                rent_taxes=[dict(levy) for levy in one.rent_taxes],
                commission_taxes=[dict(levy) for levy in one.commission_taxes],
                index_code=one.index_code,
                cap=one.cap,
                active=True,
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
        )


def _values(terms: ScenarioTerms) -> dict[str, Any]:
    names = {language: text for language, text in terms.names.items() if text}
    if not names:
        raise Refusal(N_("Give the scenario a name."), field="name_es")
    if terms.purpose not in PURPOSES:
        raise Refusal(N_("Choose what the property is let for."), field="purpose")
    if terms.index_code and terms.index_code not in indexes():
        raise Refusal(N_("Nobody knows this index."), field="index_code")
    if terms.cap and (terms.cap not in caps() or caps()[terms.cap].index_code != terms.index_code):
        raise Refusal(N_("This legal limit goes with another index."), field="cap")
    for field, levies in (("rent_taxes", terms.rent_taxes), ("commission_taxes", terms.commission_taxes)):
        if len(levies) > MOST_TAXES:
            raise Refusal(N_("At most %(most)s taxes and withholdings."), field=field, most=MOST_TAXES)
        for levy in levies:
            if not levy.name or levy.kind not in ("tax", "withholding") or not 0 < levy.rate <= 1_000_000:
                raise Refusal(N_("Give each tax a name and a rate between 0 and 100 %."), field=field)
    return {
        "names": names,
        "purpose": terms.purpose,
        "rent_taxes": [levy.as_json() for levy in terms.rent_taxes],
        "commission_taxes": [levy.as_json() for levy in terms.commission_taxes],
        "index_code": terms.index_code or None,
        "cap": terms.cap or None,
        "active": terms.active,
    }
