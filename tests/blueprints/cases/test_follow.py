"""Number and code open a case without a login, and nothing else does; what its customer may do with it then."""

from __future__ import annotations

import datetime
import io
import re
import uuid
from datetime import date

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from blueprints.cases import follow_codes, services
from blueprints.cases.models import CaseFile
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from saas.secrets import Keyring
from saas.tokens import code_of, digest, normalise_code
from tests import cast
from tests.blueprints.cases import visitor as v
from tests.blueprints.cases.bureau import Bureau, moment
from tests.blueprints.cases.visitor import a_case, following, sara
from tests.blueprints.desk.office import text_of
from tests.pages import check_page, checked_get, read_page

WRONG = "AAAA-AAAA-AAAA-AAAA"
REFUSED = "no corresponden"


# --- the code -----------------------------------------------------------------------------------------------------


def test_a_code_made_of_bytes_is_a_code():
    code = code_of(bytes(range(10)), groups=4)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert normalise_code(code.lower().replace("-", " "), groups=4) == code
    assert code_of(b"\xff" * 32, groups=4) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert len({code_of(number.to_bytes(10), groups=4) for number in range(1000)}) == 1000
    with pytest.raises(ValueError, match="too few"):
        code_of(b"123456789", groups=4)


def test_codes_links_and_tickets_outlive_a_new_key_and_no_other(app: Flask, bureau: Bureau):
    case_id, at = uuid.uuid4(), moment(date(2026, 3, 25))
    old = app.extensions["keyring"]
    with unit_of_work(bureau.tenant.id):
        code, link = follow_codes.code_for(case_id), follow_codes.link_token(case_id)
        ticket = follow_codes.ticket_for(case_id, at, fresh=True)
        try:
            app.extensions["keyring"] = Keyring([b"n" * 40, b"k" * 40])
            assert follow_codes.code_for(case_id) != code
            assert follow_codes.code_for(case_id, digest(code)) == code
            assert follow_codes.opened_by(link) == case_id
            assert follow_codes.ticket_of(ticket, at) == follow_codes.Ticket(case_id, True)
            app.extensions["keyring"] = Keyring([b"n" * 40])
            assert follow_codes.opened_by(link) is None and follow_codes.ticket_of(ticket, at) is None
        finally:
            app.extensions["keyring"] = old
        assert follow_codes.ticket_of(ticket, at + follow_codes.OPEN_FOR) is None
        # One is not worth another.
        assert follow_codes.opened_by(ticket) is None and follow_codes.ticket_of(link, at) is None
        for broken in ("", "x", link[:-1], link + "A", "é" * 60, "=" * 60, "A" * 43, link.swapcase()):
            assert follow_codes.opened_by(broken) is None, broken
            assert follow_codes.ticket_of(broken, at) is None, broken


# --- opening it ---------------------------------------------------------------------------------------------------


def test_number_and_code_open_it_as_people_type_them(app: Flask, bureau: Bureau, tuesday: None):
    number, code, _case_id = a_case(app, bureau)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        client = following(app, bureau, f"  {number} ", typed)
        page = checked_get(client, v.CASE)
        assert number in page.text and "Me cobraron dos veces" in page.text
        assert code not in page.body
        assert client.get("/requests/filed").headers["Location"] == v.CASE, "the code is shown once"


def test_a_wrong_number_and_a_wrong_code_are_answered_alike(app: Flask, bureau: Bureau, tuesday: None):
    number, code, _case_id = a_case(app, bureau)
    theirs = bureau.case(bureau.file()).number  # of somebody with a login: no code opens it
    bodies = set()
    for asked in (
        (number, WRONG),
        ("2026-999999", code),
        (theirs, code),
        (theirs, ""),
        ("", ""),
        (number, ""),
    ):
        answer = v.open_it(v.visitor(app, bureau.tenant), *asked)
        body = text_of(answer, 422)
        assert REFUSED in body and "ventanilla-case" not in str(answer.headers), asked
        assert read_page(answer).complaints == []
        bodies.add(re.sub(r' value="[^"]*"', "", body))  # what was typed, and the form's token
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("x" * 20_000, WRONG),
        ("2026-000001\x00", "\x00"),
        ("' OR 1=1 --", "' OR '1'='1"),
        ("%", "%"),
        ("2026-000001", "Ω" * 16),
        ("\ud800", "\ud800"),
    ],
)
def test_nothing_that_is_typed_there_breaks_it(app: Flask, bureau: Bureau, number: str, code: str):
    client = v.visitor(app, bureau.tenant)
    token = v.hidden_fields(client, v.FOLLOW)
    data = {
        **token,
        "number": number.encode("utf-8", "surrogatepass"),
        "code": code.encode("utf-8", "surrogatepass"),
    }
    assert REFUSED in text_of(client.post(v.FOLLOW, data=data), 422)


def test_nobody_guesses_for_long(app: Flask, bureau: Bureau, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("blueprints.cases.follow_pages.AN_HOUR", 3)
    client = v.visitor(app, bureau.tenant)
    statuses = [v.open_it(client, "2026-000001", WRONG).status_code for _try in range(5)]
    assert statuses == [422, 422, 422, 429, 429]
    assert v.open_it(v.visitor(app, bureau.tenant, "203.0.113.9"), "2026-000001", WRONG).status_code == 422
    assert client.get("/requests/link/x").status_code == 404, "the links are counted apart"


def test_another_organisations_number_code_and_ticket_open_nothing(app: Flask, bureau: Bureau, tuesday: None):
    number, code, case_id = a_case(app, bureau)
    other = cast.make_agency("vecino", canary="CANARIO-VECINO")
    stranger = v.visitor(app, other)
    assert REFUSED in text_of(v.open_it(stranger, number, code), 422)
    with unit_of_work(bureau.tenant.id):
        token, ticket = follow_codes.link_token(case_id), follow_codes.ticket_for(case_id, now())
    assert stranger.get(f"/requests/link/{token}").status_code == 404
    stranger.set_cookie("ventanilla-case", ticket, domain=other.host)
    assert stranger.get(v.CASE).headers["Location"] == v.FOLLOW


def test_without_a_ticket_there_is_nothing_to_see_or_do(app: Flask, bureau: Bureau, tuesday: None):
    _number, _code, case_id = a_case(
        app, bureau, {**v.ANONYMOUS, "files": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}
    )
    with unit_of_work(bureau.tenant.id):
        file_id = db.session.execute(select(CaseFile.id).where(CaseFile.case_id == case_id)).scalar_one()
    client = v.visitor(app, bureau.tenant)
    for forged in ("", "x" * 76, "A" * 76):
        client.set_cookie("ventanilla-case", forged, domain=bureau.tenant.host)
        for page in ("", "/withdraw", "/rating", "/certificate"):
            assert client.get(v.CASE + page).headers["Location"] == v.FOLLOW, page
        assert client.get(f"{v.CASE}/files/{file_id}").status_code == 404
        token = v.hidden_fields(client, v.FOLLOW)
        for page in ("", "/withdraw", "/rating"):
            assert client.post(v.CASE + page, data={**token, "body": "x"}).headers["Location"] == v.FOLLOW
    assert [event.kind for event in bureau.events(case_id)] == ["opened"]
    # Nor is a customer's own case anybody's to follow, whatever is signed.
    theirs = bureau.file()
    with unit_of_work(bureau.tenant.id):
        client.set_cookie(
            "ventanilla-case", follow_codes.ticket_for(theirs, now()), domain=bureau.tenant.host
        )
    assert client.get(v.CASE).status_code == 404


def test_a_file_of_another_case_is_not_there(app: Flask, bureau: Bureau, tuesday: None):
    with_file = {**v.ANONYMOUS, "files": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}
    mine = a_case(app, bureau, with_file)
    theirs = a_case(app, bureau, {**v.ANONYMOUS, "files": (io.BytesIO(b"%PDF-1.7"), "a.pdf")})
    client = following(app, bureau, *mine[:2])
    with unit_of_work(bureau.tenant.id):
        own, other = (
            db.session.execute(select(CaseFile.id).where(CaseFile.case_id == one[2])).scalar_one()
            for one in (mine, theirs)
        )
    answer = client.get(f"{v.CASE}/files/{own}")
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment")
    assert client.get(f"{v.CASE}/files/{other}").status_code == 404


def test_it_is_closed_in_this_browser_again_and_by_itself(app: Flask, bureau: Bureau, tuesday: None):
    number, code, _case_id = a_case(app, bureau)
    client = following(app, bureau, number, code)
    assert v.send(client, "/requests/leave").headers["Location"] == v.FOLLOW
    assert client.get(v.CASE).headers["Location"] == v.FOLLOW
    client = following(app, bureau, number, code)
    with time_machine.travel(now() + follow_codes.OPEN_FOR + datetime.timedelta(minutes=1)):
        assert client.get(v.CASE).headers["Location"] == v.FOLLOW


# --- the conversation ---------------------------------------------------------------------------------------------


def test_what_is_shown_is_what_is_meant_for_the_customer(app: Flask, bureau: Bureau, tuesday: None):
    number, code, case_id = a_case(app, bureau, {**v.NAMED, "document": "CC 77", "phone": "300 123 4567"})
    with unit_of_work(bureau.tenant.id):
        services.note(case_id, "SECRETO DE LA CASA", actor=sara(bureau), now=now())
        services.assign(case_id, bureau.sara, actor=sara(bureau), now=now())
        services.reply(case_id, "Lo estamos mirando.", actor=sara(bureau), now=now())
    page = checked_get(
        following(app, bureau, number, code), v.CASE, not_showing=["SECRETO", "sara@example.com"]
    )
    assert "Lo estamos mirando." in page.text and "Sara Atiende" in page.text
    for private in ("rosa@example.com", "CC 77", "+573001234567"):
        assert private not in page.body, "who found the code learns no more of who filed it"


def test_the_pause_ends_when_what_was_missing_comes(app: Flask, bureau: Bureau, tuesday: None):
    number, code, case_id = a_case(app, bureau)
    with unit_of_work(bureau.tenant.id):
        services.ask_for_more(
            case_id, "Envíe el recibo.", until=date(2026, 4, 25), in_time=True, actor=sara(bureau), now=now()
        )
    assert bureau.case(case_id).due_on is None
    client = following(app, bureau, number, code)
    page = checked_get(client, v.CASE)
    assert "Envíe el recibo." in page.text and "25 de abril de 2026" in page.text
    assert "body-error" in text_of(v.send(client, v.CASE, {"body": " "}), 422)
    sent = v.send(client, v.CASE, {"files": (io.BytesIO(b"%PDF-1.7 recibo"), "recibo.pdf")})
    assert sent.status_code == 303
    page = checked_get(client, sent.headers["Location"])
    assert "recibo.pdf" in page.text
    case = bureau.case(case_id)
    assert case.state == "in-progress" and case.due_on is not None
    assert [event.kind for event in bureau.events(case_id)] == ["opened", "asked", "completed"]
    assert bureau.events(case_id)[-1].actor_id is None


def test_answer_appeal_decision_and_rating(app: Flask, bureau: Bureau, tuesday: None):
    number, code, case_id = a_case(app, bureau)
    client = following(app, bureau, number, code)
    for page in ("/appeal", "/reopen", "/rating"):
        assert client.get(v.CASE + page).headers["Location"] == v.CASE, "not yet"
    with unit_of_work(bureau.tenant.id):
        services.answer(case_id, "No hay doble cobro.", actor=sara(bureau), now=now())
    page = checked_get(client, v.CASE)
    assert "No hay doble cobro." in page.text and f"{v.CASE}/appeal" in page.links
    checked_get(client, f"{v.CASE}/appeal")
    assert "body-error" in text_of(v.send(client, f"{v.CASE}/appeal", {"body": ""}), 422)
    fields = {**v.hidden_fields(client, f"{v.CASE}/appeal"), "body": "Sí lo hay."}
    for _press in range(2):
        assert client.post(f"{v.CASE}/appeal", data=fields).headers["Location"] == f"{v.CASE}?done=appeal"
    checked_get(client, f"{v.CASE}?done=appeal")
    case = bureau.case(case_id)
    assert (case.stage, case.state) == (2, "in-progress")
    with unit_of_work(bureau.tenant.id):
        services.answer(case_id, "Se confirma.", actor=sara(bureau), now=now())
    assert client.get(f"{v.CASE}/appeal").headers["Location"] == v.CASE, "one appeal a case"
    checked_get(client, f"{v.CASE}/rating")
    assert "rating-error" in text_of(v.send(client, f"{v.CASE}/rating", {"rating": "9"}), 422)
    rated = v.send(client, f"{v.CASE}/rating", {"rating": "4", "rating_words": "Bien"})
    assert rated.headers["Location"] == f"{v.CASE}?done=rating"
    case = bureau.case(case_id)
    assert (case.state, case.rating) == ("closed", 4)
    kinds = [event.kind for event in bureau.events(case_id)]
    assert kinds == ["opened", "answered", "appealed", "answered", "rated", "closed"]


def test_withdrawn_it_can_still_be_read(app: Flask, bureau: Bureau, tuesday: None):
    number, code, case_id = a_case(app, bureau)
    client = following(app, bureau, number, code)
    checked_get(client, f"{v.CASE}/withdraw")
    assert v.send(client, f"{v.CASE}/withdraw").headers["Location"] == f"{v.CASE}?done=withdraw"
    assert bureau.case(case_id).state == "withdrawn"
    assert "Retiró la solicitud" in checked_get(client, f"{v.CASE}?done=withdraw").text
    assert client.get(f"{v.CASE}/withdraw").headers["Location"] == v.CASE, "once is enough"


def test_a_case_takes_so_many_messages_in_a_day(
    app: Flask, bureau: Bureau, tuesday: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("blueprints.cases.follow_pages.MESSAGES_A_DAY", 1)
    number, code, _case_id = a_case(app, bureau)
    client = following(app, bureau, number, code)
    assert v.send(client, v.CASE, {"body": "Uno"}).status_code == 303
    assert "Dos" in text_of(v.send(client, v.CASE, {"body": "Dos"}), 422)


def test_the_certificate_is_the_one_that_was_issued(app: Flask, bureau: Bureau, tuesday: None):
    number, code, _case_id = a_case(app, bureau)
    client = following(app, bureau, number, code)
    first, second = (client.get(f"{v.CASE}/certificate") for _ask in range(2))
    assert first.data.startswith(b"%PDF-") and first.data == second.data
    assert code.encode() not in first.data


def test_pages_of_the_follower_are_well_made_in_every_state(app: Flask, bureau: Bureau, tuesday: None):
    number, code, case_id = a_case(app, bureau)
    client = following(app, bureau, number, code)
    check_page(client.get(v.FOLLOW))
    with unit_of_work(bureau.tenant.id):
        services.extend(case_id, "Falta un informe.", until=date(2026, 4, 30), actor=sara(bureau), now=now())
    assert "30 de abril de 2026" in checked_get(client, v.CASE).text
