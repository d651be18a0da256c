"""What customers read of their bank accounts among what happened to their data."""

from __future__ import annotations

from blueprints.auth.activity import say
from saas.languages import N_

say(
    {
        "bank-account.entered": N_(
            "A bank account for payouts was entered: %(bank)s, ending in %(last_four)s"
        ),
        "bank-account.confirmed": N_("The bank account for payouts ending in %(last_four)s was confirmed"),
        "bank-account.frozen": N_("The bank account for payouts ending in %(last_four)s was frozen"),
        "bank-account.rejected": N_("%(actor)s rejected a bank account for payouts"),
        "bank-account.released": N_("%(actor)s released a bank account for payouts"),
        "bank-account.withdrawn": N_("The bank account for payouts ending in %(last_four)s was taken back"),
        "bank-account.vouched": N_("%(actor)s confirmed a bank account for payouts by telephone"),
    }
)
