"""Who sees what of an agency's contracts: a co-owner, a former owner, a former renter, who came after them, an owner
who rents, staff without a right, somebody of another tenant (cases A01, A02, C07). Every page that a customer may
read is walked by each of them; the people and what is theirs stand in tests/rules/street.py."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import psycopg
import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from saas.database import db
from saas.permissions import SIGNED_IN
from saas.scope import unit_of_work
from saas.web import TENANT
from tests import cast
from tests.rules.asking import Answer, nothing
from tests.rules.manifest import routes_of
from tests.rules.street import LAST_YEAR, Street, build_street
from tests.signed_in import signed_in

WALKED = ("accounts", "cases", "home", "invoices", "leases", "messages", "owners", "payments", "payouts")
# Who walks. Rita, Carla and Nadie have what Nora and Omar have, and stay at home.
OWNERS = frozenset({"ana", "beto", "sara", "omar"})
CUSTOMERS = OWNERS | {"fran", "nora", "rosa"}
STAFF = frozenset({"clerk"})
EVERYBODY = CUSTOMERS | STAFF


class Listed(NamedTuple):
    """A page about all that is somebody's: of the kinds it shows exactly what the reader may see. Others get 404."""

    kinds: tuple[str, ...]
    readers: frozenset[str] = EVERYBODY
    arguments: Mapping[str, Any] = {}


LISTS: Mapping[str, Listed] = {
    "accounts.index": Listed(("account",)),
    "cases.index": Listed(("case", "filing")),
    "cases.quotes": Listed(("quote",)),
    "home.index": Listed(()),
    "invoices.history": Listed(("rent", "commission")),
    "invoices.pending": Listed(()),
    "invoices.statement": Listed(()),
    "leases.contracts": Listed(("contract",), arguments={"after": ""}),
    "messages.index": Listed(("message",)),
    "owners.certificate_document": Listed(("certificate",), frozenset({"beto", "sara"}), {"year": LAST_YEAR}),
    "owners.certificate_year": Listed(("certificate",), frozenset({"beto", "sara"}), {"year": LAST_YEAR}),
    "owners.certificates_page": Listed(("certificate",), CUSTOMERS),
    "owners.income": Listed(("statement",), OWNERS),
    "owners.payouts": Listed(("payout",), CUSTOMERS),
    "payments.receipts": Listed(("receipt",)),
    "payouts.bank_account": Listed(("bank-account",), OWNERS),
}
# Forms and choices: nothing of anybody's to be found, only nothing to be leaked. Who is let in.
PLAIN: Mapping[str, frozenset[str]] = {
    "accounts.contact": CUSTOMERS,
    "cases.choose": EVERYBODY,
    "cases.fill_in": EVERYBODY,
    "invoices.statement_document": CUSTOMERS,
    "messages.preferences": CUSTOMERS,
    "payments.confirm": EVERYBODY,
    "payments.credit": EVERYBODY,
    "payments.summary": EVERYBODY,
    "payouts.ask_bank_account": OWNERS,
    "payouts.bank_account_code": OWNERS,
}
# Of attempts, credit and certificates of no debt, which everybody pays alike: test_access_matrix.py has a neighbour,
# staff and strangers ask for them.
ELSEWHERE = frozenset(
    {
        "invoices.clearance", "invoices.clearance_document", "payments.ask_credit_back",
        "payments.choose_credit_use", "payments.confirm_credit_use", "payments.coupon", "payments.invoice_links",
        "payments.receipt_pdf", "payments.status", "payments.status_data",
    }
)  # fmt: skip


class Walk:
    """One person's way through the street, and what was wrong on it."""

    def __init__(self, street: Street, name: str, client: FlaskClient) -> None:
        self.name, self.client, self.wrong = name, client, list[str]()
        self.seers: dict[str, set[str]] = defaultdict(set)
        for thing in street.things:
            self.seers[thing.word] |= thing.sees

    def look(self, endpoint: str, path: str) -> tuple[int, set[str]]:
        """The status, and the words that are on the page; those that are not the person's are wrong."""
        answer = self.client.get(path)
        whole = Answer(
            self.name, "GET", endpoint, path, answer.status_code, dict(answer.headers), answer.data
        )
        text = whole.everything()
        words = {word for word in self.seers if word.encode() in text}
        self.wrong += [
            f"{self.name}: {endpoint} shows {word}" for word in words if self.name not in self.seers[word]
        ]
        return answer.status_code, words

    def note(self, fine: bool, what: str) -> None:
        if not fine:
            self.wrong.append(f"{self.name}: {what}")


@pytest.fixture(scope="module")
def street(_app: Flask, _cleaner: psycopg.Connection) -> Iterator[Street]:
    """Looked at only, so built once."""
    _app.extensions["host_book"].known.clear()
    log = logging.getLogger("ventanilla")
    level = log.level
    log.setLevel(logging.CRITICAL)
    with _app.app_context():
        yield build_street()
        db.session.remove()
    log.setLevel(level)
    _cleaner.execute("SELECT pg_temp.clean()")


def paths_of(app: Flask, street: Street) -> list[tuple[Any, str, str]]:
    """Each thing's pages: (thing, endpoint, path)."""
    with app.test_request_context(base_url=f"http://{street.tenant.host}"):
        return [
            (thing, endpoint, url_for(endpoint, **arguments))
            for thing in street.things
            for endpoint, arguments in thing.pages
        ]


def test_everybody_sees_what_is_theirs_and_no_more(_app: Flask, street: Street):
    pages = paths_of(_app, street)
    walked = {endpoint for _thing, endpoint, _path in pages}
    every = {
        route.endpoint
        for route in routes_of(_app)
        if (route.place, route.permission) == (TENANT, SIGNED_IN)
        and "GET" in route.methods
        and route.blueprint in WALKED
    }
    assert walked | LISTS.keys() | PLAIN.keys() | ELSEWHERE == every, "say above who sees a new page"
    with _app.test_request_context(base_url=f"http://{street.tenant.host}"):
        lists = {endpoint: url_for(endpoint, **listed.arguments) for endpoint, listed in LISTS.items()}
        plain = {endpoint: url_for(endpoint) for endpoint in PLAIN}
    wrong: list[str] = []
    for name in sorted(EVERYBODY):
        walk = Walk(street, name, signed_in(_app, street.tenant, street.users[name]))
        for thing, endpoint, path in pages:
            status, words = walk.look(endpoint, path)
            expected = 200 if name in thing.sees else 404
            walk.note(status == expected, f"{endpoint} of {thing.word} -> {status}, expected {expected}")
            walk.note(status != 200 or thing.word in words, f"{endpoint} does not show {thing.word}")
        for endpoint, path in lists.items():
            listed = LISTS[endpoint]
            status, words = walk.look(endpoint, path)
            expected = 200 if name in listed.readers else 404
            walk.note(status == expected, f"{endpoint} -> {status}, expected {expected}")
            things = [thing for thing in street.things if thing.kind in listed.kinds]
            own = {thing.word for thing in things if name in thing.sees}
            found = words & {thing.word for thing in things}
            walk.note(expected == 404 or found == own, f"{endpoint} shows {found}, expected {own}")
        for endpoint, path in plain.items():
            status, _words = walk.look(endpoint, path)
            let_in = status in (200, 303, 422)
            walk.note(let_in is (name in PLAIN[endpoint]), f"{endpoint} -> {status}")
        wrong += walk.wrong
    nothing(wrong)


def test_somebody_of_another_tenant_finds_nothing(_app: Flask, street: Street):
    """An owner who rents, with ids of this street on the own host."""
    other = cast.make_agency("vecino")
    with unit_of_work(other.id):
        customer = cast.add_customer("Vera", document="501")
        user = cast.add_user("vera@vecino.example", customer_id=customer)
        for kind, role in (("mandate", "owner"), ("lease", "renter")):
            account = cast.add_account(f"V-{kind}", kind=kind, customers=[(customer, role, 1_000_000)])
            cast.give_access(user, account, role=role)
    walk = Walk(street, "vera", signed_in(_app, other, user))
    for _thing, endpoint, path in paths_of(_app, street):
        status, _words = walk.look(endpoint, path)
        walk.note(status == 404, f"{endpoint} -> {status}")
    nothing(walk.wrong)
