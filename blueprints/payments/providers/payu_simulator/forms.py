"""The WebCheckout form as the look-alike takes it: every field of the shape that PayU's page asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from blueprints.payments.providers.payu.signing import ALGORITHMS

SHAPES = {
    "merchantId": re.compile("[0-9]{1,12}"),
    "accountId": re.compile("[0-9]{1,8}"),
    "referenceCode": re.compile("[A-Za-z0-9-]{1,255}"),
    "amount": re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?"),
    "currency": re.compile("[A-Z]{3}"),
    "signature": re.compile("[0-9a-fA-F]{32,64}"),
    "algorithmSignature": re.compile("|".join(ALGORITHMS)),
    "test": re.compile("[01]"),
    "tax": re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?"),
    "taxReturnBase": re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?"),
}
DEFAULTS = {
    "algorithmSignature": "MD5",
    "test": "0",
    "tax": "0",
    "taxReturnBase": "0",
    "lng": "es",
    "buyerFullName": "",
}
TEXTS = ("description", "buyerEmail", "buyerFullName", "lng", "responseUrl", "confirmationUrl")
LONGEST = 255
NEEDED = (
    "merchantId",
    "accountId",
    "description",
    "referenceCode",
    "amount",
    "currency",
    "signature",
    "buyerEmail",
)


class NotAForm(Exception):
    """A field is missing or wrong; its name is the message."""


def read(given: Mapping[str, str]) -> dict[str, str]:
    """The fields that the look-alike knows. Raises NotAForm."""
    fields = {}
    for name in {*SHAPES, *TEXTS}:
        value = given.get(name) or DEFAULTS.get(name, "")
        if name in NEEDED and not value:
            raise NotAForm(name)
        if name in SHAPES and not SHAPES[name].fullmatch(value):
            raise NotAForm(name)
        if len(value) > LONGEST or not value.isprintable():
            raise NotAForm(name)
        fields[name] = value
    for name in ("responseUrl", "confirmationUrl"):
        if fields[name] and urlsplit(fields[name]).scheme not in ("http", "https"):
            raise NotAForm(name)
    return fields
