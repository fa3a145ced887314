"""Attacks on memory, disk and processors, each bounded by itself. Standard library only: sent into
sandboxes as text.
"""

# The calls themselves are meant, one by one.
# ruff: noqa: PTH103, PTH118, PTH123

import os
import select
import tempfile
import time

_MIB = 1 << 20
_PAGE = 4096
_WAIT_SECONDS = 40


def fork_many(most: str) -> None:
    """So many children at once that only wait, and end with us."""
    reader, writer = os.pipe()
    try:
        for _ in range(int(most)):
            if os.fork() == 0:
                os.close(writer)
                os.read(reader, 1)  # until our end of it is closed
                os._exit(0)
    finally:
        os.close(writer)


def take_memory(mebibytes: str) -> None:
    _fill(int(mebibytes))


def take_memory_together(processes: str, mebibytes: str) -> None:
    """Each process stays below what one may have."""
    reader, writer = os.pipe()
    ready, told = os.pipe()
    for _ in range(int(processes)):
        if os.fork() == 0:
            os.close(writer)
            held = _fill(int(mebibytes))
            os.write(told, b"x")
            os.read(reader, 1)
            os._exit(len(held) % 2)
    os.close(told)
    have = 0
    end = time.monotonic() + _WAIT_SECONDS
    while have < int(processes) and _readable(ready, end):
        have += len(os.read(ready, 64)) or int(processes) + 1
    os.close(writer)
    assert have == int(processes), f"only {have % (int(processes) + 1)} got it"


def _readable(fd: int, end: float) -> bool:
    return bool(select.select([fd], [], [], max(end - time.monotonic(), 0))[0])


def _fill(mebibytes: int) -> bytearray:
    held = bytearray(mebibytes * _MIB)
    held[::_PAGE] = b"x" * len(range(0, len(held), _PAGE))
    return held


def fill_file(path: str, mebibytes: str) -> None:
    piece = b"x" * _MIB
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(int(mebibytes)):
            assert os.write(fd, piece) == len(piece), "a part was refused"
    finally:
        os.close(fd)


def fill_temporary(mebibytes: str) -> None:
    """The folder that programs are told to use."""
    fill_file(os.path.join(tempfile.gettempdir(), "big"), mebibytes)


def fill_files(directory: str, count: str, kibibytes: str) -> None:
    os.makedirs(directory, exist_ok=True)
    piece = b"x" * (int(kibibytes) << 10)
    for n in range(int(count)):
        with open(os.path.join(directory, f"f{n}"), "wb", buffering=0) as file:
            assert file.write(piece) == len(piece), "a part was refused"


def flood(mebibytes: str) -> None:
    piece = b"x" * _MIB
    for _ in range(int(mebibytes)):
        os.write(1, piece)
    os.write(1, b"\n")


def spin(processes: str, seconds: str) -> None:
    """Count, in so many processes."""
    alone = all(os.fork() for _ in range(int(processes) - 1))  # a child stops here
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        pass
    if not alone:
        os._exit(0)
