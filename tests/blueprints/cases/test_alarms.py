"""Letters to staff: who answers a case is warned; of nobody's case everybody hears when it is late."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from blueprints.cases import services
from saas import outbox
from saas.audit import Actor
from saas.mail import Mailbox
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests import cast
from tests.blueprints.cases.test_keeping import drain_at, make_case, moment
from tests.cast import TenantCast

SARA = Actor("staff", None, "Sara")


@pytest.fixture
def agency(app: Flask) -> TenantCast:
    return cast.make_agency()


def sent(mailbox: Mailbox, *addresses: str) -> list[tuple[str, str]]:
    outbox.drain()
    letters = [(str(letter["To"]), str(letter["Subject"])) for _name, letter in mailbox.letters()]
    return sorted(found for found in letters if found[0] in addresses)


def test_who_answers_is_warned_and_the_rest_only_of_nobody_s(
    app: Flask, agency: TenantCast, mailbox: Mailbox
):
    mine, nobody = make_case(agency), make_case(agency, moment(date(2026, 3, 24)))
    with unit_of_work(agency.id):
        sara = cast.add_user("sara@example.com", name="Sara", staff_role="service")
        cast.add_user("ana@example.com", name="Ana", staff_role="administrator")
        cast.add_user("beto@example.com", name="Beto", staff_role="billing")
        services.assign(mine, sara, actor=SARA, now=moment(date(2026, 3, 24)))
    for day in range(7, 18):
        drain_at(date(2026, 4, day))
        drain_at(date(2026, 4, day))
    got = sent(mailbox, "sara@example.com", "ana@example.com", "beto@example.com")
    # 5 and 2 days before, on the day, on the day after; of nobody's case (due on the 16th) the last two, to two people.
    assert [address for address, _subject in got] == ["ana@example.com"] * 2 + ["sara@example.com"] * 6
    assert nobody


def test_silence_stands_in_the_letter_of_a_utility(app: Flask, agency: TenantCast, mailbox: Mailbox):
    with unit_of_work(agency.id):
        change_settings({"cases.regime": "household-services"}, actor=SARA)
        cast.add_user("sara@example.com", name="Sara", staff_role="service")
    make_case(agency)
    for day in (8, 13, 15, 16):
        drain_at(date(2026, 4, day))
    drain_at(date(2026, 4, 16), 10)
    outbox.drain()
    texts = [
        body.get_content()
        for _name, letter in mailbox.letters()
        if letter["To"] == "sara@example.com" and (body := letter.get_body(("plain",)))
    ]
    assert any("19 de abril de 2026" in text for text in texts)
