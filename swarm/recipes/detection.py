"""A recipe from the files of a commit. Deterministic; reads only, and executes nothing."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from swarm.recipes import classic, overrides, pyproject
from swarm.recipes.invocations import installed, said_by
from swarm.recipes.reading import Files
from swarm.recipes.recipe import Input, Reason, Recipe, assembled
from swarm.recipes.requirements import name_of
from swarm.recipes.scripts import make_commands, tox_entries, written_commands
from swarm.recipes.toolchains import said_of_toolchains
from swarm.recipes.wanted import said_of_services

_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "tox.ini", "noxfile.py")
_READ_BY_BUILDS = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "MANIFEST.in")
_IS_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$")
_WRITTEN_FOR_PYTEST = re.compile(
    r"^(?:\s*(?:import\s(?:.*[\s,])?|from\s+)pytest\b|(?:async\s+)?def\s+test_)", re.MULTILINE
)
"""An import, or tests that are functions, which unittest does not find."""

_DOCUMENTS = (".rst", ".md", ".txt")
_FROM_OUTSIDE = re.compile(r"\{env:[^{}:]*:?([^{}]*)\}")
"""What tox puts in from its user's surroundings, or says itself where there is nothing."""


def detect_recipe(directory: Path, version: str = "") -> Recipe:
    """What the commit whose files are in `directory` needs.

    `version`: the project's, as its tags say it. Raises Rejected for a swarm.toml that is not
    understood; whatever else cannot be read becomes a note.
    """
    files = Files(directory)
    said = overrides.overrides(files)
    languages = dict(said_of_toolchains(files))
    python = tuple(_python(files, version))
    if python:
        main = (
            *python,
            *(each for other in languages.values() for each in other if each.part == "note"),
        )
    else:
        main = tuple(each for reasons in list(languages.values())[:1] for each in reasons)
    reasons = tuple(_asked(files, main, tuple(overrides.replaced(main, said))))
    return assembled(reasons, _inputs(files, reasons))


def _asked(files: Files, found: tuple[Reason, ...], kept: tuple[Reason, ...]) -> Iterator[Reason]:
    """What requirements files ask for, of those alone that people left to be installed."""
    before, after = (
        {each.value for each in reasons if each.part == "requirements"} for reasons in (found, kept)
    )
    gone = {inner for path in before - after for inner in (path, *classic.included(files, path))}
    yield from (each for each in kept if each.part != "needs" or each.path not in gone)
    for path in sorted(after - before):
        yield from classic.said_in_requirements(files, path)


def _python(files: Files, version: str) -> Iterator[Reason]:
    mark = next((name for name in _MARKS if files.has(name)), "") or _any_python(files)
    if not mark:
        return
    yield files.reason("language", "python", mark, said="a project in Python")
    found = tuple(_choices(files))
    for reason in found:
        if reason.part == "version" and version:
            yield reason.model_copy(update={"value": version})
        else:
            yield reason
    chosen = [reason for reason in found if reason.part == "requirements"]
    inner = [
        each for reason in chosen for each in classic.said_in_requirements(files, reason.value)
    ]
    groups = [reason.value for reason in found if reason.part == "groups"]
    grouped = [
        each
        for name in groups
        for each in pyproject.asked(files, pyproject.group_requirements(files, name))
    ]
    yield from (*inner, *grouped)
    yield from said_of_services(files, (*found, *inner, *grouped))
    yield from _pytest(files, (*found, *inner, *grouped))


def _choices(files: Files) -> Iterator[Reason]:
    lines = written_commands(files)
    spoken = tuple(each for line in lines for each in said_by(line, files))
    yield from sorted((each for each in spoken if each.part == "test"), key=_asks_for_examples)
    yield from classic.said_of_python(files)
    yield from pyproject.said_by_pyproject(files)
    yield from classic.said_by_setup(files)
    yield from classic.said_by_locks(files)
    known = tuple(classic.said_by_requirements(files))
    yield from known
    yield from _tox(files)
    yield from (each for each in spoken if each.part != "test" and _exists(each, files))
    yield from _other_tests(files)


def _asks_for_examples(reason: Reason) -> bool:
    """Who runs the examples of documents runs the suite as well, mostly with the next command."""
    words = reason.value.split()
    return any(word.startswith("--doctest") or word.endswith(_DOCUMENTS) for word in words)


def _exists(reason: Reason, files: Files) -> bool:
    """Extras and groups that are asked for somewhere, but nowhere declared, would fail a build."""
    if reason.part == "groups":
        return bool(pyproject.group_requirements(files, reason.value))
    return True


def _tox(files: Files) -> Iterator[Reason]:
    parts = {"extras": "extras", "dependency_groups": "groups"}
    for path, entry in tox_entries(files):
        if entry.key in parts:
            text = _FROM_OUTSIDE.sub(r"\1", entry.text)
            for each in (word for word in text.replace(",", " ").split() if "{" not in word):
                said = Reason.model_validate(
                    {"part": parts[entry.key], "value": each, "path": path, "line": entry.number}
                )
                if _exists(said, files):
                    yield said
        elif entry.key == "deps":
            # Conditions (`py310: typing`) choose between interpreters: what they guard is wanted.
            words = re.sub(r"^[a-z0-9_,{}!-]+:\s+", "", entry.text).replace("{toxinidir}/", "")
            words = re.sub(r"^(-[rc])\s*(?=\S)", r"\1 ", words)
            for part, value in installed(words.split() if words[:1] == "-" else [words], files):
                yield Reason(part=part, value=value, path=path, line=entry.number, said=entry.text)


def _other_tests(files: Files) -> Iterator[Reason]:
    if files.has("manage.py"):
        yield files.reason("test", "python manage.py test", "manage.py", said="a Django project")
    for line in make_commands(files):
        yield Reason(
            part="test", value=f"make {line.part}", path=line.path, line=line.number, said=line.text
        )


def _pytest(files: Files, found: Iterable[Reason]) -> Iterator[Reason]:
    """Where nothing asks for pytest although the tests do."""
    needed = {reason.value for reason in found if reason.part == "needs"}
    if any(name_of(each) == "pytest" for each in needed):
        return
    runs = next(
        (each for each in found if each.part == "test" and each.value.startswith("pytest")), None
    )
    if runs is not None:
        yield runs.model_copy(update={"part": "packages", "value": "pytest"})
        return
    for path in filter(_IS_TEST.search, files.walk(".py")):
        if _WRITTEN_FOR_PYTEST.search(files.text(path) or ""):
            yield files.reason("packages", "pytest", path, _WRITTEN_FOR_PYTEST.pattern)
            return


def _any_python(files: Files) -> str:
    return next(iter((*files.below("", "*requirements*.txt"), *files.walk(".py"))), "")


def _inputs(files: Files, reasons: Iterable[Reason]) -> Iterator[Input]:
    """The files that a build reads, by content."""
    kept = tuple(reasons)
    named = [each.value for each in kept if each.part in {"lock", "requirements", "native"}]
    inner = [
        name
        for each in named
        if each.endswith((".txt", ".lock"))
        for name in classic.included(files, each)
    ]
    for name in sorted({*_READ_BY_BUILDS, *named, *inner}):
        if files.data(name) is not None:
            yield Input(path=name, digest=files.digest(name))
