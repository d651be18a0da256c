"""The agency's customer area whole, in a real browser: three homes and what is one step away, a case from filing to
rating, a month from the run to owners who are paid to the cent."""

from __future__ import annotations

import datetime
import re

import pytest
from playwright.sync_api import Browser, expect

from blueprints.platform.demo.logins import BOTH, OWNER, RENTER
from saas.clock import today
from tests.journeys.guests import Guests
from tests.journeys.site import Site
from tests.journeys.visit import Visit, visiting

pytestmark = pytest.mark.browser

HOST = "hogar.localhost"
ZONE = "America/Bogota"
PATIENCE = 60_000  # milliseconds for what the server does behind a page
BOTH_WIDTHS = pytest.mark.parametrize("phone", [True, False], ids=["360 px", "1280 px"])


def step(visit: Visit, path: str, link: str) -> None:
    """Open a page and what its first such link leads to."""
    visit.open(HOST, path)
    visit.press(link)


def common(visit: Visit) -> None:
    """What every customer of an agency has."""
    visit.open(HOST, "/contracts")
    if visit.page.url.endswith("/contracts"):  # who has one contract alone is there already
        visit.press("main a[href*='/contracts/']")
    step(visit, "/cases", "main a[href*='/cases/']:not([href*='/cases/new'])")
    step(visit, "/messages", "main a[href*='/messages/']:not([href$='/preferences'])")
    visit.open(HOST, "/profile")


def statement_opened(visit: Visit) -> None:
    """A statement, and a figure of each of its sections opened."""
    step(visit, "/income", "a[href*='/income/statements/']")
    statement = visit.page.url
    for document in ("/income/rents/", "/invoices/", "/income/payouts/"):
        if visit.page.locator(f"main a[href*='{document}']").count():
            visit.press(f"main a[href*='{document}']")
            visit.page.goto(statement)


@BOTH_WIDTHS
def test_the_home_of_a_renter_and_what_is_near(
    browser: Browser, site: Site, guests: Guests, phone: bool
) -> None:
    with visiting(browser, site, phone=phone) as visit:
        visit.come_in(guests.known("agency", RENTER.email))
        visit.open(HOST)
        assert visit.amount(".hero .figure") > 0
        assert not visit.page.locator("a[href*='/income']").count(), "nothing of owners"
        common(visit)


@BOTH_WIDTHS
def test_the_home_of_an_owner_and_what_is_near(
    browser: Browser, site: Site, guests: Guests, phone: bool
) -> None:
    with visiting(browser, site, phone=phone) as visit:
        visit.come_in(guests.known("agency", OWNER.email))
        visit.open(HOST)
        assert visit.page.locator("main a[href$='/income']").count(), "the way to the income"
        statement_opened(visit)
        for path in ("/income/payouts", "/income/certificates", "/income/bank-account"):
            visit.open(HOST, path)
        common(visit)
        step(visit, "/repairs", "main a[href*='/repairs/']")


@BOTH_WIDTHS
def test_the_home_of_an_owner_who_rents(browser: Browser, site: Site, guests: Guests, phone: bool) -> None:
    with visiting(browser, site, phone=phone) as visit:
        visit.come_in(guests.known("agency", BOTH.email))
        visit.open(HOST)
        assert visit.amount(".hero .figure") > 0
        assert visit.page.locator("main a[href$='/income']").count(), "both sides on one home"
        statement_opened(visit)
        visit.open(HOST, "/contracts")
        visit.open(HOST, "/profile")


def test_a_case_from_filing_to_rating(browser: Browser, site: Site, guests: Guests) -> None:
    renter = guests.newcomer("agency", 1)
    with visiting(browser, site) as visit, visiting(browser, site, phone=False) as desk:
        visit.come_in(renter)
        desk.come_in(guests.colleague("agency", "service"))
        number = file_case(visit)
        answer_case(desk, number)
        read_and_rate(visit)
        desk.page.reload()
        expect(desk.page.locator("main")).to_contain_text("4 de 5")


def file_case(visit: Visit) -> str:
    """At a phone: what it is, what it is about, the rest. Returns its number."""
    page = visit.page
    step(visit, "/cases", "main a[href*='/cases/new']")
    visit.press("main form button[type=submit]")
    assert page.locator("[aria-invalid=true], .field-error, .error").count(), "what is missing is said"
    page.locator("input[name=class_code][value=claim]").check()
    page.locator("input[name=subject_code][value=payments]").check()
    visit.press("main form button[type=submit]")
    since = today(ZONE) - datetime.timedelta(days=3)
    page.fill(
        "textarea[name=description]", "Me cobran una reparación\nque el propietario ya pagó. ¿La retiran?"
    )
    page.fill("input[name=since]", "31 de junio")
    visit.press("main form button[type=submit]:not([name])")
    assert page.title().startswith("Error: ")
    assert "que el propietario ya pagó" in page.input_value("textarea[name=description]"), "nothing is lost"
    page.fill("input[name=since]", f"{since:%d/%m/%Y}")
    visit.press("main form button[type=submit]:not([name])")
    found = re.search(r"\d{4}-\d{6}", page.locator("h1").inner_text())
    assert found, "a case has a number"
    expect(page.locator(".hero")).to_contain_text(re.compile(r"\d{1,2} de [a-z]+"))  # by when it is answered
    expect(page.locator("main")).to_contain_text("Me cobran una reparación")
    return found[0]


def answer_case(desk: Visit, number: str) -> None:
    """At the desk: found in the queue, taken, answered as the customer will read it."""
    desk.open(HOST, f"/desk/cases?q={number}")
    desk.press("main table a[href*='/desk/cases/']")
    expect(desk.page.locator("main")).to_contain_text("Me cobran una reparación")
    desk.press("form[action$='/assign'].post button, form[action$='/assign']:not(.form) button")
    desk.press("main a[href$='/answer']")
    desk.page.fill("textarea[name=body]", "Tiene razón: la retiramos.\n\nYa no está en su factura.")
    desk.press("main form button[name=step]")
    expect(desk.page.locator("main")).to_contain_text("Tiene razón: la retiramos.")
    desk.press("button[name=step][value=send]")
    assert re.search(r"/desk/cases/[0-9a-f-]{36}$", desk.page.url)


def read_and_rate(visit: Visit) -> None:
    """The renter reads the answer where the case was filed, and says how good it was."""
    visit.page.reload()
    visit.look()
    expect(visit.page.locator(".timeline")).to_contain_text("Tiene razón: la retiramos.")
    visit.press("a[href$='/rating']")
    visit.page.locator("input[name=rating][value='4']").check()
    visit.page.fill("textarea[name=rating_words]", "Gracias")
    visit.press("main form button[type=submit]")
    expect(visit.page.locator(".timeline")).to_contain_text("4 de 5")
    assert not visit.page.locator("a[href$='/rating']").count(), "once is enough"


# 4.670.000 of rent, VAT 19 % of it, less 3,5 % that the renter withholds; 9 % of commission and its VAT; by share.
BILLED = 5_393_850_00
KEPT = 500_157_00
RENTS = (3_236_310_00, 2_157_540_00)
COMMISSIONS = (300_094_20, 200_062_80)
NETS = (2_936_215_80, 1_957_477_20)


def test_a_month_from_the_run_to_paid_owners(browser: Browser, site: Site, guests: Guests) -> None:
    home = guests.shared_place()
    with visiting(browser, site, phone=False) as desk:
        desk.come_in(guests.staff("agency"))
        bill(desk, home.contract)
        with visiting(browser, site) as visit:
            visit.come_in(home.renter)
            pay(visit)
        run = prepare_payouts(desk, home.contract)
        with visiting(browser, site, phone=False) as second:
            second.come_in(guests.colleague("agency"))
            approve(second, run)
        pay_out(desk, run)
    for place in range(2):
        with visiting(browser, site) as visit:
            visit.come_in(home.owners[place])
            read_statement(visit, place)


def next_month() -> str:
    index = today(ZONE).year * 12 + today(ZONE).month
    return f"{index // 12}-{index % 12 + 1:02}"


def bill(desk: Visit, contract: str) -> None:
    """A draft of next month for one contract, looked at, then issued."""
    page = desk.page
    desk.open(HOST, "/desk/billing/new")
    page.select_option("select[name=month]", next_month())
    page.fill("input[name=lease]", contract)
    desk.press("main form button[type=submit]")
    page.wait_for_selector("a[href$='/start']", timeout=PATIENCE)
    desk.look()
    assert desk.amount("main tbody td.at-end") == BILLED
    desk.press("main tbody a")
    expect(page.locator("main")).to_contain_text("Retención en la fuente 3,5 %")
    page.go_back()
    desk.press("a[href$='/start']")
    desk.press("form[action$='/start'] button[type=submit]")
    page.wait_for_selector("a[href$='/undo']", timeout=PATIENCE)
    desk.look()
    assert desk.amount("main tbody td.at-end") == BILLED


def pay(visit: Visit) -> None:
    """The renter finds the new invoice, and pays it at PayU."""
    page = visit.page
    visit.open(HOST, "/invoices")
    assert page.locator("input[name=invoice]:enabled").count() == 1
    visit.press("form[action*='summary'] button[type=submit]")
    assert visit.amount(".bill .sum dd") == BILLED
    visit.press("form[action*='confirm'] button[type=submit]")
    way = page.locator("label.choice", has_text="PayU")
    if way.count():
        way.first.click()
    page.locator("form[action*='start'] button[type=submit]").click()
    page.wait_for_url("**bank.localhost**")
    visit.press("button[value=approve]")
    expect(page.locator("h1")).to_have_text(re.compile("Pago recibido"), timeout=PATIENCE)


def prepare_payouts(desk: Visit, contract: str) -> str:
    """A run for this contract; who prepared it cannot approve it. Returns its address."""
    page = desk.page
    desk.open(HOST, "/desk/payouts/new")
    page.locator("input[name=whom][value=some]").check()
    page.fill("textarea[name=which]", contract)
    desk.press("main form button[type=submit]")
    expect(page.locator("main")).not_to_contain_text("no tiene una cuenta bancaria")
    assert desk.amount(".figures") == sum(NETS)
    assert not page.locator("form[action$='/approve']").count(), "it takes a second person"
    return page.url


def approve(second: Visit, run: str) -> None:
    second.page.goto(run)
    second.look()
    assert second.amount("form[action$='/approve'] button") == sum(NETS)
    second.press("form[action$='/approve'] button")
    expect(second.page.locator("main")).to_contain_text("Luis Cardona")


def pay_out(desk: Visit, run: str) -> None:
    """The file for the bank, and what the bank said of each."""
    page = desk.page
    page.goto(run)
    desk.press("form[action$='/file'] button[type=submit]")
    with page.expect_download() as fetched:
        page.locator("main a[href$='/file']").click()
    content = fetched.value.path().read_bytes()
    for net in NETS:
        assert str(net).encode() in content or f"{net // 100}.{net % 100:02}".encode() in content
    lines = page.locator("main tbody a[href*='/desk/payouts/lines/']")
    addresses = [lines.nth(place).get_attribute("href") for place in range(lines.count())]
    assert len(addresses) == len(NETS)
    for place, address in enumerate(addresses):
        desk.open(HOST, str(address))
        page.fill("input[name=reference]", f"77{place}")
        page.fill("form[action$='/mark'] textarea[name=note]", "Visto en el portal del banco")
        desk.press("button[name=outcome][value=paid]")
    page.goto(run)
    desk.look()
    assert not page.locator("form[action$='/file']").count()


def read_statement(visit: Visit, place: int) -> None:
    """An owner reads what the month brought, kept and paid, and opens figures."""
    page = visit.page
    visit.open(HOST, "/income")
    visit.press("a[href*='/income/statements/']")
    statement = page.url
    figures = page.locator(".figures").inner_text()
    assert figures.count(money(NETS[place])) == 2, f"net and paid in {figures!r}"
    assert visit.amount("tr:has(a[href*='/income/rents/']) td.at-end") == RENTS[place]
    assert visit.amount("tr:has(a[href*='/invoices/']) td.at-end") == COMMISSIONS[place]
    assert visit.amount("tr:has(a[href*='/income/payouts/']) td.at-end") == NETS[place]
    visit.press("main a[href*='/income/rents/']")
    expect(page.locator("main")).to_contain_text(money(BILLED))
    page.goto(statement)
    visit.press("main a[href*='/invoices/']")
    expect(page.locator("main")).to_contain_text(money(KEPT))
    page.goto(statement)
    visit.press("main a[href*='/income/payouts/']")
    assert visit.amount(".hero .figure") == NETS[place]
    assert page.locator("main a[href$='/pdf']").count(), "paid: there is a voucher"


def money(amount: int) -> str:
    """As an agency in Colombia writes it: cents only where there are some."""
    whole = f"{amount // 100:,}".replace(",", ".")
    return f"{whole},{amount % 100:02}" if amount % 100 else whole
