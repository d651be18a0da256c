"""Two-step verification: see it, set it up, renew the codes on paper, switch it off."""

from __future__ import annotations

import base64

from flask import g, redirect, request, url_for
from flask_babel import gettext as _

from blueprints.auth import second_factor as factors
from blueprints.auth.blueprint import pages
from blueprints.auth.door import Page, too_many, wanted_page
from blueprints.auth.forms import CodeForm, ConfirmForm, SwitchOffForm
from blueprints.auth.profile_pages import only_oneself
from blueprints.auth.services import TooManyAttempts, leave_notice
from blueprints.auth.totp import in_groups
from saas.barcodes import qr_svg
from saas.permissions import SIGNED_IN, allow, recently_confirmed
from saas.refusals import NotFound, Refusal
from tenants.look import render
from tenants.settings import REQUIRED, SECOND_FACTOR


@pages.get("/profile/second-factor")
@allow(SIGNED_IN)
def second_factor() -> Page:
    """Whether it is on, and what may be done about it."""
    only_oneself()
    on = g.viewer.second_factor
    return render(
        "auth/second_factor.html",
        on=on,
        left=factors.codes_left(g.viewer.user_id) if on else 0,
        wanted=_wanted_of_staff(),
    )


@pages.route("/profile/second-factor/set-up", methods=["GET", "POST"])
@allow(SIGNED_IN)
@recently_confirmed
def set_up_second_factor() -> Page:
    """The picture to scan, and the first code; then the codes on paper, shown this once."""
    only_oneself()
    target = wanted_page(request.values.get("next"))
    form = CodeForm(request.form)
    if request.method != "POST":
        return redirect(url_for("auth.second_factor"), 303) if g.viewer.second_factor else _scan(form, target)
    sealed = request.form.get("offer", "")
    if form.validate():
        try:
            codes = factors.switch_on(
                g.viewer.user_id, g.viewer.session_id, sealed, form.code.data, actor=g.viewer.actor()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return _codes(codes, target, fresh=True)
    return _scan(form, target, sealed), 422


@pages.route("/profile/second-factor/recovery-codes", methods=["GET", "POST"])
@allow(SIGNED_IN)
@recently_confirmed
def renew_recovery_codes() -> Page:
    _only_with_a_factor()
    if request.method != "POST":
        left = factors.codes_left(g.viewer.user_id)
        return render("auth/recovery_codes_ask.html", form=ConfirmForm(), left=left)
    return _codes(factors.renew_codes(g.viewer.user_id, actor=g.viewer.actor()), None, fresh=False)


@pages.route("/profile/second-factor/switch-off", methods=["GET", "POST"])
@allow(SIGNED_IN)
def switch_off_second_factor() -> Page:
    """Asks for both factors itself, so it needs no confirmation before."""
    _only_with_a_factor()
    form = SwitchOffForm(request.form)
    if request.method == "POST":
        if form.validate():
            try:
                factors.switch_off(
                    g.viewer.user_id, form.current.data, form.code.data, actor=g.viewer.actor()
                )
            except TooManyAttempts:
                return too_many()
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                leave_notice(g.viewer.session_id, _("Two-step verification is off."))
                return redirect(url_for("auth.second_factor"), 303)
        return render("auth/second_factor_off.html", form=form, wanted=_wanted_of_staff()), 422
    return render("auth/second_factor_off.html", form=form, wanted=_wanted_of_staff())


def _scan(form: CodeForm, target: str | None, sealed: str = "") -> str:
    offer = factors.offer(g.viewer.user_id, g.viewer.email, sealed)
    drawn = base64.b64encode(qr_svg(offer.address, "").encode()).decode()
    return render(
        "auth/second_factor_set_up.html",
        form=form,
        offer=offer,
        picture=f"data:image/svg+xml;base64,{drawn}",
        secret=in_groups(offer.secret),
        next_page=target or "",
        wanted=_wanted_of_staff(),
    )


def _codes(codes: list[str], target: str | None, *, fresh: bool) -> str:
    return render("auth/recovery_codes.html", codes=codes, next_page=target or "", fresh=fresh)


def _wanted_of_staff() -> bool:
    return bool(g.viewer.is_staff and g.tenant.setting(SECOND_FACTOR) == REQUIRED)


def _only_with_a_factor() -> None:
    only_oneself()
    if not g.viewer.second_factor:
        raise NotFound
