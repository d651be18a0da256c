"""What the tenant decides, its words, its evidence, its payments' loose ends."""

from __future__ import annotations

import re
import threading
import uuid

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.payments.quarantine import set_aside
from saas.audit import SYSTEM, AuditRow
from saas.clock import now
from saas.outbox import OutboxRow
from saas.scope import unit_of_work
from tenants.loading import serving
from tenants.models import Tenant
from tenants.services import ChangedMeanwhile, change_settings, edition
from tenants.settings import complete
from tests.blueprints.desk.office import Office, make_office, post, text_of
from tests.cast import add_account, add_customer
from tests.database import DatabaseUrls

WORDS = "/desk/settings/words"
XSS = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'onmouseover='x", "</title><svg onload=x>",
    "{{7*7}}", "{% raw %}", "javascript:alert(1)", "${7*7}", "{0.__class__}", "%(name)s %s",
]  # fmt: skip


@pytest.fixture
def office(app: Flask) -> Office:
    return make_office()


def tenant_row(office: Office) -> Tenant:
    with unit_of_work(office.tenant.id) as session:
        row = session.execute(select(Tenant)).scalar_one()
        session.expunge(row)
        return row


def last_audit(office: Office) -> AuditRow:
    with unit_of_work(office.tenant.id) as session:
        row = session.execute(select(AuditRow).order_by(AuditRow.number.desc()).limit(1)).scalar_one()
        session.expunge(row)
        return row


def test_amounts_are_typed_as_money(app: Flask, office: Office):
    """Nobody counts cents: what is typed is read by the tenant's own way of writing, and shown back."""
    client = office.at_desk(app)
    key = "refunds.second-person-above"
    assert current_values(client)[key] == "$0,00"
    for typed, kept in (("1.500", 150_000), ("1500,5", 150_050), ("$ 0", 0), ("2.000.000,00", 200_000_000)):
        assert (
            post(client, "/desk/settings", fields={**current_values(client), key: typed}).status_code == 303
        )
        with unit_of_work(office.tenant.id):
            assert serving().setting(key) == kept, typed
    assert current_values(client)[key] == "$2.000.000,00"
    wrong = text_of(post(client, "/desk/settings", fields={**current_values(client), key: "mil"}), 422)
    assert 'value="mil"' in wrong and "en cifras" in wrong


def current_values(client) -> dict[str, object]:
    """What a browser would send back of the settings page as it stands."""
    body = text_of(client.get("/desk/settings"))
    form = body[body.index('action="/desk/settings"') :]
    values: dict[str, object] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrf_token" and ('type="checkbox"' not in tag or " checked" in tag):
            values[name[1]] = value[1] if value else ""
    for name, options in re.findall(
        r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        values[name] = chosen[1] if chosen else ""
    texts = re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    return {**values, **dict(texts)}


def seen_on(client, page: str) -> dict[str, object]:
    """Which edition a page's form was made for."""
    found = re.search(r'name="seen" value="([^"]+)"', text_of(client.get(page)))
    assert found
    return {"seen": found[1]}


def test_saving_what_stands_changes_nothing(app: Flask, office: Office):
    client = office.at_desk(app)
    before = tenant_row(office)
    assert post(client, "/desk/settings", fields=current_values(client)).status_code == 303
    after = tenant_row(office)
    assert (after.settings, after.version) == (before.settings, before.version)


def test_settings_are_typed_kept_and_in_evidence(app: Flask, office: Office):
    client = office.at_desk(app)
    fields = {**current_values(client), "support.phone": "0800 555 1234", "mail.footer": "Uno\r\nDos"}
    assert post(client, "/desk/settings", fields=fields).status_code == 303
    saved = tenant_row(office).settings
    assert saved["support.phone"] == "0800 555 1234" and saved["mail.footer"] == "Uno\nDos"
    row = last_audit(office)
    assert row.action == "settings.changed" and row.data["after"]["support.phone"] == "0800 555 1234"
    assert "0800 555 1234" in text_of(client.get("/desk/settings"))


def test_one_wrong_value_saves_none_and_keeps_what_was_typed(app: Flask, office: Office):
    client = office.at_desk(app)
    fields = {
        **current_values(client),
        "support.phone": "0800 111",
        "mail.footer": "x" * 501,
        "documents.paper": "papiro",
    }
    body = text_of(post(client, "/desk/settings", fields=fields), 422)
    assert 'href="#mail.footer"' in body and 'href="#documents.paper"' in body and 'value="0800 111"' in body
    assert "x" * 501 in body and contact(office) == {}


def contact(office: Office) -> dict[str, object]:
    return {key: value for key, value in tenant_row(office).settings.items() if key.startswith("support.")}


def test_two_administrators_at_once(app: Flask, office: Office):
    """The second is told, with what stands now beside what was typed; saving again is then their decision."""
    first, second = office.at_desk(app), office.at_desk(app)
    shown_to_both = current_values(second)
    mine = {**shown_to_both, "support.phone": "0800 111", "support.hours": "de 8 a 12"}
    assert (
        post(
            first, "/desk/settings", fields={**current_values(first), "support.phone": "0800 222"}
        ).status_code
        == 303
    )
    body = text_of(post(second, "/desk/settings", fields=mine), 409)
    assert 'value="0800 111"' in body and "de 8 a 12" in body, "nothing typed is lost"
    assert "0800 222" in body and 'href="#support.phone"' in body
    assert contact(office) == {"support.phone": "0800 222"}
    seen = re.search(r'name="seen" value="([^"]+)"', body)
    assert seen and post(second, "/desk/settings", fields={**mine, "seen": seen[1]}).status_code == 303
    assert contact(office) == {"support.phone": "0800 111", "support.hours": "de 8 a 12"}
    assert last_audit(office).data["before"]["support.phone"] == "0800 222"


def test_a_wrong_value_does_not_hide_what_others_saved(app: Flask, office: Office):
    """The form that came back still knows for what it was made."""
    first, second = office.at_desk(app), office.at_desk(app)
    mine = {**current_values(second), "mail.footer": "x" * 501}
    post(first, "/desk/settings", fields={**current_values(first), "support.phone": "0800 222"})
    body = text_of(post(second, "/desk/settings", fields=mine), 422)
    seen = re.search(r'name="seen" value="([^"]+)"', body)
    assert seen and seen[1] == mine["seen"]
    assert post(second, "/desk/settings", fields={**mine, "mail.footer": "Pie"}).status_code == 409
    assert contact(office) == {"support.phone": "0800 222"}


def test_settings_that_are_saved_in_the_same_moment(app: Flask, office: Office):
    """Both read the same row; the second waits for the first one's lock and then sees what it did."""
    told, shown = [], edition(complete((row := tenant_row(office)).settings, row.country))

    def save(phone: str) -> None:
        with app.app_context():
            try:
                with unit_of_work(office.tenant.id):
                    change_settings({"support.phone": phone}, actor=SYSTEM, seen=shown)
            except ChangedMeanwhile as refusal:
                told.append(refusal.current["support.phone"])

    threads = [threading.Thread(target=save, args=(phone,)) for phone in ("1111", "2222")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert told == [tenant_row(office).settings["support.phone"]]


def test_unknown_settings_and_columns_are_ignored(app: Flask, office: Office):
    client = office.at_desk(app)
    before = tenant_row(office)
    extra = {
        "name": "Robada",
        "status": "suspended",
        "settings.x": "1",
        "capabilities": "x",
        "currency": "USD",
        "slug": "x",
    }
    assert post(client, "/desk/settings", fields={**current_values(client), **extra}).status_code == 303
    after = tenant_row(office)
    assert (after.name, after.status, after.currency, after.settings) == (
        before.name,
        "active",
        "ARS",
        before.settings,
    )


def is_inert(body: str) -> bool:
    live = ("<script>alert", "<img src=x", "<svg onload", "'onmouseover='x", ">49<")
    return not any(piece in body for piece in live)


def test_what_staff_type_is_text_everywhere(app: Flask, office: Office):
    client = office.at_desk(app)
    settings = current_values(client)
    for evil in XSS:
        fields = {**settings, "support.hours": evil, "mail.sender_name": evil}
        assert post(client, "/desk/settings", fields=fields).status_code == 303
        settings |= seen_on(client, "/desk/settings")
        words = {"es.accounts": evil[:60], "es.supply": evil[:60], **seen_on(client, WORDS)}
        assert post(client, "/desk/settings/words", fields=words).status_code == 303
        for page in (
            "/desk/settings",
            "/desk/settings/words",
            "/desk/audit",
            f"/desk/accounts/{office.account}",
        ):
            assert is_inert(text_of(client.get(page))), (page, evil)


def test_what_comes_from_outside_is_text_everywhere(app: Flask, office: Office):
    client = office.at_desk(app)
    for number, evil in enumerate(XSS):
        with unit_of_work(office.tenant.id):
            customer = add_customer(evil, document=f"x{number}")
            account = add_account(f"x{number}", customers=[(customer, "holder", 1_000_000)], address=evil)
            set_aside("amount-differs", dedupe_key=evil, data={"reference": evil, evil: "x"}, now=now())
        quarantine = text_of(client.get("/desk/payments/quarantine"))
        one = quarantine.split("/desk/payments/quarantine/")[1][:36]
        pages = [
            "/desk/customers", f"/desk/customers/{customer}", f"/desk/customers/{customer}/view", "/desk/accounts",
            f"/desk/accounts/{account}", f"/desk/accounts?customer={customer}", f"/desk/payments/quarantine/{one}",
        ]  # fmt: skip
        for page in pages:
            assert is_inert(text_of(client.get(page))), (page, evil)
        asked = {"q": evil, "reference": evil, "from": evil}
        for page in ("/desk/customers", "/desk/accounts", "/desk/payments", "/desk/audit"):
            assert is_inert(client.get(page, query_string=asked).get_data(as_text=True)), (page, evil)


def test_words_are_the_tenants_own(app: Flask, office: Office):
    client = office.at_desk(app)
    typed = {"es.supply": " conexión ", "en.supply": "", **seen_on(client, WORDS)}
    assert post(client, WORDS, fields=typed).status_code == 303
    assert tenant_row(office).words == {"es": {"supply": "conexión"}}
    assert "conexión" in text_of(client.get("/desk/accounts")).lower()
    body = text_of(post(client, "/desk/settings/words", fields={"es.supply": "x" * 61}), 422)
    assert 'href="#es.supply"' in body and "x" * 61 in body


def test_two_who_change_the_words_at_once(app: Flask, office: Office):
    first, second = office.at_desk(app), office.at_desk(app)
    mine = {"es.supply": "acometida", **seen_on(second, WORDS)}
    theirs = {"es.supply": "conexión", **seen_on(first, WORDS)}
    assert post(first, WORDS, fields=theirs).status_code == 303
    body = text_of(post(second, WORDS, fields=mine), 409)
    assert 'value="acometida"' in body and "conexión" in body
    assert tenant_row(office).words == {"es": {"supply": "conexión"}}


def test_optional_parts_are_switched(app: Flask, office: Office):
    client = office.at_desk(app)
    assert post(client, "/desk/settings/capabilities", fields={"chosen": ["leases"]}).status_code == 303
    assert tenant_row(office).capabilities == ["leases"]
    assert last_audit(office).action == "capabilities.changed"
    assert post(client, "/desk/settings/capabilities", fields={"chosen": ["desk"]}).status_code == 422
    assert post(client, "/desk/settings/capabilities", fields={"chosen": []}).status_code == 303
    assert tenant_row(office).capabilities == []


def test_quarantine_is_resolved_once_with_a_note(app: Flask, office: Office):
    with unit_of_work(office.tenant.id):
        set_aside("unknown-reference", dedupe_key="k", data={"reference": "PAY-9"}, now=now())
    client = office.at_desk(app, "billing")
    assert "/desk/payments/quarantine" in text_of(client.get("/desk"))
    body = text_of(client.get("/desk/payments/quarantine"))
    page = "/desk/payments/quarantine/" + str(uuid.UUID(body.split("/desk/payments/quarantine/")[1][:36]))
    assert "PAY-9" in text_of(client.get(page))
    assert 'href="#note"' in text_of(post(client, page, fields={"note": "no"}), 422)
    assert post(client, page, fields={"note": "Se devolvió desde la consola"}).status_code == 303
    assert "Se devolvió" in text_of(client.get("/desk/payments/quarantine?state=resolved"))
    assert post(client, "/desk/payments/quarantine", page, {"note": "otra vez"}).status_code == 422
    assert last_audit(office).data["note"] == "Se devolvió desde la consola"


def test_the_evidence_is_filtered_and_the_chain_checked(app: Flask, office: Office, database: DatabaseUrls):
    client = office.at_desk(app)
    post(client, "/desk/settings", fields={**current_values(client), "support.phone": "1234567"})
    assert "support.phone" in text_of(client.get("/desk/audit?area=settings"))
    assert "support.phone" not in text_of(client.get("/desk/audit?area=look"))
    assert "support.phone" not in text_of(client.get("/desk/audit?who=customer"))
    assert "support.phone" not in text_of(client.get("/desk/audit?to=01/01/2020"))
    assert "support.phone" in text_of(client.get("/desk/audit?from=01/01/2020&who=staff"))
    assert 'href="#from"' in text_of(client.get("/desk/audit?from=31/02/2026"), 422)
    post(client, "/desk/audit", "/desk/audit/verify")
    assert "notice-success" in text_of(client.get("/desk/audit"))
    with psycopg.connect(database.superuser, autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE audit_rows SET actor_name = 'Nadie' WHERE number = 1")
    post(client, "/desk/audit", "/desk/audit/verify")
    assert "notice-danger" in text_of(client.get("/desk/audit"))


def test_what_could_not_be_sent_is_tried_again(app: Flask, office: Office):
    with unit_of_work(office.tenant.id) as session:
        session.add(
            OutboxRow(
                topic="auth.letter", payload={"token": "SECRETO"}, created_at=now(), due_at=now(), tries=8,
                dead_at=now(), error="SMTPException: <b>no</b>",
            )
        )  # fmt: skip
    client = office.at_desk(app)
    assert "/desk/unsent" in text_of(client.get("/desk"))
    body = text_of(client.get("/desk/unsent"))
    assert "SMTPException: &lt;b&gt;" in body and "SECRETO" not in body
    assert post(client, "/desk/unsent").status_code == 303
    with unit_of_work(office.tenant.id) as session:
        assert session.execute(select(OutboxRow.tries, OutboxRow.dead_at)).one() == (0, None)
    assert "/desk/unsent" not in text_of(client.get("/desk"))
