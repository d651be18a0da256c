"""The verbs of access, for the pages here and for later capabilities. Each lives in the module of its noun."""

from __future__ import annotations

from blueprints.auth.activity import Deed, deeds, say
from blueprints.auth.details import add_source, change_details, facts_about
from blueprints.auth.email_change import ask_email_change, confirm_email
from blueprints.auth.identity import confirm_identity
from blueprints.auth.invitations import Invitation, invite_user
from blueprints.auth.links import BadLink, LiveLink, find_link
from blueprints.auth.password_change import (
    ask_recovery,
    change_password,
    confirm_password,
    set_password_by_link,
)
from blueprints.auth.second_factor import has_second_factor, take_away
from blueprints.auth.second_step import AttemptOver, enter_code
from blueprints.auth.sessions import (
    Browser,
    OpenSession,
    close_other_sessions,
    close_session,
    end_sessions,
    leave_notice,
    open_session,
    open_sessions,
    sign_out,
)
from blueprints.auth.sign_in import CodeWanted, SignedIn, TooManyAttempts, check_address, sign_in

__all__ = [
    "AttemptOver",
    "BadLink",
    "Browser",
    "CodeWanted",
    "Deed",
    "Invitation",
    "LiveLink",
    "OpenSession",
    "SignedIn",
    "TooManyAttempts",
    "add_source",
    "ask_email_change",
    "ask_recovery",
    "change_details",
    "change_password",
    "check_address",
    "close_other_sessions",
    "close_session",
    "confirm_email",
    "confirm_identity",
    "confirm_password",
    "deeds",
    "end_sessions",
    "enter_code",
    "facts_about",
    "find_link",
    "has_second_factor",
    "invite_user",
    "leave_notice",
    "open_session",
    "open_sessions",
    "say",
    "set_password_by_link",
    "sign_in",
    "sign_out",
    "take_away",
]
