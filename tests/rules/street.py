"""One street of an agency, with everybody whose rights are easily mixed up, and a thing of each kind to be seen.

    LOTE-1  ended. Fran rented, Sara and Beto owned.
    LOTE-2  the same place now. Nora rents; Rosa did with her and has left. Sara sold her part to Ana, Beto kept his.
            What was in the time of Rosa and Sara stays theirs; nothing later is.
    LOTE-3  Omar owns, Rita rents.
    LOTE-4  Carla owns, Omar rents: he is an owner and a renter.

Each `Thing` says in what word it is recognised and who may see it; nobody else may, anywhere.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from blueprints.accounts.models import AccountParty, Customer, Property
from blueprints.accounts.services import grant_access_from_parties
from blueprints.cases import quotes
from blueprints.cases.casebook import Upload
from blueprints.cases.models import CaseFile
from blueprints.cases.quote_models import CaseQuote
from blueprints.cases.quotes import NewQuote
from blueprints.cases.services import NewCase, answer, open_case
from blueprints.leases.contracts import end_lease
from blueprints.leases.models import Lease
from blueprints.leases.papers import Paper, add_paper
from blueprints.leases.services import NewLease, open_lease, record_payout
from blueprints.messages.models import Message
from blueprints.owners import certificates
from blueprints.owners.certificate_document import certificate_pdf
from blueprints.owners.charges import NewCharge, make_charge
from blueprints.owners.models import CommissionDocument, RentCommission
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.refunds import NewRefund, request_refund
from blueprints.payouts.bank_accounts import NewAccount, enter_account
from saas import outbox
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.files import store
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests import cast
from tests.blueprints.leases.village import switch_on
from tests.cast import TenantCast

TODAY = now().date()
SOLD = TODAY.replace(month=1, day=1)  # Sara's part is Ana's from this day on
BEFORE = SOLD - datetime.timedelta(days=40)  # a day of Sara's
AFTER = SOLD + datetime.timedelta(days=9) if SOLD + datetime.timedelta(days=9) < TODAY else SOLD
LAST_YEAR = SOLD.year - 1
PDF = b"%PDF-1.7\n% "
PEOPLE = ("ana", "beto", "sara", "fran", "nora", "rosa", "omar", "rita", "carla", "nadie")
OWNERS_ONE, OWNERS_TWO = ("sara", "beto"), ("ana", "beto")
RENTED = {"LOTE-1": ("fran",), "LOTE-2": ("nora",), "LOTE-3": ("rita",), "LOTE-4": ("omar",)}
LEFT = ("rosa", "sara")  # of LOTE-2: a renter and an owner
RETURNED = ("RENTA-LOTE-2-ANTES", "RENTA-LOTE-3-AHORA")  # rents of which some went back
OWNED = {"LOTE-1": OWNERS_ONE, "LOTE-2": OWNERS_TWO, "LOTE-3": ("omar",), "LOTE-4": ("carla",)}


@dataclass(frozen=True, slots=True)
class Thing:
    """`kind` is what lists show it as, `word` what it is recognised by, `pages` where it is to be seen whole: an
    endpoint and its arguments."""

    kind: str
    word: str
    sees: frozenset[str]
    pages: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclass
class Street:
    tenant: TenantCast
    customers: dict[str, uuid.UUID] = field(default_factory=dict)
    users: dict[str, uuid.UUID] = field(default_factory=dict)
    leases: dict[str, Any] = field(default_factory=dict)
    rents: dict[str, tuple[uuid.UUID, uuid.UUID]] = field(
        default_factory=dict
    )  # invoice and payment, by word
    things: list[Thing] = field(default_factory=list)

    def add(self, kind: str, word: str, sees: Sequence[str], **pages: dict[str, Any]) -> None:
        """`pages` are endpoints, with two underscores for the dot."""
        where = tuple((name.replace("__", "."), arguments) for name, arguments in pages.items())
        self.things.append(Thing(kind, word, frozenset(sees), where))


def build_street() -> Street:
    street = Street(cast.make_agency())
    with unit_of_work(street.tenant.id):
        switch_on("leases", "billing", "owners", "payouts")
        change_settings({"refunds.second-person-above": 10**9, "cases.quote-decides": "any"}, actor=SYSTEM)
        for number, name in enumerate(PEOPLE):
            email = f"{name}@street.example"
            street.customers[name] = cast.add_customer(
                f"{name.title()} NOMBRE-{name.upper()}", document=f"50{number}", email=email
            )
            street.users[name] = cast.add_user(email, name=name.title(), customer_id=street.customers[name])
        street.users["clerk"] = cast.add_user("clerk@street.example", name="Auxiliar")
        street.users["reader"] = cast.add_user("reader@street.example", name="Lee", staff_role="reader")
        place = _place("P-1")
        _lease(street, "LOTE-1", place, [("sara", 600_000), ("beto", 400_000)], BEFORE.year - 1)
        _lease(street, "LOTE-2", place, [("sara", 600_000), ("beto", 400_000)], BEFORE.year)
        _lease(street, "LOTE-3", _place("P-2"), [("omar", 1_000_000)], BEFORE.year)
        _lease(street, "LOTE-4", _place("P-3"), [("carla", 1_000_000)], BEFORE.year)
        _sell(street)
        _leave(street)
        for name in PEOPLE:
            grant_access_from_parties(street.users[name], street.customers[name], TODAY)
        _names(street)
    with unit_of_work(street.tenant.id):
        _papers(street)
        _money(street)
    _settle()
    with unit_of_work(street.tenant.id):
        _give_back(street)
    _settle()
    with unit_of_work(street.tenant.id):
        _commissions(street)
        _owners_papers(street)
        _cases(street)
        _messages(street)
        end_lease(street.leases["LOTE-1"].id, BEFORE, reason="agreed", today=TODAY, actor=SYSTEM)
    return street


def _settle() -> None:
    while outbox.drain():
        pass


def _place(code: str) -> uuid.UUID:
    place = Property(
        id=new_id(), code=code, kind="Casa", address=f"Calle {code}", city="Bello", created_at=now()
    )
    db.session.add(place)
    db.session.flush()
    return place.id


def _lease(street: Street, number: str, place: uuid.UUID, owners: list[tuple[str, int]], since: int) -> None:
    renters = [street.customers[name] for name in RENTED[number]]
    if number == "LOTE-2":
        renters.append(street.customers["rosa"])
    lease_id = open_lease(
        NewLease(
            number=number,
            property_id=place,
            address=f"Calle {number}",
            city="Bello",
            renters=renters,
            owners=[(street.customers[name], share) for name, share in owners],
            rent=1_000_000_00,
            currency="COP",
            commission=100_000,
            payment_day=5,
            starts_on=datetime.date(since, 1, 1),
            ends_on=datetime.date(since + 9, 12, 31),
        )
    )
    street.leases[number] = db.session.execute(
        select(Lease.id, Lease.lease_account_id, Lease.mandate_account_id, Lease.property_id).where(
            Lease.id == lease_id
        )
    ).one()


def _sell(street: Street) -> None:
    mandate = street.leases["LOTE-2"].mandate_account_id
    db.session.execute(
        update(AccountParty)
        .where(AccountParty.account_id == mandate, AccountParty.customer_id == street.customers["sara"])
        .values(valid_until=SOLD - datetime.timedelta(days=1))
    )
    db.session.add(
        AccountParty(
            id=new_id(),
            account_id=mandate,
            customer_id=street.customers["ana"],
            role="owner",
            share=600_000,
            valid_from=SOLD,
        )
    )
    db.session.flush()


def _leave(street: Street) -> None:
    db.session.execute(
        update(AccountParty)
        .where(
            AccountParty.account_id == street.leases["LOTE-2"].lease_account_id,
            AccountParty.customer_id == street.customers["rosa"],
        )
        .values(valid_until=SOLD - datetime.timedelta(days=1))
    )


def _names(street: Street) -> None:
    """Those of one side know one another's names; nobody learns who is on the other side. Who left is known to those
    who were there."""
    knows = {
        "nora": ("nora", "rosa"),
        "rosa": ("nora", "rosa"),
        "ana": ("ana", "beto"),
        "beto": ("ana", "beto", "sara"),
        "sara": ("sara", "beto"),
    }
    for name in PEOPLE:
        seen_by = {other for other, known in knows.items() if name in known} | {name}
        street.add("name", f"NOMBRE-{name.upper()}", sorted(seen_by))


def _papers(street: Street) -> None:
    for number, row in street.leases.items():
        left = LEFT if number == "LOTE-2" else ()
        seen_by = (*RENTED[number], *OWNED[number], *left)
        street.add("contract", number, seen_by, leases__contract={"lease_id": row.id})
        for circle, sees in (("RENTER", RENTED[number]), ("OWNER", OWNED[number])):
            word = f"PAPEL-{number}-{circle}"
            paper = Paper("policy", word, None, circle == "RENTER", circle == "OWNER")
            paper_id = add_paper(
                row.id, paper, PDF + word.encode(), f"{word}.pdf", user_id=None, actor=SYSTEM
            )
            street.add("paper", word, sees, leases__document={"lease_document_id": paper_id})
        for kind, account, sees in (
            ("account", row.lease_account_id, (*RENTED[number], *left[:1])),
            ("account", row.mandate_account_id, (*OWNED[number], *left[1:])),
        ):
            street.add(kind, number, sees, accounts__account={"account_id": account})


def _money(street: Street) -> None:
    """A rent of each lease; of LOTE-2 one before the sale and one after it. An owner's charge beside each."""
    for number, day, label in (
        ("LOTE-1", BEFORE, "VIEJA"),
        ("LOTE-2", BEFORE, "ANTES"),
        ("LOTE-2", AFTER, "AHORA"),
        ("LOTE-3", AFTER, "AHORA"),
        ("LOTE-4", AFTER, "AHORA"),
    ):
        row = street.leases[number]
        word = f"RENTA-{number}-{label}"
        owners = _owners_of(word)
        rent = cast.add_invoice(
            row.lease_account_id,
            word,
            amount=1_000_000_00,
            type_code="rent",
            currency="COP",
            issued_on=day,
            due_on=day,
            text=f"Canon {word}",
        )
        renters = (*RENTED[number], "rosa") if label == "ANTES" else RENTED[number]
        street.add(
            "rent",
            word,
            renters,
            invoices__invoice={"invoice_id": rent},
            invoices__document={"invoice_id": rent},
        )
        street.add("rent-source", word, owners, owners__rent={"invoice_id": rent})
        payment = record_outside_payment(
            OutsidePayment(
                items=[(rent, 1_000_000_00)],
                paid_on=day,
                currency="COP",
                method="Caja",
                reference=word,
                number=f"RC-{number}-{label}",
            )
        )
        street.rents[word] = rent, payment
        where = {"receipt_id": payment}
        street.add("receipt", f"RC-{number}-{label}", renters, payments__receipt=where)
        # Where rent comes from opens down to the receipt's number; the receipt itself is the renter's.
        street.add("receiving", f"RC-{number}-{label}", owners)
        month = {"mandate_account_id": row.mandate_account_id, "period": f"{day:%Y-%m}"}
        # Who sold reads how the balance that is left goes on; of the month no more than that.
        read_by = {*owners, *LEFT[1:]} if number == "LOTE-2" else owners
        street.add(
            "statement", number, sorted(read_by), owners__statement=month, owners__statement_document=month
        )
        charge = f"CARGO-{number}-{label}"
        charge_id = make_charge(
            NewCharge(
                row.mandate_account_id,
                "repair",
                charge,
                1_000_00,
                0,
                "COP",
                day,
                file_id=store(PDF + charge.encode(), media_type="application/pdf", name="f.pdf", purpose="t"),
            ),
            now=now(),
        )
        street.add(
            "charge",
            charge,
            owners,
            owners__charge={"owner_charge_id": charge_id},
            owners__charge_file={"owner_charge_id": charge_id},
        )


def _give_back(street: Street) -> None:
    """Some of the rents go back: one that was collected before the sale, one of another owner."""
    clerk = Actor("staff", cast.add_user("caja@street.example", staff_role="billing"), "Caja")
    for word in RETURNED:
        rent, payment = street.rents[word]
        given = [(rent, 100_000_00)]
        request_refund(NewRefund(payment, given, "outside", "Error", "TR"), actor=clerk, now=now())


def _commissions(street: Street) -> None:
    """What was made of commission; who bought later neither owes what was made before nor gets it back."""
    documents = select(CommissionDocument.id, CommissionDocument.invoice_id, CommissionDocument.number).join(
        RentCommission, RentCommission.id == CommissionDocument.commission_id
    )
    for word, (rent, _payment) in street.rents.items():
        owners = _owners_of(word)
        of_rent = documents.where(RentCommission.rent_invoice_id == rent)
        made = db.session.execute(of_rent.where(CommissionDocument.kind == "invoice")).one()
        where: dict[str, Any] = {"invoice_id": made.invoice_id}
        street.add("commission", made.number, owners, invoices__invoice=where, invoices__document=where)
        if word in RETURNED:
            note = db.session.execute(of_rent.where(CommissionDocument.kind == "credit-note")).one()
            where = {"note_id": note.id}
            street.add(
                "note", note.number, owners, owners__credit_note=where, owners__credit_note_document=where
            )


def _owners_of(word: str) -> Sequence[str]:
    """Who owned when a rent came in."""
    return ("beto", "sara") if word.endswith("ANTES") else OWNED["LOTE-" + word.split("-")[2]]


def _owners_papers(street: Street) -> None:
    """Payouts, bank accounts and certificates: each owner's own, and nobody else's."""
    for number, name, day in (
        ("LOTE-1", "sara", BEFORE),
        ("LOTE-1", "beto", BEFORE),
        ("LOTE-2", "ana", AFTER),
        ("LOTE-2", "beto", AFTER),
        ("LOTE-3", "omar", AFTER),
    ):
        word = f"GIRO-{number}-{name.upper()}"
        payout = record_payout(
            number=word,
            mandate_account_id=street.leases[number].mandate_account_id,
            customer_id=street.customers[name],
            period=f"{day:%Y-%m}",
            amount=50_000_00,
            currency="COP",
            paid_on=day,
            method="Banco",
            reference="1",
        )
        where = {"payout_id": payout}
        street.add("payout", word, (name,), owners__payout=where, owners__payout_document=where)
        # Co-owners see the whole property's month, so also what was paid to the others (spec 2-features, row 93).
        street.add("whole", word, OWNED[number])
    for name in ("ana", "beto", "omar"):
        actor, word = Actor("customer", street.users[name], name), f"TITULAR-{name.upper()}"
        row = db.session.execute(
            select(Customer.document_kind, Customer.document_number).where(
                Customer.id == street.customers[name]
            )
        ).one()
        account = NewAccount("1007", "savings", "12345678901", word, *row)
        enter_account(street.customers[name], account, actor=actor, by_staff=False, now=now())
        street.add("bank-account", word, (name,))
    for name in ("beto", "sara"):
        year = certificates.year_of(street.customers[name], LAST_YEAR, currency="COP", today=TODAY)
        actor = Actor("customer", street.users[name], name)
        document = certificates.issue_certificate(year, now=now(), actor=actor)
        certificate_pdf(document, year)
        street.add("certificate", str(document.number), (name,))
    # A certificate names the property of its year: who sold it since still has that paper.
    street.add("past", "LOTE-2", ("sara",))


def _cases(street: Street) -> None:
    staff = Actor("staff", None, "Oficina")
    for name, number, about in (
        ("fran", "LOTE-1", "lease_account_id"),
        ("nora", "LOTE-2", "lease_account_id"),
        ("omar", "LOTE-3", "mandate_account_id"),
        ("omar", "LOTE-4", "lease_account_id"),
        ("beto", "LOTE-2", "mandate_account_id"),
    ):
        word = f"CASO-{number}-{name.upper()}"
        content = PDF + word.encode()
        stored = store(content, media_type="application/pdf", name="c.pdf", purpose="case")
        row = street.leases[number]
        case = open_case(
            NewCase(
                "petition",
                "repairs",
                word,
                street.customers[name],
                user_id=street.users[name],
                account_id=getattr(row, about),
                property_id=row.property_id,
                files=[Upload(stored, "c.pdf", "application/pdf", len(content), "0" * 64)],
            ),
            actor=Actor("customer", street.users[name], name),
            now=now(),
        )
        file_id = db.session.execute(select(CaseFile.id).where(CaseFile.case_id == case.id)).scalar_one()
        street.add(
            "case", word, (name,),
            cases__case={"case_id": case.id}, cases__file_of={"case_file_id": file_id},
        )  # fmt: skip
        street.add("filing", case.number, (name,), cases__certificate={"case_id": case.id})
        # An owner reads of which case a quote is.
        street.add(
            "quoted", case.number, (*OWNED[number], *LEFT[1:]) if number == "LOTE-2" else OWNED[number]
        )
        if name in ("nora", "omar"):
            _quotes(street, case.id, number, row.mandate_account_id, staff)
        answer(case.id, f"Respuesta {word}", actor=staff, now=now())
        street.add("rating", case.number, (name,), cases__rating_page={"case_id": case.id})
        where = {"case_id": case.id, "act": "appeal"}
        street.add("appeal", case.number, (name,), cases__act_page=where)


def _quotes(street: Street, case_id: uuid.UUID, number: str, mandate: uuid.UUID, staff: Actor) -> None:
    """One that waits for an owner; and of LOTE-2 one on which Sara had decided."""
    for label in ("AHORA", "ANTES") if number == "LOTE-2" else ("AHORA",):
        word = f"COTIZA-{number}-{label}"
        content = PDF + word.encode()
        stored = store(content, media_type="application/pdf", name="q.pdf", purpose="case")
        quote = quotes.add_quote(
            case_id,
            NewQuote(
                350_000_00, "COP", word, word, TODAY + datetime.timedelta(days=20), mandate,
                Upload(stored, "q.pdf", "application/pdf", len(content), "0" * 64),
            ),
            actor=staff,
            now=now(),
        )  # fmt: skip
        sees = OWNED[number]
        if label == "ANTES":
            past = datetime.datetime.combine(BEFORE, datetime.time(12), datetime.UTC)
            db.session.execute(
                update(CaseQuote)
                .where(CaseQuote.id == quote)
                .values(
                    state="refused", decider_id=street.customers["sara"], decided_at=past, created_at=past
                )
            )
            sees = ("beto", "sara")
        where = {"quote_id": quote}
        street.add("quote", word, sees, cases__quote=where, cases__quote_file=where)


def _messages(street: Street) -> None:
    for name in PEOPLE:
        word = f"CARTA-{name.upper()}"
        content = PDF + word.encode()
        stored = store(content, media_type="application/pdf", name="m.pdf", purpose="message")
        message = Message(
            id=new_id(),
            kind="invoice-new",
            channel="mail",
            state="sent",
            counts=False,
            customer_id=street.customers[name],
            recipient=f"{name}@street.example",
            subject=word,
            body=word,
            attachments=[{"file": str(stored), "name": "m.pdf", "type": "application/pdf"}],
            facts={},
            created_at=now(),
            sent_at=now(),
            tries=1,
        )
        db.session.add(message)
        db.session.flush()
        street.add(
            "message", word, (name,),
            messages__message={"message_id": message.id},
            messages__attachment={"message_id": message.id, "index": 0},
        )  # fmt: skip
