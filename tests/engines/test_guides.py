"""What a repository tells those who work in it, and how it reaches a model: as data, and the same in every turn."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.engines.context.entries import Definition, Entry
from swarm.engines.context.examples import examples, is_test
from swarm.engines.context.guides import Skill, listed, skill, skills, wanted
from swarm.testing.sandbox import a_sandbox

FRONT = "---\nname: release\ndescription: How a release\n  is made here.\nlicense: MIT\n---\n# Steps\nname: no\n"


def test_a_skill_is_told_by_its_name_and_what_it_is_for() -> None:
    path = ".claude/skills/release/SKILL.md"
    found = skill(path, FRONT)
    assert found == Skill(path=path, name="release", description="How a release is made here.")
    assert listed([found]) == f"{path}:1 release: How a release is made here."


@pytest.mark.parametrize(
    "text", ["", "# Only words", "---\nname: x\n---\n", "---\nname: x\ndescription: y\n", "---\n---\n"]
)  # fmt: skip
def test_what_names_or_describes_nothing_is_no_skill(text: str) -> None:
    assert skill("skills/x/SKILL.md", text) is None


@given(st.text(max_size=80))
def test_any_text_is_a_skill_or_none(text: str) -> None:
    found = skill("s", f"---\n{text}\n---\n")
    assert found is None or (0 < len(found.name) <= 64 and len(found.description) <= 300)


def test_guides_of_touched_folders_are_read_beside_the_roots() -> None:
    assert wanted(()) == ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")
    below = wanted(("web/app/main.ts", "web/app/other.ts"))[3:]
    assert below == ("web/AGENTS.md", "web/CLAUDE.md", "web/app/AGENTS.md", "web/app/CLAUDE.md")
    assert wanted(("../up/x.py", "/abs/x.py")) == wanted(())


def test_skills_are_found_where_agents_look_and_links_are_not_followed(tmp_path: Path) -> None:
    files = {f".claude/skills/{n}/SKILL.md": FRONT for n in ("a", "b")}
    files |= {
        "skills/c/SKILL.md": FRONT,
        "skills/c/deep/SKILL.md": FRONT,
        "elsewhere/SKILL.md": FRONT,
    }

    async def play() -> tuple[Skill, ...]:
        async with a_sandbox(tmp_path, files) as sandbox:
            await sandbox.exec(("ln", "-s", "/etc", "skills/d"))
            return await skills(sandbox)

    found = [each.path for each in asyncio.run(play())]
    assert found == [".claude/skills/a/SKILL.md", ".claude/skills/b/SKILL.md", "skills/c/SKILL.md"]


def an_entry(*lines: str) -> Entry:
    names = (line.partition("(")[0].rpartition(" ")[2] for line in lines)
    rows = zip(names, lines, strict=True)
    return Entry(
        defs=tuple(Definition(name=n, line=at, text=t) for at, (n, t) in enumerate(rows, 1))
    )


def test_examples_are_tests_of_what_matters_with_file_and_line() -> None:
    entries = {
        "shop/cart.py": an_entry("def total():"),
        "tests/test_cart.py": an_entry("def a_cart():", "def test_total():"),
        "tests/test_other.py": an_entry("def test_nothing():"),
    }
    links = {"tests/test_cart.py": frozenset({"shop/cart.py"})}
    assert examples(entries, links, tuple(entries)) == "tests/test_cart.py:2 def test_total():"
    assert examples(entries, {}, tuple(entries)) == ""


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("tests/x.py", True), ("src/test_a.py", True), ("a/cart_test.go", True), ("web/a.test.ts", True),
        ("src/test/java/CartTest.java", True), ("spec/cart_spec.rb", True), ("tests/it.rs", True),
        ("src/attest.py", False), ("latest/cart.go", False), ("shop/contest.py", False),
    ],
)  # fmt: skip
def test_tests_are_known_by_where_they_lie(path: str, is_one: bool) -> None:
    assert is_test(path) is is_one
