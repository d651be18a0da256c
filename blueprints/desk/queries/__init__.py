"""What the desk's pages read, by noun: columns, a page at a time, a constant number of statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row

from blueprints.accounts.finding import like as like
from saas.paging import Key, Page, encode_cursor

Line = Row[*tuple[Any, ...]]  # one row of columns

SIZE = 25


def first_page_of(
    rows: Sequence[Line], key: Callable[[Line], tuple[Key, ...]], size: int = SIZE
) -> Page[Line]:
    """The first `size` of the rows that were read (one more than a page), and the cursor of what follows."""
    kept = rows[:size]
    return Page(kept, older=encode_cursor(key(kept[-1])) if len(rows) > size else None)
