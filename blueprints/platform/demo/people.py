"""Names, streets and numbers that sound right and belong to nobody."""

from __future__ import annotations

import uuid
from random import Random

from sqlalchemy import select

from blueprints.accounts.models import Access, AccountParty, Customer
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from tenants.people import StaffRole, User


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    "Adriana Alberto Alicia Andrés Ángela Antonia Beatriz Camila Carlos Carolina Catalina César Clara "
    "Claudia Cristina Daniel Diana Diego Elena Emilia Esteban Eva Fabián Felipe Fernanda Gabriela Gloria "
    "Guillermo Héctor Ignacio Inés Isabel Iván Jaime Javier Jimena Joaquín Jorge Julia Julián Laura "
    "Leonardo Lorena Lucía Luis Manuela Marcela Mariana Mario Marta Mateo Mauricio Mónica Natalia Nicolás "
    "Olga Óscar Pablo Patricia Paula Pedro Pilar Rafael Ramiro Raquel Ricardo Roberto Rocío Rodrigo Rosa "
    "Samuel Sandra Santiago Sara Sebastián Silvia Sofía Susana Tomás Valentina Valeria Verónica Vicente "
    "Violeta Ximena Yolanda "
)
LAST = _words(
    "Acosta Aguilar Álvarez Arango Arias Ávila Benítez Bermúdez Blanco Bravo Bustos Cáceres Calderón Cano "
    "Cárdenas Castillo Castro Cifuentes Córdoba Correa Cortés Cruz Delgado Díaz Duarte Echeverri Escobar "
    "Espinosa Fajardo Fernández Figueroa Flores Fuentes Gallego García Gaviria Giraldo Gómez González "
    "Guerra Gutiérrez Henao Herrera Hurtado Ibáñez Jaramillo Jiménez Lara Londoño López Lozano Luna "
    "Maldonado Marín Márquez Martínez Medina Mejía Mendoza Molina Montoya Mora Morales Moreno Muñoz "
    "Navarro Nieto Núñez Ochoa Ortega Ortiz Osorio Palacios Pardo Parra Peña Pérez Pineda Posada Quintero "
    "Ramírez Ramos Restrepo Reyes Ríos Rivera Robles Rodríguez Rojas Romero Ruiz Salazar Sánchez Santos "
    "Serrano Sierra Silva Soto Suárez Toro Torres Uribe Valencia Vargas Vega Velasco Vera Villa Zapata "
)


def name(dice: Random) -> str:
    return f"{dice.choice(FIRST)} {dice.choice(LAST)} {dice.choice(LAST)}"


def add_customer(
    dice: Random,
    *,
    document_kind: str,
    city: str,
    full_name: str | None = None,
    email: str | None = None,
    phone: str,
) -> uuid.UUID:
    """A customer of the active tenant with an invented document number."""
    moment = now()
    row = Customer(
        id=new_id(),
        document_kind=document_kind,
        document_number=str(dice.randrange(10_000_000, 99_999_999)),
        name=full_name or name(dice),
        email=email,
        phone=phone,
        city=city,
        created_at=moment,
        updated_at=moment,
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def add_login(
    email: str,
    full_name: str,
    password_hash: str,
    *,
    customer_id: uuid.UUID | None = None,
    role: str | None = None,
) -> uuid.UUID:
    """A user who can log in at once, with access to every account of the customer."""
    user = User(
        id=new_id(),
        email=email,
        name=full_name,
        password_hash=password_hash,
        status="active",
        customer_id=customer_id,
        created_at=now(),
    )
    db.session.add(user)
    db.session.flush()
    if role:
        db.session.add(StaffRole(id=new_id(), user_id=user.id, role=role))
    if customer_id:
        parties = db.session.execute(
            select(AccountParty.account_id, AccountParty.role, AccountParty.valid_from)
            .where(AccountParty.customer_id == customer_id)
            .order_by(AccountParty.role.desc())
        ).all()
        for position, party in enumerate(parties):
            db.session.add(
                Access(
                    id=new_id(),
                    user_id=user.id,
                    account_id=party.account_id,
                    role=party.role,
                    main=position == 0,
                    valid_from=party.valid_from,
                    created_at=now(),
                )
            )
    db.session.flush()
    return user.id
