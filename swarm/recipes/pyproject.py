"""What the tables of pyproject.toml say: of the project (PEP 621), groups (PEP 735), poetry and hatch."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from swarm.recipes import versions
from swarm.recipes.reading import Files, table, texts
from swarm.recipes.recipe import Reason
from swarm.recipes.requirements import hosts_in, name_of, normalised

FILE = "pyproject.toml"
_FOR_TESTS = re.compile(r"(?:unit[-_]?)?tests?(?:ing|s)?(?:[-_]deps)?|dev(?:el|elop|elopment)?|ci")
_VERSIONED = {"setuptools-scm", "hatch-vcs", "versioningit", "pbr", "poetry-dynamic-versioning"}


def is_for_tests(name: str) -> bool:
    """Whether a group or an extra of this name is what its tests need."""
    return bool(_FOR_TESTS.fullmatch(normalised(name)))


def said_by_pyproject(files: Files) -> Iterator[Reason]:
    if not files.has(FILE):
        return
    if why := files.broken(FILE):
        yield files.reason("note", f"{FILE} cannot be read: {why}", FILE)
        return
    read = files.toml(FILE)
    tools = table(read.get("tool"))
    yield from _project(files, table(read.get("project")))
    yield from _build(files, read)
    yield from _groups(files, table(read.get("dependency-groups")))
    yield from _poetry(files, table(tools.get("poetry")))
    yield from _others(files, tools)


def _project(files: Files, project: Mapping[str, Any]) -> Iterator[Reason]:
    if isinstance(wanted := project.get("requires-python"), str):
        yield files.reason("interpreter", wanted, FILE, r"^\s*requires-python\b")
    yield from asked(files, texts(project.get("dependencies")))
    for extra, wanted in table(project.get("optional-dependencies")).items():
        if is_for_tests(extra):
            yield files.reason("extras", extra, FILE, _key(extra))
            yield from asked(files, texts(wanted))


def asked(files: Files, wanted: tuple[str, ...], path: str = FILE) -> Iterator[Reason]:
    """Requirements: their names, and hosts that they name."""
    for each in wanted:
        if name := name_of(each):
            yield files.reason("needs", name, path, rf"['\"\s]{re.escape(each[: len(name)])}\b")
        for host in hosts_in(each):
            yield files.reason("hosts", host, path, re.escape(host))


def _build(files: Files, read: Mapping[str, Any]) -> Iterator[Reason]:
    build = table(read.get("build-system"))
    poetry = table(table(read.get("tool")).get("poetry"))
    named = "project" in read or (bool(poetry) and poetry.get("package-mode", True))
    legacy = files.has("setup.py") or files.has("setup.cfg")
    if build and (named or legacy):
        yield files.reason("install", "editable", FILE, r"^\[build-system\]")
    elif "project" in read and not legacy:
        for each in texts(table(read["project"]).get("dependencies")):
            yield files.reason("packages", each, FILE, rf"['\"]{re.escape(each[:30])}")
    for each in texts(build.get("requires")):
        if name_of(each) in _VERSIONED:
            said = "its version is asked of git, which sandboxes do not have"
            yield files.reason("version", "0.0.0", FILE, re.escape(name_of(each)[:6]), said)


def _is_installed(files: Files) -> bool:
    """With the project come its dependencies; some are only a list of them."""
    return any(reason.part == "install" for reason in _build(files, files.toml(FILE)))


def _groups(files: Files, groups: Mapping[str, Any]) -> Iterator[Reason]:
    for name in groups:
        if is_for_tests(name):
            yield files.reason("groups", name, FILE, _key(name))


def group_requirements(files: Files, name: str) -> tuple[str, ...]:
    """All of a PEP 735 or poetry group, with the groups that it includes."""
    return tuple(dict.fromkeys(_group(files.toml(FILE), name, frozenset())))


def _group(read: Mapping[str, Any], name: str, seen: frozenset[str]) -> Iterator[str]:
    groups = {normalised(key): value for key, value in table(read.get("dependency-groups")).items()}
    wanted = groups.get(normalised(name))
    for each in wanted if isinstance(wanted, list) else ():
        if isinstance(each, str):
            yield each
        elif isinstance(inner := table(each).get("include-group"), str) and inner not in seen:
            yield from _group(read, inner, seen | {name})
    poetry = table(table(read.get("tool")).get("poetry"))
    group = table(table(poetry.get("group")).get(name))
    old = table(poetry.get("dev-dependencies")) if name == "dev" else {}
    for package, version in {**table(group.get("dependencies")), **old}.items():
        yield as_requirement(package, version)


def as_requirement(name: str, wanted: object) -> str:
    """One of poetry's dependencies as PEP 508."""
    if isinstance(wanted, str):
        return f"{name}{versions.of_caret(wanted)}"
    entry = table(wanted)
    extras = ",".join(texts(entry.get("extras")))
    version = entry.get("version")
    text = f"{name}[{extras}]" if extras else name
    text += versions.of_caret(version) if isinstance(version, str) else ""
    if isinstance(git := entry.get("git"), str):
        text += f" @ git+{git}"
    markers = entry.get("markers")
    return f"{text} ; {markers}" if isinstance(markers, str) else text


def of_pipenv(name: str, wanted: object) -> str:
    """One of Pipfile's packages as PEP 508."""
    entry = {"version": wanted} if isinstance(wanted, str) else table(wanted)
    version, git, markers = entry.get("version"), entry.get("git"), entry.get("markers")
    extras = ",".join(texts(entry.get("extras")))
    text = f"{name}[{extras}]" if extras else name
    if isinstance(git, str):
        ref = entry.get("ref")
        text += f" @ git+{git}@{ref}" if isinstance(ref, str) else f" @ git+{git}"
    elif isinstance(version, str) and version != "*":
        text += version
    return f"{text} ; {markers}" if isinstance(markers, str) else text


def _poetry(files: Files, poetry: Mapping[str, Any]) -> Iterator[Reason]:
    wanted = dict(table(poetry.get("dependencies")))
    if isinstance(python := wanted.pop("python", None), str) and versions.of_caret(python):
        yield files.reason("interpreter", versions.of_caret(python), FILE, r"^\s*python\s*=")
    optional = {name for name, each in wanted.items() if table(each).get("optional")}
    for name, each in wanted.items():
        if name not in optional:
            yield files.reason("needs", normalised(name), FILE, rf"^\s*\"?{re.escape(name)}\"?\s*=")
        for host in hosts_in(str(table(each).get("git", ""))):
            yield files.reason("hosts", host, FILE, re.escape(host))
        if name not in optional and not _is_installed(files):
            wished = as_requirement(name, each)
            yield files.reason("packages", wished, FILE, rf"^\s*\"?{re.escape(name)}\"?\s*=")
    for extra in table(poetry.get("extras")):
        if is_for_tests(extra):
            yield files.reason("extras", extra, FILE, _key(extra))
    for name in table(poetry.get("group")):
        if is_for_tests(name):
            yield files.reason(
                "groups", name, FILE, rf"^\[tool\.poetry\.group\.{re.escape(name)}\."
            )
    if "dev-dependencies" in poetry:
        yield files.reason("groups", "dev", FILE, r"^\[tool\.poetry\.dev-dependencies\]")


def _others(files: Files, tools: Mapping[str, Any]) -> Iterator[Reason]:
    uv = table(tools.get("uv"))
    for each in texts(uv.get("dev-dependencies")):
        yield files.reason("packages", each, FILE, rf"['\"]{re.escape(each[:30])}")
    poetry_sources = table(tools.get("poetry")).get("source")
    for source in (uv.get("index"), poetry_sources):
        for index in source if isinstance(source, list) else ():
            for host in hosts_in(str(table(index).get("url", ""))):
                yield files.reason("hosts", host, FILE, re.escape(host))
    for name, entry in table(table(tools.get("hatch")).get("envs")).items():
        if name in {"default", "hatch-test"} or is_for_tests(name):
            for key in ("dependencies", "extra-dependencies"):
                for each in texts(table(entry).get(key)):
                    yield files.reason("packages", each, FILE, rf"['\"]{re.escape(each[:30])}")
            for each in texts(table(entry).get("features")):
                yield files.reason("extras", each, FILE, re.escape(each))
    if "pytest" in tools:
        yield files.reason("test", "pytest", FILE, r"^\[tool\.pytest")


def _key(name: str) -> str:
    return rf"^\s*\"?{re.escape(name)}\"?\s*=|\.{re.escape(name)}\]"
