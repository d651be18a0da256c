"""Reads what mail servers send back (RFC 3464, RFC 3462): which message, for whom, and whether it is for good. Pure."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Final

MOST_BYTES: Final = 2_000_000
_NAME = re.compile(r"<?([0-9a-f]{32})\.([0-9a-f]{32})@", re.I)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a report says of one message of ours. `for_good`: the address does not take mail, ever."""

    tenant_id: uuid.UUID
    message_id: uuid.UUID
    recipient: str
    for_good: bool
    delivered: bool
    said: str


def read_report(raw: bytes) -> Bounce | None:
    """The bounce in a raw mail; None when it is no report of a server, or about no message of ours.

    Anything may come in: who forges a report must know the id of the message, which only its reader has.
    """
    if len(raw) > MOST_BYTES:
        return None
    try:
        mail = message_from_bytes(raw, policy=policy.default)
        status = _part(mail, "message/delivery-status")
        named = _our_name(mail)
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        return None  # a mail that is no mail
    if named is None or status is None:
        return None
    fields = _fields(status)
    action = fields.get("action", "").strip().lower()
    code = _STATUS.search(fields.get("status", ""))
    said = " ".join(fields.get("diagnostic-code", "").split()) or fields.get("status", "")
    return Bounce(
        tenant_id=named[1],
        message_id=named[0],
        recipient=_address(fields.get("final-recipient") or fields.get("original-recipient") or ""),
        for_good=action == "failed" and (code is None or code[1] == "5"),
        delivered=action in ("delivered", "relayed", "expanded"),
        said=_plain(said)[:500],
    )


def _part(mail: Message, kind: str) -> Message | None:
    return next((part for part in mail.walk() if part.get_content_type() == kind), None)


def _fields(status: Message) -> dict[str, str]:
    """The fields of the first recipient, over those of the whole report."""
    found: dict[str, str] = {}
    blocks = status.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        if "action" in found:
            break
        found.update({name.lower(): str(value) for name, value in block.items()})
    return found


def _our_name(mail: Message) -> tuple[uuid.UUID, uuid.UUID] | None:
    """Message and tenant, as its Message-ID names them: in the mail or the headers that come back with the report,
    else in what the report answers to."""
    candidates = [str(mail.get(name, "")) for name in ("In-Reply-To", "References", "X-Failed-Message-ID")]
    for part in mail.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                candidates.insert(0, str(inner[0].get("Message-ID", "")))
            elif isinstance(part, EmailMessage) and isinstance(inner, str):
                candidates.insert(
                    0, str(message_from_bytes(inner.encode("utf-8", "replace")).get("Message-ID", ""))
                )
    for candidate in candidates:
        if found := _NAME.search(candidate):
            return uuid.UUID(found[1]), uuid.UUID(found[2])
    return None


def _address(field: str) -> str:
    """ "rfc822; ana@x.example" as the address alone."""
    return field.rpartition(";")[2].strip().strip("<>").lower()


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())
