"""Numbers of invoices, receipts and cases: one counter row per tenant and series, never max()."""

from __future__ import annotations

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, db, unique
from saas.ids import new_id
from saas.scope import TenantOwned


class Counter(TenantOwned, Model):
    __tablename__ = "counters"

    series: Mapped[str]
    last: Mapped[int] = mapped_column(default=0)

    __table_args__ = (unique("series"),)


def take_numbers(series: str, count: int = 1) -> range:
    """The next `count` numbers of a series. The row stays locked until the transaction ends, so a
    rolled back number is given again and there are no holes."""
    last = db.session.execute(
        insert(Counter)
        .values(id=new_id(), series=series, last=count)
        .on_conflict_do_update(index_elements=["tenant_id", "series"], set_={"last": Counter.last + count})
        .returning(Counter.last)
    ).scalar_one()
    return range(last - count + 1, last + 1)


def begin_at(series: str, first: int) -> None:
    """Let a series give no number below `first` from now on; one that is further stays where it is."""
    db.session.execute(
        insert(Counter)
        .values(id=new_id(), series=series, last=first - 1)
        .on_conflict_do_update(
            index_elements=["tenant_id", "series"], set_={"last": func.greatest(Counter.last, first - 1)}
        )
    )
