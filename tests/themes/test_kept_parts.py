"""Parts of pages that are kept: they follow every change at once, and nobody sees another's."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from flask import Flask
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError, meta
from jinja2.nodes import Import, Include, Node
from jinja2.runtime import Context
from sqlalchemy import update

from saas.audit import SYSTEM
from saas.environment import HouseEnvironment
from saas.kept_parts import KEPT, MOST_KEPT, PERSONAL, KeptPart
from saas.scope import unit_of_work
from tenants.look import Looks
from tenants.people import User
from tenants.services import change_settings, change_words, publish_look, save_look
from tests.cast import TenantCast, add_account, add_user, give_access, make_agency, make_utility
from tests.database import DatabaseUrls
from tests.signed_in import signed_in

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [*sorted((ROOT / "themes").glob("*/templates")), *sorted((ROOT / "blueprints").glob("*/templates"))]


def whoever(tenant: TenantCast, email: str, name: str) -> object:
    with unit_of_work(tenant.id) as session:
        user = add_user(email)
        give_access(user, add_account(email))
        session.execute(update(User).where(User.id == user).values(name=name))
        return user


def test_every_change_shows_at_once(app: Flask, database: DatabaseUrls) -> None:
    tenant = make_utility()
    client = signed_in(app, tenant, whoever(tenant, "a@example.com", "Ana"))  # type: ignore[arg-type]

    def page(path: str = "/invoices") -> str:
        return client.get(path).get_data(as_text=True)

    assert 'alt="" width="40"' not in page() and "0800 1" not in page()
    with unit_of_work(tenant.id):
        change_settings({"support.phone": "0800 1"}, actor=SYSTEM)
    assert "0800 1" in page()
    with unit_of_work(tenant.id):
        change_settings({"support.phone": "0800 2"}, actor=SYSTEM)
    assert "0800 2" in page() and "0800 1" not in page()
    with psycopg.connect(database.superuser) as connection:
        connection.execute(
            "UPDATE tenants SET name = 'Aguas Nuevas', version = version + 1 WHERE id = %s", [tenant.id]
        )
    assert "<span>Aguas Nuevas</span></a>" in page()
    with unit_of_work(tenant.id):
        change_words({"es": {"account": "conexión"}}, actor=SYSTEM)
    assert "Conexión" in page("/invoices/history")
    with unit_of_work(tenant.id):
        publish_look(save_look("portada", {}, actor=SYSTEM), actor=SYSTEM)
    assert 'class="mark"' in page() and "<small>" in page().split("</header>")[0]
    with unit_of_work(tenant.id) as session:
        session.execute(update(User).values(language="en"))
    assert ">Invoices</span>" in page().split("</header>")[0]


def test_two_tenants_and_two_people_share_nothing(app: Flask) -> None:
    here, there = make_utility(), make_agency()
    clients = [
        signed_in(app, here, whoever(here, "a@example.com", "Ana Roca")),  # type: ignore[arg-type]
        signed_in(app, here, whoever(here, "b@example.com", "Bruno Sosa")),  # type: ignore[arg-type]
        signed_in(app, there, whoever(there, "c@example.com", "Carla Paz")),  # type: ignore[arg-type]
    ]
    with unit_of_work(here.id):
        change_settings({"support.phone": "0800 AQUI"}, actor=SYSTEM)
    with unit_of_work(there.id):
        change_settings({"support.phone": "0800 ALLA"}, actor=SYSTEM)
    for _ in range(2):
        pages = [client.get("/invoices/history").get_data(as_text=True) for client in clients]
        for number, (name, phone) in enumerate(
            [("Ana Roca", "0800 AQUI"), ("Bruno Sosa", "0800 AQUI"), ("Carla Paz", "0800 ALLA")]
        ):
            assert [name in page for page in pages] == [place == number for place in range(3)]
            assert phone in pages[number]
        assert "0800 AQUI" not in pages[2] and "0800 ALLA" not in pages[0]


def test_what_is_kept_holds_no_name_and_no_token(app: Flask) -> None:
    tenant = make_utility()
    client = signed_in(app, tenant, whoever(tenant, "ana.roca@example.com", "Ana Roca"))  # type: ignore[arg-type]
    assert all(client.get(path).status_code == 200 for path in ("/", "/invoices", "/invoices/history"))
    looks: Looks = app.extensions["looks"]
    parts = [
        looks.environment(name).get_template(path).root_render_func
        for name in looks.environments
        for path in KEPT
    ]
    kept = [text for part in parts if isinstance(part, KeptPart) for text in part._kept.values()]
    assert kept
    assert not [
        text for text in kept if "Ana Roca" in text or "csrf_token" in text or "ana.roca@example.com" in text
    ]


def sources(name: str) -> list[Path]:
    return [folder / name for folder in FOLDERS if (folder / name).is_file()]


def names_of(tree: Node) -> list[str]:
    found = [*tree.find_all(Include), *tree.find_all(Import)]
    return [str(one.template.value) for one in found if hasattr(one.template, "value")]


@pytest.mark.parametrize("template", KEPT)
def test_a_kept_part_asks_for_nothing_that_its_key_does_not_say(app: Flask, template: str) -> None:
    """Whatever it reads is given, or is the same for everybody; so is what it includes."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    waiting = sources(template)
    assert waiting
    while waiting:
        tree = environment.parse(waiting.pop().read_text(encoding="utf-8"))
        read = meta.find_undeclared_variables(tree)
        assert not read & PERSONAL
        assert read - set(KEPT[template]) <= set(app.jinja_env.globals)
        waiting += [path for name in names_of(tree) if name.startswith("portal/") for path in sources(name)]


def environment_of(**templates: str) -> HouseEnvironment:
    loader = DictLoader({name.replace("__", "/") + ".html": text for name, text in templates.items()})
    app = Flask("x")
    return HouseEnvironment(app, loader=loader, undefined=StrictUndefined, autoescape=True, auto_reload=False)


def part_of(environment: HouseEnvironment, *names: str, language: object = "es") -> KeptPart:
    return KeptPart(environment.get_template("part.html"), names, lambda: language)


def drawn(part: KeptPart, environment: HouseEnvironment, **values: object) -> str:
    return "".join(part(Context(environment, values, None, {})))


def test_a_part_is_drawn_once_for_equal_values_and_never_for_others() -> None:
    count: list[object] = []
    environment = environment_of(part="{{ note(word) }}")
    environment.globals["note"] = lambda word: count.append(word) or word
    part = part_of(environment, "word")
    assert [drawn(part, environment, word=word) for word in ("a", "b", "a", "<")] == ["a", "b", "a", "&lt;"]
    assert count == ["a", "b", "<"]
    drawn(part, environment, word=["no", "hash"])
    drawn(part, environment, word=["no", "hash"])
    assert len(count) == 5
    for number in range(MOST_KEPT + 10):
        drawn(part, environment, word=number)
    assert len(part._kept) == MOST_KEPT


def test_a_part_that_asks_who_looks_on_fails() -> None:
    environment = environment_of(part="{{ viewer }}")
    with pytest.raises(UndefinedError, match="the same for everybody"):
        drawn(part_of(environment), environment, viewer="Ana")


def test_another_look_finds_its_own_template_under_the_same_name() -> None:
    environment = environment_of(page="one")
    assert environment.get_template("page.html").render() == "one"
    other = environment.overlay(loader=DictLoader({"page.html": "two"}))
    assert other.get_template("page.html").render() == "two"
    assert environment.get_template("page.html").render() == "one"


def test_a_block_may_still_ask_for_the_layouts_own() -> None:
    environment = environment_of(
        layout="[{% block a %}base{% endblock %}|{% block b %}{{ self.a() }}{% endblock %}]",
        page='{% extends "layout.html" %}{% block a %}<{{ super() }}>{% endblock %}',
    )
    assert environment.get_template("page.html").render() == "[<base>|<base>]"
