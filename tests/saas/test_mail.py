"""Mail: both parts, no header that can be broken, a real server."""

from __future__ import annotations

import datetime
import email
import socket
from collections.abc import Iterator
from email import policy
from pathlib import Path
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from flask import Flask

from saas.mail import Attachment, Letter, Mailbox, Smtp, compose, deliver
from saas.outbox import drain, enqueue, handler
from saas.scope import unit_of_work
from tests.cast import make_utility

MOMENT = datetime.datetime(2026, 11, 21, 15, 0, tzinfo=datetime.UTC)


def letter(**changes: Any) -> Letter:
    facts: dict[str, Any] = {
        "to": "renata@example.com",
        "subject": "Su recibo está listo",
        "text": "Pagó $1.234.567",
        "html": "<p>Pagó $1.234.567</p>",
        "sender_name": "Hogar & Raíz",
        "sender_address": "no-reply@hogar.example",
    }
    return Letter(**{**facts, **changes})


class Post:
    """Keeps what a server took in."""

    def __init__(self) -> None:
        self.taken: list[email.message.EmailMessage] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, email.message.EmailMessage)
        self.taken.append(message)
        return "250 taken"


@pytest.fixture
def server() -> Iterator[tuple[str, Post]]:
    post = Post()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}", post
    controller.stop()


def test_a_letter_arrives_whole_through_a_real_server(server: tuple[str, Post]) -> None:
    url, post = server
    attachment = Attachment("recibo ñ.pdf", "application/pdf", b"%PDF-1.7 x")
    Smtp(url).send(compose(letter(attachments=(attachment,)), MOMENT))
    (message,) = post.taken
    assert message["Subject"] == "Su recibo está listo"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and "Pagó $1.234.567" in text.get_content()
    assert html is not None and "<p>Pagó" in html.get_content()
    (part,) = message.iter_attachments()
    assert (part.get_filename(), part.get_payload(decode=True)) == ("recibo ñ.pdf", b"%PDF-1.7 x")


@pytest.mark.parametrize("field", ["to", "subject", "sender_name", "reply_to"])
def test_no_header_can_be_added(field: str) -> None:
    message = compose(letter(**{field: "a\r\nBcc: victim@example.com"}), MOMENT)
    assert message["Bcc"] is None
    assert b"\nBcc:" not in message.as_bytes(policy=policy.SMTP)


def test_the_mailbox_shows_the_newest_first(tmp_path: Path) -> None:
    box = Mailbox(str(tmp_path / "mail"))
    assert box.letters() == []
    for number in range(3):
        box.send(compose(letter(subject=f"Número {number}"), MOMENT))
    assert [str(found["Subject"]) for _name, found in box.letters()] == ["Número 2", "Número 1", "Número 0"]
    assert box.letter("../../etc/passwd") is None


tries: list[int] = []


@handler("test.letters")
def _send(payload: dict[str, str]) -> None:
    """Two letters, and a process that does not live to say that they left."""
    tries.append(len(tries))
    for subject in ("one", "two"):
        deliver(letter(subject=f"{payload['text']} {subject}"))
    if len(tries) == 1:
        raise RuntimeError("killed after it was sent")


def test_a_letter_keeps_its_name_when_it_is_tried_again(app: Flask, mailbox: Mailbox) -> None:
    tries.clear()
    tenant = make_utility()
    with unit_of_work(tenant.id):
        enqueue("test.letters", {"text": "first"})
    with time_machine.travel(MOMENT + datetime.timedelta(days=900), tick=False) as clock:
        drain()
        clock.shift(datetime.timedelta(minutes=5))
        drain()
        with unit_of_work(tenant.id):
            enqueue("test.letters", {"text": "second"})
        drain()
    names: dict[str, list[str]] = {}
    for _name, found in mailbox.letters():
        names.setdefault(str(found["Subject"]), []).append(str(found["Message-ID"]))
    assert {subject: len(ids) for subject, ids in names.items()} == {
        "first one": 2, "first two": 2, "second one": 1, "second two": 1,
    }  # fmt: skip
    assert len({name for ids in names.values() for name in ids}) == 4
    assert names["first one"][0].endswith("@hogar.example>")
