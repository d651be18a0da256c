"""A tenant's own domains: claimed by its administrators, proven by a TXT record, then mapped (cases D06, D07).

The application's role may not write the table of hosts: a mapping decides whose pages a name shows. It is made and
taken away here through the platform's role, only for the active tenant and only for a claim whose proof was just
read. Two roles cannot share a transaction, so each of the platform's steps may be repeated: a crash between the two
leaves a claim that is checked or removed again.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app
from sqlalchemy import delete, func, select, text, update

from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.config import Config
from saas.database import db
from saas.dns_records import NoAnswer, records
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.outbox import enqueue, handler
from saas.platform_database import platform_connection
from saas.refusals import NotFound, Refusal
from saas.scope import current_tenant_id
from saas.tokens import new_token
from tenants.domain_names import PROOF_LABEL, check_name
from tenants.models import Domain, DomainClaim
from tenants.people import UserSession
from tenants.services import touch

PROOF_VALUE: Final = "ventanilla-domain="
TOPIC: Final = "domains.check"
LOCK: Final = "domains"
MOST: Final = 20  # names of one tenant
BETWEEN_LOOKS: Final = datetime.timedelta(seconds=10)

# What a look at the records can find amiss.
NO_RECORD: Final = "no-record"
OTHER_RECORD: Final = "other-record"
NO_ANSWER: Final = "no-answer"
TAKEN: Final = "taken"
LOST_RECORD: Final = "lost-record"
LEADS_NOWHERE: Final = "leads-nowhere"
LEADS_ELSEWHERE: Final = "leads-elsewhere"

IN_USE: Final = N_("“%(host)s” is already in use by another organisation.")
ALREADY_YOURS: Final = N_("“%(host)s” is already in your list.")
TOO_MANY: Final = N_("No more than %(limit)s names can be kept. Remove one that is not used.")
IS_MAIN: Final = N_("This is the main address. Make another one the main address first.")
NOT_MAPPED: Final = N_("Only a name that works already can be the main address.")
JUST_ASKED: Final = N_("It was checked a moment ago. Wait some seconds and try again.")


@dataclass(frozen=True, slots=True)
class Host:
    """A host of the active tenant. `claim_id` is None for one that the platform gave; `mapped`: it shows pages."""

    host: str
    mapped: bool
    canonical: bool
    claim_id: uuid.UUID | None = None
    state: str = "given"
    token: str = ""
    problem: str | None = None
    asked_at: datetime.datetime | None = None
    checked_at: datetime.datetime | None = None

    @property
    def record_name(self) -> str:
        return f"{PROOF_LABEL}.{self.host}"

    @property
    def record_value(self) -> str:
        return f"{PROOF_VALUE}{self.token}"

    @property
    def being_checked(self) -> bool:
        """Somebody asked, and no answer has been written down since."""
        return self.asked_at is not None and (self.checked_at is None or self.checked_at < self.asked_at)


_COLUMNS = (
    DomainClaim.id,
    DomainClaim.host,
    DomainClaim.token,
    DomainClaim.state,
    DomainClaim.problem,
    DomainClaim.asked_at,
    DomainClaim.checked_at,
)


def hosts() -> list[Host]:
    """Every name of the active tenant, the main address first, then by name; at most `MOST` and those given."""
    mapped = {
        row.host: row.canonical
        for row in db.session.execute(
            select(Domain.host, Domain.canonical).where(Domain.tenant_id == current_tenant_id())
        )
    }
    claims = {row.host: row for row in db.session.execute(select(*_COLUMNS))}
    found = [_host(name, claims.get(name), mapped) for name in mapped.keys() | claims.keys()]
    return sorted(found, key=lambda host: (not host.canonical, not host.mapped, host.host))


def find_host(claim_id: uuid.UUID) -> Host:
    """The name of a claim. Raises NotFound."""
    row = db.session.execute(select(*_COLUMNS).where(DomainClaim.id == claim_id)).first()
    if row is None:
        raise NotFound()
    canonical = db.session.execute(
        select(Domain.canonical).where(Domain.host == row.host, Domain.tenant_id == current_tenant_id())
    ).scalar()
    return _host(row.host, row, {} if canonical is None else {row.host: canonical})


def _host(name: str, claim: Any, mapped: dict[str, bool]) -> Host:
    if claim is None:
        return Host(name, True, mapped[name])
    return Host(
        host=name,
        mapped=name in mapped,
        canonical=mapped.get(name, False),
        claim_id=claim.id,
        state=claim.state,
        token=claim.token,
        problem=claim.problem,
        asked_at=claim.asked_at,
        checked_at=claim.checked_at,
    )


def platform_hosts() -> frozenset[str]:
    """The platform's own names; nobody may claim one or anything under one."""
    config: Config = current_app.extensions["ventanilla_config"]
    return frozenset(
        host for host in (config.platform_host, config.base_domain, config.simulator_host) if host
    )


def claim_host(typed: str, *, actor: Actor) -> uuid.UUID:
    """Say that a name is the active tenant's own; the proof comes later. Returns the claim's id.

    Raises Refusal (field `host`) for a name that nobody may claim, one that is in use, or one too many.
    """
    host = check_name(typed, platform_hosts())
    lock(LOCK)
    holder = _holder(host)
    if holder not in (None, current_tenant_id()):
        raise Refusal(IN_USE, "host", host=host)
    known = db.session.execute(select(DomainClaim.id).where(DomainClaim.host == host)).scalar()
    if known is not None or holder is not None:
        raise Refusal(ALREADY_YOURS, "host", host=host)
    if db.session.execute(select(func.count()).select_from(DomainClaim)).scalar_one() >= MOST:
        raise Refusal(TOO_MANY, "host", limit=MOST)
    claim_id = new_id()
    db.session.add(DomainClaim(id=claim_id, host=host, token=new_token(), created_at=now()))
    db.session.flush()
    audit.record("domain.claimed", actor=actor, subject=("domain", claim_id), data={"host": host})
    return claim_id


def _holder(host: str) -> uuid.UUID | None:
    """Whose pages a name shows; the application's role sees only its own rows."""
    with platform_connection() as connection:
        found: uuid.UUID | None = connection.execute(
            text("SELECT tenant_id FROM domains WHERE host = :host"), {"host": host}
        ).scalar()
    return found


def ask_for_check(claim_id: uuid.UUID, *, actor: Actor) -> None:
    """Have the records looked at after this transaction. Raises NotFound, or Refusal when that has just been done."""
    moment = now()
    row = db.session.execute(
        select(DomainClaim.asked_at).where(DomainClaim.id == claim_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.asked_at is not None and moment - row.asked_at < BETWEEN_LOOKS:
        raise Refusal(JUST_ASKED)
    _note(claim_id, asked_at=moment)
    by = {"kind": actor.kind, "user_id": str(actor.user_id or ""), "name": actor.name}
    enqueue(TOPIC, {"claim_id": str(claim_id), "by": by})


@handler(TOPIC)
def _check(payload: dict[str, Any]) -> None:
    by = payload["by"]
    actor = Actor(by["kind"], uuid.UUID(by["user_id"]) if by["user_id"] else None, by["name"])
    try:
        check_claim(uuid.UUID(payload["claim_id"]), actor=actor)
    except NotFound:
        return  # removed meanwhile


def check_claim(claim_id: uuid.UUID, *, actor: Actor) -> Host:
    """Look at the records of a claim now, and map its name when they prove it. Raises NotFound.

    Asks the name servers for some seconds: only for outbox handlers and commands. A name that is proven
    already is looked at again, so that a record or an address that was lost is known; it stays mapped.
    """
    before = find_host(claim_id)
    works = before.mapped and before.state == "proven"
    problem = problem_of(before) if works else _problem_of_proof(before)
    lock(LOCK)
    row = db.session.execute(
        select(DomainClaim.token, DomainClaim.state).where(DomainClaim.id == claim_id).with_for_update()
    ).first()
    if row is None or row.token != before.token:
        raise NotFound()
    if works or problem is not None:
        _note(claim_id, checked_at=now(), problem=problem)
    elif _map(before.host):
        _note(claim_id, checked_at=now(), problem=None, state="proven", proven_at=now())
        touch()
        audit.record("domain.proven", actor=actor, subject=("domain", claim_id), data={"host": before.host})
    else:
        _note(claim_id, checked_at=now(), problem=TAKEN, state="refused")
    return find_host(claim_id)


def _problem_of_proof(host: Host) -> str | None:
    try:
        check_name(host.host, platform_hosts())
        found = records().texts(host.record_name)
    except Refusal:
        return TAKEN  # the platform's own names changed since
    except NoAnswer:
        return NO_ANSWER
    said = [value.strip() for value in found]
    if host.record_value in said:
        return None
    return OTHER_RECORD if any(value.startswith(PROOF_VALUE) for value in said) else NO_RECORD


def problem_of(host: Host) -> str | None:
    """What is amiss with a name that shows pages: its record is lost, or it leads to somebody else's servers.

    Such a name dangles: whoever gets hold of it next shows their own pages to the tenant's customers (case D07).
    None when all is well. Asks the name servers.
    """
    try:
        if host.claim_id is not None:
            said = [value.strip() for value in records().texts(host.record_name)]
            if host.record_value not in said:
                return LOST_RECORD
        own = _addresses_here()
        leads_to = records().addresses(host.host)
    except NoAnswer:
        return NO_ANSWER
    if not leads_to:
        return LEADS_NOWHERE
    return None if not own or leads_to & own else LEADS_ELSEWHERE


def _addresses_here() -> frozenset[str]:
    """Where the platform's own host leads; nothing on a machine whose names are not the world's."""
    config: Config = current_app.extensions["ventanilla_config"]
    return records().addresses(config.platform_host)


def _map(host: str) -> bool:
    """Let a name show the active tenant's pages. False when another tenant was first. May be repeated."""
    tenant_id = current_tenant_id()
    with platform_connection() as connection:
        connection.execute(
            text(
                "INSERT INTO domains (host, tenant_id, canonical) VALUES (:host, :tenant, false) "
                "ON CONFLICT (host) DO NOTHING"
            ),
            {"host": host, "tenant": tenant_id},
        )
        holder = connection.execute(
            text("SELECT tenant_id FROM domains WHERE host = :host"), {"host": host}
        ).scalar()
    return holder == tenant_id


def make_main(host: str, *, actor: Actor) -> None:
    """Make a name of the active tenant the one that mails and receipts link to. Raises NotFound or Refusal."""
    lock(LOCK)
    names = {found.host: found for found in hosts()}
    wanted = names.get(host)
    if wanted is None:
        raise NotFound()
    if not wanted.mapped:
        raise Refusal(NOT_MAPPED)
    if wanted.canonical:
        return
    before = next((found.host for found in names.values() if found.canonical), None)
    touch()
    audit.record(
        "domain.canonical-changed",
        actor=actor,
        data={"before": {"host": before}, "after": {"host": host}},
    )
    with platform_connection() as connection:
        for statement in (
            "UPDATE domains SET canonical = false WHERE tenant_id = :tenant AND canonical",
            "UPDATE domains SET canonical = true WHERE tenant_id = :tenant AND host = :host",
        ):
            connection.execute(text(statement), {"tenant": current_tenant_id(), "host": host})


def remove_host(host: str, *, actor: Actor) -> None:
    """Take a name away from the active tenant: it shows nothing from the next request on, who was signed in there is
    not any more, and adding it again needs another proof. Raises NotFound, or Refusal for the main address.
    """
    lock(LOCK)
    found = next((known for known in hosts() if known.host == host), None)
    if found is None:
        raise NotFound()
    if found.canonical:
        raise Refusal(IS_MAIN)
    for statement in (
        delete(UserSession).where(UserSession.host == host),
        delete(DomainClaim).where(DomainClaim.host == host),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
    touch()
    audit.record(
        "domain.removed",
        actor=actor,
        subject=("domain", found.claim_id) if found.claim_id else None,
        data={"host": host, "worked": found.mapped},
    )
    with platform_connection() as connection:
        connection.execute(
            text("DELETE FROM domains WHERE tenant_id = :tenant AND host = :host"),
            {"tenant": current_tenant_id(), "host": host},
        )
    current_app.extensions["host_book"].forget(host)


def _note(claim_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(DomainClaim)
        .where(DomainClaim.id == claim_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
