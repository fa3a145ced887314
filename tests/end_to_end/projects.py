"""Small repositories, each with something in it that somebody will have one day."""

import os
from pathlib import Path

from swarm.testing.git import Files, a_repository, git

CODE = """\
def total(numbers):
    result = 0
    for number in numbers:
        result -= number
    return result


def largest(numbers):
    best = numbers[0]
    for number in numbers:
        if number > best:
            best = number
    return best
"""
TESTS = """\
from calc import largest, total


def test_total_adds():
    assert total([1, 2, 3]) == 6


def test_total_of_nothing_is_zero():
    assert total([]) == 0


def test_total_of_one_is_it():
    assert total([7]) == 7


def test_largest():
    assert largest([3, 9, 4]) == 9
"""
BROKEN: Files = {"calc.py": CODE, "test_calc.py": TESTS}
GREEN: Files = {"calc.py": CODE.replace("-=", "+="), "test_calc.py": TESTS}
BUG = "make test_total_adds pass"


def broken(path: Path, more: Files | None = None) -> Path:
    """One mistake, which two of four tests show."""
    a_repository(path, {**BROKEN, **(more or {})})
    return path


def green(path: Path) -> Path:
    a_repository(path, GREEN)
    return path


def is_mended(repository: Path, branch: str) -> bool:
    """The published code does what its tests say."""
    code: dict[str, object] = {}
    exec(git(repository, "show", f"{branch}:calc.py"), code)
    total = code["total"]
    assert callable(total)
    return bool(total([1, 2, 3]) == 6 and total([7]) == 7 and total([]) == 0)


def with_odd_names(path: Path) -> None:
    """Names that are legal for git and a trap for whoever splits lines or forgets `--`."""
    for name in (b"two\nlines.txt", b"caf\xe9.txt", b"--force", b"-rf.py", b" blank .txt"):
        (path / os.fsdecode(name)).write_text("untouched\n")
