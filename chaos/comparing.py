"""The two truths side by side: what the providers' books say was approved, and what ours say was paid."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path

import psycopg

RECEIPT_FILE = re.compile(r" (\S+)\.pdf$")
# Each approved order at a bank, by our reference, with its amount there.
APPROVED = """
    SELECT reference, amount FROM bank_simulator_orders WHERE state = 'approved'
    UNION ALL
    SELECT data->'metadata'->>'reference', (data->>'amount_received')::bigint
      FROM stripe_simulator_things WHERE kind = 'payment_intent' AND data->>'status' = 'succeeded'
"""
OURS = """
    SELECT a.reference, a.state, a.amount, count(p.id), coalesce(sum(p.amount), 0),
           count(r.id), count(r.file_id)
      FROM payment_attempts a
      LEFT JOIN payments p ON p.tenant_id = a.tenant_id AND p.attempt_id = a.id
      LEFT JOIN receipts r ON r.tenant_id = p.tenant_id AND r.payment_id = p.id
     GROUP BY a.reference, a.state, a.amount
"""
INVOICES_PAID_TWICE = """
    SELECT i.number, i.total, i.open_amount, sum(l.amount), count(DISTINCT l.payment_id)
      FROM payment_allocations l JOIN invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
     GROUP BY i.number, i.total, i.open_amount
    HAVING sum(l.amount) <> i.total OR i.open_amount <> 0 OR count(DISTINCT l.payment_id) <> 1
"""
TWO_HOLDERS = """
    SELECT invoice_id FROM payment_attempt_items WHERE open GROUP BY tenant_id, invoice_id HAVING count(*) > 1
"""
SESSIONS_TWICE = """
    SELECT data->>'client_reference_id' FROM stripe_simulator_things WHERE kind = 'checkout.session'
     GROUP BY 1 HAVING count(*) > 1
"""
RECEIPTS = "SELECT t.slug || ' ' || r.number FROM receipts r JOIN tenants t ON t.id = r.tenant_id"
STATES = "SELECT state, count(*) FROM payment_attempts GROUP BY state"
QUARANTINE = "SELECT kind, count(*) FROM payment_quarantine GROUP BY kind"
ORPHANED_FILES = "SELECT id FROM files"


@dataclass(slots=True)
class Comparison:
    """What was found. `lost`, `doubled` and `wrong` must be empty."""

    approved: int = 0
    captured: int = 0
    letters: int = 0
    repeated_letters: int = 0
    orphaned_files: int = 0
    states: dict[str, int] = field(default_factory=dict)
    quarantine: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


def compare(superuser_url: str, home: Path) -> Comparison:
    """Read both sides whole. Nothing may be under way."""
    found = Comparison()
    with psycopg.connect(superuser_url) as connection:
        approved = connection.execute(APPROVED).fetchall()
        ours = {row[0]: row[1:] for row in connection.execute(OURS).fetchall()}
        found.approved = len(approved)
        twice = [reference for reference, times in Counter(row[0] for row in approved).items() if times > 1]
        found.doubled += [f"{reference}: charged twice at the provider" for reference in twice]
        for reference, amount in approved:
            _one(reference, amount, ours.pop(reference, None), found)
        for reference, row in ours.items():
            if row[0] == "captured" or row[2]:
                found.wrong.append(f"{reference}: captured, and the provider knows of no money")
        for number, total, opened, paid, payments in connection.execute(INVOICES_PAID_TWICE).fetchall():
            found.doubled.append(f"invoice {number}: {paid} of {total} by {payments} payments, {opened} open")
        found.wrong += [
            f"invoice {row[0]}: two open attempts" for row in connection.execute(TWO_HOLDERS).fetchall()
        ]
        found.doubled += [f"{row[0]}: two checkouts" for row in connection.execute(SESSIONS_TWICE).fetchall()]
        receipts = {str(row[0]) for row in connection.execute(RECEIPTS).fetchall()}
        found.states = {str(state): int(count) for state, count in connection.execute(STATES).fetchall()}
        found.quarantine = {
            str(kind): int(count) for kind, count in connection.execute(QUARANTINE).fetchall()
        }
        known = {row[0].hex for row in connection.execute(ORPHANED_FILES).fetchall()}
    _letters(home / "mail", receipts, found)
    on_disk = {path.name for path in (home / "files").rglob("*") if path.is_file()}
    found.orphaned_files = len(on_disk - known)
    found.lost += [f"file {name}: not on the disk" for name in known - on_disk]
    return found


def _one(reference: str, amount: int, row: tuple[object, ...] | None, found: Comparison) -> None:
    if row is None:
        found.lost.append(f"{reference}: nobody here knows it")
        return
    state, ours, payments, paid, receipts, printed = row
    if state != "captured" or payments == 0:
        found.lost.append(f"{reference}: {state} here, approved there")
    elif payments != 1 or receipts != 1:
        found.doubled.append(f"{reference}: {payments} payments, {receipts} receipts")
    elif (ours, paid) != (amount, amount):
        found.wrong.append(f"{reference}: {paid} here, {amount} there")
    elif printed != 1:
        found.lost.append(f"{reference}: its receipt was not printed")
    else:
        found.captured += 1


def _letters(folder: Path, receipts: set[str], found: Comparison) -> None:
    """One letter per receipt: what carries the same Message-ID is the same letter, however often it was handed over."""
    names: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.eml")):
        message = message_from_bytes(path.read_bytes())
        attached = [part.get_filename() or "" for part in message.walk() if part.get_filename()]
        numbers = [match[1] for name in attached if (match := RECEIPT_FILE.search(name))]
        if not numbers:
            continue
        number = f"{message['X-Tenant']} {numbers[0]}"
        known = names.setdefault(number, set())
        if message["Message-ID"] in known:
            found.repeated_letters += 1
        known.add(message["Message-ID"])
    found.letters = len(names)
    found.lost += [f"receipt {number}: no letter" for number in sorted(receipts - names.keys())]
    found.doubled += [
        f"receipt {number}: {len(ids)} letters" for number, ids in names.items() if len(ids) > 1
    ]
