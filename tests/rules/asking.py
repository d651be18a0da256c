"""Requests as any member of the cast makes them: host, cookie, form token, and the ids of whoever is attacked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import TestResponse

from saas import csrf
from saas.database import db
from saas.permissions import GATEWAY, PUBLIC, SIGNED_IN
from saas.web import PLATFORM, SIMULATOR, TENANT
from tenants.frame import SEED_COOKIE, SESSION_COOKIE
from tests.application import Browser
from tests.rules.manifest import Route
from tests.rules.owners_world import LAST_YEAR, PERIOD
from tests.rules.world import Person, Side, World, open_session

PLATFORM_HOST = "localhost"
SIMULATOR_HOST = "bank.localhost"
SEED = "an-anonymous-browser"
A_FEW = 3

# Which table an argument names a row of, where it is not simply the plural of its name.
TABLES = {
    "attempt_id": "payment_attempts",
    "receipt_id": "payments",  # every payment has a receipt, also one made outside
    "version_id": "theme_versions",
    "batch_id": "import_batches",
    "quarantine_id": "payment_quarantine",
    "quarantined_id": "payment_quarantine",
    "property_id": "properties",
    "scenario_id": "lease_scenarios",
    "lease_account_id": "accounts",
    "mandate_account_id": "accounts",
    "role_id": "staff_roles",
    "link_id": "one_time_links",
    "row_id": "audit_rows",
    "provider_account_id": "provider_accounts",
    "refund_id": "payment_refunds",
    "dispute_id": "payment_disputes",
    "credit_id": "payment_credits",
    "claim_id": "domain_claims",
    "payment_link_id": "payment_links",
    "quote_id": "case_quotes",
    "owner_charge_id": "owner_charges",
    "note_id": "commission_documents",
    "dead_address_id": "message_dead_addresses",
    "bank_account_id": "owner_bank_accounts",
    "clearance_id": "clearances",
}


def nothing(found: Collection[str]) -> None:
    """Fail with every line of what was found, where nothing should be."""
    assert not found, "\n" + "\n".join(sorted(found))


class Unknown(LookupError):
    """An address has an argument that nobody has a value for: say here what it names."""


def fill(route: Route, side: Side, given: Mapping[str, Any] | None = None) -> str:
    """The route's path with ids and secrets of one side."""
    path = route.rule
    for name, kind in zip(route.arguments, route.converters, strict=True):
        value = (given or {}).get(name) or one_of(route, name, kind) or value_of(name, kind, side)
        path = re.sub(rf"<[^<>]*\b{name}>", str(value), path)
    return path


def one_of(route: Route, name: str, kind: str) -> str | None:
    """The first of the words that an argument may be."""
    found = re.search(rf"<any\(([^,)]+)[^)]*\):{name}>", route.rule) if kind == "AnyConverter" else None
    return found[1].strip() if found else None


def value_of(name: str, kind: str, side: Side) -> str:
    plain = {
        "token": side.link_token,
        "payment_token": side.payment_token,
        "quote_token": side.quote_token,
        "follow_token": side.follow_token,
        "unsubscribe_token": side.unsubscribe_token,
        "kind_code": "invoice-new",
        "linked_reference": side.linked_reference,
        "bank_token": side.bank_token,
        "alarm_token": side.alarm_token,
        "code": side.verification_code,
        "digest": "0" * 12,
        "name": "js/ventanilla.js",
        "provider": "bank_simulator",
        "package": "base",
        "letter": "0" * 32,
        "slug": side.cast.slug,
        "period": PERIOD,
        "year": str(LAST_YEAR),
        "index": "0",
    }
    if kind != "UUIDConverter":
        if name not in plain:
            raise Unknown(f"<{name}>: give it a value in tests/rules/asking.py")
        return plain[name]
    if name == "order_id":
        return str(side.order_id)
    if name == "payu_order_id":
        return str(side.payu_order_id)
    if name == "stripe_session_id":
        return str(side.stripe_session_id)
    if name == "stripe_merchant_id":
        return str(side.stripe_merchant_id)
    table = TABLES.get(name, name.removesuffix("_id") + "s")
    if not side.rows.get(table):
        raise Unknown(f"<uuid:{name}>: say in tests/rules/asking.py which table it names a row of")
    return str(side.first(table))


def hostile_form(side: Side) -> dict[str, Any]:
    """Ids of one side under every name that a form might read, and fields that nobody may set (A06, A07).

    A few of each table: thousands of fields prove nothing more, and two thousand requests are made with them.
    """
    form: dict[str, Any] = {
        "tenant_id": str(side.id),
        "tenant": side.cast.slug,
        "is_admin": "1",
        "status": "paid",
        "balance": "0",
        "owner_id": str(side.first("customers")),
        "staff_role": "administrator",
        "next": "/",
    }
    for table, ids in side.rows.items():
        if ids and table not in ("sessions", "finished_attempts", "coupon_attempts", "clearances"):
            form.setdefault(table, [str(row_id) for row_id in ids[:A_FEW]])
            form.setdefault(_singular(table) + "_id", str(ids[0]))
            form.setdefault(_singular(table), str(ids[0]))
    for name, table in TABLES.items():
        if side.rows.get(table):
            form[name] = str(side.first(table))
    form["invoice_ids"] = form["invoice"] = [str(row_id) for row_id in side.rows["invoices"][:A_FEW]]
    return form


def hostile_query(side: Side) -> dict[str, Any]:
    """The same ids in an address."""
    named = {f"{_singular(table)}": str(ids[0]) for table, ids in side.rows.items() if ids}
    chosen = [str(row_id) for row_id in side.rows["invoices"][:A_FEW]]
    return {
        **named,
        **{f"{name}_id": value for name, value in named.items()},
        **{name: str(side.first(table)) for name, table in TABLES.items()},
        "invoice": chosen,
        "invoices": chosen,
        "tenant_id": str(side.id),
        "q": "Zoila",
    }


def _singular(table: str) -> str:
    return table[:-3] + "y" if table.endswith("ies") else table.removesuffix("s")


def host_of(route: Route, side: Side) -> str:
    return {PLATFORM: PLATFORM_HOST, SIMULATOR: SIMULATOR_HOST}.get(route.place, side.host)


@dataclass(frozen=True)
class Asker:
    """Who asks: on whose host, with whose session (None: a fresh browser)."""

    name: str
    at: Side
    person: Person | None = None
    of: Side | None = None  # whose session it is, when it is not the host's


def tenant_routes(routes: list[Route]) -> list[Route]:
    return [route for route in routes if route.place == TENANT]


def id_routes(routes: list[Route]) -> list[Route]:
    return [route for route in tenant_routes(routes) if route.ids]


def guarded(routes: list[Route]) -> list[Route]:
    """Pages of a tenant that ask who is there."""
    return [route for route in tenant_routes(routes) if route.permission not in (PUBLIC, GATEWAY)]


def rightful(world: World, route: Route) -> Asker:
    if route.permission in (PUBLIC, GATEWAY):
        return Asker("anybody", world.victim)
    name = "customer" if route.permission == SIGNED_IN and not route.rule.startswith("/desk") else "admin"
    return Asker(name, world.victim, world.victim.people[name])


def given_to(route: Route, side: Side) -> dict[str, str]:
    """What the rightful fill in where the victim's first row is not what the page is about."""
    mandate = side.rows["accounts"][2]
    special = {
        "owners.rent": {"invoice_id": side.first("collected_rents")},
        "owners.statement": {"mandate_account_id": mandate},
        "owners.statement_document": {"mandate_account_id": mandate},
        "payments.coupon": {"attempt_id": side.first("coupon_attempts")},
        "logo.picture": {"file_id": side.first("logos")},
        "cases.act_page": {"case_id": side.first("answered_cases")},
        "cases.rating_page": {"case_id": side.first("answered_cases")},
        "cases_desk.delivery_page": {"case_id": side.first("answered_cases")},
        "desk.colleague": {"user_id": side.people["colleague"].user_id},
        "desk.change": {"user_id": side.people["colleague"].user_id},
        "desk.disable": {"user_id": side.people["colleague"].user_id},
        "desk.remove_second_factor": {"user_id": side.people["colleague"].user_id},
        "desk.enable": {"user_id": side.people["colleague"].user_id},
    }
    return {name: str(value) for name, value in special.get(route.endpoint, {}).items()}


@dataclass
class Answer:
    """What came back, with the request's name for messages."""

    asker: str
    method: str
    rule: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.asker}: {self.method} {self.rule} -> {self.status}"

    def everything(self) -> bytes:
        """Body and headers; what a PDF hides in compressed streams is laid open."""
        text = " ".join(f"{name}: {value}" for name, value in self.headers.items()).encode()
        return text + b"\n" + self.body + (_pdf_text(self.body) if self.body[:5] == b"%PDF-" else b"")

    def leaks(self, secrets: tuple[bytes, ...]) -> list[str]:
        found = self.everything()
        return [f"{self} shows {secret.decode()}" for secret in secrets if secret in found]


def _pdf_text(content: bytes) -> bytes:
    import io

    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(content))
        return (
            "\n".join(page.extract_text() for page in reader.pages).encode() + str(reader.metadata).encode()
        )
    except Exception:  # the world's stored files are no real PDF; their bytes are readable as they are
        return b""


def form_token(app: Flask, side: Side | None, person: Person | None, place: str = "") -> str:
    """The token that a page would have given this visitor."""
    home = side.id.hex if side is not None else place
    binding = f"{home}:session:{person.session_id}" if person else f"{home}:seed:{SEED}"
    return csrf.make_token(app.extensions["keyring"].derive("csrf"), binding)


def cookies(person: Person | None) -> str:
    return f"{SESSION_COOKIE}={person.token}" if person else f"{SEED_COOKIE}={SEED}"


@dataclass
class Asking:
    """Makes the requests of a test against one world."""

    world: World
    answers: list[Answer] = field(default_factory=list)
    _encoded: dict[int, tuple[Mapping[str, Any], str]] = field(default_factory=dict, repr=False)

    def ask(
        self,
        asker: Asker,
        route: Route,
        method: str,
        ids_of: Side,
        *,
        form: Mapping[str, Any] | None = None,
        given: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        with_token: bool = True,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        host = host_of(route, asker.at)
        path = fill(route, ids_of, given)
        if query:
            path += "?" + self.encoded(query)
        tenant = asker.at if host == asker.at.host else None
        data: str | None = None
        if method not in ("GET", "HEAD", "OPTIONS"):
            data = self.encoded(form or {})
            if with_token:
                token = form_token(self.world.app, tenant, asker.person, route.place)
                data += "&" + urlencode({csrf.FIELD: token})
            headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        response = request(self.world.app, method, host, path, asker.person, data=data, headers=headers)
        answer = Answer(
            asker.name, method, route.rule, path, response.status_code, dict(response.headers), response.data
        )
        response.close()
        if asker.person and method not in ("GET", "HEAD", "OPTIONS"):
            self.repair(asker)
        self.answers.append(answer)
        return answer

    def encoded(self, fields: Mapping[str, Any]) -> str:
        """Fields as they are sent; the same mapping, sent to every page, is encoded once."""
        if id(fields) not in self._encoded:
            self._encoded[id(fields)] = fields, urlencode(fields, doseq=True)
        return self._encoded[id(fields)][1]

    def repair(self, asker: Asker) -> None:
        """An earlier form may have logged the asker out, disabled them or filled a bucket of attempts."""
        person, side = asker.person, asker.of or asker.at
        if person is None:
            return
        repair(self.world, side, person)


def repair(world: World, side: Side, person: Person) -> None:
    world.superuser.execute(
        "UPDATE users SET status = 'active' WHERE tenant_id = %s AND id = %s AND status <> 'active'",
        (side.id, person.user_id),
    )
    world.superuser.execute("DELETE FROM attempt_buckets WHERE tenant_id = %s", (side.id,))
    open_session(world, side, person)


def request(
    app: Flask,
    method: str,
    host: str,
    path: str,
    person: Person | None = None,
    *,
    data: Any = None,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> TestResponse:
    """One request without a cookie jar: exactly the cookies that the person has."""
    sent = {"Cookie": cookies(person), "Accept": "text/html", **(headers or {})}
    client = Browser(app, app.response_class, use_cookies=False)
    return client.open(path, method=method, base_url=f"http://{host}", data=data, headers=sent, **options)


# --- what is in the database ---------------------------------------------------------------------------------------

Contents = dict[str, dict[str, str]]

# What reading may move, with the reason; everything else must stay as it was.
MOVES_BY_ITSELF = {
    "sessions": "the idle clock and the notice that was shown",
    "attempt_buckets": "attempts are counted, also those of strangers",
}


def contents(world: World, side: Side) -> Contents:
    """Table -> row -> digest of everything in it, for one tenant, read past every filter."""
    found: Contents = {}
    tables = [
        name
        for (name,) in world.superuser.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        )
    ]
    for table in sorted(tables):
        key = "host" if table == "domains" else "id"
        rows = world.superuser.execute(
            f"SELECT {key}::text, md5(row::text) FROM {table} row WHERE tenant_id = %s", (side.id,)
        )
        found[table] = dict(rows.fetchall())
    rows = world.superuser.execute("SELECT id::text, md5(t::text) FROM tenants t WHERE id = %s", (side.id,))
    found["tenants"] = dict(rows.fetchall())
    return found


def differences(
    before: Contents, after: Contents, *, moving: frozenset[str] = frozenset(MOVES_BY_ITSELF)
) -> list[str]:
    """Each table that changed and how; tables that move by themselves are left out."""
    found = []
    for table in before:
        if table in moving:
            continue
        old, new = before[table], after[table]
        gone, come = old.keys() - new.keys(), new.keys() - old.keys()
        changed = [row for row in old.keys() & new.keys() if old[row] != new[row]]
        if gone or come or changed:
            found.append(f"{table}: {len(gone)} gone, {len(come)} new, {len(changed)} changed")
    return found


def row_text(world: World, table: str, row_id: str) -> str:
    key = "host" if table == "domains" else "id"
    found = world.superuser.execute(
        f"SELECT row::text FROM {table} row WHERE {key}::text = %s", (row_id,)
    ).fetchone()
    return str(found[0]) if found else ""


@contextmanager
def keeping_nothing() -> Iterator[None]:
    """Requests work as ever, and what they would have committed is taken back: each one meets the same world."""
    commit = db.session.commit

    def flush_and_forget() -> None:
        db.session.flush()
        db.session.rollback()

    db.session.commit = flush_and_forget  # type: ignore[method-assign]
    try:
        yield
    finally:
        db.session.commit = commit  # type: ignore[method-assign]


def new_id_that_nobody_has() -> str:
    return str(uuid.uuid4())
