"""What no keyboard types, in forms that are right otherwise; and files with names and contents that nobody means well
with, through every form that takes a file (I02, J05, J13)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from saas import csrf
from saas.clock import now
from tests.pages import Form, read_page
from tests.rules.asking import Answer, Asker, form_token, keeping_nothing, nothing, repair, request, rightful
from tests.rules.manifest import Route
from tests.rules.world import World

BOUNDARY = b"a-line-between-parts"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY.decode()}"
PDF = b"%PDF-1.7\n% a paper\n"
TABLE = "numero;nombre\n1;Zoila \u202e=1+1\n".encode()
NAMES = {
    "NUL": b"a.pdf\x00.html",
    "no UTF-8": b"a\xff\xfe.pdf",
    "a lone surrogate": b"a\xed\xa0\x80.pdf",
    "a path": b"../../etc/passwd.pdf",
    "a path of Windows": b"C:\\\\con.pdf",
    "long": b"x" * 3000 + b".pdf",
    "turned around": "a\u202efdp.exe".encode(),
    "a quote and a parameter": b'a\\"; name=\\"evil.html',
    "no letters": "\u200b\u0301.pdf".encode(),
    "dots": b"....",
    "control signs": b"a\x1b[2J\x7f\t.csv",
}


def uploads(world: World, readings: Sequence[tuple[Route, Answer]]) -> Iterator[tuple[Asker, str, Form]]:
    """Every form with a file, as it stands on a page: who sends it, where to, its fields."""
    for route, answer in readings:
        if b'type="file"' in answer.body:
            asker = rightful(world, route)
            page = read_page(request(world.app, "GET", asker.at.host, answer.path, asker.person))
            yield from ((asker, answer.path, form) for form in page.forms if "multipart" in encoding(form))


def encoding(form: Form) -> str:
    return form.attributes.get("enctype", "")


def body_of(fields: Sequence[tuple[str, str]], file_field: str, name: bytes, content: bytes) -> bytes:
    """A form as a browser sends it, with a name that no browser would send."""
    parts = [
        b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (field.encode(), value.encode())
        for field, value in fields
    ]
    parts.append(
        b'Content-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: text/html\r\n\r\n%s'
        % (file_field.encode(), name, content)
    )
    lines = b"".join(b"--%s\r\n%s\r\n" % (BOUNDARY, part) for part in parts)
    return lines + b"--%s--\r\n" % BOUNDARY


@pytest.mark.parametrize("content", [PDF, TABLE], ids=["a paper", "a table"])
def test_no_name_and_no_content_breaks_a_form(
    world: World, readings: list[tuple[Route, Answer]], content: bytes
):
    failed, tried = [], set()
    for asker, page, form in uploads(world, readings):
        where = form.action or page
        files = [name for name, _value in form.fields if re.search(r"file|logo|document", name)]
        assert files, f"{page}: which field takes the file?"
        token = (csrf.FIELD, form_token(world.app, asker.at, asker.person))
        typed = [(name, value or "x") for name, value in form.fields if name not in (*files, csrf.FIELD)]
        tried.add(re.sub(r"[0-9a-f-]{36}", "*", where))
        with keeping_nothing():
            for kind, name in NAMES.items():
                body = body_of([token, *typed], files[0], name, content)
                answer = request(
                    world.app, "POST", asker.at.host, where, asker.person, data=body,
                    content_type=MULTIPART,
                )  # fmt: skip
                if answer.status_code >= 500:
                    failed.append(f"{where}: {kind} -> {answer.status_code}")
        if asker.person:
            repair(world, asker.at, asker.person)
    nothing(failed)
    assert len(tried) >= 9, tried


TODAY = f"{now():%d/%m/%Y}"
ANSWER = b"clave;importe;estado;fecha;referencia;motivo\nTOTAL;0;0.00\n"
# Forms of the desk that are right but for one sign, which PostgreSQL keeps in no text.
RIGHT = {
    "/desk/billing/new": {"month": f"{now():%Y-%m}", "lease": "CT\x00"},
    "/desk/payouts/new": {"cut_on": TODAY, "pay_on": TODAY, "whom": "some", "which": "CT\x00-1\n\x00"},
    "/desk/owner-charges/new": {
        "contract": "CT\x00", "kind": "repair", "amount": "1.000", "tax": "", "description": "a\x00b",
        "charged_on": TODAY,
    },
    "/desk/staff/invite": {"name": "A\x00na", "email": "ana.nueva@example.com", "role": "reader", "language": "es"},
    "/profile/details": {"name": "A\x00na", "language": "es"},
}  # fmt: skip


@pytest.mark.parametrize("path", RIGHT)
def test_a_sign_that_no_database_keeps_is_left_out(world: World, path: str):
    asker = Asker("admin", world.victim, world.victim.people["admin"])
    with keeping_nothing():
        assert sent(world, asker, path, RIGHT[path]) in (200, 302, 303, 422)
    repair(world, asker.at, asker.person)


def test_a_file_keeps_its_name_without_it(world: World):
    """The bank's answer is whole, its name is not."""
    asker = Asker("admin", world.victim, world.victim.people["admin"])
    token = (csrf.FIELD, form_token(world.app, asker.at, asker.person))
    body = body_of([token, ("layout", "csv-generico-v1")], "file", b"../r\x00\x1b[2J.csv", ANSWER)
    with keeping_nothing():
        assert sent(world, asker, "/desk/payouts/answers/new", body, MULTIPART) == 303
    repair(world, asker.at, asker.person)


@pytest.mark.parametrize("path", ["/check/%00", "/pay/a%00b", "/income/statements/{id}/%00", "/repair/%00"])
def test_an_address_with_it_does_not_exist(world: World, path: str):
    asker = Asker("customer", world.victim, world.victim.people["customer"])
    path = path.replace("{id}", str(world.victim.rows["accounts"][2]))
    assert request(world.app, "GET", asker.at.host, path, asker.person).status_code == 404


def sent(world: World, asker: Asker, path: str, data: Any, content_type: str | None = None) -> int:
    if isinstance(data, dict):
        data = {**data, csrf.FIELD: form_token(world.app, asker.at, asker.person)}
    return request(
        world.app, "POST", asker.at.host, path, asker.person, data=data, content_type=content_type
    ).status_code
