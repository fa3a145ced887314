"""Which lines of the project run in processes that a test starts.

A test that starts `python -m project` runs nothing of it in its own process. Interpreters that are started
while this is on find a `sitecustomize` of ours first, which notes lines until its process ends; the tree's
own is imported behind it. A program that is started with an environment of its own (`env={}`), or with
`-I` or `-S`, is not seen.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile

_FOLDER, _ROOT = "_SWARM_LINES", "_SWARM_ROOT"

_TEXT = f'''
import atexit, json, os, sys, threading

_folder, _root = os.environ.get("{_FOLDER}", ""), os.environ.get("{_ROOT}", "") + os.sep
_hits, _known = {{}}, {{}}


def _called(frame, event, _):
    name = frame.f_code.co_filename
    if name not in _known:
        real = os.path.realpath(name)
        inside = real[len(_root):] if real.startswith(_root) and real.endswith(".py") else ""
        _known[name] = _hits.setdefault(inside, set()) if inside else None
    lines = _known[name]
    if lines is None:
        return None

    def line(frame, event, _):
        if event == "line":
            lines.add(frame.f_lineno)
        return line

    return line


def _tell():
    sys.settrace(None)
    path = os.path.join(_folder, str(os.getpid()))
    try:
        with open(path + ".part", "w") as file:
            json.dump({{each: sorted(lines) for each, lines in _hits.items()}}, file)
        os.rename(path + ".part", path + ".json")
    except OSError:
        pass


if _folder:
    atexit.register(_tell)
    sys.settrace(_called)
    threading.settrace(_called)
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != _here]
    sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize
    except ImportError:
        pass
'''


class Elsewhere:
    """Watches what processes run that are started from now on."""

    def __init__(self, root: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="swarm-lines-")
        with open(os.path.join(self._folder, "sitecustomize.py"), "w", encoding="utf-8") as file:  # noqa: PTH118, PTH123 - Python 3.9
            file.write(_TEXT)
        self._before = os.environ.get("PYTHONPATH")
        paths = [self._folder, *([self._before] if self._before else [])]
        os.environ.update(
            {
                "PYTHONPATH": os.pathsep.join(paths),
                _FOLDER: self._folder,
                _ROOT: os.path.realpath(root),
            }
        )

    def taken(self) -> dict[str, list[int]]:
        """Lines by path that ran since the last time this was asked."""
        found: dict[str, set[int]] = {}
        for name in os.listdir(self._folder):  # noqa: PTH208 - the same
            if name.endswith(".json"):
                path = os.path.join(self._folder, name)  # noqa: PTH118 - the same
                with open(path, encoding="utf-8") as file:  # noqa: PTH123 - the same
                    for each, lines in json.load(file).items():
                        found.setdefault(each, set()).update(lines)
                os.unlink(path)  # noqa: PTH108 - the same
        return {path: sorted(lines) for path, lines in sorted(found.items())}

    def end(self) -> None:
        for name in (_FOLDER, _ROOT, "PYTHONPATH"):
            os.environ.pop(name, None)
        if self._before is not None:
            os.environ["PYTHONPATH"] = self._before
        shutil.rmtree(self._folder, ignore_errors=True)
