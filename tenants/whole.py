"""Numbers that no line break may tear apart: house numbers, numbers of invoices, rates."""

from __future__ import annotations

import re
from typing import Any, Final

from markupsafe import Markup, escape

_TORN: Final = re.compile(r"[A-Z]{1,6}-\d[\w-]*|\d[\w.]*(?:-\d[\w.]*)+|\d[\d.,]*[ \u00a0]%")


def whole(text: Any) -> Any:
    """`text` for a page, with each number that has a hyphen ("27-17", "FV-20209") or a rate ("3,5 %") held together.
    Browsers break after a hyphen, and no style says otherwise. A single word stays as it is: the element that holds it
    says so by a class. So do Markup with tags and what is no text.
    """
    if not isinstance(text, str) or " " not in text or ("-" not in text and "%" not in text):
        return text
    if isinstance(text, Markup) and "<" in text:
        return text
    held, torn = _TORN.subn(r'<span class="whole">\g<0></span>', str(escape(text)))
    # One element: a row that lays its children out side by side must not take the pieces for children.
    return Markup(f"<span>{held}</span>") if torn else text  # noqa: S704 - escaped before
