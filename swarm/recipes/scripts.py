"""Commands that a project writes down for machines: what its CI, tox, nox and make do to test it.

Only the lines are taken, with where they stand; nothing is expanded or run. Of each file only those
parts count that run tests: a project also documents, checks and publishes itself.
"""

import ast
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from swarm.domain.syntax import tree_of
from swarm.recipes.reading import Entry, Files, entries, table, texts

_TESTS = re.compile(
    r"(?:^|[\s/;&])(?:py\.?test|unittest|manage\.py\s+test|tox|nox|hatch\s+test)(?:\s|$)"
    r"|\bmake\s+(?:test|tests|check|ci)\b"
)
_WORKFLOWS = (".github/workflows", ".gitea/workflows", ".forgejo/workflows")


@dataclass(frozen=True, slots=True)
class Line:
    """A command; `part` says what in the file it belongs to: a job, an environment, a target."""

    path: str
    part: str
    number: int
    text: str


def written_commands(files: Files) -> tuple[Line, ...]:
    """Of tox, workflows, nox and make, in this order: the first says it most exactly."""
    return (
        *tox_commands(files),
        *_hatch_commands(files),
        *_that_test(_workflow_lines(files)),
        *_that_test(_nox_lines(files)),
        *make_commands(files),
    )


def _that_test(lines: Iterable[Line]) -> Iterator[Line]:
    for _, group in groupby(lines, key=lambda line: (line.path, line.part)):
        together = list(group)
        if any(_TESTS.search(line.text) for line in together):
            yield from together


# Workflows --------------------------------------------------------------------------------------


def workflow_files(files: Files) -> Iterator[str]:
    for folder in _WORKFLOWS:
        yield from files.below(folder, "*.yml", "*.yaml")


def _workflow_lines(files: Files) -> Iterator[Line]:
    for path in workflow_files(files):
        yield from _jobs(path, files.text(path) or "")


def _jobs(path: str, text: str) -> Iterator[Line]:
    """By indentation: no YAML is loaded, and what is written unusually is not seen."""
    lines = text.splitlines()
    job, inside = "", False
    for number, line in enumerate(lines, 1):
        if re.match(r"\S", line):
            inside = line.startswith("jobs:")
        elif inside and (match := re.match(r"  ([A-Za-z0-9_-]+):\s*(?:#.*)?$", line)):
            job = match.group(1)
        elif inside and (match := re.match(r"(\s*(?:- )?)run:\s*(.*)$", line)):
            for at, command in _run(lines, number, len(match.group(1)), match.group(2)):
                yield Line(path, job, at, command)


def _run(lines: list[str], number: int, indent: int, first: str) -> Iterator[tuple[int, str]]:
    """The commands of one `run`: on its line, or as a block below."""
    if first and first[0] not in "|>":
        yield number, first.strip("'\"")
        return
    block = []
    for at, line in enumerate(lines[number:], number + 1):
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        block.append((at, line.strip()))
    yield from _continued(block)


def _continued(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Lines that end in a backslash go on in the next."""
    begun, text = 0, ""
    for number, line in lines:
        begun, text = begun or number, f"{text} {line.removesuffix(chr(92))}".strip()
        if not line.endswith("\\"):
            if text and not text.startswith("#"):
                yield begun, text
            begun, text = 0, ""


# tox --------------------------------------------------------------------------------------------


def tox_commands(files: Files) -> Iterator[Line]:
    for path, entry in tox_entries(files):
        if entry.key in {"commands", "commands_pre"}:
            yield Line(path, entry.section, entry.number, entry.text.removeprefix("- "))


def tox_entries(files: Files) -> Iterator[tuple[str, Entry]]:
    """Of the environments that test, wherever tox may be configured."""
    for path in ("tox.ini", "setup.cfg"):
        for entry in files.entries(path):
            if _is_testing(entry.section):
                yield path, entry
    yield from (("pyproject.toml", entry) for entry in _tox_in_pyproject(files))
    yield from (("tox.toml", entry) for entry in _native(files, "tox.toml", files.toml("tox.toml")))


def _is_testing(section: str) -> bool:
    match = re.fullmatch(r"testenv(?::(.*))?", section)
    return bool(match and re.match(r"(?:py|test|unit|\{|$)", match.group(1) or ""))


def _tox_in_pyproject(files: Files) -> Iterator[Entry]:
    tox = table(table(files.toml("pyproject.toml").get("tool")).get("tox"))
    legacy = tox.get("legacy_tox_ini")
    if isinstance(legacy, str):
        before = (files.text("pyproject.toml") or "").partition("legacy_tox_ini")[0].count("\n")
        for entry in entries(legacy):
            if _is_testing(entry.section):
                number = before + entry.number + (not legacy.startswith("["))
                yield Entry(entry.section, entry.key, number, entry.text)
    yield from _native(files, "pyproject.toml", tox)


def _native(files: Files, path: str, tox: object) -> Iterator[Entry]:
    base = table(table(tox).get("env_run_base"))
    for key in ("commands", "deps", "extras", "dependency_groups"):
        for value in base.get(key) or ():
            text = shlex.join(texts(value)) if isinstance(value, list) else str(value)
            number = files.reason("note", "", path, rf"^\s*{key}\s*=").line
            yield Entry("testenv", key, number, text)


# Hatch, nox, make -------------------------------------------------------------------------------


def _hatch_commands(files: Files) -> Iterator[Line]:
    path = "pyproject.toml"
    tools = table(files.toml(path).get("tool"))
    for name, settings in table(table(tools.get("hatch")).get("envs")).items():
        for script, said in table(table(settings).get("scripts")).items():
            for text in [said] if isinstance(said, str) else texts(said):
                if script.startswith("test") or _TESTS.search(text):
                    number = files.reason("note", "", path, rf"^\s*\"?{re.escape(script)}\"?\s*=")
                    yield Line(path, f"hatch {name}", number.line, text)


def _nox_lines(files: Files) -> Iterator[Line]:
    text = files.text("noxfile.py")
    if text is None:
        return
    try:
        tree = tree_of(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from _session(node)


def _session(function: ast.FunctionDef) -> Iterator[Line]:
    starts = {"install": "pip install", "run": "", "run_always": "", "run_install": ""}
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if node.func.attr in starts and words and all(isinstance(each, str) for each in words):
            text = f"{starts[node.func.attr]} {shlex.join(map(str, words))}".strip()
            yield Line("noxfile.py", function.name, node.lineno, text)


def make_commands(files: Files) -> Iterator[Line]:
    """Recipes of the targets that test."""
    for path in ("Makefile", "makefile", "GNUmakefile"):
        target = ""
        for number, line in enumerate((files.text(path) or "").splitlines(), 1):
            if match := re.match(r"([A-Za-z0-9_-]+)\s*:(?!=)", line):
                target = match.group(1)
            elif line.startswith("\t") and target in {"test", "tests", "check"}:
                yield Line(path, target, number, line.strip().lstrip("@-+"))
