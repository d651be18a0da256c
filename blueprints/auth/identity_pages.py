"""“Is it you?”: asked before risky acts. Looking at it keeps no session alive (case B13)."""

from __future__ import annotations

from flask import g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.blueprint import pages
from blueprints.auth.door import Page, too_many, wanted_page
from blueprints.auth.forms import AccessForm, CodeForm, PasswordForm
from blueprints.auth.profile_pages import only_oneself
from blueprints.auth.services import TooManyAttempts
from blueprints.auth.services import confirm_identity as confirm_identity_of
from saas.permissions import SIGNED_IN, allow
from saas.refusals import Refusal
from tenants.look import render


@pages.get("/confirm-identity")
@allow(SIGNED_IN)
def ask_identity() -> Page:
    only_oneself()
    return _page(_form(empty=True))


ask_identity.quiet = True  # type: ignore[attr-defined] # a page that asks who is there keeps no session alive


@pages.post("/confirm-identity")
@allow(SIGNED_IN)
def confirm_identity() -> Page:
    only_oneself()
    form = _form()
    if form.validate():
        typed = form.code.data if isinstance(form, CodeForm) else form.current.data
        try:
            confirm_identity_of(g.viewer.user_id, g.viewer.session_id, typed, actor=g.viewer.actor())
        except TooManyAttempts:
            return too_many()
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return _go_on()
    return _page(form), 422


def _form(*, empty: bool = False) -> CodeForm | PasswordForm:
    kind = CodeForm if g.viewer.second_factor else PasswordForm
    return kind() if empty else kind(request.form)


def _go_on() -> BaseResponse:
    return redirect(wanted_page(request.form.get("next")) or "/", 303)


def _page(form: AccessForm) -> str:
    return render(
        "auth/confirm_identity.html",
        form=form,
        next_page=wanted_page(request.values.get("next")) or "",
        late="late" in request.args,
        on_paper=_on_paper(),
    )


def _on_paper() -> bool:
    """Whether a recovery code is typed instead of the app's."""
    return request.values.get("with") == "recovery-code"
