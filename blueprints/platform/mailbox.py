"""The local mailbox of demo and tests: every mail that would have been sent."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from flask import Response, abort, current_app

from blueprints.platform.welcome import SHOWS_TENANTS
from saas.config import Config
from saas.mail import Mailbox, mailbox
from saas.permissions import PUBLIC, allow
from saas.web import PLATFORM, Pages, download
from tenants.look import render

pages = Pages("mailbox", __name__, place=PLATFORM)


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    sender: str
    to: str
    subject: str
    when: str


def _box() -> Mailbox:
    config: Config = current_app.extensions["ventanilla_config"]
    box = mailbox()
    if box is None or config.environment not in SHOWS_TENANTS:
        abort(404)
    return box


def _line(name: str, letter: EmailMessage) -> Line:
    moment = parsedate_to_datetime(letter["Date"])
    return Line(
        name, str(letter["From"]), str(letter["To"]), str(letter["Subject"]), f"{moment:%d/%m/%Y %H:%M} UTC"
    )


@pages.get("/mailbox")
@allow(PUBLIC)
def index() -> str:
    return render("platform/mailbox.html", letters=[_line(name, letter) for name, letter in _box().letters()])


@pages.get("/mailbox/<name>")
@allow(PUBLIC)
def letter(name: str) -> str:
    found = _found(name)
    attachments = [part.get_filename() or "" for part in found.iter_attachments()]
    body = found.get_body(("plain",))
    return render(
        "platform/letter.html",
        letter=_line(name, found),
        text=body.get_content() if body else "",
        attachments=attachments,
    )


@pages.get("/mailbox/<name>/html")
@allow(PUBLIC)
def html(name: str) -> Response:
    """The HTML part as mail programs draw it: inline styles allowed, scripts and everything else not."""
    body = _found(name).get_body(("html",))
    if body is None:
        abort(404)
    response = Response(body.get_content(), mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
        "base-uri 'none'; sandbox allow-popups"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@pages.get("/mailbox/<name>/attachments/<int:index>")
@allow(PUBLIC)
def attachment(name: str, index: int) -> Response:
    parts = list(_found(name).iter_attachments())
    if index >= len(parts):
        abort(404)
    part = parts[index]
    return download(
        part.get_payload(decode=True),  # type: ignore[arg-type]
        media_type=part.get_content_type(),
        name=part.get_filename() or "file",
        inline=part.get_content_type() == "application/pdf",
    )


def _found(name: str) -> EmailMessage:
    found = _box().letter(name)
    if found is None:
        abort(404)
    return found
