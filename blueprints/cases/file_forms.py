"""The files of a form, the same for every form that takes some: taken in first, so that no mistake loses them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Protocol

from flask import g, request
from flask_babel import gettext as _
from wtforms import HiddenField

from blueprints.cases import uploads
from blueprints.cases.casebook import Upload
from blueprints.cases.forms import FilesForm
from saas.clock import now
from saas.ids import new_id
from tenants.frame import commit_so_far


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


def receive(form: FilesForm) -> bool:
    """Keep the files that came, and leave out those that are not wanted any more. False when one of them was
    refused: the form says so, and the others stay with it."""
    key, user_id = form_key(form), g.viewer.user_id
    unwanted = request.form.getlist("without")
    if unwanted:
        uploads.leave_out(key, user_id, unwanted[:50])
    problems = uploads.take_in(request.files.getlist("files"), form_key=key, user_id=user_id, now=now())
    commit_so_far()
    for problem in problems:
        form.files.errors = [*form.files.errors, _(problem.msgid, **problem.facts)]
    return not problems


def kept(form: FilesForm) -> Sequence[Upload]:
    """The files that the form has so far, for its page."""
    return uploads.waiting(form_key(form), g.viewer.user_id)


def taken(form: FilesForm) -> Sequence[Upload]:
    return uploads.taken(form_key(form), g.viewer.user_id)
