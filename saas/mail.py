"""Mail: composed when its outbox row runs, sent by SMTP or laid into a folder that a page shows."""

from __future__ import annotations

import datetime
import re
import smtplib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from flask import Flask, current_app

from saas.clock import now
from saas.ids import new_id
from saas.outbox import next_name

TIMEOUT = 10  # seconds


PERMANENT = 500  # replies from here on mean never (RFC 5321 4.2.1)


class NotTaken(Exception):
    """The server said for good that it does not take this mail; `address`: whatever mail for this address."""

    def __init__(self, code: int, said: str, *, address: bool = False) -> None:
        super().__init__(f"{code} {said}")
        self.code = code
        self.said = said
        self.address = address


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter. `file_id` names it where it is kept already."""

    name: str
    media_type: str
    content: bytes
    file_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: both parts always, so that it can be read by every program."""

    to: str
    subject: str
    text: str
    html: str
    sender_name: str
    sender_address: str
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()
    tenant: str = ""  # slug, for the mailbox page and the mail's own header
    kind: str = ""  # what sort of letter it is, for whoever keeps them (see `taken_in_by`); empty: nobody
    user_id: uuid.UUID | None = None  # whom it is for, where that is known
    customer_id: uuid.UUID | None = None
    about: str = ""  # "case:<id>": the thing that it is about
    secrets: tuple[str, ...] = ()  # what opens something, and is not kept with the text
    unsubscribe: str = ""  # address that takes one POST (RFC 8058)


Office = Callable[[Letter], bool]
taken_in_by: list[Office] = []
"""Who keeps letters and sends them later by `send_now`. An office that answers True has taken the letter over."""


class Transport(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Raises NotTaken when it is refused for good, anything else when it is worth another try."""


class Mailbox:
    """A folder of .eml files, for the demo and the tests."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def send(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        half = self.folder / f".{new_id().hex}"
        half.write_bytes(message.as_bytes(policy=policy.SMTP))
        half.rename(self.folder / f"{new_id().hex}.eml")

    def letters(self, limit: int = 50) -> list[tuple[str, EmailMessage]]:
        """The newest letters with their names, newest first."""
        if not self.folder.is_dir():
            return []
        paths = sorted(self.folder.glob("*.eml"), reverse=True)[:limit]
        return [(path.stem, self._read(path)) for path in paths]

    def letter(self, name: str) -> EmailMessage | None:
        if not re.fullmatch(r"[0-9a-f]{32}", name):
            return None
        path = self.folder / f"{name}.eml"
        return self._read(path) if path.exists() else None

    @staticmethod
    def _read(path: Path) -> EmailMessage:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        if not isinstance(message, EmailMessage):
            raise TypeError(f"{path.name} is no mail")
        return message


class Smtp:
    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)

    def send(self, message: EmailMessage) -> None:
        parts = self.parts
        server_class = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with server_class(parts.hostname or "localhost", parts.port or 0, timeout=TIMEOUT) as server:
            if parts.scheme == "smtp+tls":
                server.starttls()
            if parts.username:
                server.login(parts.username, parts.password or "")
            try:
                server.send_message(message)
            except smtplib.SMTPRecipientsRefused as refusal:
                code, said = next(iter(refusal.recipients.values()))
                if code < PERMANENT:
                    raise
                raise NotTaken(code, _said(said), address=True) from None
            except smtplib.SMTPDataError as refusal:
                if refusal.smtp_code < PERMANENT:
                    raise
                raise NotTaken(refusal.smtp_code, _said(refusal.smtp_error)) from None


def _said(answer: bytes | str) -> str:
    return _one_line(answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer)[:500]


def init_mail(app: Flask, address: str) -> None:
    """`address` is `mailbox:<folder>`, `smtp://host:port`, `smtp+tls://…` or `smtps://…`."""
    transport: Transport = Mailbox(address[8:]) if address.startswith("mailbox:") else Smtp(address)
    app.extensions["mail"] = transport


def mailbox() -> Mailbox | None:
    """The local mailbox, where there is one."""
    transport = current_app.extensions["mail"]
    return transport if isinstance(transport, Mailbox) else None


def compose(letter: Letter, moment: datetime.datetime, name: str | None = None) -> EmailMessage:
    """Build the message. Line breaks in header values are folded into spaces, so none can be added.

    `name` makes the Message-ID (RFC 5322 3.6.4), so that one letter keeps it however often it is tried.
    """
    domain = letter.sender_address.rpartition("@")[2] or "localhost"
    message = EmailMessage()
    message["From"] = formataddr((_one_line(letter.sender_name), letter.sender_address))
    message["To"] = _one_line(letter.to)
    message["Subject"] = _one_line(letter.subject)
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = f"<{name}@{domain}>" if name else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    if letter.reply_to:
        message["Reply-To"] = _one_line(letter.reply_to)
    if letter.tenant:
        message["X-Tenant"] = _one_line(letter.tenant)
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{_one_line(letter.unsubscribe)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for attachment in letter.attachments:
        main, _, sub = attachment.media_type.partition("/")
        message.add_attachment(
            attachment.content, maintype=main, subtype=sub, filename=_one_line(attachment.name)
        )
    return message


def deliver(letter: Letter) -> None:
    """Give a letter to whoever keeps its kind, else send it now. Only outbox handlers call this.

    Raises what the transport raises, to be tried again.
    """
    if letter.kind and any(office(letter) for office in taken_in_by):
        return
    send_now(letter, next_name())


def send_now(letter: Letter, name: str | None) -> None:
    """Send, under a Message-ID made of `name`. Raises NotTaken, or what the transport raises otherwise."""
    current_app.extensions["mail"].send(compose(letter, now(), name))


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()
