"""Customers who pay, each in a thread: they press again when nothing comes back, and twice when they are impatient."""

from __future__ import annotations

import random
import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import httpx

from chaos.gate import ADDRESS
from chaos.world import BANK, Payer, World

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PATIENCE = 20.0
TRIES = 12
BUSY_AGAIN = 6.0  # seconds until a payer who was told to wait presses again


@dataclass(slots=True)
class Counts:
    """What the payers saw. Broken: no answer, or the proxy's; refused: told that a payment is under way."""

    pressed: int = 0
    approved: int = 0
    declined: int = 0
    left: int = 0
    broken: int = 0
    outages: int = 0
    refused: int = 0
    given_up: int = 0
    strange: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str) -> None:
        with self.lock:
            setattr(self, name, getattr(self, name) + 1)


class Customer:
    """One payer at a browser."""

    def __init__(self, payer: Payer, world: World, port: int, counts: Counts, chance: random.Random) -> None:
        self.payer = payer
        self.world = world
        self.counts = counts
        self.chance = chance
        self.stopping = threading.Event()
        self._client = httpx.Client(
            base_url=f"http://{ADDRESS}:{port}",
            timeout=PATIENCE,
            headers={"Connection": "close"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # several hosts behind one address
        )
        self._port = port
        self._forms: dict[str, tuple[str, str]] = {}  # of other hosts: cookie and form token
        self.thread = threading.Thread(target=self._live, name=payer.email, daemon=True)

    def _live(self) -> None:
        with self._client:
            while not self.stopping.is_set():
                try:
                    self.pay(self.world.invoice(self.payer))
                except Exception as problem:
                    self.counts.strange.append(f"{type(problem).__name__}: {problem}")
                    self.stopping.wait(1)

    def pay(self, invoice_id: uuid.UUID) -> bool:
        """From the confirmation page to the bank's, again and again until it is done. False when given up."""
        impatient = self.chance.random()
        for _ in range(TRIES):
            address = self._start(invoice_id, twice=impatient < 0.2)
            if address is None:
                if self.stopping.wait(0.3):
                    break
                continue
            host = urlsplit(address).netloc.partition(":")[0]
            if host == self.payer.town.host:  # our own page: it says where the payment stands
                if self._settled(address):
                    return True
                if self.chance.random() < 0.3:
                    self._leave(address)
                elif self.stopping.wait(BUSY_AGAIN):
                    break
                continue
            whim = self.chance.random()
            if whim < 0.05:  # looks at the bank's page and goes home
                self.counts.add("left")
                return False
            if self._decide(address, approve=whim > 0.12):
                if whim > 0.12:
                    self.counts.add("approved")
                    self._ask("GET", "/invoices")
                    return True
                self.counts.add("declined")
                self.stopping.wait(1)
        self.counts.add("given_up")
        return False

    def _start(self, invoice_id: uuid.UUID, *, twice: bool) -> str | None:
        """Press "pay", in two tabs when `twice`. Returns where the browser is sent; None when nothing came back."""
        if not self.payer.csrf:
            page = self._ask("GET", f"/payments/confirm?invoice={invoice_id}")
            found = TOKEN.search(page.text) if page is not None else None
            if found is None:
                return None
            self.payer.csrf = found[1]
        fields = {"csrf_token": self.payer.csrf, "invoice": str(invoice_id)}
        if twice:
            with ThreadPoolExecutor(2) as tabs:
                answers = list(tabs.map(lambda _: self._ask("POST", "/payments/start", fields), range(2)))
        else:
            answers = [self._ask("POST", "/payments/start", fields)]
        self.counts.add("pressed")
        addresses = [
            answer.headers["location"]
            for answer in answers
            if answer is not None and answer.status_code == 303
        ]
        if addresses:
            elsewhere = [one for one in addresses if urlsplit(one).netloc not in ("", self._own())]
            return (elsewhere or [self._whole(addresses[0])])[0]
        for answer in answers:
            if answer is not None and answer.status_code == 422:
                self.counts.add("refused")
        return None

    def _decide(self, address: str, *, approve: bool) -> bool:
        """Approve or decline at the provider's page; the provider's word is final. False when it was not heard."""
        for _ in range(4):
            try:
                page = self._elsewhere("GET", address)
                if page.status_code == 303:
                    address = urljoin(address, page.headers["location"])
                    page = self._elsewhere("GET", address)
                if self.payer.town.provider == BANK:
                    said = {"decision": "approve" if approve else "decline", "notice": self._notice()}
                else:
                    said = {"decision": "card" if approve else "decline"}
                answer = self._elsewhere("POST", address, said)
                return answer.status_code == 303
            except httpx.HTTPError:
                self.counts.add("broken")
                time.sleep(0.2)
        return False

    def _notice(self) -> str:
        """How the bank tells us: mostly once, sometimes twice, sometimes never."""
        return self.chance.choices(("once", "twice", "never"), (70, 15, 15))[0]

    def _settled(self, address: str) -> bool:
        page = self._ask("GET", f"{urlsplit(address).path}/status")
        return (
            page is not None and page.status_code == 200 and page.json()["state"] in ("captured", "pending")
        )

    def _leave(self, address: str) -> None:
        answer = self._ask("POST", f"{urlsplit(address).path}/leave", {"csrf_token": self.payer.csrf})
        if answer is not None and answer.status_code == 303:
            self.counts.add("left")

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> httpx.Response | None:
        """A request to the tenant's host. None when there is no answer, or one that says to come again."""
        headers = {
            "Host": f"{self.payer.town.host}:{self._port}",
            "Cookie": f"ventanilla={self.payer.token}",
            "Origin": f"http://{self._own()}",
        }
        try:
            answer = self._client.request(method, path, data=fields, headers=headers)
        except httpx.HTTPError:
            self.counts.add("broken")
            return None
        if answer.status_code in (500, 502, 503):
            self.counts.add("broken" if answer.status_code == 502 else "outages")
            if answer.status_code == 500:
                self.counts.strange.append(f"{method} {path.partition('?')[0]}: 500")
            return None
        return answer

    def _elsewhere(self, method: str, address: str, fields: dict[str, str] | None = None) -> httpx.Response:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        # A form of the bank's own page, whose address a browser would have given too.
        headers = {"Host": parts.netloc, "Origin": f"http://{parts.netloc}"}
        if method == "POST":
            cookies, token = self._forms[parts.netloc]
            fields = {**(fields or {}), "csrf_token": token}
            headers["Cookie"] = cookies
        answer = self._client.request(method, path, data=fields, headers=headers)
        found = TOKEN.search(answer.text) if answer.status_code == 200 else None
        if found:
            cookie = answer.headers.get("set-cookie", "").partition(";")[0]
            self._forms[parts.netloc] = (cookie, found[1])
        return answer

    def _own(self) -> str:
        return f"{self.payer.town.host}:{self._port}"

    def _whole(self, address: str) -> str:
        return address if "://" in address else f"http://{self._own()}{address}"
