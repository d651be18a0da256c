"""What a person reads of their messages: the list, each text as it was sent, and what they want to get."""

from __future__ import annotations

import uuid

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.sessions import leave_notice
from blueprints.messages import choices, queries, words
from blueprints.messages.addresses import dead_address, person_of
from blueprints.messages.blueprint import pages
from blueprints.messages.files import own_messages_file
from blueprints.messages.kinds import CHANNELS, KINDS, MAIL, Kind, kind_of
from blueprints.messages.unsubscribing import read_token
from saas.audit import Actor
from saas.files import load
from saas.permissions import GATEWAY, PUBLIC, SIGNED_IN, allow
from saas.refusals import NotFound
from saas.web import download
from tenants.exports import wanted
from tenants.look import render

Answer = str | BaseResponse | tuple[str, int]


@pages.get("/messages")
@allow(SIGNED_IN)
def index() -> Answer:
    if (file := wanted()) is not None:
        return own_messages_file(file, g.viewer)
    return render(
        "messages/list.html",
        page=queries.own_messages(g.viewer, request.args.get("after")),
        later="after" in request.args,
        words=words,
        kind_of=kind_of,
        dead=_dead(),
        looking=g.viewer.viewing_customer_id is not None,
    )


@pages.get("/messages/<uuid:message_id>")
@allow(SIGNED_IN)
def message(message_id: uuid.UUID) -> str:
    row = queries.own_message(g.viewer, message_id)
    return render("messages/message.html", message=row, words=words, kind=kind_of(row.kind))


@pages.get("/messages/<uuid:message_id>/attachments/<int:index>")
@allow(SIGNED_IN)
def attachment(message_id: uuid.UUID, index: int) -> Response:
    row = queries.own_message(g.viewer, message_id)
    if index >= len(row.attachments):
        raise NotFound()
    one = row.attachments[index]
    stored = load(uuid.UUID(one["file"]))
    return download(stored.content, media_type=stored.media_type, name=one["name"])


@pages.get("/messages/preferences")
@allow(SIGNED_IN)
def preferences() -> str:
    customer_id = _customer()
    wishes = choices.wishes_of(customer_id)
    return render(
        "messages/preferences.html",
        kinds=_kinds(),
        channels=[(channel, words.CHANNELS[channel]) for channel in CHANNELS],
        wanted=lambda kind, channel: choices.wanted(kind.code, channel, wishes),
        switchable=_switchable,
        history=choices.history(customer_id),
        person=person_of(customer_id),
        kind_of=kind_of,
        words=words,
    )


@pages.post("/messages/preferences")
@allow(SIGNED_IN)
def save_preferences() -> Answer:
    asked = [
        (kind.code, channel, f"{kind.code}:{channel}" in request.form)
        for kind in _kinds()
        for channel in kind.channels
        if channel in CHANNELS and _switchable(kind.code, channel)
    ]
    changed = choices.choose(_customer(), asked, source=choices.PROFILE, actor=g.viewer.actor())
    said = _("Your choice is saved.") if changed else _("Nothing was changed.")
    leave_notice(g.viewer.session_id, said, "success")
    return redirect(url_for("messages.preferences"), 303)


@pages.get("/messages/no-more/<string:unsubscribe_token>")
@allow(PUBLIC)
def no_more(unsubscribe_token: str) -> str:
    """Asks; a mail program that looks ahead changes nothing."""
    customer_id, kind = read_token(unsubscribe_token)
    off = not choices.wanted(kind, MAIL, choices.wishes_of(customer_id))
    return render("messages/no_more.html", kind=kind_of(kind), token=unsubscribe_token, off=off)


@pages.post("/messages/no-more/<string:unsubscribe_token>", endpoint="stop")
@allow(GATEWAY)
def stop(unsubscribe_token: str) -> str:
    """One POST is enough, from a mail program as from a person: the address itself proves who may (RFC 8058)."""
    customer_id, kind = read_token(unsubscribe_token)
    choices.choose(customer_id, [(kind, MAIL, False)], source=choices.LINK, actor=Actor("customer"))
    return render("messages/no_more.html", kind=kind_of(kind), token=unsubscribe_token, off=True)


def _kinds() -> list[Kind]:
    """What the person can be told of: an owner of everything, a renter not of payouts."""
    owner = "owner" in g.viewer.roles
    return [kind for kind in KINDS.values() if not kind.for_outsiders and (owner or not kind.for_owners)]


def _switchable(kind: str, channel: str) -> bool:
    known = kind_of(kind)
    return channel in known.channels and not (known.mandatory and channel == MAIL)


def _customer() -> uuid.UUID:
    """Whose wishes are looked at. Who is no customer gets letters about their access only, and those stay."""
    customer_id: uuid.UUID | None = g.viewer.viewing_customer_id or g.viewer.customer_id
    if customer_id is None:
        raise NotFound()
    return customer_id


def _dead() -> str:
    """The person's address, when it takes no mail."""
    customer_id = g.viewer.viewing_customer_id or g.viewer.customer_id
    address = person_of(customer_id).email if customer_id else g.viewer.email
    return address if address and dead_address(address) is not None else ""
