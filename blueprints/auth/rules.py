"""What is decided about access: limits, lifetimes, how a browser is called."""

from __future__ import annotations

import datetime
import re
from typing import Final

SESSION_LIFE: Final = datetime.timedelta(hours=12)  # absolute; the idle limit is tenants.loading.IDLE

INVITATION: Final = "invitation"
RECOVERY: Final = "recovery"
EMAIL_NEW: Final = "email-new"
EMAIL_OLD: Final = "email-old"
LINK_LIFE: Final = {
    INVITATION: datetime.timedelta(days=7),
    RECOVERY: datetime.timedelta(minutes=30),
    EMAIL_NEW: datetime.timedelta(hours=24),
    EMAIL_OLD: datetime.timedelta(hours=24),
}

WINDOW: Final = datetime.timedelta(minutes=15)
WRONG_PER_USER: Final = 10  # a window, from browsers that this user has not used before
WRONG_PER_ADDRESS: Final = 50  # a window; a school or a town may share one address
WRONG_WITHOUT_WORK: Final = 20  # a window and address, with a form's age as the only sign of a person
LETTERS_WINDOW: Final = datetime.timedelta(hours=1)
LETTERS_PER_EMAIL: Final = 3  # recovery letters that one mailbox gets in that time
LETTERS_PER_ADDRESS: Final = 20

STEP_LIFE: Final = datetime.timedelta(minutes=10)  # between the password and the code
GUESSES: Final = 5  # codes that one sign-in may try
CODES_DAY: Final = datetime.timedelta(days=1)
WRONG_CODES_PER_USER: Final = 20  # a day: of a million codes three are right at any moment
OFFER_LIFE: Final = datetime.timedelta(minutes=30)  # to scan the picture and type the first code
CODES_ON_PAPER: Final = 10
CODE_GROUPS: Final = 3  # of four letters: 60 bits, more than anybody guesses and little enough to type

DEVICE_LIFE: Final = datetime.timedelta(days=365)
DEVICES_PER_BROWSER: Final = 4  # people who share a browser

_BROWSERS: Final = (
    (r"\bEdgA?/|\bEdgiOS/", "Edge"),
    (r"\bOPR/|\bOPT/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bFxiOS/|\bFirefox/", "Firefox"),
    (r"\bCriOS/|\bChrome/|\bChromium/", "Chrome"),
    (r"\bSafari/", "Safari"),
)
_SYSTEMS: Final = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bWindows\b", "Windows"),
    (r"\bMacintosh\b", "Mac"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bLinux\b", "Linux"),
)


def device_name(user_agent: str) -> str:
    """What a person would call the browser, such as "Chrome · Android"; empty when nothing is recognised."""
    found = (_first(_BROWSERS, user_agent[:500]), _first(_SYSTEMS, user_agent[:500]))
    return " · ".join(part for part in found if part)


def _first(patterns: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in patterns if re.search(pattern, text)), "")


def masked(email: str) -> str:
    """An address that its owner recognises and nobody else learns: "ma…@example.com"."""
    local, _at, domain = email.partition("@")
    return f"{local[: 2 if len(local) > 3 else 1]}…@{domain}"
