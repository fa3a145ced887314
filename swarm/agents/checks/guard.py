"""Patches that reach for the tests or their runner instead of the bug.

Asked before anything is run. Tests that exist on the base are not the writer's to change: not their
code, not their data, not what steers their runner. New tests are welcome. Code is read by
`intrusions`; the settings of pytest inside shared files are compared as the runner would read them.
"""

import ast
import configparser
import os
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from swarm.agents.checks.intrusions import new_intrusions
from swarm.agents.checks.places import (
    RESERVED,
    files_of,
    folder_of_module,
    is_compiled,
    is_runner_setting,
    is_test,
    module_of,
    packages_of,
    search_folders,
    sources_of,
    text_of,
)
from swarm.domain.changes import Changes, Removed, Written
from swarm.domain.evidence import SuiteRun
from swarm.domain.syntax import tree_of
from swarm.domain.tasks import Finding

_BEARERS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_INI_SECTIONS = {"tox.ini": "pytest", "setup.cfg": "tool:pytest"}


@dataclass(frozen=True, slots=True)
class Base:
    """What the guard knows of the base: its files, and which of them are tests."""

    directory: Path
    paths: frozenset[str]
    tests: frozenset[str]
    examples: frozenset[str] = frozenset()
    """Code whose docstrings hold examples that are run: it may change, they may not."""

    def data(self, path: str) -> bytes | None:
        """The bytes of a file; for a symbolic link, its target; None where there is neither."""
        if path not in self.paths:
            return None
        file = self.directory / path
        return os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()

    def text(self, path: str) -> str | None:
        data = self.data(path)
        return None if data is None else data.decode("utf-8", "replace")


def read_base(directory: Path, run: SuiteRun) -> Base:
    """Look at the names in a tree; nobody may write there meanwhile."""
    paths = frozenset(
        str(file.relative_to(directory)) for file in directory.rglob("*") if not file.is_dir()
    )
    examples = paths & sources_of(run)
    named = files_of(run) - examples
    tests = frozenset(p for p in paths if is_test(p) or p in named)
    return Base(directory, paths, tests, examples)


def guard(changes: Changes, base: Base) -> tuple[Finding, ...]:
    """Everything that keeps the patch from being run at all; empty when it may be."""
    found = [finding for item in changes.items for finding in _item(item, base)]
    found += _shadows(changes, base)
    return tuple(sorted(found, key=lambda each: (each.path, each.line, each.rule, each.message)))


def laid_over(changes: Changes, base: Base) -> Changes:
    """The base's own tests and settings at every place where the changes touch them."""
    paths = {text_of(item.path) for item in changes.items}
    kept = sorted(p for p in paths if p in base.tests or (p in base.paths and is_runner_setting(p)))
    return Changes(tuple(_as_on_base(path, base) for path in kept))


def _as_on_base(path: str, base: Base) -> Written:
    file = base.directory / path
    if file.is_symlink():
        return Written(_bytes(path), "120000", _bytes(str(file.readlink())))
    executable = bool(file.stat().st_mode & 0o100)
    return Written(_bytes(path), "100755" if executable else "100644", file.read_bytes())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _item(item: Written | Removed, base: Base) -> Iterator[Finding]:
    path = text_of(item.path)
    if path in base.tests:
        verb = "removes" if isinstance(item, Removed) else "changes"
        yield _finding("test-changed", f"{verb} a test, or its data, that is on the base", path)
        return
    if path in base.examples and not _keeps_examples(item, base.text(path) or ""):
        yield _finding("test-changed", "changes examples that are run as tests", path)
    if PurePosixPath(path).name in {*_INI_SECTIONS, "pyproject.toml"}:
        yield from _shared_settings(path, item, base)
    if is_runner_setting(path):
        yield _finding("runner-setting", "steers the test runner or the interpreter's start", path)
    if isinstance(item, Written):
        yield from _written(item, path, base)


def _keeps_examples(item: Written | Removed, before: str) -> bool:
    """Every docstring with an example is as it was, under the same name."""
    after = "" if isinstance(item, Removed) else item.data.decode("utf-8", "replace")
    try:
        return _examples(before) == _examples(after)
    except (SyntaxError, ValueError, RecursionError):
        return False


def _examples(text: str) -> list[tuple[str, str]]:
    """Names and docstrings, in no order."""
    found: list[tuple[str, str]] = []
    left: list[tuple[str, ast.AST]] = [("", tree_of(text))]
    while left:
        name, node = left.pop()
        if isinstance(node, _BEARERS):
            told = ast.get_docstring(node, clean=False) or ""
            found += [(name, told)] if ">>>" in told else []
        children = ast.iter_child_nodes(node)
        left += [(f"{name}.{getattr(child, 'name', '')}", child) for child in children]
    return sorted(found)


def _written(item: Written, path: str, base: Base) -> Iterator[Finding]:
    if item.mode == "120000":
        yield _finding("symbolic-link", "adds a link; what it shows cannot be read here", path)
    elif is_compiled(path):
        yield _finding("compiled-code", "adds code that cannot be read", path)
    elif path.endswith((".py", ".pyw")):
        yield from _code(item.data, path, base)


def _code(data: bytes, path: str, base: Base) -> Iterator[Finding]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield _finding("unreadable", "is not UTF-8 text", path)
        return
    yield from new_intrusions(path, base.text(path), text, is_test=is_test(path))


def _shared_settings(path: str, item: Written | Removed, base: Base) -> Iterator[Finding]:
    before = base.text(path) or ""
    after = "" if isinstance(item, Removed) else item.data.decode("utf-8", "replace")
    try:
        if _pytest_part(path, before) == _pytest_part(path, after):
            return
    except (tomllib.TOMLDecodeError, configparser.Error):
        yield _finding("runner-setting", "holds settings that cannot be read", path)
        return
    yield _finding("runner-setting", "changes the settings of pytest", path)


def _pytest_part(path: str, text: str) -> object:
    """What pytest reads in the file; None where it reads nothing."""
    name = PurePosixPath(path).name
    if name == "pyproject.toml":
        return tomllib.loads(text).get("tool", {}).get("pytest")
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    section = _INI_SECTIONS[name]
    return dict(parser.items(section)) if parser.has_section(section) else None


def _shadows(changes: Changes, base: Base) -> Iterator[Finding]:
    """New modules that would be imported instead of another."""
    written = {text_of(item.path) for item in changes.items if isinstance(item, Written)}
    packages = packages_of(base.paths | written)
    known = _top_level(base.paths, packages)
    searched = search_folders(base.tests | {path for path in written if is_test(path)}, packages)
    for path in sorted(written - base.paths):
        name = module_of(path, packages)
        if name in RESERVED:
            yield _finding("shadows", f"would be imported instead of `{name}`", path)
        elif name in known and folder_of_module(path) in searched:
            yield _finding("shadows", f"would be imported instead of `{known[name]}`", path)
        elif path.endswith("/__init__.py") and f"{path[:-12]}.py" in base.paths:
            yield _finding("shadows", f"would be imported instead of `{path[:-12]}.py`", path)


def _top_level(paths: Collection[str], packages: Collection[str]) -> dict[str, str]:
    named = ((module_of(path, packages), path) for path in sorted(paths))
    return {name: path for name, path in named if name is not None}


def _finding(rule: str, message: str, path: str) -> Finding:
    return Finding(rule=f"tampering.{rule}", message=message, path=path)
