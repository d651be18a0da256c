"""Which profile a name or a file means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from blueprints.imports.profile import FOLDER, Profile, load_profile
from blueprints.imports.reading.detect import Detected, detect, heading
from saas.languages import N_
from saas.refusals import Refusal

ENDINGS = (".csv", ".txt", ".tsv", ".xlsx")


@dataclass(frozen=True, slots=True)
class Pack:
    """All profiles of one back office, in the order in which its files are loaded."""

    id: str
    profiles: tuple[Profile, ...]


@lru_cache(maxsize=1)
def shipped_profiles() -> Mapping[str, Profile]:
    """The profiles that come with the product, by id, in the order of their packs."""
    profiles = [load_profile(path) for path in sorted(FOLDER.glob("*/*.toml"))]
    return {profile.id: profile for profile in sorted(profiles, key=lambda one: (one.pack, one.order))}


def packs(profiles: Iterable[Profile] | None = None) -> Mapping[str, Pack]:
    grouped: dict[str, list[Profile]] = {}
    for profile in shipped_profiles().values() if profiles is None else profiles:
        grouped.setdefault(profile.pack, []).append(profile)
    return {
        name: Pack(name, tuple(sorted(members, key=lambda one: one.order)))
        for name, members in grouped.items()
    }


def resolve_profile(name: str) -> Profile | Pack:
    """The profile or pack that a person means: its id, with underscores too, or the bare name when only one
    pack has it. Raises Refusal with the names that exist."""
    wanted = name.strip().lower().replace("_", "-").replace("/", "-")
    profiles = shipped_profiles()
    if wanted in profiles:
        return profiles[wanted]
    known = packs()
    if wanted in known:
        return known[wanted]
    bare = [profile for profile in profiles.values() if profile.name == wanted]
    if len(bare) == 1:
        return bare[0]
    if bare:
        raise Refusal(
            N_("“%(name)s” could be any of: %(profiles)s."),
            name=name,
            profiles=", ".join(one.id for one in bare),
        )
    raise Refusal(
        N_("There is no profile “%(name)s”; there are: %(profiles)s."),
        name=name,
        profiles=", ".join([*known, *profiles]),
    )


def recognise(detected: Detected, candidates: Iterable[Profile]) -> Profile:
    """The profile whose columns the header has; the file's name decides between equals. Raises Refusal."""
    found = {heading(title) for title in detected.header}

    def score(profile: Profile) -> tuple[int, int]:
        known = sum(1 for column in profile.columns if found & headings(column.source, column.also))
        named = any(fnmatch(detected.name.lower(), pattern) for pattern in profile.file_names)
        return known, int(named)

    fitting = [profile for profile in candidates if not missing_columns(profile, detected)]
    ranked = sorted(fitting, key=score, reverse=True)
    if not ranked or (len(ranked) > 1 and score(ranked[0]) == score(ranked[1])):
        raise Refusal(
            N_("%(name)s is not recognised by its columns (%(columns)s). Choose its profile."),
            name=detected.name,
            columns=", ".join(detected.header),
        )
    return ranked[0]


def headings(source: str, also: tuple[str, ...]) -> set[str]:
    return {heading(title) for title in (source, *also)}


def missing_columns(profile: Profile, detected: Detected) -> list[str]:
    """Headings that the profile needs and the file lacks."""
    found = {heading(title) for title in detected.header}
    return [
        column.source
        for column in profile.columns
        if not column.optional and not found & headings(column.source, column.also)
    ]


def files_of(choice: Profile | Pack, path: Path, name: str | None = None) -> list[tuple[Profile, Path]]:
    """What is to be read, in order: one file, or for a pack also a folder with its files.

    `name` is what the owner called a single file. Raises Refusal for a file that cannot be recognised
    and for two files of a folder that mean the same profile.
    """
    if not path.exists():
        raise Refusal(N_("There is no file %(name)s."), name=name or path.name)
    if isinstance(choice, Profile):
        if path.is_dir():
            raise Refusal(N_("%(name)s is a folder: choose one file, or a whole pack."), name=path.name)
        return [(choice, path)]
    if not path.is_dir():
        return [(recognise(detect(path, name=name), choice.profiles), path)]
    taken: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        if not file.is_file() or file.suffix.lower() not in ENDINGS or file.name.startswith((".", "~")):
            continue
        profile = recognise(detect(file), choice.profiles)
        if profile.id in taken:
            raise Refusal(
                N_("%(first)s and %(second)s are of the same kind: leave one of them."),
                first=taken[profile.id].name,
                second=file.name,
            )
        taken[profile.id] = file
    if not taken:
        raise Refusal(N_("%(name)s holds no CSV or XLSX file."), name=path.name)
    return [(profile, taken[profile.id]) for profile in choice.profiles if profile.id in taken]
