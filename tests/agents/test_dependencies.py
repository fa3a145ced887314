"""Whom a change brings in: attacks, each with the control that looks like it and is let through."""

import time
from contextlib import suppress

import pytest

from swarm.agents.checks.dependencies import is_near, new_dependencies
from swarm.agents.checks.diffs import File
from swarm.agents.checks.manifests import MOST, Unreadable, named_in
from swarm.domain.grants import Grant
from swarm.domain.tasks import Finding

PYPROJECT = """
[project]
name = "shop"
dependencies = ["requests>=2", "attrs"]
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
PACKAGE = '{"dependencies": {"lodash": "^4"}, "scripts": {"test": "node --test"}}'
GO = "module shop\n\nrequire (\n\tgolang.org/x/text v0.3.0\n)\n"
CARGO = '[package]\nname = "shop"\n[dependencies]\nserde = "1"\n'


def findings(
    path: str,
    before: str,
    after: str,
    *,
    asked: str = "",
    grants: tuple[Grant, ...] = (),
    base: tuple[tuple[str, str], ...] = (),
) -> list[Finding]:
    file = File(path, before.encode() or None, after.encode())
    return list(new_dependencies([file], ((path, before), *base), asked, grants))


ATTACKS = [
    ("pyproject.toml", PYPROJECT, '"attrs"', '"attrs", "flask-utils-pro"'),
    ("pyproject.toml", PYPROJECT, '"attrs"', '"attrs @ git+https://evil.example/attrs"'),
    ("pyproject.toml", PYPROJECT, '"hatchling"]', '"hatchling", "hatch-evil"]'),
    ("pyproject.toml", PYPROJECT, '"hatchling.build"', '"mine"\nbackend-path = ["."]'),
    ("pyproject.toml", PYPROJECT, "[build", "[project.optional-dependencies]\na = ['b2']\n[build"),
    ("pyproject.toml", PYPROJECT, "[build", "[dependency-groups]\ndev = ['b2']\n[build"),
    ("pyproject.toml", PYPROJECT, "[build", "[tool.poetry.dependencies]\nb2 = '*'\n[build"),
    ("pyproject.toml", PYPROJECT, "[build", "[tool.uv.sources]\nattrs = {path='x'}\n[build"),
    ("pyproject.toml", PYPROJECT, "[build", "[[tool.uv.index]]\nurl='https://e.example'\n[build"),
    ("requirements-dev.txt", "pytest\n", "pytest\n", "pytest\nreqeusts==1\n"),
    ("requirements.txt", "pytest\n", "pytest\n", "--extra-index-url https://e.example\npytest\n"),
    ("requirements.txt", "pytest\n", "pytest\n", "pytest\n-e git+https://e.example/x#egg=x\n"),
    ("requirements.txt", "pytest\n", "pytest\n", "pytest\n./vendored\n"),
    ("setup.py", "setup(install_requires=['a1'])\n", "'a1'", "'a1', 'b2'"),
    ("setup.py", "setup(install_requires=['a1'])\n", "['a1']", "['a1'], cmdclass={'install': X}"),
    ("setup.cfg", "[options]\ninstall_requires =\n  a1\n", "  a1", "  a1\n  b2"),
    ("Pipfile", '[packages]\na1 = "*"\n', 'a1 = "*"', 'a1 = "*"\nb2 = "*"'),
    ("package.json", PACKAGE, '"^4"', '"^4", "lodahs": "1"'),
    ("package.json", PACKAGE, '"^4"', '"github:evil/lodash"'),
    ("package.json", PACKAGE, '"test"', '"postinstall": "node x.js", "test"'),
    (".npmrc", "", "", "registry=https://e.example\n"),
    ("go.mod", GO, "v0.3.0", "v0.3.0\n\tgithub.com/evil/x v1.0.0"),
    ("go.mod", GO, "\n)", "\n)\nreplace golang.org/x/text => github.com/evil/text v1.0.0"),
    ("Cargo.toml", CARGO, 'serde = "1"', 'serde = "1"\nserde_jsn = "1"'),
    ("Cargo.toml", CARGO, 'serde = "1"', 'serde = { git = "https://e.example" }'),
    ("Cargo.toml", CARGO, "[dep", 'build = "x.rs"\n[dep'),
    ("Gemfile", 'gem "rails"\n', 'gem "rails"', 'gem "rails"\ngem "rial"'),
    ("Gemfile", 'gem "rails"\n', '"rails"', '"rails", git: "https://e.example"'),
    ("pom.xml", "<p></p>", "</p>", "<dependency><groupId>a</groupId></dependency></p>"),
    ("build.gradle", "", "", "implementation 'com.evil:lib:1.0'\n"),
    ("package.json", PACKAGE, PACKAGE, '{"dependencies": '),
]


@pytest.mark.parametrize(("path", "before", "old", "new"), ATTACKS)
def test_what_nobody_asked_for_is_held_back(path: str, before: str, old: str, new: str) -> None:
    after = before.replace(old, new) if old else new
    found = findings(path, before, after, asked="Make the totals show thousands separators.")
    assert found
    assert all(each.blocks and each.rule == "dependency" for each in found)
    grant = (Grant(path=path, by="ann"),)
    assert not any(each.blocks for each in findings(path, before, after, grants=grant))


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", PYPROJECT, PYPROJECT.replace("requests>=2", "requests>=3")),
        ("pyproject.toml", PYPROJECT, PYPROJECT.replace('"attrs"', '"Attrs"')),
        ("pyproject.toml", PYPROJECT, PYPROJECT.replace(', "attrs"', "")),
        ("pyproject.toml", PYPROJECT, PYPROJECT + "[tool.ruff]\nline-length = 100\n"),
        ("requirements.txt", "a1 # why\nb2\n", "b2\na1\n"),
        ("package.json", PACKAGE, PACKAGE.replace("node --test", "node --test x")),
        ("go.mod", GO, GO.replace("v0.3.0", "v0.4.0 // indirect")),
        ("Cargo.toml", CARGO, CARGO.replace('"shop"', '"store"')),
        ("notes.txt", "", "requests\n"),
    ],
)
def test_other_changes_of_such_files_say_nothing(path: str, before: str, after: str) -> None:
    assert findings(path, before, after) == []


def test_what_the_goal_names_is_let_through_and_named() -> None:
    after = PYPROJECT.replace('"attrs"', '"attrs", "Flask_Login>=0.6"')
    (found,) = findings("pyproject.toml", PYPROJECT, after, asked="Log people in by flask-login.")
    assert not found.blocks
    assert "Flask_Login" in found.message
    assert "the goal names it" in found.message
    assert found.line == 4


def test_a_place_has_to_be_named_besides_the_package() -> None:
    after = PYPROJECT.replace('"attrs"', '"attrs @ git+https://evil.example/attrs"')
    (found,) = findings("pyproject.toml", PYPROJECT, after, asked="Bring attrs up to date.")
    assert found.blocks
    asked = "Take attrs from git+https://evil.example/attrs until it is released."
    (named,) = findings("pyproject.toml", PYPROJECT, after, asked=asked)
    assert not named.blocks


def test_a_name_that_is_nearly_anothers_is_said_to_be() -> None:
    after = PYPROJECT.replace('"attrs"', '"attrs", "reqeusts"')
    (found,) = findings("pyproject.toml", PYPROJECT, after)
    assert "nearly called like requests" in found.message


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("requests", "reqeusts", True),
        ("requests", "request", True),
        ("requests", "requestss", True),
        ("requests", "rwquests", True),
        ("python-dateutil", "pythondateutil", True),
        ("requests", "requests", False),
        ("requests", "urllib3", False),
        ("abc", "abd", False),
        ("flask", "django", False),
    ],
)
def test_nearness_is_one_slip_of_the_hand(one: str, other: str, near: bool) -> None:
    assert is_near(one, other) is near
    assert is_near(other, one) is near


def test_what_another_file_of_the_base_names_already_is_not_new() -> None:
    before, after = "a1\n", "a1\nlodash\n"
    base = (("other/requirements.txt", "lodash\n"),)
    assert findings("requirements.txt", before, after, base=base) == []


HOSTILE = (
    "[" * 60_000,
    "<dependency>" * 30_000,
    '{"a":' * 60_000,
    "git " + " " * 300_000,
    "gem '" + "git" * 100_000,
    "'" * 300_000,
    "\\\n" * 100_000,
    "require (\n" * 30_000,
    "=" * 300_000,
    "(" * 100_000,
    "\0\n",
)


@pytest.mark.parametrize("path", sorted({path for path, *_ in ATTACKS}))
def test_hostile_text_is_read_in_a_moment_or_not_at_all(path: str) -> None:
    for text in HOSTILE:
        began = time.process_time()
        with suppress(Unreadable):
            named_in(path, text)
        assert time.process_time() - began < 3


def test_what_is_too_large_to_be_read_is_held_back() -> None:
    (found,) = findings("requirements.txt", "a1\n", "a1\n" * MOST)
    assert found.blocks
