"""Try the credentials of an account at its provider, with no transaction open meanwhile."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from flask_babel import gettext as _

from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.interface import Adapter, ProviderAccountView, Unreachable
from blueprints.payments.wire import current_wire
from saas.clock import now
from saas.refusals import Refusal
from tenants.frame import commit_so_far
from tenants.provider_account_services import OpenedAccount


@dataclass(frozen=True, slots=True)
class Found:
    """What a test found. `problem`: a sentence in the viewer's language, None when all is well; `silent` when
    the provider did not answer, which says nothing about the credentials; `impossible` when nobody had to be
    asked to know."""

    at: datetime.datetime
    problem: str | None = None
    refusal: Refusal | None = None
    silent: bool = False
    impossible: bool = False


def tried(account: OpenedAccount) -> Found:
    """Check and ping an account that is kept. Raises NoSuchProvider."""
    return try_out(adapter_of(account), view_of(account))


def try_out(adapter: Adapter, view: ProviderAccountView) -> Found:
    """Look at the credentials, then ask the provider. Commits what came before: a provider may take its time."""
    moment = now()
    try:
        adapter.check(view)
    except Refusal as refusal:
        return Found(moment, _(refusal.msgid, **refusal.facts), refusal, impossible=True)
    commit_so_far()
    try:
        adapter.ping(view, current_wire(), moment)
    except Refusal as refusal:
        return Found(moment, _(refusal.msgid, **refusal.facts), refusal)
    except Unreachable:
        return Found(moment, _("The provider did not answer. Try again in a few minutes."), silent=True)
    return Found(moment)
