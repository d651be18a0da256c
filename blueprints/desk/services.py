"""What staff change: who works here, looking at a customer's pages, payments' loose ends, what is switched on."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import delete, select, update

from blueprints.accounts.models import Customer
from blueprints.auth.invitations import invite_user
from blueprints.auth.links import drop_links
from blueprints.auth.rules import LINK_LIFE
from blueprints.auth.sessions import end_sessions
from blueprints.desk import rules
from blueprints.desk.queries import staff as staff_queries
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.identity_numbers import normalise_email
from saas.ids import new_id
from saas.locks import lock
from saas.outbox import OutboxRow
from saas.refusals import NotFound
from saas.scope import current_tenant_id
from tenants.models import Tenant
from tenants.people import StaffRole, User, UserSession


def invite_new_colleague(
    *, email: str, name: str, staff_roles: frozenset[str], own_email: str, actor: Actor
) -> None:
    """Invite a person to the desk, or give a customer's login a role in it. Raises Refusal."""
    rules.check_invited(normalise_email(email), own_email)
    invite_user(email=email, name=name, actor=actor, roles=staff_roles)


def change_roles(user_id: uuid.UUID, roles: frozenset[str], *, actor: Actor) -> None:
    """Give a colleague exactly these roles; none takes the desk away and leaves the login.

    Whoever loses a role is signed out everywhere. Raises NotFound, or Refusal (own role, last administrator).
    """
    lock("staff")  # two administrators must not remove each other in the same moment
    who = staff_queries.colleague(user_id)
    rules.check_roles(
        roles,
        who.roles,
        own=user_id == actor.user_id,
        active=who.status == "active",
        other_administrators=staff_queries.other_administrators(user_id),
    )
    lost, gained = who.roles - roles, roles - who.roles
    if not lost and not gained:
        return
    if lost:
        db.session.execute(delete(StaffRole).where(StaffRole.user_id == user_id, StaffRole.role.in_(lost)))
        end_sessions(user_id)
    db.session.add_all(StaffRole(id=new_id(), user_id=user_id, role=role) for role in sorted(gained))
    db.session.flush()
    audit.record(
        "staff.roles-changed",
        actor=actor,
        subject=("user", user_id),
        data={"name": who.name, "before": sorted(who.roles), "after": sorted(roles)},
    )


def disable_colleague(user_id: uuid.UUID, *, actor: Actor) -> None:
    """Take a colleague's access away: sessions end, links in mails die. Raises NotFound or Refusal."""
    lock("staff")
    who = staff_queries.colleague(user_id)
    rules.check_disable(
        who.roles,
        own=user_id == actor.user_id,
        other_administrators=staff_queries.other_administrators(user_id),
    )
    if who.status == "disabled":
        return
    _set_status(user_id, "disabled")
    end_sessions(user_id)
    drop_links(user_id, *LINK_LIFE)
    audit.record("staff.disabled", actor=actor, subject=("user", user_id), data={"name": who.name})


def enable_colleague(user_id: uuid.UUID, *, actor: Actor) -> None:
    """Give a disabled colleague access again, with the roles there were. Raises NotFound."""
    who = staff_queries.colleague(user_id)
    if who.status != "disabled":
        return
    has_password = db.session.execute(
        select(User.password_hash.is_not(None)).where(User.id == user_id)
    ).scalar_one()
    _set_status(user_id, "active" if has_password else "invited")
    audit.record("staff.enabled", actor=actor, subject=("user", user_id), data={"name": who.name})


def _set_status(user_id: uuid.UUID, status: str) -> None:
    db.session.execute(
        update(User)
        .where(User.id == user_id)
        .values(status=status)
        .execution_options(synchronize_session=False)
    )


def start_viewing(session_id: uuid.UUID, customer_id: uuid.UUID, *, reason: str, actor: Actor) -> str:
    """Let this session see what a customer sees; the customer can read that it did, and why.

    Returns the customer's name. Raises NotFound, or Refusal for an empty reason.
    """
    words = rules.check_reason(reason, "reason")
    name = db.session.execute(select(Customer.name).where(Customer.id == customer_id)).scalar()
    if name is None:
        raise NotFound()
    _look_at(session_id, customer_id)
    audit.record(
        "customer.viewed",
        actor=actor,
        subject=("customer", customer_id),
        customer_id=customer_id,
        data={"reason": words},
    )
    return str(name)


def stop_viewing(session_id: uuid.UUID, customer_id: uuid.UUID | None, *, actor: Actor) -> None:
    """Look no longer. Harmless when nobody was looking."""
    _look_at(session_id, None)
    if customer_id is not None:
        audit.record(
            "customer.view-ended",
            actor=actor,
            subject=("customer", customer_id),
            customer_id=customer_id,
        )


def _look_at(session_id: uuid.UUID, customer_id: uuid.UUID | None) -> None:
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(
            viewing_customer_id=customer_id,
            viewing_since=None if customer_id is None else now(),
            account_id=None,  # the account last worked with is not among the other one's
        )
        .execution_options(synchronize_session=False)
    )


def send_again(*, actor: Actor) -> int:
    """Put everything that could not be sent back into the queue. Returns how much that is."""
    moment = now()
    revived = db.session.execute(
        update(OutboxRow)
        .where(OutboxRow.dead_at.is_not(None))
        .values(dead_at=None, tries=0, due_at=moment, error=None)
        .returning(OutboxRow.id)
        .execution_options(synchronize_session=False)
    ).all()
    if revived:
        db.session.info["outbox"] = True  # the runner is woken after the commit
        audit.record("outbox.retried", actor=actor, data={"count": len(revived)})
    return len(revived)


def change_capabilities(chosen: Iterable[str], optional: frozenset[str], *, actor: Actor) -> None:
    """Switch the optional capabilities: the chosen ones on, the others of `optional` off."""
    tenant_id = current_tenant_id()
    before = db.session.execute(select(Tenant.capabilities).where(Tenant.id == tenant_id)).scalar_one()
    after = [name for name in before if name not in optional] + sorted(set(chosen) & optional)
    if set(after) == set(before):
        return
    db.session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id)
        .values(capabilities=after, version=Tenant.version + 1)
        .execution_options(synchronize_session=False)
    )
    audit.record("capabilities.changed", actor=actor, data={"before": sorted(before), "after": sorted(after)})
