"""Who may say that something happened: the signature of the exact bytes, made now, for this account."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from blueprints.payments.interface import Ask, Forged, Notice, ProviderAccountView
from blueprints.payments.providers.stripe.adapter import Stripe
from blueprints.payments.providers.stripe.notices import EVENTS, TOLERANCE
from blueprints.payments.providers.stripe_simulator import shapes
from saas.config import Config
from tests.blueprints.payments.providers.stripe.peer import as_sent, signed

SECRET, OLD, FOREIGN = "whsec_current00", "whsec_previous0", "whsec_foreign00"
NOW = datetime.datetime.fromtimestamp(int(time.time()), datetime.UTC)
AT = int(NOW.timestamp())


@pytest.fixture(autouse=True)
def this_second() -> Iterator[None]:
    """The SDK looks at the clock itself."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def adapter() -> Stripe:
    """No database, no application: a verifier needs neither."""
    return Stripe(Config.from_env({"VENTANILLA_ENVIRONMENT": "test", "DATABASE_URL": "postgresql://nowhere"}))


def account(**changes: Any) -> ProviderAccountView:
    values: dict[str, Any] = {
        "id": uuid.UUID(int=1),
        "tenant_id": uuid.UUID(int=2),
        "provider": "stripe",
        "mode": "live",
        "settings": {"access": "own"},
        "secrets": {"key": "rk_live_0123456789", "webhook_secret": SECRET},
        "previous": {},
        **changes,
    }
    return ProviderAccountView(**values)


def event(kind: str = "checkout.session.completed", **changes: Any) -> dict[str, Any]:
    thing = {
        "id": "cs_live_1",
        "object": "checkout.session",
        "mode": "payment",
        "client_reference_id": "AAA-1",
    }
    return {**shapes.event(kind, thing, AT, live=True), **changes}


BODY = as_sent(event())


def notice(body: bytes = BODY, header: str | None = None, at: datetime.datetime = NOW) -> Notice:
    return Notice(body, {"stripe-signature": signed(body, SECRET, AT) if header is None else header}, at)


def v1(body: bytes, secret: str, at: object = AT) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_the_documented_vector():
    assert signed(b"{}", "whsec_x", 1_700_000_000) == (
        "t=1700000000,v1=be8cb8325f2202445260a855532f967e30ad2a9394ce28da66ee02880ddcb661"
    )
    assert v1(b"{}", "whsec_x", 1_700_000_000) == signed(b"{}", "whsec_x", 1_700_000_000).partition("v1=")[2]


def test_exact_bytes_are_believed(adapter: Stripe):
    assert adapter.receive(account(), notice()) == [Ask(reference="AAA-1")]


@pytest.mark.parametrize(
    "changed",
    [
        json.dumps(json.loads(BODY)).encode(),
        json.dumps(json.loads(BODY), separators=(",", ":")).encode(),
        BODY + b"\n",
        b" " + BODY,
        b"\xef\xbb\xbf" + BODY,
        BODY.replace(b"\n", b"\r\n"),
        BODY.replace(b"completed", b"expired"),
        BODY.replace(b"AAA-1", b"AAA-2"),
        BODY[:-1],
        b"",
    ],
)
def test_other_bytes_are_not(adapter: Stripe, changed: bytes):
    header = signed(BODY, SECRET, AT)
    with pytest.raises(Forged, match="signature"):
        adapter.receive(account(), notice(changed, header))


@pytest.mark.parametrize("place", range(0, len(BODY), 37))
def test_one_flipped_byte_is_seen(adapter: Stripe, place: int):
    changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
    with pytest.raises(Forged):
        adapter.receive(account(), notice(changed, signed(BODY, SECRET, AT)))


GOOD = v1(BODY, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "garbage",
        f"v1={GOOD}",
        f"t={AT}",
        f"t={AT},v1=",
        f"t={AT},v0={GOOD}",
        f"t={AT},v1={GOOD[:-1]}",
        f"t={AT},v1={GOOD[:-1]}0" if GOOD[-1] != "0" else f"t={AT},v1={GOOD[:-1]}1",
        f"t={AT},v1={GOOD} ",
        f"t={AT},v1={GOOD.upper()}",
        f"t={AT}, v1={GOOD}",
        f"t={AT + 1},v1={GOOD}",
        f"t=,v1={GOOD}",
        f"t=-{AT},v1={GOOD}",
        f"t={AT}.0,v1={GOOD}",
        f"t= {AT},v1={GOOD}",
        f"t={AT},t={AT},v1={GOOD}",
        f"t={AT},t=0,v1={GOOD}",
        f"t={AT + 900}=x,t={AT},v1={v1(BODY, SECRET, AT + 900)}",
        f"t={AT},v1={GOOD}" + f",v1={'a' * 64}" * 20,
        f"t=99999999999999,v1={GOOD}",
        f"t={'9' * 5000},v1={GOOD}",
        f"t={AT},v1=é{GOOD}",
        f"t={AT},v1={'a' * 2000}",
        f"t={AT},v1={v1(BODY, FOREIGN)}",
        f"t={AT},v1={v1(BODY, '')}",
        f"t={AT},v1={hashlib.sha256(BODY).hexdigest()}",
        f"t={AT},v1={hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}",
        f"t={AT},v1={hmac.new(SECRET.encode(), f'{AT}.'.encode() + BODY, hashlib.sha1).hexdigest()}",
    ],
    ids=lambda _header: "header",  # signatures differ from run to run, names of tests must not
)
def test_other_headers_are_not_believed(adapter: Stripe, header: str):
    with pytest.raises(Forged):
        adapter.receive(account(), notice(header=header))


def test_without_a_header_nothing_is_believed(adapter: Stripe):
    with pytest.raises(Forged):
        adapter.receive(account(), Notice(BODY, {}, NOW))


def test_several_signatures_are_several_keys(adapter: Stripe):
    header = f"t={AT},v1={v1(BODY, FOREIGN)},v1={GOOD},v0=abc"
    assert adapter.receive(account(), notice(header=header))


@pytest.mark.parametrize("seconds", [-TOLERANCE - 30, TOLERANCE + 1, 3600, -86_400, 10 * 365 * 86_400])
def test_another_time_is_refused_to_both_sides(adapter: Stripe, seconds: int):
    with pytest.raises(Forged, match="time"):
        adapter.receive(account(), notice(header=signed(BODY, SECRET, AT + seconds)))


@pytest.mark.parametrize("seconds", [-TOLERANCE + 30, TOLERANCE - 30])
def test_clocks_may_differ_a_little(adapter: Stripe, seconds: int):
    assert adapter.receive(account(), notice(header=signed(BODY, SECRET, AT + seconds)))


@pytest.mark.parametrize("secret", ["", " ", "\n"])
def test_an_empty_secret_signs_nothing(adapter: Stripe, secret: str):
    bare = account(secrets={"key": "x", "webhook_secret": secret}, previous={"webhook_secret": ""})
    with pytest.raises(Forged):
        adapter.receive(bare, notice(header=signed(BODY, secret, AT)))
    with pytest.raises(Forged):
        adapter.receive(account(secrets={"key": "x"}), notice(header=signed(BODY, "", AT)))


def test_the_secret_before_is_believed_while_it_is_kept(adapter: Stripe):
    rotating = account(previous={"webhook_secret": OLD})
    for secret in (SECRET, OLD):
        assert adapter.receive(rotating, notice(header=signed(BODY, secret, AT)))
    with pytest.raises(Forged):
        adapter.receive(account(), notice(header=signed(BODY, OLD, AT)))
    with pytest.raises(Forged):
        adapter.receive(rotating, notice(header=signed(BODY, FOREIGN, AT)))


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b'{"id": "\xff"}',
        b"{",
        b"null",
        b"[]",
        b"1",
        b'"event"',
        b"[" * 20_000,
        b'{"object": "event"}',
        b'{"object": "event", "livemode": true, "type": "x", "data": {}}',
        b'{"object": "event", "livemode": true, "type": "x", "data": {"object": []}}',
        b'{"object": "event", "livemode": "true", "type": "x", "data": {"object": {}}}',
        b'{"object": "event", "livemode": true, "type": 1, "data": {"object": {}}}',
        b'{"object": "v2.core.event", "livemode": true, "type": "x", "data": {"object": {}}}',
        b'{"object": "checkout.session", "livemode": true}',
    ],
)
def test_signed_nonsense_is_refused(adapter: Stripe, body: bytes):
    header = f"t={AT},v1={v1(body, SECRET)}"
    with pytest.raises(Forged):
        adapter.receive(account(), notice(body, header))


def test_a_signed_mark_at_the_beginning_is_no_json(adapter: Stripe):
    body = b"\xef\xbb\xbf" + BODY
    with pytest.raises(Forged, match="JSON"):
        adapter.receive(account(), notice(body, f"t={AT},v1={v1(body, SECRET)}"))


@pytest.mark.parametrize("mode", ["test", "live"])
def test_the_other_mode_is_ignored(adapter: Stripe, mode: str, caplog: pytest.LogCaptureFixture):
    body = as_sent(event(livemode=mode != "live"))
    assert adapter.receive(account(mode=mode), notice(body, signed(body, SECRET, AT))) == []
    assert "the other mode" in caplog.text


@pytest.mark.parametrize(
    ("connected", "said", "good"),
    [
        ("", None, True),
        ("acct_1", "acct_1", True),
        ("", "acct_1", False),
        ("acct_1", None, False),
        ("acct_1", "acct_2", False),
    ],
)
def test_whose_event_it_is(adapter: Stripe, connected: str, said: str | None, good: bool):
    settings = {"access": "connect" if connected else "own", "connected_account": connected}
    body = as_sent(event(**({"account": said} if said else {})))
    given = notice(body, signed(body, SECRET, AT))
    if good:
        assert adapter.receive(account(settings=settings), given)
    else:
        with pytest.raises(Forged, match="another account"):
            adapter.receive(account(settings=settings), given)


def thing(kind: str, **more: Any) -> dict[str, Any]:
    return {"id": "x_1", "object": kind, "metadata": {}, "payment_intent": "pi_1", **more}


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_of_ours_is_a_question(adapter: Stripe, kind: str):
    ours = thing("x", metadata={"reference": "AAA-1"}, mode="payment", client_reference_id="AAA-1")
    body = as_sent(shapes.event(kind, ours, AT, live=True))
    assert adapter.receive(account(), notice(body, signed(body, SECRET, AT))) == [Ask(reference="AAA-1")]


@pytest.mark.parametrize(
    ("kind", "of", "asks"),
    [
        ("refund.created", thing("refund"), [Ask(provider_reference="pi_1")]),
        ("charge.refund.updated", thing("refund"), [Ask(provider_reference="pi_1")]),
        ("charge.dispute.created", thing("dispute"), [Ask(provider_reference="pi_1")]),
        ("charge.dispute.closed", thing("dispute", payment_intent=None), []),
        ("charge.dispute.closed", thing("dispute", payment_intent={"id": "pi_1"}), []),
        ("charge.refunded", thing("charge"), []),
        ("payment_intent.succeeded", thing("payment_intent"), []),
        ("payment_intent.succeeded", thing("payment_intent", metadata=None), []),
        ("payment_intent.succeeded", thing("payment_intent", metadata=["reference"]), []),
        ("payment_intent.succeeded", thing("payment_intent", metadata="reference"), []),
        ("payment_intent.succeeded", thing("payment_intent", metadata={"reference": ["x"]}), []),
        ("payment_intent.succeeded", thing("payment_intent", metadata={"reference": "x\u0000"}), []),
        ("payment_intent.succeeded", thing("payment_intent", metadata={"reference": "x" * 101}), []),
        ("checkout.session.completed", thing("s", mode="setup", client_reference_id="AAA-1"), []),
        ("checkout.session.completed", thing("s", mode="payment", client_reference_id=None), []),
        ("checkout.session.completed", thing("s", mode="payment", client_reference_id="\ud800"), []),
        ("customer.created", thing("customer", metadata={"reference": "AAA-1"}), []),
        ("payout.paid", thing("payout"), []),
    ],
)
def test_what_is_asked_about(adapter: Stripe, kind: str, of: dict[str, Any], asks: list[Ask]):
    body = as_sent(shapes.event(kind, of, AT, live=True))
    assert adapter.receive(account(), notice(body, signed(body, SECRET, AT))) == asks
