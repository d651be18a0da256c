"""Whatever leaves the system is a row here first, written in the transaction of its cause.

Rows are executed after the commit, at least once, each in a transaction of its own by a handler
that must be idempotent. A row that fails is tried again after growing pauses; after
`MAXIMUM_TRIES` it is dead: kept, shown, never dropped, and the queue moves on (case M21).
"""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from itertools import count
from typing import Any

from sqlalchemy import Index, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from saas.clock import now
from saas.database import Model, db, unique
from saas.ids import new_id
from saas.platform_database import platform_connection
from saas.scope import TenantOwned, unit_of_work

# A collision is over in seconds, a restart in minutes; a mail server that is away for two hours loses nothing.
PAUSES = tuple(datetime.timedelta(seconds=pause) for pause in (10, 2 * 60, 15 * 60, 2 * 60 * 60))
MAXIMUM_TRIES = len(PAUSES) + 1
LEASE = datetime.timedelta(minutes=5)

log = logging.getLogger("ventanilla.outbox")
_names: ContextVar[Callable[[], str] | None] = ContextVar("outbox_names", default=None)


class OutboxRow(TenantOwned, Model):
    __tablename__ = "outbox"

    topic: Mapped[str]
    key: Mapped[str | None]  # the same key is sent once, however often its cause is repeated
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime]
    due_at: Mapped[datetime.datetime]
    tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime.datetime | None]
    done_at: Mapped[datetime.datetime | None]
    dead_at: Mapped[datetime.datetime | None]
    error: Mapped[str | None]

    __table_args__ = (
        unique("topic", "key"),
        Index(
            "ix_outbox_due",
            "tenant_id",
            "due_at",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
    )


Work = Callable[[dict[str, Any]], None]
_handlers: dict[str, Work] = {}
_wake: list[Callable[[], None]] = []


def handler(topic: str) -> Callable[[Work], Work]:
    """Register the one function that executes a topic. It gets the payload, inside a fresh
    transaction of the row's tenant; it may use the session and must not commit, except before it waits for
    somebody outside: what it did until then stands, though the row may run again."""

    def register(work: Work) -> Work:
        if topic in _handlers and _handlers[topic] is not work:
            raise RuntimeError(f"two handlers for {topic}")
        _handlers[topic] = work
        return work

    return register


def enqueue(
    topic: str,
    payload: dict[str, Any],
    *,
    due_at: datetime.datetime | None = None,
    key: str | None = None,
) -> None:
    """Write a row in the caller's transaction. Raises KeyError for a topic nobody handles."""
    if topic not in _handlers:
        raise KeyError(f"nobody handles {topic}")
    moment = now()
    db.session.execute(
        insert(OutboxRow)
        .values(
            id=new_id(),
            topic=topic,
            key=key,
            payload=payload,
            created_at=moment,
            due_at=due_at or moment,
            tries=0,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "topic", "key"])
    )
    db.session.info["outbox"] = True


def enqueue_many(
    topic: str, rows: Sequence[tuple[str | None, dict[str, Any], datetime.datetime | None]]
) -> None:
    """The same for many rows of one topic, (key, payload, due_at) each, in one statement."""
    if topic not in _handlers:
        raise KeyError(f"nobody handles {topic}")
    if not rows:
        return
    moment = now()
    db.session.execute(
        insert(OutboxRow).on_conflict_do_nothing(index_elements=["tenant_id", "topic", "key"]),
        [
            {
                "id": new_id(),
                "topic": topic,
                "key": key,
                "payload": payload,
                "created_at": moment,
                "due_at": due_at or moment,
                "tries": 0,
            }
            for key, payload, due_at in rows
        ],
    )
    db.session.info["outbox"] = True


def on_wake(callback: Callable[[], None]) -> None:
    """Let a runner be told that a transaction with outbox rows has committed."""
    _wake.append(callback)


def wake() -> None:
    for callback in tuple(_wake):
        callback()


def tenants_with_work(moment: datetime.datetime) -> list[uuid.UUID]:
    """Which tenants have rows due. Asked through the platform's role: it sees no payload."""
    with platform_connection() as connection:
        rows = connection.execute(
            text(
                "SELECT DISTINCT tenant_id FROM outbox WHERE done_at IS NULL AND dead_at IS NULL "
                "AND due_at <= :moment AND (locked_until IS NULL OR locked_until < :moment)"
            ),
            {"moment": moment},
        )
        return [row.tenant_id for row in rows]


def drain(limit: int = 100, stop: Callable[[], bool] = lambda: False) -> int:
    """Execute rows that are due, of all tenants in turn, at most `limit`. Returns how many ran.

    `stop` is asked before each row: a process that is told to end finishes the one it has begun.
    """
    ran, waiting = 0, tenants_with_work(now())
    while waiting:
        again = []
        for tenant_id in waiting:  # one row each: nobody waits until another one's thousands are done
            if ran >= limit or stop():
                return ran
            if run_next(tenant_id):
                ran += 1
                again.append(tenant_id)
        waiting = again
    return ran


def run_next(tenant_id: uuid.UUID) -> bool:
    """Claim and execute one due row of a tenant. False when none is due.

    The claim commits first, so a process that is killed leaves a row whose lease ends.
    """
    moment = now()
    with unit_of_work(tenant_id) as session:
        row = session.execute(
            select(OutboxRow.id, OutboxRow.topic, OutboxRow.payload, OutboxRow.tries)
            .where(
                OutboxRow.done_at.is_(None),
                OutboxRow.dead_at.is_(None),
                OutboxRow.due_at <= moment,
                or_(OutboxRow.locked_until.is_(None), OutboxRow.locked_until < moment),
            )
            .order_by(OutboxRow.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return False
        if row.tries >= MAXIMUM_TRIES:  # it never came back to say why: it ended the process that ran it
            session.execute(
                update(OutboxRow)
                .where(OutboxRow.id == row.id)
                .values(dead_at=moment, locked_until=None, error="the process ended while it ran")
            )
            return True
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == row.id)
            .values(locked_until=moment + LEASE, tries=OutboxRow.tries + 1)
        )
    _execute(tenant_id, row.id, row.topic, row.payload, row.tries + 1)
    return True


def next_name() -> str | None:
    """A name for the next thing that the running handler sends: the row's id and how many went before it.

    The same at every try of the row, so whoever receives it twice can tell. None outside a handler.
    """
    names = _names.get()
    return names() if names else None


def _names_of(row_id: uuid.UUID) -> Callable[[], str]:
    number = count(1)
    return lambda: f"{row_id.hex}.{next(number)}"


def _execute(
    tenant_id: uuid.UUID, row_id: uuid.UUID, topic: str, payload: dict[str, Any], tries: int
) -> None:
    token = _names.set(_names_of(row_id))
    try:
        work = _handlers[topic]
        with unit_of_work(tenant_id) as session:
            work(payload)
            session.execute(
                update(OutboxRow)
                .where(OutboxRow.id == row_id)
                .values(done_at=now(), locked_until=None, error=None)
            )
    except Exception as problem:
        log.exception(
            "outbox row failed", extra={"tenant": str(tenant_id), "topic": topic, "row": str(row_id)}
        )
        dead = tries >= MAXIMUM_TRIES
        with unit_of_work(tenant_id) as session:
            session.execute(
                update(OutboxRow)
                .where(OutboxRow.id == row_id)
                .values(
                    locked_until=None,
                    error=f"{type(problem).__name__}: {problem}"[:500],
                    due_at=now() + PAUSES[min(tries, len(PAUSES)) - 1],
                    dead_at=now() if dead else None,
                )
            )
    finally:
        _names.reset(token)


def backlog() -> dict[str, int]:
    """Rows of the active tenant that wait and that are dead."""
    waiting, dead = db.session.execute(
        select(
            func.count().filter(OutboxRow.done_at.is_(None), OutboxRow.dead_at.is_(None)),
            func.count().filter(OutboxRow.dead_at.is_not(None)),
        ).select_from(OutboxRow)
    ).one()
    return {"waiting": waiting, "dead": dead}
