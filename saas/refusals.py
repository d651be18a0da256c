from __future__ import annotations


class Refusal(Exception):
    """A rule says no, in words meant for the person who asked.

    `msgid` is an English catalogue entry with `%(name)s` placeholders, marked with `N_` where it is raised;
    `facts` fill the placeholders. The page translates msgid first and fills afterwards. `field` names the
    form field at fault, if one is. `str()` is the English sentence, for logs and the command line.
    """

    def __init__(self, msgid: str, field: str | None = None, **facts: object) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        # With no facts a literal per cent sign in the sentence must survive, as gettext does it.
        return self.msgid % self.facts if self.facts else self.msgid

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.msgid, self.field, self.facts)


def _rebuild(kind: type[Refusal], msgid: str, field: str | None, facts: dict[str, object]) -> Refusal:
    return kind(msgid, field, **facts)


class NotFound(Exception):
    """What was asked for does not exist for this tenant and person; a stranger's row is no different."""
