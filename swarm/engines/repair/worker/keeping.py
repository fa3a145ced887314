"""The project's files as they were before any test ran: some tests write over them, or delete them.

What follows reads them again, and a patch is made of their text.
"""

from __future__ import annotations

import os
import sys

_MOST_BYTES = 64 << 20
_FOREIGN = ("site-packages", "dist-packages")


class Kept:
    """The sources of the modules that are loaded from the working directory, tests included."""

    def __init__(self) -> None:
        root = os.path.realpath(os.getcwd()) + os.sep  # noqa: PTH109 - Python 3.9
        self._data: dict[str, bytes] = {}
        left = _MOST_BYTES
        for path in sorted(_loaded(root)):
            data = _read(path)
            if data is not None and len(data) <= left:
                self._data[path] = data
                left -= len(data)

    def put_back(self) -> list[str]:
        """Write those that are not as they were; which these are."""
        changed = [path for path, data in self._data.items() if _read(path) != data]
        for path in changed:
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - the same
            with open(path, "wb") as file:  # noqa: PTH123 - the same
                file.write(self._data[path])
        return changed


def _loaded(root: str) -> set[str]:
    names = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    real = {os.path.realpath(name) for name in names if isinstance(name, str)}
    return {
        path
        for path in real
        if path.startswith(root)
        and path.endswith(".py")
        and not any(f"{os.sep}{part}{os.sep}" in path for part in _FOREIGN)
    }


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the same
            return file.read()
    except OSError:
        return None
