"""Somebody without an account asks the agency something, with and without script, on a phone and on a desk; the staff
answer, and the answer is read with number and code."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.guests import Guests
from tests.journeys.site import Site
from tests.journeys.visit import BUDGET_BYTES, BUDGET_REQUESTS, Visit, visiting

pytestmark = pytest.mark.browser

HOST = "hogar.localhost"
DESK = "desk@example.com"
FORM = "form[action='/requests/new']"


def fill_in(visit: Visit, who: str) -> None:
    page = visit.page
    visit.press("footer a[href='/requests/new']")
    page.check("input[name=class_code][value=claim]")
    page.select_option("#subject_code", "payments")
    page.fill("#description", "Me cobraron dos veces el canon.")
    page.check(f"input[name=who][value={who}]")


def send(visit: Visit) -> tuple[str, str]:
    """Press, and read number and code."""
    visit.page.wait_for_timeout(3200)  # without script the form itself must have been open for a while
    visit.press(f"{FORM} button[type=submit]")
    expect(visit.page.locator("h1")).to_have_text("Recibimos su solicitud")
    number, code = visit.page.locator("main code").all_inner_texts()
    return number, code


@pytest.mark.parametrize(("scripted", "phone"), [(True, True), (True, False), (False, True)])
def test_anybody_asks_and_reads_the_answer(browser: Browser, site: Site, scripted: bool, phone: bool) -> None:
    with visiting(browser, site, scripted=scripted, phone=phone) as visit:
        visit.open(HOST, "/login")
        fill_in(visit, "anonymous")
        if scripted or not phone:
            expect(visit.page.locator("#name")).to_be_hidden()
        number, code = send(visit)
        visit.press("main a[href='/requests/case']")
        visit.press("main form[action='/requests/leave'] button")
        visit.page.fill("#number", number)
        visit.page.fill("#code", "AAAA-AAAA-AAAA-AAAA")
        visit.press("form[action='/requests/follow'] button[type=submit]")
        expect(visit.page.locator("#code-error")).to_be_visible()
        visit.page.fill("#code", code.lower().replace("-", " "))
        visit.press("form[action='/requests/follow'] button[type=submit]")
        visit.page.fill("#body", "Adjunto nada más que esto.")
        visit.press("form[action='/requests/case'] button[type=submit]")
        expect(visit.page.locator(".timeline")).to_contain_text("Adjunto nada más que esto.")
        with visiting(browser, site, phone=False) as office:
            office.sign_in(HOST, DESK)
            office.open(HOST, f"/desk/cases?q={number}")
            office.press(f"a:text-is('{number}')")
            expect(office.page.locator("main")).to_contain_text("de forma anónima")
            office.press("a[href$='/answer']")
            office.page.fill("#body", "Se devuelve esta semana.")
            office.press("main form button[type=submit]")
            office.press("button:has-text('Enviar la respuesta')")
        visit.open(HOST, "/requests/case")
        expect(visit.page.locator(".timeline")).to_contain_text("Se devuelve esta semana.")
        visit.press("a[href='/requests/case/rating']")
        visit.page.check("input[name=rating][value='5']")
        visit.press("form[action='/requests/case/rating'] button[type=submit]")
        expect(visit.page.locator(".banner")).to_be_visible()


def test_what_is_wrong_keeps_what_was_typed_and_the_file(
    browser: Browser, site: Site, guests: Guests
) -> None:
    with visiting(browser, site) as visit:
        visit.open(HOST, "/login")
        fill_in(visit, "name")
        visit.page.fill("#name", "Rosa Vecina")
        visit.page.set_input_files(
            "#files", [{"name": "recibo.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n% a"}]
        )
        visit.page.wait_for_timeout(3200)
        visit.press(f"{FORM} button[type=submit]")
        expect(visit.page.locator("#email-error")).to_be_visible()
        expect(visit.page.locator("main")).to_contain_text("recibo.pdf")
        expect(visit.page.locator("#name")).to_have_value("Rosa Vecina")
        visit.page.fill("#email", "rosa@example.com")
        visit.page.check("#consent")
        number, _code = send(visit)
        visit.press("main a[href='/requests/case']")
        expect(visit.page.locator("main")).to_contain_text("recibo.pdf")
        assert number


def test_the_form_is_light_on_a_first_visit(browser: Browser, site: Site) -> None:
    with visiting(browser, site) as visit:
        visit.open(HOST, "/requests/new")
        assert visit.bytes <= BUDGET_BYTES, f"{visit.bytes} bytes"
        assert visit.requests <= BUDGET_REQUESTS, f"{visit.requests} requests"
