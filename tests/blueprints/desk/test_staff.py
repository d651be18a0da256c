"""Who works here: nobody raises themselves, somebody always stays, and who is out is out at once."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from saas.audit import AuditRow
from saas.database import db
from saas.outbox import drain
from saas.scope import unit_of_work
from tenants.people import OneTimeLink, StaffRole, User, UserSession
from tests.blueprints.desk.office import Office, make_office, post, text_of
from tests.cast import add_user


@pytest.fixture
def office(app: Flask) -> Office:
    return make_office()


def roles_of(office: Office, user_id) -> set[str]:
    with unit_of_work(office.tenant.id) as session:
        return set(session.execute(select(StaffRole.role).where(StaffRole.user_id == user_id)).scalars())


def test_roles_are_given_and_taken(app: Flask, office: Office):
    client = office.at_desk(app)
    page = f"/desk/staff/{office.reader}"
    assert post(client, page, fields={"roles": ["billing", "service"]}).status_code == 303
    assert roles_of(office, office.reader) == {"billing", "service"}
    assert post(client, page, fields={"roles": []}).status_code == 303
    assert roles_of(office, office.reader) == set()
    assert client.get(page).status_code == 404  # no colleague any more
    with unit_of_work(office.tenant.id) as session:
        rows = (
            session.execute(
                select(AuditRow.data)
                .where(AuditRow.action == "staff.roles-changed")
                .order_by(AuditRow.number)
            )
            .scalars()
            .all()
        )
    assert [row["after"] for row in rows] == [["billing", "service"], []]


def test_nobody_changes_their_own_role(app: Flask, office: Office):
    with unit_of_work(office.tenant.id):
        add_user("otra@example.com", name="Otra Jefa", staff_role="administrator")
    client = office.at_desk(app)
    for to, fields in (
        (f"/desk/staff/{office.admin}", {"roles": ["administrator", "billing"]}),
        (f"/desk/staff/{office.admin}/disable", {}),
    ):
        answer = post(client, "/desk/staff/invite", to, fields)
        assert answer.status_code == 409
    answer = post(
        client,
        "/desk/staff/invite",
        fields={"name": "Ana", "email": " ANA@example.com", "roles": ["billing"]},
    )
    assert answer.status_code == 409
    assert roles_of(office, office.admin) == {"administrator"}


def test_the_last_administrator_stays(app: Flask, office: Office):
    with unit_of_work(office.tenant.id):
        boss = add_user("otra@example.com", name="Otra Jefa", staff_role="administrator")
    first, second = office.at_desk(app), office.at_desk(app)
    from tests.signed_in import signed_in

    second = signed_in(app, office.tenant, boss)
    assert post(first, f"/desk/staff/{boss}", f"/desk/staff/{boss}/disable").status_code == 303
    # The other one is disabled, so signed out: she can no longer take the first one's role away.
    assert second.get("/desk/staff").status_code == 302
    assert post(first, f"/desk/staff/{boss}", f"/desk/staff/{boss}/enable").status_code == 303
    assert post(first, f"/desk/staff/{boss}", fields={"roles": ["reader"]}).status_code == 303
    with unit_of_work(office.tenant.id) as session:
        session.get_one(User, (office.tenant.id, office.admin)).status = "disabled"
        session.add(StaffRole(user_id=office.billing, role="administrator"))
    third = signed_in(app, office.tenant, office.billing)
    with unit_of_work(office.tenant.id) as session:
        session.get_one(User, (office.tenant.id, office.admin)).status = "active"
        session.get_one(User, (office.tenant.id, office.billing)).status = "active"
    assert post(third, f"/desk/staff/{office.admin}", fields={"roles": ["reader"]}).status_code == 303
    assert roles_of(office, office.billing) == {"administrator", "billing"}


def test_the_rule_of_the_last_administrator() -> None:
    from blueprints.desk.rules import check_disable, check_roles
    from saas.refusals import Refusal

    boss, none = frozenset({"administrator"}), frozenset[str]()
    with pytest.raises(Refusal):
        check_roles(none, boss, own=False, active=True, other_administrators=0)
    with pytest.raises(Refusal):
        check_disable(boss, own=False, other_administrators=0)
    check_roles(none, boss, own=False, active=True, other_administrators=1)
    check_roles(none, boss, own=False, active=False, other_administrators=0)  # could not work anyway
    check_disable(frozenset({"reader"}), own=False, other_administrators=0)


def test_who_is_disabled_is_out_at_once(app: Flask, office: Office):
    victim, client = office.at_desk(app, "reader"), office.at_desk(app)
    assert victim.get("/desk").status_code == 200
    with unit_of_work(office.tenant.id):
        from blueprints.auth.links import make_link

        make_link("recovery", office.reader)
    assert (
        post(client, f"/desk/staff/{office.reader}", f"/desk/staff/{office.reader}/disable").status_code
        == 303
    )
    assert victim.get("/desk").status_code == 302
    with unit_of_work(office.tenant.id) as session:
        assert session.execute(select(UserSession.id).where(UserSession.user_id == office.reader)).all() == []
        assert session.execute(select(OneTimeLink.id).where(OneTimeLink.user_id == office.reader)).all() == []
    assert (
        post(client, f"/desk/staff/{office.reader}", f"/desk/staff/{office.reader}/enable").status_code == 303
    )
    assert victim.get("/desk").status_code == 302  # the old session stays dead


def test_who_loses_a_role_signs_in_again(app: Flask, office: Office):
    victim, client = office.at_desk(app, "service"), office.at_desk(app)
    assert post(client, f"/desk/staff/{office.service}", fields={"roles": ["reader"]}).status_code == 303
    assert victim.get("/desk").status_code == 302


def test_a_colleague_is_invited_by_mail(app: Flask, office: Office, mailbox):
    client = office.at_desk(app)
    fields = {"name": "Nora Nueva", "email": "nora@example.com", "roles": ["service"]}
    assert post(client, "/desk/staff/invite", fields=fields).status_code == 303
    drain()
    db.session.remove()
    letters = mailbox.letters()
    assert len(letters) == 1 and "nora@example.com" in str(letters[0][1]["To"])
    body = text_of(client.get("/desk/staff"))
    assert "Nora Nueva" in body and "nora@example.com" in body


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({"name": "", "email": "n@example.com", "roles": ["service"]}, "name"),
        ({"name": "N", "email": "nada", "roles": ["service"]}, "email"),
        ({"name": "N", "email": "n@example.com", "roles": []}, "roles"),
        ({"name": "N", "email": "n@example.com", "roles": ["owner"]}, "roles"),
        ({"name": "N", "email": "n@example.com\r\nBcc: x@example.com", "roles": ["service"]}, "email"),
    ],
)
def test_a_wrong_invitation_is_explained_and_kept(app: Flask, office: Office, fields, target: str):
    body = text_of(post(office.at_desk(app), "/desk/staff/invite", fields=fields), 422)
    assert f'href="#{target}"' in body
    if fields["name"]:
        assert 'value="N"' in body


def test_a_customer_is_invited(app: Flask, office: Office, mailbox):
    client = office.at_desk(app, "service")
    page = f"/desk/customers/{office.customer}/invite"
    assert 'value="jose@example.com"' in text_of(client.get(page))
    assert post(client, page, fields={"email": "hija@example.com"}).status_code == 303
    drain()
    db.session.remove()
    assert "hija@example.com" in str(mailbox.letters()[0][1]["To"])
    assert "hija@example.com" in text_of(client.get(f"/desk/customers/{office.customer}"))
    assert 'href="#email"' in text_of(post(client, page, fields={"email": "no es"}), 422)


def test_fields_that_nobody_asked_for_are_ignored(app: Flask, office: Office):
    client = office.at_desk(app)
    extra = {
        "tenant_id": "00000000-0000-0000-0000-000000000000", "status": "disabled", "email": "robo@example.com",
        "is_admin": "1", "password_hash": "x", "customer_id": str(office.customer), "id": str(office.admin),
    }  # fmt: skip
    assert (
        post(client, f"/desk/staff/{office.reader}", fields={"roles": ["reader"], **extra}).status_code == 303
    )
    with unit_of_work(office.tenant.id) as session:
        user = session.get_one(User, (office.tenant.id, office.reader))
        assert (user.status, user.email, user.customer_id) == ("active", "rita@example.com", None)
