"""The address that payment providers call: one host of the platform, a token per provider account."""

from __future__ import annotations

import logging

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from blueprints.hooks.services import keep, mark_forged, work
from blueprints.payments.interface import Forged, Notice
from saas import outbox
from saas.clock import now
from saas.permissions import GATEWAY, allow
from saas.refusals import NotFound
from saas.scope import unit_of_work
from saas.web import PLATFORM, Pages
from tenants.frame import client_address
from tenants.provider_account_services import account_of_hook, tenant_of_hook

log = logging.getLogger("ventanilla.hooks")
LARGEST = 64 * 1024  # bytes

pages = Pages("hooks", __name__, place=PLATFORM)


@pages.route("/hooks/<provider>/<token>", methods=["POST"], provide_automatic_options=False)
@allow(GATEWAY)
def receive(provider: str, token: str) -> Response:
    """Keep the bytes and commit; then apply and commit; only then say 200, so that nothing is lost.

    404 for an address that nobody was given, 400 for a notice that nobody signed, 413 for one too large.
    Our own faults answer 5xx, and the provider comes again. A suspended tenant's money is recorded too.
    """
    tenant_id = tenant_of_hook(token)
    body = _body()
    if body is None:
        return _answer(413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    notice = Notice(body, headers, now(), client_address())
    try:
        if tenant_id is None:
            raise NotFound()
        with unit_of_work(tenant_id):
            account = account_of_hook(provider, token)
            kept = keep(account, notice)
    except NotFound:
        log.warning(
            "a notice for nobody", extra={"event": "hook_unknown", "facts": {"provider": provider[:40]}}
        )
        return _answer(404)
    facts = {"provider": provider, "account": str(account.id), "tenant": str(tenant_id)}
    try:
        with unit_of_work(tenant_id):
            effects = work(account, notice, kept)
    except Forged as problem:
        with unit_of_work(tenant_id):
            mark_forged(kept.id, problem)
        log.warning("a forged notice: %s", problem, extra={"event": "hook_forged", "facts": facts})
        return _answer(400)
    log.info("a notice", extra={"event": "hook", "facts": {**facts, "effects": effects}})
    outbox.wake()
    return _answer(200)


def _body() -> bytes | None:
    """The raw body; None when it is larger than any notice, said or found."""
    request.max_content_length = LARGEST
    if request.content_length is not None and request.content_length > LARGEST:
        return None
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= LARGEST else None


def _answer(status: int) -> Response:
    return Response("", status, mimetype="text/plain")
