"""What opens a case to who filed it without a login: its number with a code, a link from a letter, and for a while the
browser that showed one of them.

All are made from the key and the case's id, so that a form that was sent twice shows the same code, letters can be
written later, and the database alone opens nothing: it holds the code's digest. The code has 80 bits.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from blueprints.cases.models import Case
from saas.database import db
from saas.scope import current_tenant_id
from saas.tokens import code_of, digest, normalise_code, same
from tenants.frame import keyring
from tenants.loading import serving

GROUPS: Final = 4  # of four signs
OPEN_FOR: Final = datetime.timedelta(hours=2)  # in one browser
_NOBODYS = digest("a case that nobody filed")
_LONGEST_NUMBER = 60
_MAC = 32  # bytes


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a browser may see for a while. `fresh`: it has just filed the case, and may see its code once more."""

    case_id: uuid.UUID
    fresh: bool


def code_for(case_id: uuid.UUID, follow_digest: str | None = None) -> str:
    """The code of a case; with its digest the one that was handed out, whichever key made it."""
    codes = [_code(key, case_id) for key in keyring().derive_all(_purpose("code"))]
    return next((code for code in codes if follow_digest and same(code, follow_digest)), codes[0])


def found_by(number: str, code: str) -> uuid.UUID | None:
    """The case that a number and a code open; None for a wrong number as for a wrong code, after the same work."""
    wanted, prefix = " ".join(number.split())[:_LONGEST_NUMBER], serving().setting("cases.prefix")
    row = db.session.execute(
        select(Case.id, Case.follow_digest).where(
            Case.number.in_((wanted, wanted.upper(), prefix + wanted)), Case.follow_digest.is_not(None)
        )
    ).first()
    fits = same(normalise_code(code, groups=GROUPS) or "", row.follow_digest if row else _NOBODYS)
    return row.id if row is not None and fits else None


def link_token(case_id: uuid.UUID) -> str:
    """The token of the link in letters about a case."""
    return _signed("link", case_id.bytes)


def opened_by(token: str) -> uuid.UUID | None:
    """The case that a link opens; None for a link that we did not make. Whoever calls looks whether it is there."""
    content = _checked("link", token)
    return uuid.UUID(bytes=content) if content is not None and len(content) == 16 else None


def ticket_for(case_id: uuid.UUID, now: datetime.datetime, *, fresh: bool = False) -> str:
    """What the browser keeps."""
    until = int((now + OPEN_FOR).timestamp())
    return _signed("ticket", case_id.bytes + until.to_bytes(8) + bytes([fresh]))


def ticket_of(kept: str, now: datetime.datetime) -> Ticket | None:
    """What a browser kept; None when it is not ours, or too old."""
    content = _checked("ticket", kept)
    if content is None or len(content) != 25 or now.timestamp() >= int.from_bytes(content[16:24]):
        return None
    return Ticket(uuid.UUID(bytes=content[:16]), content[24] == 1)


def _code(key: bytes, case_id: uuid.UUID) -> str:
    return code_of(hmac.new(key, case_id.bytes, hashlib.sha256).digest(), groups=GROUPS)


def _purpose(what: str) -> str:
    return f"case {what}|{current_tenant_id()}"


def _signed(what: str, content: bytes) -> str:
    mac = hmac.new(keyring().derive(_purpose(what)), content, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(content + mac).decode().rstrip("=")


def _checked(what: str, token: str) -> bytes | None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{40,120}", token):
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    content, mac = raw[:-_MAC], raw[-_MAC:]
    ours = [hmac.new(key, content, hashlib.sha256).digest() for key in keyring().derive_all(_purpose(what))]
    return content if any(hmac.compare_digest(one, mac) for one in ours) else None
