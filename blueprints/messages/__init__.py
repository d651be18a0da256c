"""Messages."""

from __future__ import annotations

from saas.languages import N_
from tenants import roles
from tenants.capability import Capability, MenuEntry, Setting

REMINDERS = N_("Reminders")
MESSAGES = N_("Messages")

SETTINGS = (
    Setting(
        "messages.invoice-notice",
        "boolean",
        True,
        N_("Tell customers of a new invoice"),
        hint=N_("After the monthly run. Several invoices of one customer come in one mail."),
        group=MESSAGES,
    ),
    Setting(
        "messages.import-notice",
        "boolean",
        False,
        N_("Also of invoices that are imported"),
        hint=N_("Leave it off while old invoices are brought in."),
        group=MESSAGES,
    ),
    Setting(
        "messages.reminders",
        "boolean",
        False,
        N_("Remind of open invoices"),
        hint=N_("Only inside the hours below and those of the law, at most once a day."),
        group=REMINDERS,
    ),
    Setting(
        "messages.days-before",
        "integer",
        3,
        N_("Days before the due date (0: no reminder before it)"),
        group=REMINDERS,
        low=0,
        high=15,
    ),
    Setting("messages.on-day", "boolean", True, N_("On the due date"), group=REMINDERS),
    Setting(
        "messages.days-after",
        "integer",
        3,
        N_("Days after the due date (0: no reminder after it)"),
        group=REMINDERS,
        low=0,
        high=30,
    ),
    Setting(
        "messages.days-after-again",
        "integer",
        10,
        N_("Once more, so many days after it (0: not)"),
        group=REMINDERS,
        low=0,
        high=60,
    ),
    Setting(
        "messages.payment-link",
        "boolean",
        False,
        N_("A payment link that needs no login"),
        hint=N_("In messages about one invoice. It opens this invoice and nothing else."),
        group=REMINDERS,
    ),
    Setting(
        "messages.earliest",
        "integer",
        8,
        N_("Not before this hour"),
        hint=N_("From 0 to 12. The law may be stricter: then it counts."),
        group=REMINDERS,
        low=0,
        high=12,
    ),
    Setting(
        "messages.latest",
        "integer",
        18,
        N_("Not from this hour on"),
        hint=N_("From 13 to 23."),
        group=REMINDERS,
        low=13,
        high=23,
    ),
    Setting(
        "messages.rest-days",
        "boolean",
        False,
        N_("Also on Sundays and holidays, where the law lets you"),
        group=REMINDERS,
    ),
    Setting(
        "messages.keep-months",
        "integer",
        24,
        N_("Months for which the text of messages is kept"),
        hint=N_("Afterwards the list still says what was sent, when and what became of it."),
        group=MESSAGES,
        low=3,
        high=120,
    ),
)

capability = Capability(
    name="messages",
    title=N_("Messages"),
    models=("blueprints.messages.models",),
    blueprints=("blueprints.messages.customer:pages", "blueprints.messages.desk:pages"),
    commands=("blueprints.messages.commands:messages_group",),
    wiring=(
        "blueprints.messages.wiring",
        # Imported for their views, which hang on the desk's blueprint.
        "blueprints.messages.desk_texts",
        "blueprints.messages.desk_hours",
    ),
    menu=(
        MenuEntry(MESSAGES, "messages_desk.index", "mail", area="desk", order=45, permission=roles.MESSAGES),
    ),
    settings=SETTINGS,
)
