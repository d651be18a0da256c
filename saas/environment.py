"""The Jinja environment: Flask's, with what every page pays for made cheaper.

Measured by `bin/bench`: imports of components and translations were half of the time that a list took to render.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup


class HouseEnvironment(Environment):
    """Globals are given to a template as one plain dict, when it is loaded.

    Jinja's own chain of two dicts sees globals that come later, and is searched key by key, in Python, by every
    `import` of a component. All our globals are there before the first template is loaded.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


class Phrases:
    """The sentences of one language as templates print them: looked up, made safe and formatted once."""

    def __init__(self, translate: Callable[[str], str], known: Callable[[str], bool]) -> None:
        self._translate = translate
        self._known = known
        self._safe: dict[str, Markup] = {}

    def say(self, msgid: str) -> Markup:
        """A sentence without facts. Only the catalogue's own are remembered, so that memory stays bounded."""
        found = self._safe.get(msgid)
        if found is None:
            found = Markup(self._translate(msgid)) % {}  # noqa: S704 - from our own catalogues
            if self._known(msgid):
                self._safe[msgid] = found
        return found


def speak_through(app: Flask, phrases: Callable[[], Phrases], translate: Callable[[str], str]) -> None:
    """Let templates' `_()` and `gettext()` (also of `trans` blocks) take sentences from `phrases()`."""

    @pass_context
    def gettext(context: Context, msgid: str, /, **facts: Any) -> str:
        if not context.eval_ctx.autoescape:
            return translate(msgid) % facts
        if facts:
            return Markup(translate(msgid)) % facts  # noqa: S704 - facts are escaped by the formatting
        return phrases().say(msgid)

    app.jinja_env.globals.update(_=gettext, gettext=gettext)
