"""Which names may be claimed at all (D06)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saas.hosts import normalise_host
from saas.refusals import Refusal
from tenants import domain_names
from tenants.domain_names import check_name

PLATFORM = frozenset({"ventanilla.com.co", "bank.localhost"})


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("clientes.rioclaro.com.ar", "clientes.rioclaro.com.ar"),
        ("  RioClaro.COM. ", "rioclaro.com"),
        ("a-1.b2.co", "a-1.b2.co"),
        ("0800agua.com", "0800agua.com"),
        ("miventanilla.com.co", "miventanilla.com.co"),
    ],
)
def test_a_name_of_ones_own(typed: str, host: str) -> None:
    assert check_name(typed, PLATFORM) == host


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("admin.ventanilla.com.co", domain_names.OF_THE_PLATFORM),
        ("ADMIN.Ventanilla.com.co.", domain_names.OF_THE_PLATFORM),
        ("ventanilla.com.co", domain_names.OF_THE_PLATFORM),
        ("bank.localhost", domain_names.OF_THE_PLATFORM),
        ("localhost", domain_names.RESERVED),
        ("a.localhost", domain_names.RESERVED),
        ("impresora.local", domain_names.RESERVED),
        ("a.internal", domain_names.RESERVED),
        ("x.onion", domain_names.RESERVED),
        ("1.0.0.127.in-addr.arpa", domain_names.RESERVED),
        ("127.0.0.1", domain_names.AN_ADDRESS),
        ("127.1", domain_names.AN_ADDRESS),
        ("2130706433", domain_names.AN_ADDRESS),
        ("0x7f.0.0.0x1", domain_names.AN_ADDRESS),
        ("[::1]", domain_names.AN_ADDRESS),
        ("2001:db8::1", domain_names.AN_ADDRESS),
        ("a.1", domain_names.AN_ADDRESS),
        ("*.rioclaro.com", domain_names.A_PATTERN),
        ("*", domain_names.A_PATTERN),
        ("аguas.com", domain_names.OTHER_LETTERS),  # a Cyrillic a
        ("águas.com", domain_names.OTHER_LETTERS),
        ("xn--guas-53d.com", domain_names.OTHER_LETTERS),
        ("clientes.xn--caa-8ma.com", domain_names.OTHER_LETTERS),
        ("aguas。com", domain_names.OTHER_LETTERS),  # a full stop that browsers take for a dot
        ("ａguas.com", domain_names.OTHER_LETTERS),
        ("intranet", domain_names.NOT_WHOLE),
        ("com", domain_names.NOT_WHOLE),
        ("com.ar", domain_names.SHARED_ENDING),
        ("gov.co", domain_names.SHARED_ENDING),
        ("github.io", domain_names.SHARED_ENDING),
        ("", domain_names.ONLY_THE_NAME),
        ("https://rioclaro.com", domain_names.ONLY_THE_NAME),
        ("rioclaro.com/x", domain_names.ONLY_THE_NAME),
        ("rioclaro.com:443", domain_names.ONLY_THE_NAME),
        ("a@rioclaro.com", domain_names.ONLY_THE_NAME),
        ("rio claro.com", domain_names.ONLY_THE_NAME),
        ("rioclaro.com\x00", domain_names.ONLY_THE_NAME),
        ("rio_claro.com", domain_names.NOT_A_NAME),
        ("-rio.com", domain_names.NOT_A_NAME),
        ("rio-.com", domain_names.NOT_A_NAME),
        ("rio..com", domain_names.NOT_A_NAME),
        (".rio.com", domain_names.NOT_A_NAME),
        ("ab--cd.com", domain_names.NOT_A_NAME),
        ("a" * 64 + ".com", domain_names.NOT_A_NAME),
        (".".join(["a" * 49] * 5) + ".com", domain_names.TOO_LONG),
        ("a" * 5000 + ".com", domain_names.TOO_LONG),
    ],
)
def test_a_name_that_nobody_may_claim(typed: str, why: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_name(typed, PLATFORM)
    assert (refused.value.msgid, refused.value.field) == (why, "host")
    assert len(str(refused.value)) < 400


@given(st.text(st.sampled_from("abxn019-._:*@/ ñа。\x00"), max_size=30) | st.text(max_size=30))
@example("a.b.co")
def test_what_may_be_claimed_is_what_the_host_check_knows(typed: str) -> None:
    try:
        host = check_name(typed, PLATFORM)
    except Refusal:
        return
    assert normalise_host(host) == (host, None)
    assert check_name(host, PLATFORM) == host
