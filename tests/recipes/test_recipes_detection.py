"""What a repository needs, read from its files alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Rejected
from swarm.recipes.invocations import said_by
from swarm.recipes.public_api import Recipe, as_section, detect_recipe
from swarm.recipes.reading import Files
from swarm.recipes.scripts import Line
from swarm.recipes.versions import admits, of_caret, of_file
from swarm.testing.workbench import write_files

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
PROJECT = BUILD + '[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.10"\n'


def detect(folder: Path, files: dict[str, str]) -> Recipe:
    return detect_recipe(write_files(folder, files))


def test_a_project_with_extras_and_groups(tmp_path: Path) -> None:
    text = PROJECT + (
        'dependencies = ["psycopg[binary]>=3"]\n[project.optional-dependencies]\n'
        'test = ["pytest"]\ndocs = ["sphinx"]\n[dependency-groups]\n'
        'dev = [{include-group = "more"}, "ruff"]\nmore = ["hypothesis"]\nlint = ["black"]\n'
    )
    recipe = detect(tmp_path, {"pyproject.toml": text, "uv.lock": "version = 1\n"})
    assert (recipe.interpreter, recipe.lock, recipe.install) == (">=3.10", "uv.lock", "editable")
    assert (recipe.extras, recipe.groups) == (("test",), ("dev",))
    assert recipe.needs == ("psycopg", "pytest", "hypothesis", "ruff")
    assert recipe.services == ("postgres",)


def test_each_part_says_the_line_that_it_comes_from(tmp_path: Path) -> None:
    recipe = detect(tmp_path, {"pyproject.toml": PROJECT})
    (why,) = recipe.why("interpreter")
    assert (why.place, why.said) == ("pyproject.toml:7", 'requires-python = ">=3.10"')
    parts = {each.part for each in recipe.reasons}
    assert {"language", "interpreter", "install"} <= parts


def test_poetry_is_translated(tmp_path: Path) -> None:
    text = (
        '[build-system]\nrequires = ["poetry-core"]\n[tool.poetry]\nname = "p"\n'
        '[tool.poetry.dependencies]\npython = "^3.9"\nredis = {version = "^5.0", extras = ["x"]}\n'
        '[tool.poetry.group.test.dependencies]\npytest = "*"\n'
    )
    recipe = detect(tmp_path, {"pyproject.toml": text, "poetry.lock": ""})
    assert recipe.interpreter == ">=3.9,<4"
    assert (recipe.lock, recipe.groups) == ("poetry.lock", ("test",))
    assert recipe.needs == ("redis", "pytest")
    assert recipe.services == ("redis",)


PIPFILE = """
[packages]
attrs = "*"
"--target=/x" = "*"
flask = {version = ">=2,<4", extras = ["async"], markers = "python_version > '3.8'"}
here = {path = ".", editable = true}
lib = {git = "https://c.example/lib.git", ref = "v1"}
[dev-packages]
pytest = "==8.*"
"""


def test_a_pipfile_without_its_lock_says_what_is_installed(tmp_path: Path) -> None:
    assert detect(tmp_path, {"Pipfile": PIPFILE}).packages == (
        "attrs",
        "flask[async]>=2,<4 ; python_version > '3.8'",
        "lib @ git+https://c.example/lib.git@v1",
        "pytest==8.*",
    )
    locked = detect(tmp_path, {"Pipfile": PIPFILE, "Pipfile.lock": "{}"})
    assert (locked.packages, locked.lock) == ((), "Pipfile.lock")


def test_requirements_that_tests_need_and_no_others(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "flask\n",
        "requirements-dev.txt": "-r requirements/base.txt\npytest\n",
        "requirements/base.txt": "attrs # why\n",
        "requirements/docs.txt": "sphinx\n",
        "docs-requirements.txt": "sphinx\n",
    }
    recipe = detect(tmp_path, files)
    assert recipe.requirements == (
        "requirements-dev.txt", "requirements.txt", "requirements/base.txt",
    )  # fmt: skip
    assert set(recipe.needs) == {"flask", "pytest", "attrs"}


def test_setup_py_is_parsed_and_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    text = (
        f"from setuptools import setup\nopen({str(mark)!r}, 'w')\n"
        "setup(python_requires='>=3.8', install_requires=['attrs'],\n"
        "      extras_require={'tests': ['pytest']})\n"
    )
    recipe = detect(tmp_path / "repo", {"setup.py": text})
    assert (recipe.interpreter, recipe.extras, recipe.install) == (">=3.8", ("tests",), "editable")
    assert recipe.why("extras")[0].line == 4
    assert not mark.exists()


def test_setup_cfg_is_read_line_by_line(tmp_path: Path) -> None:
    text = (
        "[metadata]\nname = p\n[options]\npython_requires = >=3.8\ninstall_requires =\n"
        "    redis>=4\n    click  # why\n[options.extras_require]\ntest = pytest\n"
    )
    recipe = detect(tmp_path, {"setup.cfg": text})
    assert (recipe.interpreter, recipe.needs[:2]) == (">=3.8", ("redis", "click"))
    assert (recipe.services, recipe.extras) == (("redis",), ("test",))
    assert recipe.why("services")[0].place == "setup.cfg:6"


def test_the_suite_is_asked_for_before_the_examples_of_documents(tmp_path: Path) -> None:
    commands = "pytest README.rst\n    pytest --doctest-modules pack\n    pytest --tb=short\n"
    recipe = detect(
        tmp_path, {"tox.ini": f"[testenv]\ncommands =\n    {commands}", "README.rst": ""}
    )
    assert recipe.test == "pytest"


def test_extras_that_tox_takes_from_outside_are_what_it_says_itself(tmp_path: Path) -> None:
    text = "[testenv]\nextras =\n    {env:MORE:}\n    {env:KIND:fast}\n    {[base]extras}\ncommands = pytest\n"
    recipe = detect(tmp_path, {"tox.ini": text})
    assert recipe.extras == ("fast",)


def test_tox_says_how_it_tests(tmp_path: Path) -> None:
    text = (
        "[testenv]\ndeps =\n    -r requirements/tests.txt\n    pytest-mock\nextras = tests\n"
        "commands = pytest -v --cov=x --basetemp={envtmpdir} -m 'not slow' tests {posargs}\n"
        "[testenv:docs]\ndeps = sphinx\n"
    )
    files = {"tox.ini": text, "requirements/tests.txt": "pytest\n", "tests/test_a.py": ""}
    recipe = detect(tmp_path, files)
    assert recipe.test == "pytest -m 'not slow' tests"
    assert recipe.requirements == ("requirements/tests.txt",)
    assert (recipe.packages, recipe.extras) == (("pytest-mock",), ("tests",))
    assert recipe.why("test")[0].place == "tox.ini:6"


def test_a_workflow_says_how_it_tests_and_what_it_starts(tmp_path: Path) -> None:
    workflow = (
        "on: push\njobs:\n  docs:\n    steps:\n      - run: pip install sphinx\n  unit:\n"
        "    services:\n      db:\n        image: postgres:16\n    steps:\n"
        "      - run: |\n          pip install -e '.[ci]' \\\n            pytest-xdist\n"
        "          PYTHONPATH=. python -m pytest -n auto tests\n"
    )
    files = {".github/workflows/ci.yml": workflow, "pyproject.toml": PROJECT, "tests/test_a.py": ""}
    recipe = detect(tmp_path, files)
    assert (recipe.test, recipe.services) == ("pytest tests", ("postgres",))
    assert (recipe.extras, recipe.packages) == (("ci",), ("pytest-xdist", "pytest"))
    assert recipe.why("test")[0].place == ".github/workflows/ci.yml:14"


def test_nox_and_make_are_understood(tmp_path: Path) -> None:
    nox = "def tests(session):\n    session.install('-e', '.[test]')\n    session.run('pytest')\n"
    assert detect(tmp_path / "a", {"noxfile.py": nox}).extras == ("test",)
    make = "lint:\n\truff check\ntest:\n\t@python -m unittest discover -s t\n"
    recipe = detect(tmp_path / "b", {"Makefile": make, "setup.py": "setup()"})
    assert recipe.test == "python -m unittest discover -s t"
    assert detect(tmp_path / "c", {"Makefile": "test:\n\t./run\n", "a.py": ""}).test == "make test"


def test_tests_that_import_pytest_get_it(tmp_path: Path) -> None:
    recipe = detect(tmp_path, {"requirements.txt": "attrs\n", "test_a.py": "\nimport pytest\n"})
    assert recipe.packages == ("pytest",)
    assert recipe.why("packages")[0].place == "test_a.py:2"


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("import sys, pytest\n", ("pytest",)),
        ("from pytest import raises\n", ("pytest",)),
        ("def test_a():\n", ("pytest",)),
        ("import unittest\nclass A:\n    def test_a(self):\n", ()),
        ("import pytester\n", ()),
    ],
)
def test_pytest_is_added_for_tests_that_unittest_would_not_find(
    tmp_path: Path, text: str, packages: tuple[str, ...]
) -> None:
    assert detect(tmp_path, {"setup.py": "setup()", "test_a.py": text}).packages == packages


def test_a_version_asked_of_git_is_given(tmp_path: Path) -> None:
    text = PROJECT.replace('"hatchling"]', '"hatchling", "hatch-vcs"]')
    assert detect_recipe(write_files(tmp_path, {"pyproject.toml": text}), "1.4").version == "1.4"


def test_hosts_are_named_without_who_may_enter_there(tmp_path: Path) -> None:
    text = "attrs\np @ git+https://me:secret@code.example/p.git\n"
    recipe = detect(tmp_path, {"requirements.txt": text})
    assert recipe.hosts == ("code.example",)
    assert "secret" not in recipe.model_dump_json()


@pytest.mark.parametrize(
    ("files", "language", "interpreter", "test"),
    [
        (
            {"package.json": '{"scripts": {"test": "x"}}', "pnpm-lock.yaml": "", ".nvmrc": "20\n"},
            "node", "20", "pnpm test",
        ),
        ({"go.mod": "module x\n\ngo 1.22\n"}, "go", "1.22", "go test ./..."),
        ({"Cargo.toml": '[package]\nrust-version = "1.79"\n'}, "rust", "1.79", "cargo test"),
    ],
)  # fmt: skip
def test_other_languages_are_recognised_and_said_to_be_no_more(
    tmp_path: Path, files: dict[str, str], language: str, interpreter: str, test: str
) -> None:
    recipe = detect(tmp_path, files)
    assert (recipe.language, recipe.interpreter, recipe.test) == (language, interpreter, test)
    assert not recipe.is_built
    assert "no engine without a model works on it" in recipe.note[0]


def test_the_repositorys_own_section_counts_instead(tmp_path: Path) -> None:
    text = '[environment]\nextras = ["all"]\ntest = "pytest -x"\ninstall = "no"\ncarry = ["*.x"]\n'
    recipe = detect(tmp_path, {"pyproject.toml": PROJECT, "swarm.toml": text})
    assert (recipe.extras, recipe.test, recipe.install) == (("all",), "pytest -x", "no")
    assert recipe.carry == ("*.x",)
    assert recipe.why("test")[0].place == "swarm.toml:3"


def test_needs_are_those_of_the_files_that_people_chose(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "attrs\n",
        "ci/more.txt": "click\n",
        "swarm.toml": '[environment]\nrequirements = ["ci/more.txt"]\n',
    }
    recipe = detect(tmp_path, files)
    assert (recipe.requirements, recipe.needs) == (("ci/more.txt",), ("click",))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[environment]\nextra = ["a"]\n', "no key 'extra'"),
        ('[environment]\nextras = "a"\n', "not a list"),
        ('[environment]\ninstall = "maybe"\n', "install"),
        ("environment = 1\n", "not a section"),
        ("[environment\n", "not valid TOML"),
    ],
)
def test_a_section_that_is_not_understood_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        detect(tmp_path, {"swarm.toml": text})


def test_the_section_that_is_shown_gives_the_same_recipe(tmp_path: Path) -> None:
    files = {"pyproject.toml": PROJECT, "tests/test_a.py": "import pytest\n", "uv.lock": ""}
    found = detect(tmp_path, files)
    again = detect(tmp_path, {"swarm.toml": as_section(found)})
    assert as_section(again) == as_section(found)


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "noxfile.py",
                                  "Pipfile", "package.json", "Cargo.toml", "requirements.txt",
                                  ".github/workflows/a.yml"])  # fmt: skip
@pytest.mark.parametrize(
    "text", ["\0", "[[[", "a = [" * 300, "(" * 300, "- run: |", "{\n\t:", "é\ud7ff"]
)
def test_files_that_cannot_be_read_stop_nothing(tmp_path: Path, name: str, text: str) -> None:
    detect(tmp_path, {name: text})


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    secret = (
        write_files(tmp_path / "outside", {"requirements.txt": "hidden\n"}) / "requirements.txt"
    )
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo/requirements.txt").symlink_to(secret)
    assert detect_recipe(tmp_path / "repo").needs == ()


WORDS = st.sampled_from(
    ["uv", "sync", "run", "pip", "install", "-r", "-e", ".", ".[a,b]", "pytest", "-m", "python", "tox",
     "--group", "poetry", "coverage", "hatch", "test", "&&", "'", "$X", "A=1", "--", "env", "setup.py"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=6))
def test_commands_of_any_shape_stop_nothing(words: list[str]) -> None:
    line = Line("Makefile", "test", 1, " ".join(words))
    assert all(reason.line == 1 for reason in said_by(line, Files(Path("/nonexistent"))))


numbers = st.integers(0, 4)


@given(st.tuples(st.just(3), numbers, numbers), st.tuples(st.just(3), numbers))
def test_specifiers_agree_with_the_order_of_versions(
    version: tuple[int, int, int], wanted: tuple[int, int]
) -> None:
    text = ".".join(map(str, wanted))
    assert admits(f">={text}", version) != admits(f"<{text}", version)
    assert admits(f"=={text}.*", version) != admits(f"!={text}.*", version)
    assert admits(f"~={text}", version) == (version >= wanted)


@pytest.mark.parametrize(
    ("text", "specifier"),
    [("^3.9", ">=3.9,<4"), ("~3.9", ">=3.9,<3.10"), ("^0.2.3", ">=0.2.3,<0.3"), ("*", ""),
     (">=3.8,<4", ">=3.8,<4")],
)  # fmt: skip
def test_poetrys_versions_as_specifiers(text: str, specifier: str) -> None:
    assert of_caret(text) == specifier


def test_files_that_name_a_python() -> None:
    assert [of_file(each) for each in ("3.12\n", "cpython-3.12.1", ">=3.11", "pypy3", "")] == [
        "==3.12.*", "==3.12.*", ">=3.11", "", "",
    ]  # fmt: skip
