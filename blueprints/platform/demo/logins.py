"""Who can log in to the demo."""

from __future__ import annotations

from dataclasses import dataclass

from saas.languages import N_

PASSWORD = "ventanilla de prueba"  # noqa: S105 - printed on the demo's first page
AGENCY = "hogar"
UTILITY = "piedemonte"
STRIPE_KEY = "sk_test_piedemonte"


@dataclass(frozen=True, slots=True)
class Login:
    who: str  # a catalogue entry
    email: str


RENTER = Login(N_("Renata, who rents"), "renata@example.com")
OWNER = Login(N_("Omar, owner of two properties"), "omar@example.com")
BOTH = Login(N_("Beatriz, owner who also rents"), "beatriz@example.com")
HOLDER = Login(N_("Camila, with two water accounts"), "camila@example.com")
STAFF = Login(N_("Ana, administrator of the desk"), "desk@example.com")

LOGINS: dict[str, tuple[Login, ...]] = {
    AGENCY: (RENTER, OWNER, BOTH, STAFF),
    UTILITY: (HOLDER, STAFF),
}
