"""Keeps the translation catalogues in step with the code: `bin/catalogues [--check] [package …]`.

Each package (a capability, `tenants`, `saas`, a theme) owns `translations/es.po` and `translations/en.po`.
English is the language of the code, so `en.po` repeats every msgid; `es.po` keeps what people translated, gains new
msgids with an empty text and loses those that the code no longer uses. The output is sorted and carries neither
line numbers nor dates: two people who add sentences get small diffs.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("es", "en")
SOURCE_LANGUAGE = "en"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "_l": None,
    "N_": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# The same flavour as the application's environments, or the msgids of {% trans %} would differ from theirs.
JINJA = {"newstyle_gettext": "true", "silent": "false", "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
TEMPLATE_SUFFIXES = {".html", ".txt", ".xml", ".svg", ".jinja"}
SKIPPED_FOLDERS = {"translations", "static", "node_modules", "__pycache__", "vendor", "fonts"}
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"
"""

Key = tuple[str | None, str | tuple[str, ...]]
NAMED = re.compile(r"%\((\w+)\)[#0\- +]*[\d.]*[a-zA-Z]")


@dataclass
class Sentence:
    """One msgid as the code says it. `ids` is `(singular,)` or `(singular, plural)`."""

    context: str | None
    ids: tuple[str, ...]
    comments: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    in_template: bool = False

    @property
    def key(self) -> Key:
        return self.context, self.ids[0] if len(self.ids) == 1 else self.ids


def packages(root: Path = ROOT) -> list[Path]:
    """Every folder that owns catalogues or could own them, in a stable order."""
    homes = [root / "saas", root / "tenants"]
    for parent in (root / "blueprints", root / "themes"):
        if parent.is_dir():
            homes += sorted(p for p in parent.iterdir() if p.is_dir() and p.name not in SKIPPED_FOLDERS)
    return [home for home in homes if home.is_dir()]


def sources(package: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(package):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and not f.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix in {".py", ".html"} or (
                path.suffix in TEMPLATE_SUFFIXES and "templates" in path.relative_to(package).parts
            ):
                yield path


def extract(paths: Iterator[Path] | list[Path]) -> dict[Key, Sentence]:
    """Reads every marked sentence. A template that does not parse raises `jinja2.TemplateSyntaxError`."""
    found: dict[Key, Sentence] = {}
    for path in paths:
        template = path.suffix != ".py"
        method = "jinja2.ext:babel_extract" if template else "python"
        for line, ids, comments, context in extract_from_file(
            method,
            path,
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            options=JINJA if template else None,
        ):
            sentence = Sentence(context, (ids,) if isinstance(ids, str) else tuple(ids))
            sentence = found.setdefault(sentence.key, sentence)
            sentence.comments += [c for c in comments if c not in sentence.comments]
            sentence.places.append(f"{path}:{line}")
            sentence.in_template |= template
    return found


def read(path: Path, language: str) -> dict[Key, Message]:
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    return {
        (message.context, message.id if isinstance(message.id, str) else tuple(message.id)): message
        for message in catalogue
        if message.id
    }


def texts(message: Message | None) -> tuple[str, ...]:
    """The translations of a message: one, or one per plural form; fuzzy ones count as missing."""
    if message is None or message.fuzzy:
        return ()
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def compose(language: str, sentences: dict[Key, Sentence], known: dict[Key, Message]) -> bytes:
    """The new content of a catalogue file."""
    catalogue = Catalog(locale=language, fuzzy=False)
    for key, sentence in sentences.items():
        old = texts(known.get(key))
        if language == SOURCE_LANGUAGE:
            translated = sentence.ids
        elif len(sentence.ids) == 1:
            translated = old[:1] or ("",)
        else:
            translated = (old + ("",) * catalogue.num_plurals)[: catalogue.num_plurals]
        single = len(sentence.ids) == 1
        catalogue.add(
            sentence.ids[0] if single else sentence.ids,
            translated[0] if single else translated,
            auto_comments=sentence.comments,
            user_comments=known[key].user_comments if key in known else (),
            context=sentence.context,
        )
    body = io.BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    plurals = catalogue.plural_forms.rstrip(";") + ";"
    head = HEADER.format(language=language, plurals=plurals)
    return (head + "\n" + body.getvalue().decode().strip() + "\n").encode()


def placeholders(text: str) -> set[str]:
    return set(NAMED.findall(text))


def has_stray_percent(text: str) -> bool:
    return "%" in NAMED.sub("", text).replace("%%", "")


def faults_of_sentence(sentence: Sentence) -> Iterator[str]:
    """Faults in the English text itself."""
    for text in sentence.ids:
        if text != text.strip():
            yield "begins or ends with white space"
        if sentence.in_template and ("\n" in text or "  " in text):
            yield "has line breaks or runs of spaces: write {% trans trimmed %}"
        if has_stray_percent(text) and (sentence.in_template or placeholders(text)):
            yield "has a % that is no placeholder: write %%"


def faults_of_translation(sentence: Sentence, translated: tuple[str, ...]) -> Iterator[str]:
    if not translated or not all(translated):
        yield "is not translated"
        return
    allowed = set().union(*(placeholders(text) for text in sentence.ids))
    for text in translated:
        if unknown := placeholders(text) - allowed:
            yield f"has an unknown placeholder: {', '.join(sorted(unknown))}"
        if text != text.strip():
            yield "begins or ends with white space in the translation"
        if has_stray_percent(text) and (sentence.in_template or allowed):
            yield "has a % that is no placeholder in the translation"
    if lost := placeholders(sentence.ids[-1]) - placeholders(translated[-1]):
        yield f"lost a placeholder: {', '.join(sorted(lost))}"


def check(package: Path) -> list[str]:
    """Everything wrong with one package's catalogues, one line each; changes nothing."""
    sentences = extract(sources(package))
    folder = package / "translations"
    if not sentences and not folder.is_dir():
        return []
    faults = [
        f"{sentence.places[0]}: {sentence.ids[0]!r} {fault}"
        for sentence in sentences.values()
        for fault in faults_of_sentence(sentence)
    ]
    for language in LANGUAGES:
        path = folder / f"{language}.po"
        known = read(path, language)
        for key, sentence in sentences.items():
            if key not in known:
                faults.append(f"{path}: {sentence.ids[0]!r} is missing (used at {sentence.places[0]})")
            elif language == SOURCE_LANGUAGE and texts(known[key]) != sentence.ids:
                faults.append(f"{path}: {sentence.ids[0]!r} differs from the code")
            else:
                problems = faults_of_translation(sentence, texts(known[key]))
                faults += [f"{path}: {sentence.ids[0]!r} {fault}" for fault in problems]
        faults += [f"{path}: {_first(key)!r} is no longer used" for key in known if key not in sentences]
    return faults


def update(package: Path) -> list[str]:
    """Rewrites one package's catalogues; the answer says per file what changed and what waits for a translation."""
    sentences = extract(sources(package))
    folder = package / "translations"
    if not sentences and not folder.is_dir():
        return []
    report = []
    for language in LANGUAGES:
        path = folder / f"{language}.po"
        known = read(path, language)
        content = compose(language, sentences, known)
        if not path.exists() or path.read_bytes() != content:
            folder.mkdir(exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}.draft")
            draft.write_bytes(content)
            draft.replace(path)
        waiting = sum(
            not all(translated) or not translated for translated in map(texts, read(path, language).values())
        )
        report.append(
            f"{path}: {len(sentences)} sentences" + (f", {waiting} to translate" if waiting else "")
        )
        report += [
            f"{path}: removed {_first(key)!r} ({' / '.join(texts(old))})"
            for key, old in known.items()
            if key not in sentences and language != SOURCE_LANGUAGE
        ]
    return report


def conflicts(homes: list[Path]) -> list[str]:
    """Catalogues are merged when the application starts, so one msgid cannot have two translations."""
    seen: dict[Key, tuple[Path, tuple[str, ...]]] = {}
    faults = []
    for home in homes:
        path = home / "translations" / "es.po"
        for key, message in read(path, "es").items():
            if not all(translated := texts(message)):
                continue
            other, before = seen.setdefault(key, (path, translated))
            if before != translated:
                faults.append(f"{path}: {_first(key)!r} is {translated[0]!r} but {before[0]!r} in {other}")
    return faults


def homeless(root: Path) -> list[str]:
    """Sentences in files that belong to no package."""
    outside = [
        path
        for folder in (root, root / "blueprints", root / "themes")
        for path in sorted(folder.glob("*.py"))
    ]
    return [f"{s.places[0]}: {s.ids[0]!r} stands outside every package" for s in extract(outside).values()]


def _first(key: Key) -> str:
    return key[1] if isinstance(key[1], str) else key[1][0]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="bin/catalogues", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail on any fault")
    parser.add_argument("packages", nargs="*", help="for example blueprints/invoices; none: every package")
    options = parser.parse_args(arguments)
    homes = [root / name for name in options.packages] or packages(root)
    for home in homes:
        if not home.is_dir():
            parser.error(f"{home} is no folder")
    lines: list[str] = []
    for home in homes:
        lines += check(home) if options.check else update(home)
    if options.check and not options.packages:
        lines += conflicts(homes) + homeless(root)
    for line in lines:
        print(line.replace(f"{root}{os.sep}", ""))
    if not options.check:
        return 0
    print(f"Catalogues: {len(lines)} faults." if lines else "Catalogues: complete.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
