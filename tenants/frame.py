"""The frame around every request: place, tenant, viewer, permission, one transaction, headers, one log line."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
import uuid
from typing import Any

from flask import Flask, Response, abort, current_app, g, redirect, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as BaseResponse

from saas import csrf, outbox
from saas.asked import NUL
from saas.config import Config
from saas.database import db
from saas.having import Having
from saas.headers import secure
from saas.permissions import GATEWAY, PUBLIC, SIGNED_IN, needs_confirmation, permission_of
from saas.refusals import NotFound, Refusal
from saas.scope import tenant_scope
from saas.secrets import Keyring
from saas.tokens import digest, new_token
from saas.web import ANY, TENANT, Pages
from tenants.context import TO_OPEN, TO_SEND, Place, TenantContext, Viewer
from tenants.error_pages import error_page, outage_page
from tenants.loading import visit

log = logging.getLogger("ventanilla.request")
SEED_COOKIE = "ventanilla-form"
SESSION_COOKIE = "ventanilla"
READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
# What staff may still do while they look at a customer's pages: stop looking, and leave.
ALLOWED_WHILE_VIEWING = frozenset({"desk.stop_viewing", "auth.log_out"})


def init_frame(app: Flask) -> None:
    app.before_request(_open)
    app.after_request(_close)
    app.teardown_request(_let_go)
    app.register_error_handler(Exception, _failed)


def config() -> Config:
    found: Config = current_app.extensions["ventanilla_config"]
    return found


def keyring() -> Keyring:
    found: Keyring = current_app.extensions["keyring"]
    return found


def cookie_name(name: str) -> str:
    """With HTTPS the prefix makes browsers refuse a cookie that a sibling domain tries to set."""
    return f"__Host-{name}" if config().https else name


def session_token() -> str | None:
    return request.cookies.get(cookie_name(SESSION_COOKIE))


def _open() -> BaseResponse | None:
    # The things themselves: each touch of a proxy looks for them anew, and this runs before every answer.
    app, asked, here = _itself(current_app), _itself(request), _itself(g)
    here.began = time.perf_counter()
    here.request_id = secrets.token_hex(16)
    place: Place = asked.environ.get("ventanilla.place") or Place("none")
    here.place = place
    here.tenant = here.viewer = here.notice = here.csrf_token = None
    lives = _match_place(place.kind)
    view = app.view_functions.get(asked.endpoint or "")
    permission = permission_of(view) if view else None
    here.quiet_view = getattr(view, "quiet", False)
    here.scope = tenant_scope(place.tenant_id)
    here.scope.__enter__()  # until the request is let go
    if getattr(view, "static", False):
        if lives not in (place.kind, ANY):
            abort(404)
        return None
    if place.tenant_id is not None:
        token = session_token()
        host = asked.environ["ventanilla.host"]
        try:
            here.tenant, here.viewer, here.notice = visit(host, digest(token) if token else None)
        except NotFound:
            app.extensions["host_book"].forget(host)  # it may be somebody else's by the next request
            raise
        if token and here.viewer is None:
            log.info("session not known here", extra={"event": "session_unknown", "tenant": here.tenant.slug})
        if here.tenant.status != "active":
            abort(503)
    if (largest := getattr(view, "largest_body", None)) and (
        here.viewer is not None or getattr(view, "from_anybody", False)
    ):
        asked.max_content_length = (
            largest  # photographs: of somebody known, or where the law lets anybody ask
        )
    if asked.routing_exception is not None:
        return None  # Flask raises it next; the error page is the tenant's
    if view is None or lives not in (place.kind, ANY) or NUL in asked.path:
        abort(404)
    _check_capability()
    _check_origin(permission)
    answer = _check_permission(permission)
    return confirm_first() if answer is None and needs_confirmation(view) else answer


def _match_place(kind: str) -> str:
    """An address may exist on several kinds of hosts (“/” does): take the one of this host. Returns where the page
    lives in the end."""
    rule = request.url_rule
    lives = _place_of(rule.endpoint if rule else "")
    if rule is None or lives in (kind, ANY):
        return lives
    for other in current_app.url_map.iter_rules():
        if (
            other.rule == rule.rule
            and request.method in (other.methods or ())
            and _place_of(other.endpoint) == kind
        ):
            request.url_rule = other
            return kind
    return lives


def _place_of(endpoint: str) -> str:
    blueprint = current_app.blueprints.get(endpoint.rpartition(".")[0])
    return blueprint.place if isinstance(blueprint, Pages) else ANY


def _itself(proxy: Any) -> Any:
    return proxy._get_current_object()


def _check_capability() -> None:
    """A capability that is off for the tenant has no addresses."""
    optional: dict[str, str] = current_app.extensions["optional_blueprints"]
    capability = optional.get(request.blueprint or "")
    if capability and g.tenant is not None and capability not in g.tenant.capabilities:
        abort(404)


def _check_origin(permission: str | None) -> None:
    if request.method in csrf.SAFE_METHODS or permission == GATEWAY:
        return
    if not csrf.same_origin(request, own_origin()):
        g.csrf_failed = True
        abort(403)
    token = request.form.get(csrf.FIELD) or request.headers.get(csrf.HEADER)
    if not csrf.check_token(_csrf_key(), _binding(), token):
        g.csrf_failed = True
        abort(400)


def own_origin() -> str:
    return f"{request.scheme}://{request.host}"


def _check_permission(permission: str | None) -> BaseResponse | None:
    if permission in (PUBLIC, GATEWAY):
        return None
    viewer: Viewer | None = g.viewer
    if permission is None or g.place.kind != TENANT:
        abort(404)
    if viewer is None:
        return _to_login()
    if viewer.desk_closed and _at_the_desk() and request.endpoint not in ALLOWED_WHILE_VIEWING:
        return _to_second_factor()
    if permission != SIGNED_IN and not viewer.may(permission):
        abort(403 if viewer.is_staff else 404)
    if (
        viewer.viewing_customer_id is not None
        and request.method not in READ_ONLY
        and request.endpoint not in ALLOWED_WHILE_VIEWING
    ):
        raise ViewingOnly
    return None


class ViewingOnly(Exception):
    """Staff tried to change something while they only look on."""


def _to_login() -> BaseResponse:
    if request.accept_mimetypes.best == "application/json":
        return Response('{"error":"sign-in-needed"}', 401, mimetype="application/json")
    target = request.full_path.rstrip("?") if request.method in READ_ONLY else ""
    query = {"next": target} if target and target != "/" else {}
    return redirect(_address("auth.log_in", **query), 302)


def _at_the_desk() -> bool:
    """Whether the page is one of the staff's: all of them stand under this one address."""
    rule = request.url_rule.rule if request.url_rule else ""
    return rule == "/desk" or rule.startswith("/desk/")


def _to_second_factor() -> BaseResponse:
    """The tenant wants a second factor of its staff: set it up, then go on."""
    if request.accept_mimetypes.best == "application/json":
        abort(403)
    target = request.full_path.rstrip("?") if request.method in READ_ONLY else "/desk"
    return redirect(_address("auth.set_up_second_factor", next=target), 303)


def confirm_first() -> BaseResponse | None:
    """Where to prove again who one is before a risky act; None when that was a short while ago."""
    reading = request.method in READ_ONLY
    if g.viewer.recently_confirmed(TO_OPEN if reading else TO_SEND):
        return None
    if reading:
        return redirect(_address("auth.ask_identity", next=request.full_path.rstrip("?")), 302)
    return redirect(_address("auth.ask_identity", next=_page_of_the_form(), late="yes"), 303)


def _page_of_the_form() -> str:
    """The page that a form was sent from, as far as its address tells: the same one or the one above."""
    addresses = current_app.create_url_adapter(request)
    for path in (request.path, request.path.rpartition("/")[0]):
        try:
            if addresses is not None and path and addresses.match(path, method="GET"):
                return path
        except HTTPException:
            continue
    return "/"


def _address(endpoint: str, **values: Any) -> str:
    return current_app.url_for(endpoint, **values)


def _csrf_key() -> bytes:
    """Derived once: it depends on the master keys, which the process reads when it starts."""
    key: bytes | None = current_app.extensions.get("csrf_key")
    if key is None:
        key = current_app.extensions["csrf_key"] = keyring().derive("csrf")
    return key


def _binding() -> str:
    """What the visitor's form token is bound to: the session, or an anonymous seed of this browser."""
    here = _itself(g)
    tenant = here.tenant.id.hex if here.tenant else here.place.kind
    if here.viewer is not None:
        return f"{tenant}:session:{here.viewer.session_id}"
    seed = request.cookies.get(cookie_name(SEED_COOKIE)) or here.get("new_seed")
    return f"{tenant}:seed:{seed}" if seed else ""


def browser_of_visitor() -> str:
    """Words that tell this visitor's browser from every other: what its form tokens are bound to. Empty where it sent
    nothing to know it by."""
    return _binding()


def csrf_token() -> str:
    """The token for a form on this page; gives an anonymous browser a seed to bind it to."""
    here = _itself(g)
    if here.viewer is None and not request.cookies.get(cookie_name(SEED_COOKIE)) and not here.get("new_seed"):
        here.new_seed = new_token()
    token: str | None = here.get("csrf_token")
    if token is None:  # one mask a page is enough: a page has several forms
        token = here.csrf_token = csrf.make_token(_csrf_key(), _binding())
    return token


def _close(response: Response) -> Response:
    """The one commit. An answer that refuses (status 400 and up) leaves nothing behind."""
    here = _itself(g)
    has_work = db.session.registry.has()
    wake = bool(here.get("wake"))
    if has_work and response.status_code < 400 and not here.get("failed"):
        db.session.commit()
        wake = bool(db.session.info.pop("outbox", False)) or wake
    elif has_work:
        db.session.rollback()
    if here.get("new_seed"):
        set_cookie(response, SEED_COOKIE, here.new_seed)
    settings = config()
    targets = current_app.extensions["form_targets"]() if here.get("tenant") else ()
    secure(response, https=settings.https, form_targets=targets, private=not here.get("cacheable"))
    response.headers["X-Request-ID"] = here.get("request_id", "")
    if request.method == "HEAD":
        response.set_data(b"") if not response.direct_passthrough else None
    _log(response)
    if wake:
        outbox.wake()
    return response


def _commit() -> None:
    """Whoever is cut off here cannot know whether it was done (case M20), and the page must not claim to."""
    g.committing = True
    db.session.commit()
    g.committing = False


def commit_so_far() -> None:
    """Commit before the request waits for somebody outside: what was decided stands whatever happens then, and
    no connection is held meanwhile. What follows is a second transaction; a refusal no longer undoes the first."""
    _commit()
    if db.session.info.pop("outbox", False):
        g.wake = True


def set_cookie(response: Response, name: str, value: str, *, lifetime: int | None = None) -> None:
    """Host-only, unreadable for scripts, not sent from other sites' forms."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=lifetime,
        path="/",
        secure=config().https,
        httponly=True,
        samesite="Lax",
    )


def _log(response: Response) -> None:
    known, asked = _itself(g), _itself(request)
    viewer: Viewer | None = known.get("viewer")
    tenant: TenantContext | None = known.get("tenant")
    began = known.get("began")
    rule = asked.url_rule
    log.info(
        "request",
        extra={
            "facts": {
                "request_id": known.get("request_id"),
                "tenant": tenant.slug if tenant else None,
                "user": str(viewer.user_id) if viewer else None,
                "viewing": str(viewer.viewing_customer_id) if viewer and viewer.viewing_customer_id else None,
                "route": rule.rule if rule else None,
                "method": asked.method[:10],
                "status": response.status_code,
                "ms": round((time.perf_counter() - began) * 1000, 1) if began is not None else None,
                "ip": hashlib.sha256(client_address().encode()).hexdigest()[:12],
            }
        },
    )


def client_address() -> str:
    """The visitor's address. Forwarding headers count only behind as many proxies as configured."""
    return request.remote_addr or "unknown"


def _let_go(_error: BaseException | None) -> None:
    db.session.remove()
    scope: Having[uuid.UUID | None] | None = g.pop("scope", None)
    if scope is not None:
        scope.__exit__()


def _failed(problem: Exception) -> BaseResponse | tuple[str, int]:
    """One page per kind of failure, in the tenant's look, that says what became of the data."""
    g.failed = True
    if isinstance(problem, InternalServerError) and isinstance(problem.original_exception, Exception):
        problem = problem.original_exception  # raised when the answer was there already: by the commit
    if isinstance(problem, HTTPException) and problem.code is not None and problem.code < 400:
        g.failed = False
        return problem.get_response()
    db.session.rollback()
    if isinstance(problem, (OperationalError, InterfaceError, PoolTimeout)):
        log.error("the database did not answer", exc_info=problem, extra={"request_id": g.get("request_id")})
        return outage_page(unknown=bool(g.get("committing"))), 503
    if isinstance(problem, NotFound):
        return error_page(404)
    if isinstance(problem, ViewingOnly):
        return error_page(403, viewing=True)
    if isinstance(problem, Refusal):
        return error_page(409, refusal=problem)
    if isinstance(problem, HTTPException):
        return error_page(problem.code or 500, csrf_failed=bool(g.get("csrf_failed")))
    log.error("a view failed", exc_info=problem, extra={"request_id": g.get("request_id")})
    return error_page(500)
