"""What people type. Passwords are never sent back to the page."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Form, PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from saas.refusals import Refusal


class AccessForm(Form):
    """A form whose refusals come from the services."""

    def refuse(self, refusal: Refusal) -> None:
        """Put a service's refusal beside its field, or above all fields."""
        sentence = _(refusal.msgid, **refusal.facts)
        field = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(sentence)
        else:
            field.errors = [*field.errors, sentence]


def needed(message: Any) -> InputRequired:
    return InputRequired(message)


class LogInForm(AccessForm):
    email = EmailField(_l("E-mail"), [needed(_l("Type your e-mail."))])
    password = PasswordField(_l("Password"), [needed(_l("Type your password."))])


class RecoverForm(AccessForm):
    email = EmailField(_l("E-mail"), [needed(_l("Type your e-mail."))])


class NewPasswordForm(AccessForm):
    password = PasswordField(_l("New password"), [needed(_l("Type the new password."))])


class ConfirmForm(AccessForm):
    """Nothing to type: the press is the answer."""


class CodeForm(AccessForm):
    """Six digits of the app, or a recovery code."""

    code = StringField(_l("Code"), [needed(_l("Type the code."))])

    def refuse(self, refusal: Refusal) -> None:
        """A code that did not count is of no more use: the box comes back empty."""
        super().refuse(refusal)
        self.code.data = ""


class PasswordForm(AccessForm):
    current = PasswordField(_l("Password"), [needed(_l("Type your password."))])


class SwitchOffForm(CodeForm):
    current = PasswordField(_l("Present password"), [needed(_l("Type your present password."))])
    code = StringField(_l("Code of the app, or a recovery code"), [needed(_l("Type the code."))])


class ChangePasswordForm(AccessForm):
    current = PasswordField(_l("Present password"), [needed(_l("Type your present password."))])
    password = PasswordField(_l("New password"), [needed(_l("Type the new password."))])


class ChangeEmailForm(AccessForm):
    email = EmailField(_l("New e-mail"), [needed(_l("Type the new e-mail."))])


class DetailsForm(AccessForm):
    name = StringField(_l("Name"), [needed(_l("Type the name."))])
    language = SelectField(
        _l("Language"),
        choices=[
            SelectChoice("", _l("The organisation's")),
            SelectChoice("es", "Español"),
            SelectChoice("en", "English"),
        ],
        validate_choice=False,
    )
