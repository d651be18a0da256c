"""Processes are killed while customers pay; afterwards the books are compared with the bank's. See `bin/chaos`.

Nothing in the product knows of this: moments are chosen from outside, between two statements as they pass by on
their way to PostgreSQL (`line`), between a question to the provider and its answer (`gate`), or by the clock.
"""
