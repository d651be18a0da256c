"""Customers found by what staff type: parts of a name, a document, an e-mail address, the number of an account."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, union

from blueprints.accounts.models import Account, AccountParty, Customer
from tenants.people import User

_NUMBER = re.compile(r"[A-Za-z]{0,4}[-. ]?[0-9][0-9.\-/ ]*[A-Za-z0-9]?")


def matching(query: Select[*tuple[Any, ...]], words: str) -> Select[*tuple[Any, ...]]:
    """Narrow a statement on customers to what the words can mean; each way has an index of its own."""
    if "@" in words:
        address = words.lower()
        hits = union(
            select(Customer.id).where(Customer.plain_email == address),
            select(User.customer_id).where(User.email == address, User.customer_id.is_not(None)),
        ).subquery("hits")
        return query.join(hits, hits.c.id == Customer.id)
    if _NUMBER.fullmatch(words):
        bare = re.sub(r"[^A-Z0-9]", "", words.upper())
        hits = union(
            select(Customer.id).where(func.starts_with(Customer.document_number, bare)),
            select(AccountParty.customer_id)
            .join(
                Account,
                and_(Account.tenant_id == AccountParty.tenant_id, Account.id == AccountParty.account_id),
            )
            .where(or_(Account.number == words, func.starts_with(Account.number, bare))),
        ).subquery("hits")
        return query.join(hits, hits.c.id == Customer.id)
    for word in words.split()[:6]:
        query = query.where(Customer.plain_name.like(func.plain(f"%{like(word)}%")))
    return query


def like(words: str) -> str:
    """A typed word as a pattern for LIKE, its own % and _ meaning themselves."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
