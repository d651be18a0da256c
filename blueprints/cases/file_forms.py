"""The files of a form, the same for every form that takes some: taken in first, so that no mistake loses them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import g, request
from flask_babel import gettext as _
from wtforms import HiddenField

from blueprints.cases import uploads
from blueprints.cases.casebook import Upload
from blueprints.cases.forms import FilesForm
from saas.clock import now
from saas.ids import new_id
from saas.limits import network_of
from saas.tokens import digest
from tenants.frame import browser_of_visitor, client_address, commit_so_far


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a form: a user; or somebody without a login, known by their browser and counted by their network."""

    user_id: uuid.UUID | None
    browser: str = ""
    network: str = ""

    def key(self, form_key: str) -> str:
        """Under which key a form's files and what it opens are kept. Without a login it is of this browser alone, so
        that who knows the key of another's form gets nothing by it."""
        return form_key if self.user_id is not None else f"web:{digest(f'{self.browser}|{form_key}')}"


def signed_in() -> Sender:
    return Sender(g.viewer.user_id)


def anybody() -> Sender:
    """Whoever asks, as one without a login, also where they have one."""
    return Sender(None, browser_of_visitor(), network_of(client_address()))


class Keyed(Protocol):
    """A form that is sent once, whether files come with it or not."""

    form_key: HiddenField


def form_key(form: Keyed) -> str:
    """The form's own key; a form that has none, or something else in its place, gets one."""
    try:
        key = str(uuid.UUID(str(form.form_key.data or "")))
    except ValueError:
        key = str(new_id())
    form.form_key.data = key
    return key


def receive(form: FilesForm, sender: Sender | None = None) -> bool:
    """Keep the files that came, and leave out those that are not wanted any more. False when one of them was
    refused: the form says so, and the others stay with it."""
    sender = sender or signed_in()
    key, user_id = sender.key(form_key(form)), sender.user_id
    unwanted = request.form.getlist("without")
    if unwanted:
        uploads.leave_out(key, user_id, unwanted[:50])
    problems = uploads.take_in(
        request.files.getlist("files"), form_key=key, user_id=user_id, now=now(), counted_as=sender.network
    )
    commit_so_far()
    for problem in problems:
        form.files.errors = [*form.files.errors, _(problem.msgid, **problem.facts)]
    return not problems


def kept(form: FilesForm, sender: Sender | None = None) -> Sequence[Upload]:
    """The files that the form has so far, for its page."""
    sender = sender or signed_in()
    return uploads.waiting(sender.key(form_key(form)), sender.user_id)


def taken(form: FilesForm, sender: Sender | None = None) -> Sequence[Upload]:
    sender = sender or signed_in()
    return uploads.taken(sender.key(form_key(form)), sender.user_id)
