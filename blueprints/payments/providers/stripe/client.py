"""The SDK on our own wire: it serialises, retries and names what went wrong; the wire reaches the network."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from blueprints.payments.interface import ProviderAccountView, Unreachable, Wire

log = logging.getLogger("ventanilla.payments")
RETRIES = 2
# After this nothing is tried again, so that three slow tries do not add up to more than a payer waits
# (and than `starting.ASKING`): a try that began before it ends by the wire's own patience.
LAST_TRY = 8.0  # seconds
CONNECT = "connect"

# Of the process, not of an account: the SDK would write a number of its own to the disk and tell Stripe of it.
stripe.enable_telemetry = False

Answer = tuple[str, int, Mapping[str, str]]


class WireClient(stripe.HTTPClient):
    """The SDK's transport over a `Wire`. One per client, because its patience is counted from its making."""

    name = "wire"

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire
        self._since = time.monotonic()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> Answer:
        body = post_data.encode() if isinstance(post_data, str) else post_data or b""
        try:
            answer = self._wire.send(method.upper(), url, body=body, headers=dict(headers or {}))
        except Unreachable as problem:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                str(problem), should_retry=True
            ) from problem
        said = {**answer.headers}
        if "request-id" in said:
            said["Request-Id"] = said["request-id"]  # the SDK looks for it in this spelling
        return answer.body.decode("utf-8", "replace"), answer.status, said

    def _should_retry(
        self,
        response: tuple[Any, int, Mapping[str, str] | None] | None,
        api_connection_error: stripe.APIConnectionError | None,
        num_retries: int,
        max_network_retries: int | None,
    ) -> bool:
        if time.monotonic() - self._since > LAST_TRY:
            return False
        if super()._should_retry(response, api_connection_error, num_retries, max_network_retries):
            return True
        # The SDK leaves 429 to its caller; a slower second try is all that it takes.
        too_fast = response is not None and response[1] == 429
        asked_not_to = response is not None and (response[2] or {}).get("stripe-should-retry") == "false"
        return too_fast and not asked_not_to and num_retries < (max_network_retries or 0)

    def close(self) -> None:
        """Nothing stays open between requests."""


def client_of(account: ProviderAccountView, wire: Wire, api: str | None) -> stripe.StripeClient:
    """A client for one account and nothing else. `api` replaces Stripe's own address."""
    return stripe.StripeClient(
        account.secrets["key"],
        stripe_account=connected_account(account) or None,
        max_network_retries=RETRIES,
        http_client=WireClient(wire),
        base_addresses={"api": api} if api else None,
    )


def connected_account(account: ProviderAccountView) -> str:
    """The account that the platform's key acts for; empty for an account's own key."""
    if account.settings.get("access") != CONNECT:
        return ""
    return str(account.settings.get("connected_account", ""))


@contextmanager
def asking(about: str) -> Iterator[None]:
    """Whatever keeps us from knowing becomes Unreachable; what Stripe refuses for a reason passes through:
    InvalidRequestError, IdempotencyError, CardError."""
    try:
        yield
    except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError):
        raise
    except (stripe.AuthenticationError, stripe.PermissionError) as problem:
        # A matter for staff, not for the payer: the attempt stays unknown until the key is right again.
        log.error("Stripe refuses the key: %s", _why(problem), extra={"facts": {"about": about}})
        raise Unreachable(f"{about}: {_why(problem)}") from problem
    except stripe.StripeError as problem:
        raise Unreachable(f"{about}: {_why(problem)}") from problem
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise Unreachable(f"{about}: an answer of another shape ({type(problem).__name__})") from problem


def _why(problem: stripe.StripeError) -> str:
    """Enough to find it in Stripe's own log, without what the answer said."""
    parts = (type(problem).__name__, str(problem.http_status or ""), problem.code, problem.request_id)
    return " ".join(part for part in parts if part)
