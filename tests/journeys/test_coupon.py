"""Cash in a real browser: take a coupon, and let staff put in the collector's file that says it was paid."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from blueprints.payments.collected_samples import payment
from tests.blueprints.payments.providers.collector.layouts import daily_file
from tests.journeys.guests import Guests
from tests.journeys.site import Site
from tests.journeys.test_main_job import choose
from tests.journeys.visit import visiting

pytestmark = pytest.mark.browser

HOST = "piedemonte.localhost"
PICTURES = Path(os.environ["VENTANILLA_PICTURES"]) if "VENTANILLA_PICTURES" in os.environ else None


def test_a_coupon_is_paid_by_a_file(browser: Browser, site: Site, guests: Guests, tmp_path: Path):
    with visiting(browser, site) as payer, visiting(browser, site, phone=False) as staff:
        payer.come_in(guests.newcomer("utility", 1))
        total = choose(payer, HOST, 1)
        payer.press("form[action*='summary'] button[type=submit]")
        payer.press("form[action*='confirm'] button[type=submit]")
        payer.page.get_by_label("Pago Cerca").check()
        payer.picture(PICTURES, "coupon-way-360")
        payer.press("form[action*='start'] button[type=submit]")
        expect(payer.page.locator(".digits code")).to_be_visible()
        assert payer.amount(".coupon .figure") == total
        number = payer.page.locator(".digits code").inner_text().replace(" ", "").replace("\n", "")
        assert number.isdigit()
        payer.picture(PICTURES, "coupon-360")
        coupon = payer.page.url

        day = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=-3))).date()
        lines = [payment(number, total, "ARS", day, 1), payment("31415926535", 4_200_00, "ARS", day, 2)]
        path = tmp_path / "pagocerca.txt"
        path.write_bytes(daily_file("ar-fixed-100-v1", lines))
        staff.come_in(guests.staff("utility"))
        staff.open(HOST, "/desk/payments/collected")
        staff.picture(PICTURES, "collected-empty-1280")
        staff.press("a[href$='/collected/new']")
        staff.page.set_input_files("input[type=file]", path)
        staff.picture(PICTURES, "collected-new-1280")
        staff.press("form[action$='/collected/new'] button[type=submit]")
        staff.picture(PICTURES, "collected-checked-1280")
        staff.press("form[action$='/apply'] button[type=submit]")
        expect(staff.page.locator("main")).to_contain_text("En cuarentena", timeout=60_000)
        staff.page.wait_for_url("**/collected/*-*")
        staff.picture(PICTURES, "collected-done-1280")
        staff.page.set_viewport_size({"width": 360, "height": 740})
        staff.look()
        staff.picture(PICTURES, "collected-done-360")
        staff.open(HOST, "/desk/payments/collected")
        staff.picture(PICTURES, "collected-list-360")

        payer.page.goto(coupon)
        payer.look()
        expect(payer.page.locator("a[href*='/receipts/']").first).to_be_visible()
