"""`flask user …`: people of a tenant, for whoever runs the installation."""

from __future__ import annotations

import json
import sys
import uuid

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from blueprints.accounts.models import Customer
from blueprints.auth.services import invite_user, take_away
from saas.audit import Actor
from saas.config import Config
from saas.database import db
from saas.identity_numbers import normal_forms, normalise_email
from saas.languages import N_
from saas.outbox import wake
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.letters import address_of
from tenants.loading import serving
from tenants.people import User
from tenants.roles import ROLES
from tenants.services import find_tenant

user_group = AppGroup("user", help="People who log in to a tenant.")
OPERATOR = Actor("operator", name="Ventanilla")


@user_group.command("invite")
@click.argument("email")
@click.option("--tenant", "slug", required=True, help="Short name of the tenant.")
@click.option("--name", help="The person's name; of a customer, the one in the books.")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(sorted(ROLES)), help="Staff role; may repeat."
)
@click.option("--customer", "document", help="Document number of the customer whose accounts they see.")
@click.option("--print-link", is_flag=True, help="Print the link; never in production.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def invite(
    email: str,
    slug: str,
    name: str | None,
    roles: tuple[str, ...],
    document: str | None,
    print_link: bool,
    as_json: bool,
) -> None:
    """Send EMAIL an invitation with a link that sets the password."""
    config: Config = current_app.extensions["ventanilla_config"]
    try:
        if print_link and config.environment == "production":
            raise Refusal(N_("Links are not printed in production: the letter carries them."))
        with unit_of_work(find_tenant(slug)):
            customer_id, called = _customer(document)
            made = invite_user(
                email=email,
                name=name or called or "",
                actor=OPERATOR,
                customer_id=customer_id,
                roles=roles,
            )
            link = address_of("auth.link", token=made.token) if print_link and made.token else None
    except Refusal as refusal:
        _say({"refused": str(refusal), "field": refusal.field}, as_json, str(refusal))
        sys.exit(1)
    wake()
    said = f"Invited {email}." if made.token else f"{email} already comes in; rights were added."
    _say(
        {"user": str(made.user_id), "invited": made.token is not None, "link": link},
        as_json,
        f"{said}\n{link}" if link else said,
    )


@user_group.command("reset-second-factor")
@click.argument("email")
@click.option("--tenant", "slug", required=True, help="Short name of the tenant.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reset_second_factor(email: str, slug: str, as_json: bool) -> None:
    """Take the second factor of EMAIL away: for whoever lost telephone and recovery codes, and proved who they are."""
    try:
        with unit_of_work(find_tenant(slug)):
            found = select(User.id).where(User.email == normalise_email(email))
            user_id = db.session.execute(found).scalar()
            if user_id is None:
                raise Refusal(N_("Nobody here has the e-mail “%(email)s”."), email=email)
            taken = take_away(user_id, actor=OPERATOR)
    except Refusal as refusal:
        _say({"refused": str(refusal)}, as_json, str(refusal))
        sys.exit(1)
    wake()
    said = "comes in with the password alone now." if taken else "had no second factor."
    _say({"user": str(user_id), "reset": taken}, as_json, f"{email} {said}")


def _customer(document: str | None) -> tuple[uuid.UUID | None, str | None]:
    if document is None:
        return None, None
    forms = [document, *normal_forms(serving().country, document)]
    found = select(Customer.id, Customer.name).where(Customer.document_number.in_(forms)).limit(2)
    rows = db.session.execute(found).all()
    if len(rows) != 1:
        raise Refusal(N_("There is no one customer with the document “%(document)s”."), document=document)
    return rows[0].id, rows[0].name


def _say(facts: dict[str, object], as_json: bool, sentence: str) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)
