"""Staff write a case down for somebody who calls, writes or stands at the counter: a spoken petition counts as much as
a typed one, gets a record, and its clock runs from when it came in (E1)."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.cases import file_forms, filing_queries, receipt, repairs, rules
from blueprints.cases.blueprint import LARGEST_BODY
from blueprints.cases.catalogue import PQRS, Catalogue, catalogue, check_class, check_subject
from blueprints.cases.channels import CAME_BY
from blueprints.cases.choices import Claimable, properties_of
from blueprints.cases.desk_blueprint import pages, say
from blueprints.cases.desk_forms import FilingForm
from blueprints.cases.filing_queries import Found, contracts_of
from blueprints.cases.forms import typed
from blueprints.cases.intake import ACCEPTED
from blueprints.cases.new import offer_repair_answers, picked_property, repair_answers
from blueprints.cases.persons import Person, check_person
from blueprints.cases.reading import Reading, description_of, since_of
from blueprints.cases.services import NewCase, open_case
from saas.clock import now
from saas.dates import format_long
from saas.languages import N_
from saas.permissions import allow
from saas.refusals import NotFound, Refusal
from tenants import roles
from tenants.look import render
from tenants.page_context import language, locale

Answer = str | Response | tuple[str, int]
UNKNOWN: Final = "unknown"
"""In the place of a customer's id: somebody who is not in the books."""
LONGEST_QUESTION = 100


@pages.get("/new", endpoint="new")
@allow(roles.CASES)
def find() -> str:
    """Whose case it is: a customer, or somebody who is not in the books."""
    kept = "".join(sign for sign in request.args.get("q", "")[:LONGEST_QUESTION] if sign.isprintable())
    words = " ".join(kept.split())
    page = filing_queries.find(words, request.args.get("after")) if words else None
    return render(
        "cases/desk/find.html", page=page, words=words, later="after" in request.args, unknown=UNKNOWN
    )


@pages.get("/new/details", endpoint="filing_page")
@allow(roles.CASES)
def write_down() -> Answer:
    wanted = request.args.get("customer", "")
    if not wanted:
        return redirect(url_for("cases_desk.new"), 303)
    customer = _customer(wanted)
    form, moment = FilingForm(formdata=None), now().astimezone(ZoneInfo(g.tenant.time_zone))
    form.customer.data = wanted
    form.received_on.data, form.received_hour.data = f"{moment:%d/%m/%Y}", f"{moment:%H:%M}"
    return _page(form, customer)


@pages.post("/new/details", endpoint="file")
@allow(roles.CASES)
def file_it() -> Answer:
    """File it. Sent twice, it is filed once; what is wrong is said beside its field and nothing typed is lost."""
    form = FilingForm(request.form)
    customer = _customer(typed(form.customer.data))
    fine = file_forms.receive(form)
    try:
        new = _read(form, customer)
        if new is None or not fine:
            return _page(form, customer), 422
        opened = open_case(new, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, customer), 422
    file_forms.taken(form)
    say(_("Filed under %(number)s. Hand over its certificate, or tell the number.", number=opened.number))
    return redirect(url_for("cases_desk.case", case_id=opened.id), 303)


file_it.largest_body = LARGEST_BODY  # type: ignore[attr-defined]


def _customer(wanted: str) -> Found | None:
    """Who was chosen; None for somebody who is not in the books. Raises NotFound."""
    if wanted == UNKNOWN:
        return None
    try:
        return filing_queries.customer(uuid.UUID(wanted))
    except ValueError:
        raise NotFound() from None


def _read(form: FilingForm, customer: Found | None) -> NewCase | None:
    """What the form says, each id found among the customer's own; None, and the form says what is wrong. Raises
    NotFound for a contract or property where the form offered none."""
    reading, choices = Reading(form), _choices(customer)
    account_wanted, property_wanted = typed(form.account_id.data), typed(form.property_id.data)
    if (account_wanted or property_wanted) and not choices:
        raise NotFound()
    code, subject = typed(form.class_code.data), typed(form.subject_code.data)
    person = reading.take(lambda: _person(form)) if customer is None else None
    channel = reading.take(lambda: _channel(form))
    why = reading.take(lambda: _line(form.late_why.data, "late_why", receipt.LONGEST_WHY))
    received = reading.take(lambda: _received(form, why))
    reading.take(lambda: check_class(PQRS, code))
    reading.take(lambda: check_subject(PQRS, subject))
    description = reading.take(lambda: description_of(typed(form.description.data)))
    since = reading.take(lambda: since_of(typed(form.since.data)))
    account = reading.take(lambda: _account(account_wanted, choices))
    property_id = reading.take(lambda: picked_property(property_wanted, choices, account))
    asks = catalogue().asks(subject) == repairs.ASKS
    details = reading.take(lambda: repair_answers(form)) if asks else {}
    if not reading.fine:
        return None
    return NewCase(
        class_code=code,
        subject_code=subject,
        description=description or "",
        customer_id=customer.id if customer else None,
        person=person.kept() if person else None,
        channel=channel or "",
        account_id=account.account_id if account else None,
        property_id=property_id,
        since=since,
        details=details or {},
        files=file_forms.kept(form),
        form_key=file_forms.form_key(form),
        received_at=received,
        late_why=why or "",
    )


def _channel(form: FilingForm) -> str:
    channel = typed(form.channel.data)
    if channel not in CAME_BY:
        raise Refusal(N_("Choose how it came in."), field="channel")
    return channel


def _received(form: FilingForm, why: str | None) -> datetime.datetime:
    zone = g.tenant.time_zone
    moment = receipt.received(typed(form.received_on.data), typed(form.received_hour.data), zone, locale())
    # A reason that was refused is there all the same: its own field says what is wrong with it.
    receipt.check_received(moment, now(), zone, "…" if why is None else why)
    return moment


def _line(text: object, field: str, longest: int) -> str:
    return " ".join(rules.clean(typed(text), field, longest=longest).split())


def _person(form: FilingForm) -> Person:
    asked = Person(
        typed(form.name.data),
        typed(form.document.data),
        typed(form.email.data),
        typed(form.phone.data),
        typed(form.address.data),
    )
    return check_person(asked, g.tenant.country)


def _choices(customer: Found | None) -> Sequence[Claimable]:
    return contracts_of(customer.id, g.tenant.today()) if customer is not None else ()


def _account(wanted: str, choices: Sequence[Claimable]) -> Claimable | None:
    if not wanted:
        return None
    found = next((one for one in choices if str(one.account_id) == wanted), None)
    if found is None:
        raise Refusal(N_("Choose one of the options"), field="account_id")
    return found


def _page(form: FilingForm, customer: Found | None) -> str:
    words, choices = catalogue(), _choices(customer)
    form.channel.choices = [SelectChoice("", _("Choose"))] + [
        SelectChoice(code, _(word)) for code, word in CAME_BY.items()
    ]
    _offer_kinds(form, words)
    form.account_id.label.text = g.tenant.word("account", language()).capitalize()
    form.account_id.choices = [SelectChoice("", _("None in particular"))] + [
        SelectChoice(str(one.account_id), _said(one)) for one in choices
    ]
    form.property_id.choices = [SelectChoice("", _("None in particular"))] + [
        SelectChoice(str(one), address) for one, address in properties_of(choices)
    ]
    offer_repair_answers(form)
    file_forms.form_key(form)
    return render(
        "cases/desk/file.html",
        form=form,
        customer=customer,
        repairs=[one.name(language()) for one in words.subjects_of(PQRS) if one.asks == repairs.ASKS],
        has_accounts=bool(choices),
        has_properties=bool(properties_of(choices)),
        kept=file_forms.kept(form),
        accepted=ACCEPTED,
        most_files=g.tenant.setting("cases.files"),
        most_megabytes=g.tenant.setting("cases.file-size"),
    )


def _offer_kinds(form: FilingForm, words: Catalogue) -> None:
    choose: list[Any] = [SelectChoice("", _("Choose"))]
    spoken = language()
    form.class_code.choices = choose + [
        SelectChoice(one.code, one.name(spoken)) for one in words.classes_of(PQRS)
    ]
    form.subject_code.choices = choose + [
        SelectChoice(one.code, one.name(spoken)) for one in words.subjects_of(PQRS)
    ]


def _said(one: Claimable) -> str:
    """A contract as a choice: its number, its place, and until when where it is over."""
    text = f"{one.number} · {one.name}" if one.name != one.number else one.number
    return (
        _("%(contract)s (until %(day)s)", contract=text, day=format_long(one.until, locale()))
        if one.until
        else text
    )
