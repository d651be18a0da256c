"""Passwords: how they are kept, compared and judged. NIST SP 800-63B-4 §3.1.1: length, a block list, nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from saas.languages import N_
from saas.refusals import Refusal

SHORTEST: Final = 8  # characters
LONGEST: Final = 1000  # far beyond any sentence; what is longer wants to keep the server busy

# OWASP's second profile: 19 MiB, 2 passes, 1 lane; some 25 ms, where the library's default takes six times that.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Nobody's: made with the parameters above from 32 random bytes that were thrown away (a test keeps them equal).
_NOBODY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$S6mS4T1VUM8v0VsZ3Tqyzw$lGAYY0R6kI+6aS0UL8sepSd1ZVL5yuCmAtcWkGV+hes"
)

_PREFIX: Final = 40  # characters that are judged; a longer one that begins well is good enough
_LEET: Final = frozenset("4@8({[<3691!|0$5+7%2")
_MOST_LEET: Final = 10
_WEAK: Final = 2  # zxcvbn scores from 0 to 4; below this a few million guesses are enough

# What people here begin with; the library's own lists are English.
_COMMON: Final = frozenset(
    """
    contrasena contrasenia clave acceso secreto usuario administrador admin password segura seguro hola amor teamo
    tequiero familia princesa mariposa estrella corazon angel jesus dios maria jose juan carlos luis ana andrea camila
    daniel david diego sofia valentina santiago sebastian alejandro colombia bogota medellin cali barranquilla
    cartagena nacional millonarios america argentina buenos aires mendoza catamarca cordoba rosario boca river plate
    racing independiente messi maradona venezuela caracas maracaibo mexico chile peru factura facturas arriendo
    alquiler inquilino propietario inmobiliaria agua gas luz energia enero febrero marzo abril mayo junio julio agosto
    septiembre octubre noviembre diciembre lunes martes viernes sabado domingo verano invierno bienvenido qwerty
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def hash_password(password: str) -> str:
    """An argon2id hash in its own text form, salt and parameters included. Raises ValueError past LONGEST."""
    if len(password) > LONGEST:
        raise ValueError("too long to hash")
    return _HASHER.hash(_normal(password))


def verify(hashed: str, password: str) -> bool:
    """Whether `password`, compared whole, is the one that was hashed. A damaged hash matches nothing."""
    if len(password) > LONGEST:
        return False
    try:
        return _HASHER.verify(hashed, _normal(password))
    except (VerificationError, InvalidHashError, UnicodeError):
        return False


def verify_nobody(password: str) -> bool:
    """Always False, after the same work as `verify`: for a login name that nobody has."""
    verify(_NOBODY, password)
    return False


def needs_rehash(hashed: str) -> bool:
    """Whether the hash was made with parameters other than today's; ask after `verify` said yes."""
    try:
        return _HASHER.check_needs_rehash(hashed)
    except (InvalidHashError, UnicodeError):
        return True


def check_strength(password: str, context_words: Iterable[str] = (), field: str = "password") -> None:
    """Raise Refusal unless the password is long enough and not among the first that others would try.

    `context_words` are what is known about the person and the organisation (names, e-mail, host); they may be whole
    phrases. Nothing is demanded of its composition, and nothing of it is ever cut off.
    """
    if len(password) > LONGEST:
        raise Refusal(N_("Use no more than %(count)s characters."), field, count=LONGEST)
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise Refusal(N_("Use at least %(count)s characters."), field, count=SHORTEST)
    context = {word for phrase in context_words for word in _words(phrase)}
    if _made_of(normal, context):
        raise Refusal(
            N_("Do not build the password from your name, your e-mail or the name of this organisation."),
            field,
        )
    known = [*sorted(context), *sorted(_COMMON)]
    if _made_of(normal, context | _COMMON) or zxcvbn(_tame(normal), user_inputs=known)["score"] < _WEAK:
        raise Refusal(
            N_(
                "Others would guess this password soon. Choose another one: three unrelated words are a good start."
            ),
            field,
        )


def _normal(password: str) -> str:
    """The same password typed on any keyboard: NFKC, as NIST asks. A lone surrogate becomes a question mark."""
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text[:200]).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _words(phrase: str) -> list[str]:
    """The words of a phrase that say something: four letters or more, and the phrase run together."""
    words = re.findall(r"[^\W\d_]+", _plain(phrase))
    return [word for word in (*words, "".join(words)) if len(word) >= 4]


def _made_of(password: str, words: Iterable[str]) -> bool:
    """Whether nothing but these words, figures and signs, and at most two more letters, makes up the password."""
    letters = "".join(re.findall(r"[^\W\d_]", _plain(password)))
    rest = letters
    for word in sorted(words, key=lambda word: (-len(word), word)):
        rest = rest.replace(word, "")
    return rest != letters and len(rest) <= 2


def _tame(password: str) -> str:
    """The beginning, with a bound on the signs that could stand for letters: zxcvbn tries every combination of them."""
    prefix = password[:_PREFIX]
    signs = list(dict.fromkeys(c for c in prefix if c in _LEET))
    return prefix.translate({ord(sign): "_" for sign in signs[_MOST_LEET:]})
