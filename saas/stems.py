"""Ids by the hundred thousand."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator

COUNTER = 4096  # stems of one millisecond; then the next one is borrowed
VARIANT = str.maketrans("0123456789abcdef", "89ab89ab89ab89ab")  # the two bits that RFC 9562 fixes


class Stems:
    """UUIDv7 but for their last four digits, in ascending order.

    A staged row gets one stem; the rows that come of it (invoice, lines, postings…) add four digits of their
    own in SQL, `(stem || '0010')::uuid`. That costs a tenth of making and copying an id for each of them.
    """

    def __init__(self, moment: datetime.datetime) -> None:
        self._made = int(moment.timestamp() * 1000) * COUNTER

    def take(self, count: int) -> Iterator[str]:
        first = self._made
        self._made += count
        noise = os.urandom(6 * count).hex()
        for index in range(count):
            millisecond, number = divmod(first + index, COUNTER)
            start = 12 * index
            variant = noise[start].translate(VARIANT)
            yield f"{millisecond:012x}7{number:03x}{variant}{noise[start + 1 : start + 12]}"
