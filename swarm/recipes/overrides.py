"""`[environment]` in the repository's own swarm.toml: what its people say of it counts instead.

The file is anybody's text like the rest of the commit. Nothing in it reaches beyond the sandbox: it
says what is installed there and which command runs there; hosts that it names have still to be allowed
by who starts the build.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from swarm.domain.errors import Rejected
from swarm.recipes.reading import Files
from swarm.recipes.recipe import INSTALLS, Part, Reason, Recipe

FILE = "swarm.toml"
SECTION = "environment"
LISTS: tuple[Part, ...] = (
    "requirements", "packages", "extras", "groups", "steps", "services", "hosts", "carry", "leave",
)  # fmt: skip
WORDS: tuple[Part, ...] = ("interpreter", "lock", "install", "test", "version")
KEYS: tuple[Part, ...] = (*WORDS, *LISTS)


def overrides(files: Files) -> dict[Part, tuple[Reason, ...]]:
    """By part; an empty list or text empties the part. Raises Rejected for what is not understood."""
    text = files.text(FILE)
    if text is None:
        return {}
    try:
        read = tomllib.loads(text).get(SECTION, {})
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Rejected(f"{FILE} of the repository is not valid TOML: {error}") from error
    if not isinstance(read, dict):
        raise Rejected(f"{FILE}: `{SECTION}` is not a section", advice=f"write [{SECTION}]")
    _check(read)
    return {key: tuple(_reasons(files, key, read[key])) for key in KEYS if key in read}


def _check(read: Mapping[str, Any]) -> None:
    known = ", ".join(KEYS)
    for key, value in read.items():
        if key not in KEYS:
            raise Rejected(f"{FILE}: [{SECTION}] has no key {key!r}", advice=f"known are {known}")
        words = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not (words if key in LISTS else isinstance(value, str)):
            kind = "a list of texts" if key in LISTS else "a text"
            raise Rejected(f"{FILE}: {key} is not {kind}", advice=f"like {key} = {_like(key)}")
    if read.get("install", "no") not in INSTALLS:
        raise Rejected(
            f"{FILE}: install is {read['install']!r}", advice=f"one of {', '.join(INSTALLS)}"
        )


def _like(key: str) -> str:
    return '["..."]' if key in LISTS else '"..."'


def _reasons(files: Files, key: Part, value: str | list[str]) -> Iterator[Reason]:
    for each in [value] if isinstance(value, str) else value:
        if each:
            yield files.reason(key, each, FILE, rf"^\s*{key}\s*=")


def replaced(reasons: Iterable[Reason], by: Mapping[Part, tuple[Reason, ...]]) -> Iterator[Reason]:
    """What people say stands for all that was found of that part."""
    for said in by.values():
        yield from said
    yield from (reason for reason in reasons if reason.part not in by)


def as_section(recipe: Recipe) -> str:
    """The recipe as that section: TOML, for a person to edit."""
    lines = [f"[{SECTION}]"]
    for key in KEYS:
        value = getattr(recipe, key)
        if value and value != "no":
            plain = list(value) if isinstance(value, tuple) else value
            lines.append(f"{key} = {json.dumps(plain)}")
    return "\n".join(lines) + "\n"
