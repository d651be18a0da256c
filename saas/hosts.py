"""The Host header, checked before any framework sees it: Werkzeug answers some malformed ones with 500."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from uuid import uuid4

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_IPV6: Final = re.compile(r"\[[0-9a-f:.]{2,45}\]")
_ABSOLUTE: Final = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)


class MalformedHost(ValueError):
    """The header is no host name that a browser could have sent."""


def normalise_host(header: str) -> tuple[str, int | None]:
    """The host in lower case without the root's dot, and its port. Raises MalformedHost.

    An address literal comes back as it is: well formed, and unknown to everybody.
    """
    if not header or len(header) > 270 or not header.isascii():
        raise MalformedHost
    host, port = header.lower(), None
    literal = host.startswith("[")
    head, colon, tail = host.rpartition(":")
    if colon and not (literal and "]" in tail):
        if not _PORT.fullmatch(tail) or not 1 <= int(tail) <= 65535:
            raise MalformedHost
        host, port = head, int(tail)
    if literal:
        if not _IPV6.fullmatch(host):
            raise MalformedHost
        return host, port
    host = host.removesuffix(".")
    if not 1 <= len(host) <= 253 or not all(_is_label(label) for label in host.split(".")):
        raise MalformedHost
    return host, port


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    if label[2:4] != "--":
        return True
    if not label.startswith("xn--"):
        return False
    try:  # a label that does not survive the trip is what makes frameworks stumble later
        return label.encode("ascii").decode("idna").encode("idna") == label.encode("ascii")
    except UnicodeError:
        return False


class HostCheck:
    """WSGI middleware: lets a request through only for a host that `resolve` knows.

    `resolve` takes the normalised host and returns what lives there, or None. Inside, `ventanilla.host` is the
    normalised host, `ventanilla.place` what `resolve` returned, and HTTP_HOST is rewritten to the normal form.
    With `port`, a request that names another port is unknown. Everything else gets a static page that says nothing
    about anybody: 400 malformed, 404 unknown, 503 when `resolve` fails. There is no default place.
    """

    def __init__(
        self, app: WSGIApplication, resolve: Callable[[str], object | None], port: int | None = None
    ) -> None:
        self._app = app
        self._resolve = resolve
        self._port = port

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            host, port = normalise_host(str(environ.get("HTTP_HOST", "")))
            _check_target(environ, host, port)
        except MalformedHost:
            return _refuse(environ, start_response, HTTPStatus.BAD_REQUEST)
        if self._port is not None and port not in (None, self._port):
            return _refuse(environ, start_response, HTTPStatus.NOT_FOUND)
        try:
            place = self._resolve(host)
        except Exception:
            log.exception("no host can be looked up")
            return _refuse(environ, start_response, HTTPStatus.SERVICE_UNAVAILABLE)
        if place is None:
            return _refuse(environ, start_response, HTTPStatus.NOT_FOUND)
        environ["HTTP_HOST"] = host if port is None else f"{host}:{port}"
        environ["ventanilla.host"] = host
        environ["ventanilla.place"] = place
        return self._app(environ, start_response)


def _check_target(environ: WSGIEnvironment, host: str, port: int | None) -> None:
    """The request line may carry an absolute address; where the server shows it, it must name the same host."""
    path = str(environ.get("PATH_INFO", ""))
    if path and not path.startswith("/"):
        raise MalformedHost
    for key in ("RAW_URI", "REQUEST_URI"):
        match = _ABSOLUTE.match(str(environ.get(key) or ""))
        if match and normalise_host(match[1]) != (host, port):
            raise MalformedHost


# Plain words and no name: this page must not tell who is served here.
_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:34rem;"
    "padding:4rem 1.25rem}h1{font-size:1.5rem;line-height:1.25}section+section{margin-top:2.5rem;opacity:.85}"
    "h2{font-size:1.125rem}"
)
_WORDS: Final = {
    HTTPStatus.BAD_REQUEST: (
        "La dirección está mal escrita",
        "Revise la dirección en la barra del navegador y vuelva a intentarlo. No se guardó ni se cambió nada.",
        "The address is not well formed",
        "Check the address in the browser’s bar and try again. Nothing was saved or changed.",
    ),
    HTTPStatus.NOT_FOUND: (
        "Aquí no hay ninguna página",
        (
            "Revise la dirección: puede tener una letra de más o de menos. La dirección correcta está en su factura "
            "o en el último mensaje que recibió. No se guardó ni se cambió nada."
        ),
        "There is no page here",
        (
            "Check the address for a missing or extra letter. The right one is on your bill or in the last message "
            "that you received. Nothing was saved or changed."
        ),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "El servicio no está disponible por un momento",
        "Vuelva a intentarlo en unos minutos. No se guardó ni se cambió nada.",
        "The service is unavailable for a moment",
        "Try again in a few minutes. Nothing was saved or changed.",
    ),
}


def _page(status: HTTPStatus) -> bytes:
    titulo, texto, title, text = _WORDS[status]
    return (
        f'<!doctype html><html lang="es"><head><meta charset="utf-8"><title>{titulo}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><main><section><h1>{titulo}</h1><p>{texto}</p></section>"
        f'<section lang="en"><h2>{title}</h2><p>{text}</p></section></main></body></html>'
    ).encode()


_PAGES: Final = {status: _page(status) for status in _WORDS}
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        (
            f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; object-src 'none'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        ),
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex"),
]


def _refuse(environ: WSGIEnvironment, start_response: StartResponse, status: HTTPStatus) -> Iterable[bytes]:
    body = _PAGES[status]
    request_id = str(uuid4())
    log.info("host refused: %s %.80r %s", int(status), str(environ.get("HTTP_HOST", "")), request_id)
    headers = [*_HEADERS, ("Content-Length", str(len(body))), ("X-Request-ID", request_id)]
    if environ.get("wsgi.url_scheme") == "https":
        headers.append(("Strict-Transport-Security", "max-age=31536000"))
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", "30"))
    start_response(f"{int(status)} {status.phrase}", headers)
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]
