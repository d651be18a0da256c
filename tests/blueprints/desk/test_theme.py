"""The look: typed tokens, corrected colours, versions that are published and rolled back, logos re-made."""

from __future__ import annotations

import io
import re
import struct
import threading
import zlib

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from blueprints.desk.logos import BUDGET, as_png
from blueprints.desk.pictures import thumbnail
from saas import files
from saas.audit import SYSTEM, AuditRow
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.models import ThemeVersion
from tenants.services import save_look
from tenants.theme_packages import known_packages, tokens_for
from tests.application import client_for
from tests.blueprints.desk.office import Office, make_office, post, text_of

J08 = [
    "red;}body{display:none", "url(//evil)", "expression(alert(1))", "\\75rl(//evil)",
    "</style><script>alert(1)</script>",
    "#GGGGGG", "#fff", "#12345678", "x" * 10_000, "red", "var(--ink)", "#00000\u0660", "#000000;", "#000000\n}",
]  # fmt: skip
EDIT = "/desk/theme/edit/caudal"
GOOD = {
    "brand": "#0B57D0",
    "accent": "#a02020",
    "neutral": "cool",
    "radius": "6px",
    "density": "compact",
    "font": "system",
    "header": "band",
}


@pytest.fixture
def office(app: Flask) -> Office:
    return make_office()


def versions(office: Office) -> list[ThemeVersion]:
    with unit_of_work(office.tenant.id) as session:
        found = list(session.execute(select(ThemeVersion).order_by(ThemeVersion.number)).scalars())
        session.expunge_all()
        return found


def css_of(client, page: str = "/login") -> str:
    found = re.search(r'href="(/t/[0-9a-f]+\.css)"', client.get(page).get_data(as_text=True))
    assert found
    return text_of(client.get(found[1]))


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 120), **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def test_nothing_but_tokens_reaches_a_stylesheet(app: Flask, office: Office):
    client = office.at_desk(app)
    for evil in J08:
        for token in ("brand", "radius", "font"):
            body = text_of(post(client, EDIT, fields={**GOOD, token: evil}), 422)
            assert f'href="#{token}"' in body and "<script>alert" not in body
    assert versions(office) == []
    assert "body{display:none" not in css_of(client_for(app, office.tenant.host))


def test_a_version_is_saved_published_and_rolled_back(app: Flask, office: Office):
    client, visitor = office.at_desk(app), client_for(app, office.tenant.host)
    plain = css_of(visitor)
    for brand in ("#0b57d0", "#0a7a3c"):
        answer = post(client, EDIT, fields={**GOOD, "brand": brand})
        assert answer.status_code == 303
        assert css_of(visitor) == plain if brand == "#0b57d0" else brand not in css_of(visitor)
        page = text_of(client.get(answer.location))
        found = re.search(r'action="(/desk/theme/versions/[^"]+/publish)"', page)
        assert found
        assert post(client, answer.location, found[1]).status_code == 303
        assert brand in css_of(visitor)
    first, second = versions(office)
    page = f"/desk/theme/versions/{first.id}"
    assert post(client, page, f"{page}/publish").status_code == 303
    assert "#0b57d0" in css_of(visitor) and (first.number, second.number) == (1, 2)
    with unit_of_work(office.tenant.id) as session:
        actions = session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars().all()
    assert actions == ["look.saved", "look.published"] * 2 + ["look.published"]
    assert text_of(client.get("/desk/theme")).count("theme/versions/") == 2


def test_two_who_save_a_look_at_once(app: Flask, office: Office):
    """Each gets a version; the second is told that it does not hold what the first one chose."""
    first, second = office.at_desk(app), office.at_desk(app)
    seen = re.search(r'name="seen" value="(\d+)"', text_of(second.get(EDIT)))
    assert seen and seen[1] == "0"
    answer = post(first, EDIT, fields={**GOOD, "seen": seen[1]})
    assert "notice-warning" not in text_of(first.get(answer.location))
    answer = post(second, EDIT, fields={**GOOD, "radius": "0", "seen": seen[1]})
    assert "notice-warning" in text_of(second.get(answer.location))
    assert [version.number for version in versions(office)] == [1, 2]


def test_looks_that_are_saved_in_the_same_moment(app: Flask, office: Office):
    def save() -> None:
        with app.app_context(), unit_of_work(office.tenant.id):
            save_look("caudal", {}, actor=SYSTEM)

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [version.number for version in versions(office)] == [1, 2, 3, 4]


def test_only_what_differs_from_the_package_is_kept(app: Flask, office: Office):
    client = office.at_desk(app)
    defaults = {name: tokens_for("caudal", {})[name] for name in GOOD}
    post(client, EDIT, fields={**defaults, "radius": "0"})
    assert versions(office)[0].tokens == {"radius": "0"}


def test_low_contrast_is_corrected_and_explained(app: Flask, office: Office):
    client = office.at_desk(app)
    answer = post(client, EDIT, fields={**GOOD, "brand": "#ffff00", "accent": "#fefefe"})
    body = text_of(client.get(answer.location))
    used = re.findall(r"<code>(#[0-9a-f]{6})</code>", body)
    assert "#ffff00" in used and len(used) == 4 and used[0] != used[1]
    assert "4.5" in body and "#ffff00" not in css_of(client_for(app, office.tenant.host))


def test_the_preview_is_the_versions_look_and_for_staff_only(app: Flask, office: Office):
    client = office.at_desk(app)
    post(client, EDIT, fields=GOOD)
    version = versions(office)[0].id
    for sample in ("home", "invoice", "form"):
        for mode in ("", "light", "dark"):
            answer = client.get(f"/desk/theme/preview/{version}?page={sample}&mode={mode}")
            body = text_of(answer)
            assert (
                f"/desk/theme/preview/{version}.css" in body and "noindex" in answer.headers["X-Robots-Tag"]
            )
            assert "<form" not in re.sub(r'<form class="inline".*?</form>', "", body, flags=re.DOTALL)
    assert "#0b57d0" in text_of(client.get(f"/desk/theme/preview/{version}.css"))
    assert client.get(f"/desk/theme/preview/{version}?page=../../x").status_code == 404
    for who, status in (("service", 403), ("holder", 404)):
        for page in (
            f"preview/{version}",
            f"preview/{version}.css",
            f"versions/{version}",
            f"versions/{version}/light.svg",
        ):
            assert office.at_desk(app, who).get(f"/desk/theme/{page}").status_code == status


def test_pictures_are_drawn_of_every_package(app: Flask, office: Office):
    client = office.at_desk(app)
    for package in known_packages():
        answer = client.get(f"/desk/theme/pictures/{package}.svg")
        assert answer.mimetype == "image/svg+xml" and text_of(answer).startswith("<svg")
        for mode in ("light", "dark"):
            assert "None" not in thumbnail(tokens_for(package, {"radius": "12px"}), mode)
        assert client.get(f"/desk/theme/edit/{package}").status_code == 200
    assert client.get("/desk/theme/pictures/nada.svg").status_code == 404
    assert client.get("/desk/theme/edit/nada").status_code == 404
    assert client.get("/desk/theme/edit/..").status_code == 404


def test_an_uploaded_logo_is_remade_and_served(app: Flask, office: Office):
    client, visitor = office.at_desk(app), client_for(app, office.tenant.host)
    hidden = picture("JPEG", exif=b"Exif\x00\x00MM\x00*SECRETO", comment=b"<script>alert(1)</script>")
    upload = {**GOOD, "logo": (io.BytesIO(hidden), "../../logo.svg.html")}
    answer = post(client, EDIT, fields=upload)
    assert answer.status_code == 303
    assert post(client, answer.location, f"{answer.location}/publish").status_code == 303
    found = re.search(r'src="(/logo/[^"]+\.png)"', text_of(visitor.get("/login")))
    assert found
    served = visitor.get(found[1])
    assert served.mimetype == "image/png" and "immutable" in served.headers["Cache-Control"]
    assert b"SECRETO" not in served.data and b"script" not in served.data and len(served.data) <= BUDGET
    with Image.open(io.BytesIO(served.data)) as made:
        assert made.format == "PNG" and made.width == made.height
    stranger = make_office("vecina", canary="CANARIO-VECINA")
    assert client_for(app, stranger.tenant.host).get(found[1]).status_code == 404
    # Kept while other things change, gone when asked.
    post(client, EDIT, fields={**GOOD, "radius": "0"})
    assert versions(office)[-1].tokens["logo"].startswith("file:")
    post(client, EDIT, fields={**GOOD, "remove_logo": "y"})
    assert "logo" not in versions(office)[-1].tokens


def test_the_logo_address_serves_no_other_file(app: Flask, office: Office):
    with unit_of_work(office.tenant.id):
        receipt = files.store(b"%PDF-1.7", media_type="application/pdf", name="recibo.pdf", purpose="receipt")
    assert client_for(app, office.tenant.host).get(f"/logo/{receipt}.png").status_code == 404


def _huge_png() -> bytes:
    """A header that promises 65500 × 65500 pixels, and nothing behind it."""
    head = struct.pack(">IIBBBBB", 65500, 65500, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"\xef\xbb\xbf<?xml version='1.0'?><svg/>",
        b"<!DOCTYPE html><script>alert(1)</script>", b"GIF89a" + b"\x00" * 40, b"%PDF-1.7", b"MZ\x90\x00",
        b"PK\x03\x04",
        b"", b"\x89PNG\r\n\x1a\n", _huge_png(), b"RIFF\x00\x00\x00\x00WEBP", b"x" * (2 * 1024 * 1024 + 1),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(content: bytes):
    with pytest.raises(Refusal) as refusal:
        as_png(content)
    assert refusal.value.field == "logo"


def test_svg_is_refused_in_words(app: Flask, office: Office):
    client = office.at_desk(app)
    svg = io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    body = text_of(post(client, EDIT, fields={**GOOD, "logo": (svg, "logo.png")}), 422)
    assert 'href="#logo"' in body and "SVG" in body and versions(office) == []


@pytest.mark.parametrize(("kind", "size"), [("PNG", (700, 500)), ("JPEG", (40, 3000)), ("WEBP", (1, 1))])
def test_any_picture_ends_small_and_square(kind: str, size: tuple[int, int]):
    with Image.open(io.BytesIO(as_png(picture(kind, size) + b"<html>tail"))) as made:
        assert made.width == made.height <= 160
    assert len(as_png(picture(kind, size))) <= BUDGET
