"""The customer's blueprint of cases, and whose cases its pages show."""

from __future__ import annotations

from flask import g

from blueprints.cases.queries import Whose
from saas.audit import Actor
from saas.web import Pages

pages = Pages("cases", __name__)

LARGEST_BODY = 42 * 1024 * 1024
"""Bytes of a form with photographs: more than any other form may have (tenants/frame.py)."""


def whose() -> Whose:
    """The viewer's own cases, or those of the customer whose pages staff look at."""
    if g.viewer.viewing_customer_id is not None:
        return Whose(None, g.viewer.viewing_customer_id)
    return Whose(g.viewer.user_id, g.viewer.customer_id)


def as_customer() -> Actor:
    """The viewer in the place of a customer: also somebody who works here has affairs of their own."""
    return Actor("customer", g.viewer.user_id, g.viewer.name)
