"""Every act that leaves evidence has words for staff."""

from __future__ import annotations

import re

from sqlalchemy import CheckConstraint

from blueprints.desk import words
from tenants import domain_claims
from tenants.models import DomainClaim
from tests.rules.source import sources

RECORDED = re.compile(r'\brecord\(\s*"([a-z-]+(?:\.[a-z-]+)+)"')


def test_every_act_in_the_evidence_has_words() -> None:
    found = {action for source in sources() for action in RECORDED.findall(source.text)}
    assert {"import.done", "import.undone", "invoice.voided", "domain.removed"} <= found
    assert sorted(found - set(words.ACTIONS)) == []
    assert sorted({action.partition(".")[0] for action in found} - set(words.AREAS)) == []


def test_every_state_and_problem_of_a_name_has_words() -> None:
    table = DomainClaim.metadata.tables["domain_claims"]
    check = next(rule for rule in table.constraints if isinstance(rule, CheckConstraint))
    states = re.findall(r"'(\w+)'", str(check.sqltext))
    assert set(words.DOMAIN_STATES) == {*states, "given"}
    problems = {
        domain_claims.NO_RECORD, domain_claims.OTHER_RECORD, domain_claims.NO_ANSWER, domain_claims.TAKEN,
        domain_claims.LOST_RECORD, domain_claims.LEADS_NOWHERE, domain_claims.LEADS_ELSEWHERE,
    }  # fmt: skip
    assert set(words.DOMAIN_PROBLEMS) == problems
