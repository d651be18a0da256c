"""The Jinja environment: Flask's, with what every page pays for made cheaper.

Measured by `bin/bench`: imports of components and translations were half of the time that a list took to render.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import Template, pass_eval_context
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup

from saas.escaping import escaped
from saas.having import Having
from saas.kept_parts import KEPT, KeptPart

_spoken: ContextVar[Phrases | None] = ContextVar("spoken", default=None)
PURE_MACROS = {"components/icon.html": ("icon",), "components/status.html": ("chip", "status")}
"""Macros that give the same markup for the same texts in one language, whoever looks on. A page draws dozens."""
MOST_REMEMBERED = 1024


class Remembered:
    """A pure macro that is rendered once for each set of arguments and language."""

    def __init__(self, macro: Callable[..., str]) -> None:
        self._macro = macro
        self._known: dict[tuple[object, ...], str] = {}

    def __call__(self, *args: object, **kwargs: object) -> str:
        spoken = _spoken.get()
        if spoken is None or not all(type(value) is str for value in (*args, *kwargs.values())):
            return self._macro(*args, **kwargs)
        key = (spoken, args, *kwargs.items())
        found = self._known.get(key)
        if found is None:
            found = self._macro(*args, **kwargs)
            if len(self._known) < MOST_REMEMBERED:
                self._known[key] = found
        return found


Block = Callable[[Context], Iterator[str]]


def _at_once(block: Block) -> Block:
    """The block in one piece: alone, each of its hundreds of pieces would climb through every layout around it.

    One that asks for `super()` stays as it is, for Jinja finds the block of the layout by the function itself.
    """
    if "super" in block.__code__.co_names:
        return block

    def whole(context: Context) -> Iterator[str]:
        yield "".join(block(context))

    return whole


class HouseTemplate(Template):
    """A template that escapes cheaply, is kept where it is the same for many, and whose pure macros, when imported,
    remember what they drew."""

    @classmethod
    def _from_namespace(
        cls, environment: Any, namespace: MutableMapping[str, Any], globals: MutableMapping[str, Any]
    ) -> Template:
        namespace["escape"] = escaped  # what the compiled template calls for every value it prints
        namespace["blocks"] = {name: _at_once(block) for name, block in namespace["blocks"].items()}
        template = super()._from_namespace(environment, namespace, globals)
        names = KEPT.get(template.name or "")
        if names is not None:
            template.root_render_func = KeptPart(template, names, spoken)
        return template

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        # Jinja compares the globals of both templates at every import; here they are the same for all.
        if self._module is None:
            self._module = self.make_module()
        return self._module

    def make_module(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> TemplateModule:
        module = super().make_module(vars, shared, locals)
        for name in PURE_MACROS.get(self.name or "", ()):
            setattr(module, name, Remembered(getattr(module, name)))
        return module


class HouseEnvironment(Environment):
    """Globals are given to a template as one plain dict, when it is loaded.

    Jinja's own chain of two dicts sees globals that come later, and is searched key by key, in Python, by every
    `import` of a component. All our globals are there before the first template is loaded.
    """

    template_class = HouseTemplate

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._loaded: dict[str, Template] = {}

    def overlay(self, *args: Any, **options: Any) -> HouseEnvironment:
        """Another look's environment finds its own templates under the same names."""
        other = super().overlay(*args, **options)
        other._loaded = {}
        return other

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Every include and import asks here; templates do not change while the process runs."""
        if not isinstance(name, str) or globals is not None or self.auto_reload:
            return super().get_template(name, parent, globals)
        found = self._loaded.get(name)
        if found is None:
            found = self._loaded[name] = super().get_template(name, parent)
        return found


class Phrases:
    """The sentences of one language as templates print them: looked up, made safe and formatted once."""

    def __init__(self, translate: Callable[[str], str], known: Callable[[str], bool]) -> None:
        self.translate = translate
        self._known = known
        self._safe: dict[str, Markup] = {}

    def say(self, msgid: str) -> Markup:
        """A sentence without facts. Only the catalogue's own are remembered, so that memory stays bounded."""
        found = self._safe.get(msgid)
        if found is None:
            found = Markup(self.translate(msgid)) % {}  # noqa: S704 - from our own catalogues
            if self._known(msgid):
                self._safe[msgid] = found
        return found


def spoken() -> Phrases | None:
    """What the template that is being rendered speaks; None outside of one."""
    return _spoken.get()


def one_language(phrases: Phrases) -> Having[Phrases | None]:
    """The language does not change while a template is rendered, so it is asked for once."""
    return Having(_spoken, phrases)


def speak_through(app: Flask, phrases: Callable[[], Phrases]) -> None:
    """Let templates' `_()` and `gettext()` (also of `trans` blocks) take sentences from `phrases()`."""

    @pass_eval_context  # the context itself would be copied for each call inside a block
    def gettext(surroundings: EvalContext, msgid: str, /, **facts: Any) -> str:
        ours = _spoken.get() or phrases()
        if not surroundings.autoescape:
            return ours.translate(msgid) % facts
        if facts:
            return Markup(ours.translate(msgid)) % facts  # noqa: S704 - facts are escaped by the formatting
        return ours.say(msgid)

    app.jinja_env.globals.update(_=gettext, gettext=gettext)
