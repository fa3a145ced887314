"""What a path means to a test run: a test, a setting of the runner, a module that shadows another.

Paths are relative to the tree, as text with surrogate escapes.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath

from swarm.domain.evidence import SuiteRun
from swarm.domain.names import TestId

_TEST_NAME = re.compile(
    r"test_.*\.py|.*_test\.(py|go|rb)|tests?\.py|.*[.-](test|spec)\.[cm]?[jt]sx?|.*_spec\.rb|.*Tests?\.(java|kt)"
)
"""As pytest and the runners of Go, Ruby, JavaScript and Java find them."""

_TEST_FOLDERS = frozenset({"tests", "test", "__tests__"})
_COMPILED = frozenset({".so", ".pyd", ".pyc", ".pyo", ".dylib", ".dll"})
_RUNNER_FILES = frozenset(
    {
        "conftest.py", "sitecustomize.py", "usercustomize.py", "pytest.ini", ".pytest.ini",
        "pytest.toml", ".pytest.toml", "pyvenv.cfg",
    }
)  # fmt: skip
_RUNNER_PARTS = frozenset(
    {"pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments", "exceptiongroup",
     "tomli", "colorama", "xdist", "sitecustomize", "usercustomize"}
)  # fmt: skip
RESERVED = frozenset(sys.stdlib_module_names) | _RUNNER_PARTS
"""Module names that a tree may not take: the test runner's parts and the standard library."""


def is_test(path: str) -> bool:
    """By its name, or by lying in a folder of tests: test data decides results too."""
    pure = PurePosixPath(path)
    in_folder = not _TEST_FOLDERS.isdisjoint(pure.parts[:-1])
    return bool(_TEST_NAME.fullmatch(pure.name)) or in_folder


def files_of(run: SuiteRun) -> frozenset[str]:
    """Files that the ids of a run name, in pytest's and in unittest's form."""
    return test_files_of(row.test for row in run.outcomes)


def test_files_of(tests: Iterable[TestId]) -> frozenset[str]:
    """Files that the ids name, in pytest's and in unittest's form."""
    return frozenset(name for test in tests for name in _names(test))


def sources_of(run: SuiteRun) -> frozenset[str]:
    """Files of code whose only tests are the examples in their docstrings (`pytest --doctest-modules`).

    Such an id is the file and the dotted name of what bears the examples: `src/a/b.py::a.b.f`.
    """
    told: dict[str, bool] = {}
    for row in run.outcomes:
        path, _, name = row.test.partition("::")
        told[path] = told.get(path, True) and _is_example(path, name)
    return frozenset(path for path, only in told.items() if only and not is_test(path))


def _is_example(path: str, name: str) -> bool:
    pure = PurePosixPath(path)
    parts = pure.with_suffix("").parts if pure.suffix == ".py" else ()
    parts = parts[:-1] if parts[-1:] == ("__init__",) else parts
    module = (".".join(parts[start:]) for start in range(len(parts)))
    dotted = all(part.isidentifier() and part != "__test__" for part in name.split("."))
    return dotted and any(name.startswith(f"{each}.") for each in module)


def _names(test: str) -> Iterator[str]:
    if "::" in test or test.endswith(".py"):
        yield test.split("::", 1)[0]
        return
    parts = test.split(".")
    for end in range(1, len(parts)):
        yield "/".join(parts[:end]) + ".py"


def is_runner_setting(path: str) -> bool:
    """A file that steers the test runner or the interpreter's start, wherever it lies."""
    pure = PurePosixPath(path)
    metadata = any(part.endswith((".dist-info", ".egg-info")) for part in pure.parts)
    return pure.name in _RUNNER_FILES or pure.suffix in {".pth", ".egg-link"} or metadata


def is_compiled(path: str) -> bool:
    return PurePosixPath(path).suffix in _COMPILED


def module_of(path: str, packages: Collection[str]) -> str | None:
    """The top-level name by which the file can be imported, where it has one.

    `packages` are the folders with an `__init__.py`.
    """
    pure = PurePosixPath(path)
    if pure.suffix != ".py":
        return None
    place = pure.parent if pure.name == "__init__.py" else pure.with_suffix("")
    if str(place) == "." or str(place.parent) in packages:
        return None
    return place.name


def folder_of_module(path: str) -> str:
    """The folder that must be searched for the file to be imported by its top-level name."""
    pure = PurePosixPath(path)
    return str(pure.parent.parent if pure.name == "__init__.py" else pure.parent)


def search_folders(tests: Collection[str], packages: Collection[str]) -> frozenset[str]:
    """Folders that the runner searches for modules: those that its tests lie in, and the usual."""
    found = {".", "src", "lib"}
    for test in tests:
        folder = PurePosixPath(test).parent
        while str(folder) in packages:
            folder = folder.parent
        found.add(str(folder))
    return frozenset(found)


def packages_of(paths: Collection[str]) -> frozenset[str]:
    inits = (PurePosixPath(path) for path in paths if path.endswith("__init__.py"))
    return frozenset(str(pure.parent) for pure in inits if pure.name == "__init__.py")


def text_of(path: bytes) -> str:
    return os.fsdecode(path)
