"""The catalogue tool on a small tree of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from saas.local import catalogues

CODE = """
from flask_babel import gettext as _, ngettext
a = _("Hello %(name)s", name="Ana")
b = ngettext("%(num)s invoice", "%(num)s invoices", 3)
c = N_("It was refused")
"""
PAGE = "<p>{{ _('Pay') }} {% trans trimmed name=x %}\n  Dear\n  {{ name }}\n{% endtrans %}</p>"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    package = tmp_path / "blueprints" / "shop"
    (package / "templates" / "shop").mkdir(parents=True)
    (package / "services.py").write_text(CODE)
    (package / "templates" / "shop" / "page.html").write_text(PAGE)
    (tmp_path / "saas").mkdir()
    return tmp_path


def spanish(root: Path) -> Path:
    return root / "blueprints" / "shop" / "translations" / "es.po"


def translate(root: Path, msgid: str, text: str) -> None:
    before = spanish(root).read_text()
    after = before.replace(f'msgid "{msgid}"\nmsgstr ""', f'msgid "{msgid}"\nmsgstr "{text}"')
    assert after != before
    spanish(root).write_text(after)


def check(root: Path, capsys: pytest.CaptureFixture[str], *packages: str) -> tuple[int, str]:
    capsys.readouterr()
    status = catalogues.main(["--check", *packages], root)
    return status, capsys.readouterr().out


def complete(root: Path) -> None:
    catalogues.main([], root)
    translate(root, "Hello %(name)s", "Hola, %(name)s")
    translate(root, "It was refused", "Fue rechazado")
    translate(root, "Pay", "Pagar")
    translate(root, "Dear %(name)s", "Hola, %(name)s")
    text = spanish(root).read_text()
    text = text.replace('msgstr[0] ""', 'msgstr[0] "%(num)s factura"')
    spanish(root).write_text(text.replace('msgstr[1] ""', 'msgstr[1] "%(num)s facturas"'))


def test_a_complete_catalogue_passes_and_is_left_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    complete(root)
    written = spanish(root).read_text()
    assert check(root, capsys) == (0, "Catalogues: complete.\n")
    catalogues.main([], root)
    assert spanish(root).read_text() == written


def test_english_repeats_the_code(root: Path) -> None:
    catalogues.main(["blueprints/shop"], root)
    text = spanish(root).with_name("en.po").read_text()
    assert 'msgid "Dear %(name)s"\nmsgstr "Dear %(name)s"' in text
    assert 'msgstr[1] "%(num)s invoices"' in text


def test_what_is_not_translated_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalogues.main([], root)
    status, output = check(root, capsys)
    assert status == 1
    assert "'Pay' is not translated" in output
    assert not (root / "saas" / "translations").exists()


def test_new_and_unused_sentences_are_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    complete(root)
    (root / "blueprints" / "shop" / "services.py").write_text(
        CODE.replace("It was refused", "It was rejected")
    )
    status, output = check(root, capsys, "blueprints/shop")
    assert status == 1
    assert "'It was rejected' is missing" in output
    assert "'It was refused' is no longer used" in output
    catalogues.main(["blueprints/shop"], root)
    assert "Fue rechazado" not in spanish(root).read_text()
    assert "Pagar" in spanish(root).read_text()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Hola, %(nombre)s", "unknown placeholder: nombre"),
        ("Hola", "lost a placeholder: name"),
        ("Hola 100 % %(name)s", "no placeholder in the translation"),
        (" Hola %(name)s", "white space in the translation"),
    ],
)
def test_a_translation_keeps_its_placeholders(
    root: Path, capsys: pytest.CaptureFixture[str], text: str, fault: str
) -> None:
    complete(root)
    spanish(root).write_text(spanish(root).read_text().replace("Hola, %(name)s", text, 1))
    status, output = check(root, capsys)
    assert status == 1
    assert fault in output


def test_an_untrimmed_block_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    complete(root)
    page = root / "blueprints" / "shop" / "templates" / "shop" / "page.html"
    page.write_text(PAGE + "{% trans %}Two\n  lines{% endtrans %}")
    assert "write {% trans trimmed %}" in check(root, capsys)[1]


def test_two_packages_say_the_same_thing_in_the_same_words(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    complete(root)
    other = root / "saas" / "words.py"
    other.write_text('word = N_("Pay")\n')
    catalogues.main(["saas"], root)
    path = root / "saas" / "translations" / "es.po"
    path.write_text(path.read_text().replace('msgid "Pay"\nmsgstr ""', 'msgid "Pay"\nmsgstr "Abonar"'))
    status, output = check(root, capsys)
    assert status == 1
    assert "'Pay' is 'Pagar' but 'Abonar' in saas/translations/es.po" in output


def test_a_sentence_outside_every_package_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    complete(root)
    (root / "wsgi.py").write_text('word = _("Nobody translates me")\n')
    assert "stands outside every package" in check(root, capsys)[1]
