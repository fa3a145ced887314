"""What the documents say of commands, settings, files and floors is so."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from swarm.cli.app import app
from swarm.cli.failing import DONE, FAILED, INTERRUPTED, LACKS, SPENT, USAGE, WAITS
from swarm.settings.public_api import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [ROOT / "README.md", ROOT / "AGENTS.md", *(ROOT / "docs").rglob("*.md")],
    key=lambda path: path.relative_to(ROOT),
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def typed(text: str, word: str) -> Iterator[str]:
    """Lines of shell blocks that run the word."""
    for language, block in _FENCE.findall(text):
        if language in {"bash", "console"}:
            for line in block.splitlines():
                command = line.removeprefix("$ ")
                if command.startswith(f"{word} "):
                    yield command


def quoted(text: str, word: str) -> Iterator[str]:
    """The same in running text: `swarm show`."""
    for code in _INLINE.findall(_FENCE.sub("", text)):
        if code.startswith(f"{word} "):
            yield code


def resolved(line: str) -> tuple[Any, list[str]]:
    """The command that a line means, and its arguments. Raises KeyError where there is none."""
    command: Any = typer.main.get_command(app)
    words = shlex.split(line, comments=True)[1:]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    return command, words


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, "--help")}


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in plain}


def lines_of(find: Any, word: str) -> list[Any]:
    return [
        pytest.param(line, id=f"{named(path)}: {line}")
        for path in DOCUMENTS
        for line in dict.fromkeys(find(path.read_text(), word))
    ]


def table(text: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    below = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in below.splitlines() if line.startswith("|")]
    return rows[2:]


@pytest.mark.parametrize("line", lines_of(typed, "swarm"))
def test_a_command_in_a_block_can_be_typed_as_it_stands(line: str) -> None:
    command, words = resolved(line)
    assert not hasattr(command, "commands")
    command.make_context(command.name, words)


@pytest.mark.parametrize("line", lines_of(quoted, "swarm"))
def test_a_command_in_running_text_exists_with_its_options(line: str) -> None:
    command, words = resolved(line)
    used = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert used <= options(command)


def test_an_unknown_command_or_option_would_be_noticed() -> None:
    with pytest.raises(KeyError):
        resolved("swarm walk")
    command, words = resolved("swarm run --fast")
    with pytest.raises(Exception, match="--fast"):
        command.make_context("run", words)


@pytest.mark.parametrize("line", [*lines_of(typed, "make"), *lines_of(quoted, "make")])
def test_a_target_of_make_exists(line: str) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    words = shlex.split(line, comments=True)
    named_targets = [word for word in words if word not in {"make", "&&"}]
    assert set(named_targets) <= set(targets)


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_inside_the_project_lead_somewhere(path: Path) -> None:
    text = path.read_text()
    for link in _LINK.findall(_FENCE.sub("", text)):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def test_every_document_is_linked_from_another() -> None:
    linked = {
        (path.parent / link.partition("#")[0]).resolve()
        for path in DOCUMENTS
        for link in _LINK.findall(path.read_text())
        if "://" not in link
    }
    decisions = ROOT / "docs/decisions"
    alone = [p for p in DOCUMENTS if p.resolve() not in linked and p.parent != decisions]
    assert alone == [ROOT / "README.md"]


def test_the_table_of_settings_is_the_settings() -> None:
    rows = table((ROOT / "docs/operating.md").read_text(), "Settings")
    told = {row[0].strip("`"): (row[1].replace("`", ""), row[2]) for row in rows}
    real = {
        name: (_default(name, field.get_default()), field.description)
        for name, field in Settings.model_fields.items()
    }
    assert told == real


def _default(name: str, value: object) -> str:
    if name == "home":
        return "the platform's state folder"
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text or "none"


def test_the_table_of_exit_codes_is_the_exit_codes() -> None:
    rows = table((ROOT / "docs/operating.md").read_text(), "Exit codes")
    real = [DONE, FAILED, USAGE, WAITS, SPENT, LACKS, INTERRUPTED]
    assert [int(row[0]) for row in rows] == real


def test_every_package_stands_on_a_floor_of_the_readme() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = next(c["layers"] for c in contracts["contracts"] if c["id"] == "floors")
    packages = {name.strip() for layer in floors for name in layer.split("|")}
    rows = table((ROOT / "README.md").read_text(), "The way of a goal")
    assert {name for row in rows for name in _INLINE.findall(row[1])} == packages


def test_what_changed_is_told_in_fragments_of_a_known_kind() -> None:
    kinds = {"feature", "bugfix", "doc", "removal", "misc"}  # towncrier's own
    fragments = list((ROOT / "changelog.d").glob("*.md"))
    assert fragments
    assert all(path.suffixes[-2].removeprefix(".") in kinds for path in fragments)
    assert all(path.read_text().strip() for path in fragments)


def test_every_test_that_the_page_on_hostile_input_names_exists() -> None:
    page = (ROOT / "docs/hostile-input.md").read_text()
    named_tests = set(re.findall(r"`(test_\w+)`", page))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert named_tests
    assert [each for each in sorted(named_tests) if f"def {each}(" not in sources] == []
