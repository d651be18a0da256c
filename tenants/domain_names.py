"""Which names a tenant may claim (case D06). Pure: what the name servers say comes later."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from publicsuffixlist import PublicSuffixList

from saas.languages import N_
from saas.refusals import Refusal

LONGEST: Final = 253  # RFC 1035 2.3.4, without the root's dot
# The prefix of the proof's name must fit as well.
PROOF_LABEL: Final = "_ventanilla"
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# The last label of an address in any spelling that browsers take (WHATWG URL, "ends in a number").
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
# RFC 6761, RFC 7686, RFC 9476 and ICANN's "internal": names that lead nowhere in the world, or to oneself.
SPECIAL: Final = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}
)

NOT_A_NAME: Final = N_("“%(host)s” is not a domain name.")
ONLY_THE_NAME: Final = N_(
    "Type only the name, such as clientes.example.com: without https://, port, path or spaces."
)
AN_ADDRESS: Final = N_("An IP address cannot be used. Type a name.")
A_PATTERN: Final = N_("A name with * cannot be used. Add each name by itself.")
OTHER_LETTERS: Final = N_(
    "Names with accents or letters of other alphabets cannot be used, not even in the form xn--: they can be made "
    "to look like somebody else's name. Use the letters a to z, digits and hyphens."
)
TOO_LONG: Final = N_("The name is too long.")
NOT_WHOLE: Final = N_("Type the whole name with its ending, such as clientes.example.com.")
RESERVED: Final = N_("“%(host)s” is reserved and leads nowhere on the internet.")
OF_THE_PLATFORM: Final = N_("“%(host)s” belongs to this platform.")
SHARED_ENDING: Final = N_(
    "“%(host)s” is an ending that many organisations share. Add your own name before it."
)


def check_name(typed: str, platform_hosts: Collection[str]) -> str:
    """The name in lower case without the root's dot. Raises Refusal (field `host`) that says why not.

    `platform_hosts` are the platform's own hosts: neither they nor anything under them may be claimed.
    """
    host = typed.strip().lower().removesuffix(".")
    if not host.isascii():
        raise _refusal(OTHER_LETTERS)
    if _is_address(host):
        raise _refusal(AN_ADDRESS)
    if not host or re.search(r"[^a-z0-9.*_-]", host):
        raise _refusal(ONLY_THE_NAME)
    if "*" in host:
        raise _refusal(A_PATTERN)
    labels = host.split(".")
    if any(label.startswith("xn--") for label in labels):
        raise _refusal(OTHER_LETTERS)
    if len(host) + len(PROOF_LABEL) + 1 > LONGEST:
        raise _refusal(TOO_LONG)
    if not all(_LABEL.fullmatch(label) and label[2:4] != "--" for label in labels):
        raise _refusal(NOT_A_NAME, host)
    if any(host == own or host.endswith(f".{own}") for own in platform_hosts):
        raise _refusal(OF_THE_PLATFORM, host)
    if labels[-1] in SPECIAL:
        raise _refusal(RESERVED, host)
    if len(labels) == 1:
        raise _refusal(NOT_WHOLE)
    if _shared_endings().publicsuffix(host) == host:
        raise _refusal(SHARED_ENDING, host)
    return host


def _is_address(host: str) -> bool:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return bool(_NUMBER.fullmatch(host.rpartition(".")[2]))
    return True


def _refusal(msgid: str, host: str | None = None) -> Refusal:
    return Refusal(msgid, "host") if host is None else Refusal(msgid, "host", host=host[:80])


@lru_cache(maxsize=1)
def _shared_endings() -> PublicSuffixList:
    """Read once, when the first name is claimed: the list is long."""
    return PublicSuffixList()
