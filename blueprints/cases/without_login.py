"""Whether anybody may file a case without a login: the tenant's setting, and what the law of a country makes usual."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from saas.languages import N_
from tenants.capability import Setting

OFFERED: Final = "cases.without-login"
POLICY: Final = "cases.data-policy"
_GROUP = N_("Cases")


def usual() -> dict[str, Any]:
    """Country -> whether it is offered there where an organisation says nothing (without_login.toml)."""
    kept = tomllib.loads(Path(__file__).with_name("without_login.toml").read_text("utf-8"))
    return {one["country"]: True for one in kept["countries"]}


WITHOUT_LOGIN_SETTINGS = (
    Setting(
        OFFERED,
        "boolean",
        False,
        N_("Anybody may file a case without logging in"),
        hint=N_(
            "With their name or anonymously; a code opens the answer. On by itself where the law asks for it."
        ),
        group=_GROUP,
        by_country=usual(),
    ),
    Setting(
        POLICY,
        "url",
        "",
        N_("Address of your policy on personal data"),
        hint=N_("Shown to who files a case without logging in and gives a name."),
        group=_GROUP,
    ),
)
