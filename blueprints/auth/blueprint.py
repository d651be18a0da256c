"""The pages' blueprint, apart from the pages so that each of them can import it."""

from __future__ import annotations

from flask.blueprints import BlueprintSetupState

from saas.web import Pages

pages = Pages("auth", __name__)


@pages.record_once
def _offer_sign_out(state: BlueprintSetupState) -> None:
    """Where the layouts' “Log out” button leads."""
    state.app.jinja_env.globals["sign_out_url"] = "/logout"
