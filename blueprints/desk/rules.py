"""What staff may do to one another. Pure."""

from __future__ import annotations

from saas.languages import N_
from saas.refusals import Refusal
from tenants.roles import ROLES

ADMINISTRATOR = "administrator"
SHORTEST_REASON = 5  # characters: "x" is no reason
LONGEST_REASON = 200


def check_roles(
    after: frozenset[str], before: frozenset[str], *, own: bool, active: bool, other_administrators: int
) -> None:
    """Whether a colleague may get these roles. Raises Refusal."""
    if not after <= ROLES.keys():
        raise Refusal(N_("Choose one of the options"), field="roles")
    if own:
        raise Refusal(N_("Nobody can change their own role. Ask another administrator."))
    if active and ADMINISTRATOR in before - after:
        _leave_one(other_administrators)


def check_invited(email: str | None, own_email: str) -> None:
    """Whether an address may be invited to the desk: anybody's but one's own. Raises Refusal."""
    if email == own_email:
        raise Refusal(N_("Nobody can change their own role. Ask another administrator."))


def check_disable(roles: frozenset[str], *, own: bool, other_administrators: int) -> None:
    """Whether a colleague's access may be taken away. Raises Refusal."""
    if own:
        raise Refusal(N_("Nobody can disable their own access. Ask another administrator."))
    if ADMINISTRATOR in roles:
        _leave_one(other_administrators)


def _leave_one(other_administrators: int) -> None:
    if other_administrators == 0:
        raise Refusal(N_("At least one active administrator must remain. Name another one first."))


def check_reason(reason: str, field: str) -> str:
    """A reason in words, tidied. Raises Refusal for one that says nothing or too much."""
    words = reason.strip()
    if len(words) < SHORTEST_REASON:
        raise Refusal(N_("Say why, in a few words: it is kept and can be read later."), field=field)
    if len(words) > LONGEST_REASON:
        raise Refusal(N_("Use at most %(limit)s characters."), field=field, limit=LONGEST_REASON)
    return words
