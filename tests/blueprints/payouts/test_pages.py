"""The pages: an owner's own, the desk's, and everybody who should see nothing of them."""

from __future__ import annotations

import io
import json
import re

from sqlalchemy import select, update

from blueprints.leases.models import Payout
from blueprints.payouts.answers import take_answer
from blueprints.payouts.models import OwnerBankAccount, PayoutRun
from blueprints.payouts.tokens import ALARM, LINK, make_token
from saas import outbox
from saas.clock import now
from saas.database import db
from tenants.people import UserSession
from tests import cast
from tests.application import client_for
from tests.blueprints.payouts.test_runs import CSV, answer
from tests.blueprints.payouts.world import (
    LONG_AGO,
    Agency,
    approved,
    code_of,
    collect,
    enter,
    lines_of,
    staff,
    sums,
    usable_account,
)
from tests.pages import checked_get
from tests.signed_in import post, signed_in

OWN = "/income/bank-account"
DESK = "/desk/payouts"
TYPED = {
    "bank": "1007",
    "account_kind": "savings",
    "number": "123-456789-01",
    "holder_name": "Ana Dueñas",
    "holder_document_kind": "CC",
    "holder_document_number": "111.111",
}


def body(answer_, status: int = 200) -> str:
    text = answer_.get_data(as_text=True)
    assert answer_.status_code == status, (answer_.status_code, text[-2000:])
    return text


def only(agency: Agency, model):
    with agency.unit():
        return db.session.execute(select(model.id)).scalar_one()


def test_an_owner_enters_confirms_and_reads(agency: Agency):
    owner = agency.client(agency.logins[0])
    assert checked_get(owner, OWN).h1 == "Dónde se le paga"
    wrong = body(post(owner, f"{OWN}/new", f"{OWN}/new", {**TYPED, "number": "12"}), 422)
    assert "111.111" in wrong and "cifras" in wrong
    odd = body(post(owner, f"{OWN}/new", f"{OWN}/new", {**TYPED, "number": "1234567890"}), 422)
    assert 'name="sure"' in odd
    assert post(owner, f"{OWN}/new", f"{OWN}/new", TYPED).status_code == 303
    account = only(agency, OwnerBankAccount)
    with agency.unit():
        code = code_of(account)
    assert code in checked_get(owner, f"{OWN}/code").text
    page = checked_get(owner, OWN)
    assert "terminada en 8901" in page.text and "12345678901" not in page.body and code not in page.text
    stranger = client_for(agency.app, agency.tenant.host)
    with agency.unit():
        link = f"/bank-account/confirm/{make_token(LINK, account)}"
    checked_get(stranger, link)
    assert body(post(stranger, link, link, {"code": "AAAA-AAAA"}), 422)
    assert "72 horas" in body(post(stranger, link, link, {"code": code}))
    assert stranger.get(link).status_code == 410, "replayed"
    assert "Confirmada" in checked_get(owner, OWN).text
    assert post(owner, OWN, f"{OWN}/{account}/withdraw").status_code == 303
    assert "El propietario la retiró" in checked_get(owner, OWN).text


def test_whoever_did_not_prove_lately_who_they_are_is_asked(agency: Agency):
    owner = agency.client(agency.logins[0])
    with agency.unit():
        db.session.execute(update(UserSession).values(confirmed_at=now() - LONG_AGO))
    for path in (f"{OWN}/new", f"{OWN}/code"):
        assert "/confirm-identity" in owner.get(path).headers["Location"]


def test_the_alarm_works_without_signing_in(agency: Agency):
    with agency.unit():
        account = enter(agency)
        link = f"/bank-account/not-me/{make_token(ALARM, account)}"
    anybody = client_for(agency.app, agency.tenant.host)
    checked_get(anybody, link)
    with agency.unit():
        assert db.session.execute(select(OwnerBankAccount.state)).scalar_one() == "waiting", (
            "looking stops nothing"
        )
    assert "No se gira nada" in body(post(anybody, link, link))
    assert anybody.get("/bank-account/not-me/" + "x" * 43).status_code == 410
    checked_get(agency.client(agency.logins[0]), OWN)
    luis = agency.client(agency.luis)
    assert "detuvo" in checked_get(luis, "/desk").text
    address = f"{DESK}/bank-accounts/{account}"
    assert "No fui yo" in checked_get(luis, address).text
    assert body(post(luis, address, f"{address}/reject", {"note": ""}), 422)
    assert post(luis, address, f"{address}/reject", {"note": "Llamé: no fue ella"}).status_code == 303
    assert "Rechazada" in checked_get(luis, address).text


def test_a_co_owner_a_renter_and_a_stranger_see_nothing_of_it(agency: Agency):
    with agency.unit():
        account = enter(agency)
        nobody = cast.add_user("nadie@example.com", customer_id=cast.add_customer("Nadie", document="777"))
    for user in (agency.logins[1], nobody):
        client = agency.client(user)
        found = client.get(OWN)
        assert (found.status_code == 200) == (user == agency.logins[1]) and "8901" not in found.text
        page = OWN if user == agency.logins[1] else "/profile"
        for act in ("withdraw", "freeze"):
            assert post(client, page, f"{OWN}/{account}/{act}").status_code == 404
        for path in (DESK, f"{DESK}/bank-accounts/{account}", f"{DESK}/answers"):
            assert client.get(path).status_code == 404
    with agency.unit():
        assert db.session.execute(select(OwnerBankAccount.state)).scalar_one() == "waiting"


def test_staff_without_the_right_are_refused(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        account = usable_account(agency)
        run = approved(agency)
        line = lines_of(run)[0].id
        reader = cast.add_user("sara@example.com", staff_role="service")
    client = agency.client(reader)
    for path in (
        DESK,
        f"{DESK}/new",
        f"{DESK}/{run}",
        f"{DESK}/{run}/file",
        f"{DESK}/lines/{line}",
        f"{DESK}/bank-accounts/{account}",
    ):
        assert client.get(path).status_code == 403
    for path in (f"{DESK}/{run}/approve", f"{DESK}/{run}/file", f"{DESK}/lines/{line}/mark"):
        assert post(client, "/desk", path).status_code == 403
    ana = agency.client(agency.ana)  # prepares, and may not be the second person
    assert post(ana, "/desk", f"{DESK}/bank-accounts/{account}/release", {"note": "x"}).status_code == 403
    looking = signed_in(agency.app, agency.tenant, agency.luis, viewing=agency.owners[0])
    seen = looking.get(OWN)
    assert "8901" in seen.text and "12345678901" not in seen.text
    assert looking.get(f"{OWN}/code").status_code == 303


def test_the_desk_from_proposal_to_answer(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
    ana, luis = agency.client(agency.ana), agency.client(agency.luis)
    checked_get(ana, DESK)
    checked_get(ana, f"{DESK}/new")
    day = agency.day.strftime("%d/%m/%Y")
    typed = {"cut_on": day, "pay_on": day, "whom": "some", "which": "CT-1\nno-existe"}
    assert "no-existe" in body(post(ana, f"{DESK}/new", f"{DESK}/new", typed), 422)
    assert body(post(ana, f"{DESK}/new", f"{DESK}/new", {**typed, "cut_on": "31/02/2026"}), 422)
    assert post(ana, f"{DESK}/new", f"{DESK}/new", {**typed, "which": "CT-1"}).status_code == 303
    run = only(agency, PayoutRun)
    address = f"{DESK}/{run}"
    page = checked_get(ana, address)
    assert "approve" not in page.body and "Usted la preparó" in page.text
    assert body(post(ana, address, f"{address}/approve"), 422)
    with agency.unit():
        line = lines_of(run)[0].id
    checked_get(ana, f"{DESK}/lines/{line}")
    assert "por aprobar" in checked_get(luis, "/desk").text
    assert post(luis, address, f"{address}/approve").status_code == 303
    assert body(post(luis, address, f"{address}/approve"), 422), "the same run twice"
    assert post(luis, address, f"{address}/file", {"layout": CSV}).status_code == 303
    checked_get(luis, address)
    first, second = luis.get(f"{address}/file"), ana.get(f"{address}/file")
    assert first.data == second.data and b"22345678901" in first.data
    with agency.unit():
        keys = [(row.key, row.amount) for row in lines_of(run)]
        content = answer(agency, [(keys[0][0], keys[0][1], "OK"), (keys[1][0], keys[1][1], "QUE")])
    new = f"{DESK}/answers/new"
    token = re.search(r'name="csrf_token" value="([^"]+)"', checked_get(ana, new).body)[1]
    for _twice in range(2):
        sent = ana.post(
            new,
            data={"csrf_token": token, "layout": CSV, "file": (io.BytesIO(content), "r.csv")},
            content_type="multipart/form-data",
        )
        assert sent.status_code == 303
    answer_page = checked_get(ana, sent.headers["Location"])
    kept = re.search(
        rf"{DESK}/answers/lines/[0-9a-f-]+", checked_get(ana, sent.headers["Location"] + "?state=kept").body
    )[0]
    checked_get(ana, kept)
    assert post(ana, kept, f"{kept}/resolve", {"note": "Preguntado al banco"}).status_code == 303
    assert "línea" in answer_page.text
    with agency.unit():
        assert sums() == (0, 400_000, 600_000)
    other = f"{DESK}/lines/{lines_id(agency, run, 'under-way')}"
    checked_get(ana, other)
    marked = {"on": day, "reference": "TR-7", "note": "Visto", "outcome": "paid"}
    assert body(post(ana, other, f"{other}/mark", {**marked, "reference": ""}), 422)
    assert post(ana, other, f"{other}/mark", marked).status_code == 303
    assert "Todo contestado" in checked_get(ana, address).text
    with agency.unit():
        assert sums() == (0, 0, 1_000_000)
        assert set(db.session.execute(select(Payout.state)).scalars()) == {"paid"}


def lines_id(agency: Agency, run, state: str):
    with agency.unit():
        return next(row.id for row in lines_of(run) if row.state == state)


def test_staff_enter_an_account_and_another_calls(agency: Agency):
    ana, luis = agency.client(agency.ana), agency.client(agency.luis)
    new = f"{DESK}/owners/{agency.owners[0]}/bank-account"
    checked_get(ana, new)
    sent = post(ana, new, new, TYPED)
    assert sent.status_code == 303
    address = sent.headers["Location"]
    assert "otra persona debe" in checked_get(ana, address).text
    assert body(post(ana, address, f"{address}/vouch", {"note": "yo misma"}), 422)
    assert post(luis, address, f"{address}/vouch", {"note": "Llamé"}).status_code == 303
    checked_get(luis, address)
    checked_get(luis, f"{DESK}/bank-accounts?state=waiting")
    renter = f"{DESK}/owners/{agency.mandate}/bank-account"
    assert ana.get(renter).status_code == 404


def test_lists_as_files(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        run = approved(agency)
    ana = agency.client(agency.ana)
    for path in (DESK, f"{DESK}/{run}", f"{DESK}/bank-accounts", f"{DESK}/answers"):
        for kind in ("csv", "xlsx", "pdf"):
            assert ana.get(f"{path}?format={kind}").status_code == 200, (path, kind)
    assert "12345678901" not in ana.get(f"{DESK}/bank-accounts?format=csv").text


def test_commands_prepare_and_list(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
    runner = agency.app.test_cli_runner()
    made = runner.invoke(args=["payouts", "prepare", "--tenant", agency.tenant.slug, "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)[0]["total"] == 600_000
    listed = runner.invoke(args=["payouts", "list", "--tenant", agency.tenant.slug, "--state", "prepared"])
    assert "prepared" in listed.output
    assert runner.invoke(args=["payouts", "list", "--tenant", "nadie"]).exit_code != 0


def test_the_owner_gets_a_letter_when_the_bank_has_paid(agency: Agency, mailbox):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        run = approved(agency)
        line = lines_of(run)[0]
        content = answer(agency, [(line.key, line.amount, "OK")])
        take_answer(content, "r.csv", CSV, actor=staff(agency.ana), now=now())
    with agency.app.app_context():
        outbox.drain()
    letters = [letter for _name, letter in mailbox.letters(50) if "giró" in letter["Subject"]]
    assert [letter["To"] for letter in letters] == ["ana@duenas.example"]
