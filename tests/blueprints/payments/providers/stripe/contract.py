"""Whether a request is one that Stripe's own parameter types know: names, nesting, numbers, words."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import stripe.params as params
import stripe.params.checkout as checkout_params
import typing_extensions
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

KNOWN: list[tuple[str, str, Any]] = [
    ("POST", r"checkout/sessions", checkout_params.SessionCreateParams),
    ("GET", r"checkout/sessions", checkout_params.SessionListParams),
    ("GET", r"checkout/sessions/[^/]+", checkout_params.SessionRetrieveParams),
    ("POST", r"payment_intents", params.PaymentIntentCreateParams),
    ("GET", r"payment_intents", params.PaymentIntentListParams),
    ("GET", r"payment_intents/[^/]+", params.PaymentIntentRetrieveParams),
    ("POST", r"refunds", params.RefundCreateParams),
    ("GET", r"refunds", params.RefundListParams),
    ("GET", r"disputes", params.DisputeListParams),
    ("GET", r"balance_transactions", params.BalanceTransactionListParams),
    ("POST", r"payment_methods/[^/]+/detach", params.PaymentMethodDetachParams),
]
NOT_SENT = frozenset(RequestOptions.__annotations__)  # options of the call, which go into its headers
NAMES = {"StripeContext": str, "Mapping": Mapping, "UntypedStripeObject": UntypedStripeObject}


def complaints(method: str, name: str, given: dict[str, Any]) -> list[str]:
    """What Stripe would not understand of a request to `name` ("checkout/sessions/cs_1")."""
    for known_method, pattern, kind in KNOWN:
        if known_method == method and re.fullmatch(pattern, name):
            return list(_check(kind, given, name))
    return [f"{method} {name}: no parameters are known for it"]


def _check(kind: Any, value: Any, where: str) -> Iterator[str]:
    if typing_extensions.is_typeddict(kind):
        yield from _check_dict(kind, value, where)
        return
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        yield from _check_union(arguments, value, where)
    elif origin in (typing.Literal, typing_extensions.Literal):
        if value not in arguments:
            yield f"{where}: {value!r} is none of {arguments}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{where}: a list is wanted"
            return
        for number, inner in enumerate(value):
            yield from _check(arguments[0], inner, f"{where}[{number}]")
    elif origin is dict or origin is UntypedStripeObject:
        if not isinstance(value, dict) or not all(isinstance(inner, str) for inner in value.values()):
            yield f"{where}: a mapping of texts is wanted"
    elif kind is int:
        if not (isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value)):
            yield f"{where}: a number is wanted, not {value!r}"
    elif kind is bool:
        if value not in ("true", "false"):
            yield f"{where}: true or false is wanted, not {value!r}"
    elif kind is str:
        if not isinstance(value, str) or not value:
            yield f"{where}: a text is wanted, not {value!r}"
    else:
        yield f"{where}: {kind} is not understood by this check"


def _check_dict(kind: Any, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: a group is wanted"
        return
    hints = typing_extensions.get_type_hints(kind, localns=NAMES)
    wanted = {name: hint for name, hint in hints.items() if name not in NOT_SENT}
    yield from (f"{where}.{name}: no such parameter" for name in value.keys() - wanted.keys())
    yield from (f"{where}.{name}: is missing" for name in kind.__required_keys__ - value.keys())
    for name in value.keys() & wanted.keys():
        yield from _check(wanted[name], value[name], f"{where}.{name}")


def _check_union(arguments: tuple[Any, ...], value: Any, where: str) -> Iterator[str]:
    """One of several must fit. Words that the SDK lists are held to its list, though it allows any text."""
    listed = any(typing.get_origin(one) is typing.Literal for one in arguments)
    tried = [list(_check(one, value, where)) for one in arguments if not (listed and one is str)]
    if all(tried):
        yield min(tried, key=len)[0]
