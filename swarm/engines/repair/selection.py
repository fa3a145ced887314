"""Which files may be changed, and which test files speak about them."""

import fnmatch
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

_TEST_NAMES = ("test_*.py", "*_test.py", "tests.py", "test.py", "conftest.py")
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_VENDORED = frozenset(
    {"vendor", "vendored", "_vendor", "_vendored", "third_party", "thirdparty", "extern", "externals",
     "node_modules", "site-packages"}
)  # fmt: skip
_GENERATED_NAMES = ("*_pb2.py", "*_pb2_grpc.py", "parsetab.py", "lextab.py")
_GENERATED = re.compile(
    r"^\W*(?:@generated\b|.*\b(?:auto-?)?generated\b.*\b(?:by|from|do not|don't)\b|.*\bdo not edit\b)",
    re.IGNORECASE | re.MULTILINE,
)
HEAD = 1000
"""Bytes of a file in which it says that a program has written it."""

_PROTECTED = ("setup.py", "noxfile.py", "sitecustomize.py", "usercustomize.py")


def is_test(path: str) -> bool:
    """True for test files, their fixtures, and whatever lies in a folder of tests."""
    parts = PurePosixPath(path)
    folders = set(parts.parts[:-1])
    named = any(fnmatch.fnmatchcase(parts.name, pattern) for pattern in _TEST_NAMES)
    return named or bool(folders & _TEST_FOLDERS)


def may_touch(path: str, touch: tuple[str, ...]) -> bool:
    """Python files that are neither tests nor set-up, within the contract's touch set."""
    name = PurePosixPath(path).name
    if not path.endswith(".py") or is_test(path) or is_vendored(path) or name in _PROTECTED:
        return False
    return not touch or any(_covers(pattern, path) for pattern in touch)


def is_vendored(path: str) -> bool:
    """A copy of code that others maintain: a repair of it would be lost with the next one."""
    return bool(set(PurePosixPath(path).parts[:-1]) & _VENDORED)


def is_generated(path: str, head: str) -> bool:
    """A program wrote it, by its name or by what the comments at its head say: that is to be changed."""
    name = PurePosixPath(path).name
    comments = "\n".join(line for line in head.splitlines() if line.lstrip().startswith("#"))
    named = any(fnmatch.fnmatchcase(name, pattern) for pattern in _GENERATED_NAMES)
    return named or _GENERATED.search(comments) is not None


def _covers(pattern: str, path: str) -> bool:
    folder = pattern.rstrip("/")
    return fnmatch.fnmatchcase(path, pattern) or path.startswith(folder + "/")


def file_of(test: str) -> str:
    """The file of a test id."""
    return test.split("::", 1)[0]


def possible_files(test: str, command: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Files that a unittest id `package.module.Case.test_it` may come from, and the rest as pytest
    writes it; below the folders that discovery may have started in.
    """
    parts = test.split(".")
    folders = ["", *(word for word in command if word.isidentifier()), "tests", "test"]
    for folder in dict.fromkeys(folders):
        for cut in range(len(parts) - 2, 0, -1):
            path = PurePosixPath(folder, *parts[:cut]).as_posix() + ".py"
            yield path, "::".join(parts[cut:])


def mentions(text: str, paths: Iterable[str]) -> bool:
    """The text uses the name of one of the modules."""
    stems = {_stem(path) for path in paths}
    return any(re.search(rf"\b{re.escape(stem)}\b", text) for stem in stems)


def _stem(path: str) -> str:
    parts = PurePosixPath(path)
    return parts.parent.name if parts.name == "__init__.py" else parts.stem
