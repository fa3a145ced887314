"""Small real projects of each kind, built from the package index that this machine's own settings name.

Each is made and locked here by the tools themselves, built by `swarm env build` as its users type it,
and its tests are run in a sandbox. Whoever has no index gets a skip.
"""

import functools
import json
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from swarm.recipes.public_api import Built
from swarm.testing.git import a_repository
from swarm.testing.workbench import write_files
from tests.cli.cli_examples import program
from tests.recipes.test_recipes_build import UV, ran
from tests.sandbox.conftest import needs_namespaces

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(400)]

Files = dict[str, str]
SOURCES: Files = {
    "src/pack/__init__.py": "import iniconfig\n\ndef answer():\n    return 42\n",
    "tests/test_pack.py": "import pack\n\ndef test_it():\n    assert pack.answer() == 42\n",
}
BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
HATCH = '[tool.hatch.build.targets.wheel]\npackages = ["src/pack"]\n'
NAME = '[project]\nname = "pack"\nversion = "1"\nrequires-python = ">=3.9"\n'
PROJECT = f'{BUILD}{NAME}dependencies = ["iniconfig"]\n{HATCH}'
DEV = '[dependency-groups]\ndev = ["pytest"]\n'
EXTRA = '[project.optional-dependencies]\ntest = ["pytest"]\n'
POETRY = (
    '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    '[tool.poetry]\nname = "pack"\nversion = "1"\ndescription = ""\nauthors = []\n'
    'packages = [{include = "pack", from = "src"}]\n'
    '[tool.poetry.dependencies]\npython = ">=3.9"\niniconfig = "<2.1"\n'
    '[tool.poetry.group.dev.dependencies]\npytest = "*"\n'
)
SETUP = (
    "from setuptools import find_packages, setup\n"
    "setup(name='pack', version='1', package_dir={'': 'src'}, packages=find_packages('src'),\n"
    "      install_requires=['iniconfig'], extras_require={'test': ['pytest']})\n"
)
TOX = (
    "[testenv]\nusedevelop = true\nextras = test\ndeps =\n    pytest-mock\n"
    "commands = pytest {posargs} tests\n"
)


def uv(folder: Path, *argv: str) -> str:
    done = subprocess.run(
        [str(UV), *argv, "--python", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def no_index() -> str:
    """Why nothing can be had from an index; empty if something can."""
    argv = [str(UV), "pip", "compile", "-q", "--no-cache", "--python", sys.executable, "-"]
    try:
        done = subprocess.run(
            argv, input="iniconfig", capture_output=True, text=True, check=False, timeout=60
        )
    except subprocess.TimeoutExpired:
        return "it does not answer"
    return done.stderr[-300:]


@pytest.fixture(autouse=True)
def _index() -> None:
    needs_namespaces()
    if no_index():
        pytest.skip(f"no package index can be reached: {no_index()}")


def compiled(folder: Path, *wanted: str, form: str = "requirements.txt") -> str:
    """What is needed, exact, with hashes."""
    write_files(folder, {"wanted.in": "\n".join(wanted)})
    uv(folder, "pip", "compile", "-q", "--generate-hashes", "--no-header", "--no-annotate",
       "wanted.in", "-o", form)  # fmt: skip
    return (folder / form).read_text()


def locked_by_uv(folder: Path) -> Files:
    files = {**SOURCES, "pyproject.toml": PROJECT + DEV}
    write_files(folder, files)
    uv(folder, "lock", "-q")
    return {**files, "uv.lock": (folder / "uv.lock").read_text()}


def with_hashes(folder: Path) -> Files:
    return {
        **SOURCES,
        "pyproject.toml": PROJECT,
        "requirements.txt": compiled(folder, "iniconfig<2.1", "pytest"),
    }


def as_pylock(folder: Path) -> Files:
    text = compiled(folder, "iniconfig<2.1", "pytest", form="pylock.toml")
    return {**SOURCES, "pyproject.toml": PROJECT, "pylock.toml": text}


def packages(folder: Path) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = tomllib.loads(as_pylock(folder)["pylock.toml"])["packages"]
    return read


def hashes(package: dict[str, Any]) -> list[str]:
    files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
    return [f"sha256:{each['hashes']['sha256']}" for each in files]


def locked_by_pipenv(folder: Path) -> Files:
    """In its format; the tool itself is not among ours."""
    entries = {
        each["name"]: {"version": f"=={each['version']}", "hashes": hashes(each)}
        for each in packages(folder)
    }
    lock = {"_meta": {"pipfile-spec": 6}, "default": {}, "develop": entries}
    pipfile = '[packages]\niniconfig = "<2.1"\n[dev-packages]\npytest = "*"\n'
    flat = {name.removeprefix("src/"): text for name, text in SOURCES.items()}
    return {**flat, "Pipfile": pipfile, "Pipfile.lock": json.dumps(lock)}


def locked_by_poetry(folder: Path) -> Files:
    """In its format; the tool itself is not among ours."""
    text = ""
    for each in packages(folder):
        listed = ", ".join(f'{{file = "f", hash = "{one}"}}' for one in hashes(each))
        text += f'[[package]]\nname = "{each["name"]}"\nversion = "{each["version"]}"\n'
        text += f"files = [{listed}]\n"
    return {**SOURCES, "pyproject.toml": POETRY, "poetry.lock": text}


def with_tox(_folder: Path) -> Files:
    return {**SOURCES, "setup.py": SETUP, "tox.ini": TOX}


def with_an_extra(_folder: Path) -> Files:
    return {
        **SOURCES,
        "pyproject.toml": f"{BUILD}{NAME}dependencies = ['iniconfig']\n{EXTRA}{HATCH}",
    }


def with_dash_e(_folder: Path) -> Files:
    return {**SOURCES, "setup.py": SETUP, "requirements-dev.txt": "-e .[test]\n"}


KINDS: dict[str, tuple[Callable[[Path], Files], str]] = {
    "uv.lock": (locked_by_uv, "pytest iniconfig pack"),
    "requirements with hashes": (with_hashes, "pytest iniconfig==2.0.0 pack"),
    "pylock.toml": (as_pylock, "pytest iniconfig==2.0.0 pack"),
    "Pipfile.lock": (locked_by_pipenv, "pytest iniconfig==2.0.0"),
    "poetry.lock": (locked_by_poetry, "pytest iniconfig==2.0.0 pack"),
    "tox": (with_tox, "pytest pytest-mock iniconfig pack"),
    "extras": (with_an_extra, "pytest iniconfig pack"),
    "-e .": (with_dash_e, "pytest iniconfig pack"),
}
VERSIONS = (
    "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"
)


@pytest.mark.parametrize(("make", "expected"), KINDS.values(), ids=KINDS)
def test_a_real_project_is_built_and_its_tests_pass(
    tmp_path: Path, make: Callable[[Path], Files], expected: str
) -> None:
    files = make(tmp_path / "making")
    a_repository(tmp_path / "repo", files)
    told = program(tmp_path / "home", "env", "build", "--repo", str(tmp_path / "repo"), "--json")
    assert told.code == 0, told.err
    built = Built.model_validate(told.document["built"])
    base = write_files(tmp_path / "base", files)
    suite = ran(tmp_path, base, built, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert suite.returncode == 0, suite.stdout
    there = ran(tmp_path, base, built, "-c", VERSIONS).stdout.decode().lower().split()
    for each in expected.split():
        assert any(one == each or one.startswith(f"{each}==") for one in there), (each, there)


@pytest.mark.parametrize("kind", ["requirements with hashes", "pylock.toml", "poetry.lock"])
def test_bytes_that_the_lock_does_not_know_are_refused(tmp_path: Path, kind: str) -> None:
    files = KINDS[kind][0](tmp_path / "making")
    (lock,) = {"requirements.txt", "pylock.toml", "poetry.lock"} & set(files)
    forged = {**files, lock: re.sub(r"[0-9a-f]{64}", "0" * 64, files[lock])}
    a_repository(tmp_path / "repo", forged)
    told = program(tmp_path / "home", "env", "build", "--repo", str(tmp_path / "repo"))
    assert told.code == 5
    assert "hash" in told.err.lower()


SDIST = "iniconfig"
"""A src layout of somebody else's, as its people publish it."""


def test_a_published_src_layout_is_installed_editable_and_resolves_into_the_sandbox(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "sdist"
    folder.mkdir()
    argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:",
            "-d", str(folder), f"{SDIST}==2.0.0"]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=200)
    if done.returncode:
        pytest.skip(f"the index has no source of {SDIST}: {done.stderr[-200:]}")
    with tarfile.open(next(folder.glob("*.tar.gz"))) as tar:
        tar.extractall(folder, filter="data")
    (root,) = (each for each in folder.iterdir() if each.is_dir())
    files = {
        str(each.relative_to(root)): each.read_text()
        for each in root.rglob("*")
        if each.is_file() and each.suffix in {".py", ".toml", ".md", ".rst", ".txt", ".ini", ""}
    }
    a_repository(tmp_path / "repo", files)
    told = program(tmp_path / "home", "env", "build", "--repo", str(tmp_path / "repo"), "--json")
    assert told.code == 0, told.err
    built = Built.model_validate(told.document["built"])
    changed = {**files, "src/iniconfig/__init__.py": "mark = 'the sandbox has its own'\n"}
    base = write_files(tmp_path / "base", changed)
    said = ran(tmp_path, base, built, "-c", "import iniconfig as i; print(i.__file__, i.mark)")
    assert said.stdout.decode().strip() == (
        f"{tmp_path}/repo/src/iniconfig/__init__.py the sandbox has its own"
    )
