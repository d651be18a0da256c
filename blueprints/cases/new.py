"""Opening a case: first what it is and what it is about, then the rest on one page (S4.19–S4.26)."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.accounts.reach import reach_of
from blueprints.auth.sessions import leave_notice
from blueprints.cases import file_forms, repairs
from blueprints.cases.blueprint import LARGEST_BODY, as_customer, pages
from blueprints.cases.catalogue import PQRS, Catalogue, catalogue
from blueprints.cases.choices import (
    Claimable,
    ClaimedInvoice,
    claimable,
    claimed_invoice,
    properties_of,
)
from blueprints.cases.forms import KindForm, NewCaseForm, RepairForm, typed
from blueprints.cases.intake import ACCEPTED
from blueprints.cases.services import NewCase, open_case
from saas.clock import now
from saas.dates import parse_date
from saas.languages import N_
from saas.limits import count_attempt
from saas.permissions import SIGNED_IN, allow
from saas.refusals import NotFound, Refusal
from tenants.look import render
from tenants.page_context import language, locale

DAY = datetime.timedelta(days=1)
Answer = str | Response | tuple[str, int]

HINTS = {
    "petition": N_("You ask for something: a document, an answer, an arrangement."),
    "complaint": N_("You are not content with how you were treated."),
    "claim": N_("Something is wrong: a charge, a service, a repair."),
    "suggestion": N_("You have an idea of what we could do better."),
}


@pages.get("/cases/new")
@allow(SIGNED_IN)
def choose() -> str:
    """The first question. From an invoice (`?invoice=`) a claim about payments is chosen already."""
    invoice = _asked_invoice(request.args.get("invoice", ""))
    form = _kind_form(catalogue())
    if invoice is not None and not form.class_code.data:
        form.class_code.data, form.subject_code.data = "claim", "payments"
    return render(
        "cases/choose.html",
        form=form,
        invoice=invoice,
        may_file=bool(_may_file()),
        wrong="wrong" in request.args,
    )


@pages.get("/cases/new/details")
@allow(SIGNED_IN)
def fill_in() -> Answer:
    """The second page; without an answer to the first, back to it."""
    words = catalogue()
    if _chosen(words, request.args.get("class_code", ""), request.args.get("subject_code", "")) is None:
        asked = request.args.get
        where = url_for(
            "cases.choose",
            invoice=asked("invoice"),
            class_code=asked("class_code"),
            subject_code=asked("subject_code"),
            wrong="yes",
        )
        return redirect(where, 303)
    if not _may_file():
        return redirect(url_for("cases.choose"), 303)
    form = NewCaseForm(formdata=None)
    form.class_code.data = request.args["class_code"]
    form.subject_code.data = request.args["subject_code"]
    form.invoice.data = request.args.get("invoice", "")
    return _details_page(form, words)


@pages.post("/cases/new/details", endpoint="file")
@allow(SIGNED_IN)
def file_it() -> Answer:
    """File it. Sent twice, it is filed once; what is wrong is said beside its field and nothing typed is lost."""
    form, words = NewCaseForm(request.form), catalogue()
    if not _may_file():
        raise NotFound()
    fine = file_forms.receive(form)
    try:
        new = _read(form, words)
        if not fine:
            return _details_page(form, words), 422
        _spare_us()
        opened = open_case(new, actor=as_customer(), now=now())
    except Refusal as refusal:
        form.refuse(refusal)
        return _details_page(form, words), 422
    file_forms.taken(form)
    leave_notice(
        g.viewer.session_id,
        _("We received it. Its number is %(number)s: keep it.", number=opened.number),
        "success",
    )
    return redirect(url_for("cases.case", case_id=opened.id), 303)


file_it.largest_body = LARGEST_BODY  # type: ignore[attr-defined]


def _spare_us() -> None:
    """Nobody has so much to ask in one day. Raises Refusal."""
    most = g.tenant.setting("cases.a-day")
    if count_attempt("case-open", str(g.viewer.user_id), window=DAY) > most:
        raise Refusal(
            N_("You opened %(most)s cases today. Add to one of them, or come back tomorrow."), most=most
        )


def _read(form: NewCaseForm, words: Catalogue) -> NewCase:
    """What the form asks for, each id found among the person's own. Raises Refusal, NotFound."""
    reach = reach_of(g.viewer, g.tenant)
    invoice = _asked_invoice(typed(form.invoice.data))
    choices = claimable(reach)
    account = _picked(form, choices, invoice)
    property_id = picked_property(typed(form.property_id.data), choices, account)
    since = typed(form.since.data).strip()
    details: dict[str, Any] = {}
    if words.asks(typed(form.subject_code.data)) == repairs.ASKS:
        details = repair_answers(form)
    return NewCase(
        class_code=typed(form.class_code.data),
        subject_code=typed(form.subject_code.data),
        description=typed(form.description.data),
        customer_id=g.viewer.customer_id,
        user_id=g.viewer.user_id,
        account_id=account.account_id if account else (invoice.account_id if invoice else None),
        property_id=property_id,
        invoice_id=invoice.id if invoice else None,
        since=parse_date(since, locale(), field="since") if since else None,
        details=details,
        files=file_forms.kept(form),
        form_key=file_forms.form_key(form),
    )


def _picked(
    form: NewCaseForm, choices: Sequence[Claimable], invoice: ClaimedInvoice | None
) -> Claimable | None:
    if invoice is not None:
        return next((one for one in choices if one.account_id == invoice.account_id), None)
    wanted = typed(form.account_id.data)
    if not wanted:
        return None
    found = next((one for one in choices if str(one.account_id) == wanted), None)
    if found is None:
        raise Refusal(N_("Choose one of the options"), field="account_id")
    return found


def picked_property(wanted: str, choices: Sequence[Claimable], account: Claimable | None) -> uuid.UUID | None:
    """The chosen property, else the one of the chosen contract. Raises Refusal when the two do not belong together."""
    if not wanted:
        return account.property_id if account else None
    found = next((one for one, _address in properties_of(choices) if str(one) == wanted), None)
    if found is None:
        raise Refusal(N_("Choose one of the options"), field="property_id")
    if account is not None and account.property_id not in (None, found):
        raise Refusal(N_("This property is not the one of the contract that you chose."), field="property_id")
    return found


def repair_answers(form: RepairForm) -> dict[str, Any]:
    """The answers that a repair asks for. Raises Refusal."""
    category, entry = typed(form.category.data), typed(form.entry.data)
    if category not in repairs.CATEGORIES:
        raise Refusal(N_("Choose what is broken."), field="category")
    if entry not in repairs.ENTRY:
        raise Refusal(N_("Say whether we may go in."), field="entry")
    hours = " ".join(typed(form.hours.data).split())
    if len(hours) > repairs.LONGEST_HOURS:
        raise Refusal(
            N_("The text is too long: %(most)s characters at most."),
            field="hours",
            most=repairs.LONGEST_HOURS,
        )
    kept = "".join(sign for sign in hours if sign.isprintable())
    return {"category": category, "entry": entry, "hours": kept}


def offer_repair_answers(form: RepairForm) -> None:
    """Fill the choices of what a repair asks."""
    form.category.choices = [SelectChoice("", _("Choose"))] + [
        SelectChoice(code, _(word)) for code, word in repairs.CATEGORIES.items()
    ]
    form.entry.choices = [SelectChoice(code, _(word)) for code, word in repairs.ENTRY.items()]


def _details_page(form: NewCaseForm, words: Catalogue) -> str:
    reach = reach_of(g.viewer, g.tenant)
    choices = claimable(reach)
    invoice = _asked_invoice(typed(form.invoice.data))
    chosen = _chosen(words, typed(form.class_code.data), typed(form.subject_code.data))
    if chosen is None:
        raise NotFound()
    single = len(choices) == 1
    form.account_id.label.text = g.tenant.word("account", language()).capitalize()
    form.account_id.choices = [SelectChoice("", _("None in particular"))] + [
        SelectChoice(
            str(one.account_id), f"{one.number} · {one.name}" if one.name != one.number else one.number
        )
        for one in choices
    ]
    form.property_id.choices = [SelectChoice("", _("None in particular"))] + [
        SelectChoice(str(one), address) for one, address in properties_of(choices)
    ]
    if not form.is_submitted() and single:
        form.account_id.data = str(choices[0].account_id)
    offer_repair_answers(form)
    file_forms.form_key(form)
    return render(
        "cases/new.html",
        form=form,
        class_name=chosen[0],
        subject_name=chosen[1],
        repair=words.asks(typed(form.subject_code.data)) == repairs.ASKS,
        invoice=invoice,
        has_accounts=bool(choices),
        has_properties=bool(properties_of(choices)),
        kept=file_forms.kept(form),
        accepted=ACCEPTED,
        most_files=g.tenant.setting("cases.files"),
        most_megabytes=g.tenant.setting("cases.file-size"),
    )


def _kind_form(words: Catalogue) -> KindForm:
    form = KindForm(formdata=None)
    form.class_code.choices = [
        SelectChoice(
            one.code,
            (one.name(language()), _(HINTS[one.code])) if one.code in HINTS else one.name(language()),
        )
        for one in words.classes_of(PQRS)
    ]
    form.subject_code.choices = [
        SelectChoice(one.code, one.name(language())) for one in words.subjects_of(PQRS)
    ]
    form.class_code.data = request.args.get("class_code") or None
    form.subject_code.data = request.args.get("subject_code") or None
    if "wrong" in request.args:
        codes = {one.code for one in words.classes_of(PQRS)}
        if form.class_code.data not in codes:
            form.class_code.errors = [_("Choose what you want to file.")]
        if form.subject_code.data not in {one.code for one in words.subjects_of(PQRS)}:
            form.subject_code.errors = [_("Choose what it is about.")]
    return form


def _chosen(words: Catalogue, class_code: str, subject_code: str) -> tuple[str, str] | None:
    """The names of a class and a subject that may be chosen; None when one of them may not."""
    if class_code not in {one.code for one in words.classes_of(PQRS)}:
        return None
    if subject_code not in {one.code for one in words.subjects_of(PQRS)}:
        return None
    return words.class_name(class_code, language()), words.subject_name(subject_code, language())


def _may_file() -> bool:
    """Who is a customer may always ask; who only has somebody's access, where it lets them claim."""
    return g.viewer.customer_id is not None or bool(claimable(reach_of(g.viewer, g.tenant)))


def _asked_invoice(wanted: str) -> ClaimedInvoice | None:
    """The invoice that the case is about. Raises NotFound for one that is not the person's."""
    if not wanted:
        return None
    try:
        invoice_id = uuid.UUID(wanted)
    except ValueError:
        raise NotFound() from None
    return claimed_invoice(reach_of(g.viewer, g.tenant), invoice_id)
