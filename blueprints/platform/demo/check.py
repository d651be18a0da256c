"""`flask demo-check`: walk the main job over HTTP on both organisations and say what was seen."""

from __future__ import annotations

import html
import re
import sys
import time
from dataclasses import dataclass, field

import click
import httpx

from blueprints.platform.demo.logins import AGENCY, HOLDER, PASSWORD, RENTER, UTILITY

PATIENCE = 30.0  # seconds for a payment to be known and its receipt to be made


class NotSeen(Exception):
    """Something that a customer must see was not there."""


@dataclass
class Walker:
    """A browser of one person: keeps cookies per host and fills forms as they are."""

    port: int
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(timeout=15.0, follow_redirects=True, transport=_ToThisMachine(self.port))

    def get(self, url: str) -> httpx.Response:
        return self._good(self.client.get(url, headers={"Accept": "text/html"}))

    def submit(self, page: httpx.Response, changes: dict[str, object], *, action: str = "") -> httpx.Response:
        """Send the form whose action contains `action`, with its own fields and the changes."""
        form = _form(page.text, action)
        data: dict[str, object] = {**form.fields, **changes}
        target = page.url.join(form.action or str(page.url))
        origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
        return self._good(
            self.client.post(target, data=data, headers={"Origin": origin, "Accept": "text/html"})
        )

    @staticmethod
    def _good(response: httpx.Response) -> httpx.Response:
        if response.status_code >= 400:
            raise NotSeen(f"{response.url} answered {response.status_code}")
        return response


class _ToThisMachine(httpx.HTTPTransport):
    """Every name below .localhost is this machine, also where the resolver does not know it."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = httpx.Headers(request.headers)
        headers["Host"] = f"{request.url.host}:{self.port}"
        here = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1", port=self.port),
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return super().handle_request(here)


@dataclass
class Form:
    action: str
    fields: dict[str, object]


def _form(text: str, action: str) -> Form:
    for match in re.finditer(r"<form\b([^>]*)>(.*?)</form>", text, re.S):
        head, body = match.groups()
        if 'method="post"' not in head.lower():
            continue
        found = _attribute(head, "action")
        if action in found:
            return Form(found, _fields(body))
    raise NotSeen(f"there is no form for “{action}”")


def _fields(body: str) -> dict[str, object]:
    fields: dict[str, object] = {}
    for tag in re.findall(r"<input\b[^>]*>", body):
        name, kind = _attribute(tag, "name"), _attribute(tag, "type")
        if name and kind in ("hidden", "text", "email"):
            fields[name] = _attribute(tag, "value")
    return fields


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found.group(1)) if found else ""


def walk(port: int, slug: str, email: str) -> list[str]:
    """Log in, choose two invoices, pay at the bank, read the receipt. Returns what was seen.

    Raises NotSeen with a sentence when something is missing.
    """
    seen: list[str] = []
    walker = Walker(port)
    base = f"http://{slug}.localhost:{port}"
    page = walker.get(f"{base}/login")
    time.sleep(3.5)  # the form's own proof that a person filled it when no script runs
    page = walker.submit(page, {"email": email, "password": PASSWORD}, action="login")
    if "/login" in str(page.url):
        raise NotSeen("the login was not accepted")
    seen.append(f"logged in as {email}: {_title(page)}")
    page = walker.get(f"{base}/invoices")
    chosen = re.findall(r'name="invoice"[^>]*value="([0-9a-f-]{36})"', page.text)[:2]
    if len(chosen) < 2:
        raise NotSeen(f"{len(chosen)} invoices to choose, two were expected")
    page = walker.submit(page, {"invoice": chosen}, action="summary")
    seen.append(f"chose two invoices: {_title(page)}")
    page = walker.submit(page, {"invoice": chosen}, action="confirm")
    seen.append(f"asked whether sure: {_title(page)}")
    page = walker.submit(page, {"invoice": chosen}, action="start")
    if "ppp-web-gateway-payu" in page.text:
        seen.append(f"on the way to PayU: {_title(page)}")
        page = walker.submit(page, {}, action="ppp-web-gateway-payu")
    if page.url.host != "bank.localhost":
        raise NotSeen(f"the bank's page was expected, not {page.url}")
    seen.append(f"at the bank: {_title(page)}")
    # Stripe's page has cards where the others approve.
    page = walker.submit(page, {"decision": "card" if "/stripe/" in str(page.url) else "approve"})
    receipt = _wait_for_receipt(walker, page)
    seen.append(f"paid: {_title(receipt)}")
    found = re.search(r'href="(/receipts/[0-9a-f-]{36}/pdf)"', receipt.text)
    if not found:
        raise NotSeen("the receipt has no PDF")
    document = walker.get(f"{base}{found.group(1)}")
    if not document.content.startswith(b"%PDF"):
        raise NotSeen("the receipt's file is no PDF")
    seen.append(f"receipt: a PDF of {len(document.content) // 1024} kB")
    _wait_for_mail(walker, port, email)
    seen.append(f"mail with the receipt to {email}")
    return seen


def _wait_for_receipt(walker: Walker, page: httpx.Response) -> httpx.Response:
    deadline = time.monotonic() + PATIENCE
    status = str(page.url)
    while time.monotonic() < deadline:
        page = walker.get(status)
        link = re.search(r'href="(/receipts/[0-9a-f-]{36})"', page.text)
        if link:
            receipt = walker.get(str(page.url.join(link.group(1))))
            if "/pdf" in receipt.text:
                return receipt
        time.sleep(0.5)
    raise NotSeen("the payment was not confirmed in time")


def _wait_for_mail(walker: Walker, port: int, email: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if email in walker.get(f"http://localhost:{port}/mailbox").text:
            return
        time.sleep(0.5)
    raise NotSeen("no mail arrived")


def _title(page: httpx.Response) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.S)
    words = re.sub(r"<[^>]+>", " ", found.group(1)) if found else "?"
    return f"“{html.unescape(' '.join(words.split()))}”"


@click.command("demo-check")
@click.option("--port", type=int, required=True)
def demo_check(port: int) -> None:
    """Walk the main job on a running demo. Exit status 1 when something was not as it must be."""
    good = True
    for slug, email in ((UTILITY, HOLDER.email), (AGENCY, RENTER.email)):
        click.echo(f"{slug}.localhost:{port}")
        try:
            for sentence in walk(port, slug, email):
                click.echo(f"  ok   {sentence}")
        except (NotSeen, httpx.HTTPError) as problem:
            good = False
            click.echo(f"  BAD  {problem}")
    sys.exit(0 if good else 1)
