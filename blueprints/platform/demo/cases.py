"""What the demo's people asked: cases in every state, a repair with a quote that waits, one close to its last day."""

from __future__ import annotations

import datetime
import io
import uuid
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select

from blueprints.accounts.models import Access, Account
from blueprints.cases import quotes, services, uploads
from blueprints.cases.casebook import Upload
from blueprints.cases.intake import accept
from blueprints.invoices.models import Invoice
from blueprints.platform.demo.logins import BOTH, HOLDER, OWNER, RENTER, STAFF
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.files import store
from tenants.loading import serving
from tenants.people import User


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a login, and one contract of theirs of each kind."""

    actor: Actor
    user_id: uuid.UUID
    customer_id: uuid.UUID | None
    accounts: dict[str, tuple[uuid.UUID, uuid.UUID | None]]


def load(kind: str) -> None:
    """Fill the active tenant's cases. `kind` is agency or utility."""
    desk = _desk()
    if kind == "agency":
        _repair(desk)
        _agency(desk)
    else:
        _utility(desk)


def _agency(desk: Actor) -> None:
    renata, omar, beatriz = (_person(one.email) for one in (RENTER, OWNER, BOTH))
    case = _open(
        renata,
        9,
        "claim",
        "payments",
        "lease",
        "Pagué el arriendo el 3 y me sigue apareciendo el recargo por mora. Adjunto el comprobante.",
        invoice=True,
        since=11,
    )
    services.assign(case, desk.user_id, actor=desk, now=_ago(8))
    services.reply(
        case, "Buenos días. Revisamos el pago con el banco y le confirmamos.", actor=desk, now=_ago(8)
    )
    services.answer(
        case,
        "El pago entró el 3, como usted dice. El recargo fue un error nuestro y ya lo retiramos de la factura.",
        actor=desk,
        now=_ago(3),
    )
    case = _open(
        omar,
        40,
        "petition",
        "information",
        "mandate",
        "¿Me pueden enviar el certificado de ingresos del año pasado? Lo necesito para la declaración.",
    )
    services.answer(case, "Lo encuentra en Ingresos, en la parte de certificados.", actor=desk, now=_ago(37))
    services.rate(case, 5, "Rápido y claro.", actor=omar.actor, now=_ago(36))
    services.close(case, actor=omar.actor, now=_ago(36))
    case = _open(
        beatriz,
        6,
        "petition",
        "termination",
        "lease",
        "Quiero terminar mi contrato a fin de año. ¿Qué debo hacer y con cuánta anticipación?",
    )
    services.assign(case, desk.user_id, actor=desk, now=_ago(5))
    services.ask_for_more(
        case,
        "Con gusto. Por favor envíenos la carta firmada con la fecha de entrega que propone.",
        until=None,
        actor=desk,
        now=_ago(4),
    )
    _open(
        beatriz,
        0,
        "suggestion",
        "other",
        "mandate",
        "Sería útil recibir por correo un aviso cuando el inquilino paga.",
    )


def _repair(desk: Actor) -> None:
    """Renata's tap leaks; Omar, who owns the place, decides on the quote."""
    renata = _person(RENTER.email)
    case = _open(
        renata,
        5,
        "petition",
        "repairs",
        "lease",
        "La llave del lavaplatos gotea desde el domingo y ya se está dañando el mueble.",
        since=7,
        details={"category": "water", "entry": "call", "hours": "Entre semana después de las 4"},
        files=[_photo()],
    )
    services.assign(case, desk.user_id, actor=desk, now=_ago(5))
    services.reply(case, "Mañana pasa el plomero a mirarla. La llamamos antes.", actor=desk, now=_ago(5))
    quotes.add_quote(
        case,
        quotes.NewQuote(
            amount=386_000_00,
            currency=serving().currency,
            vendor="Plomería Los Sauces",
            description="Cambio de la grifería del lavaplatos y sellado del mueble. Incluye materiales e IVA.",
            valid_until=serving().today() + datetime.timedelta(days=12),
        ),
        actor=desk,
        now=_ago(1),
    )


def _utility(desk: Actor) -> None:
    camila = _person(HOLDER.email)
    case = _open(
        camila,
        18,
        "claim",
        "payments",
        "supply",
        "La última factura viene casi al doble. En la casa somos los mismos y no hay pérdidas.",
        invoice=True,
        since=25,
    )
    services.assign(case, desk.user_id, actor=desk, now=_ago(17))
    services.reply(case, "Mandamos a un inspector a leer el medidor otra vez.", actor=desk, now=_ago(12))
    case = _open(
        camila, 60, "complaint", "other", "supply", "Hubo tres cortes de agua en una semana sin aviso."
    )
    services.answer(
        case,
        "Fueron reparaciones urgentes del acueducto. Desde este mes avisamos los cortes por mensaje.",
        actor=desk,
        now=_ago(50),
    )
    services.rate(case, 3, "Gracias, pero tarde.", actor=camila.actor, now=_ago(48))
    services.close(case, actor=camila.actor, now=_ago(48))
    _open(
        camila, 1, "petition", "information", "supply", "¿Cómo cambio la titularidad del local de San Martín?"
    )


def _open(
    who: Person,
    days_ago: int,
    class_code: str,
    subject_code: str,
    account_kind: str,
    text: str,
    *,
    invoice: bool = False,
    since: int | None = None,
    details: dict[str, Any] | None = None,
    files: list[Upload] | None = None,
) -> uuid.UUID:
    account_id, property_id = who.accounts[account_kind]
    moment = _ago(days_ago)
    opened = services.open_case(
        services.NewCase(
            class_code=class_code,
            subject_code=subject_code,
            description=text,
            customer_id=who.customer_id,
            user_id=who.user_id,
            account_id=account_id,
            property_id=property_id,
            invoice_id=_newest_invoice(account_id) if invoice else None,
            since=serving().today() - datetime.timedelta(days=since) if since is not None else None,
            details=details or {},
            files=files or [],
        ),
        actor=who.actor,
        now=moment,
    )
    return opened.id


def _person(email: str) -> Person:
    user = db.session.execute(select(User.id, User.name, User.customer_id).where(User.email == email)).one()
    rows = db.session.execute(
        select(Account.id, Account.kind, Account.property_id)
        .join(Access, (Access.tenant_id == Account.tenant_id) & (Access.account_id == Account.id))
        .where(Access.user_id == user.id)
        .order_by(Account.number.desc())
    )
    accounts = {row.kind: (row.id, row.property_id) for row in rows}
    return Person(Actor("customer", user.id, user.name), user.id, user.customer_id, accounts)


def _desk() -> Actor:
    user = db.session.execute(select(User.id, User.name).where(User.email == STAFF.email)).one()
    return Actor("staff", user.id, user.name)


def _newest_invoice(account_id: uuid.UUID) -> uuid.UUID | None:
    return db.session.execute(
        select(Invoice.id).where(Invoice.account_id == account_id).order_by(Invoice.issued_on.desc()).limit(1)
    ).scalar()


def _ago(days: int) -> datetime.datetime:
    return now() - datetime.timedelta(days=days, minutes=17 if days else 0)


def _photo() -> Upload:
    """A drawing of a dripping tap, as a phone would have sent it."""
    picture = Image.new("RGB", (640, 480), "#e9eef1")
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((240, 70, 300, 300), 20, fill="#8a99a5")
    draw.rounded_rectangle((240, 70, 440, 130), 30, fill="#8a99a5")
    draw.rounded_rectangle((400, 110, 440, 190), 10, fill="#76848f")
    for top in (220, 280, 350):
        draw.ellipse((408, top, 432, top + 34), fill="#3f8fc4")
    draw.rectangle((0, 420, 640, 480), fill="#b9c4cb")
    out = io.BytesIO()
    picture.save(out, "JPEG")
    taken = accept(out.getvalue(), "llave.jpg", megabytes=5)
    file_id = store(taken.content, media_type=taken.media_type, name=taken.name, purpose=uploads.PURPOSE)
    return Upload(file_id, taken.name, taken.media_type, len(taken.content), taken.sha256)
