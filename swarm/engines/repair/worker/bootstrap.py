"""The text that is given to `python -c`: reads one JSON document from standard input, makes the
worker's modules importable from it, and serves its request.

The modules stay in memory: nothing is written that could show up as a change of the tree.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PACKAGE = "_swarm_repair"


class MemoryFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != PACKAGE and not fullname.startswith(PACKAGE + "."):
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=fullname == PACKAGE)

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__.partition(".")[2] or "__init__"
        code = compile(self._sources[name], "<" + module.__name__ + ">", "exec")
        exec(code, module.__dict__)  # noqa: S102 - this is what a loader does


def start() -> None:
    document = json.loads(sys.stdin.buffer.read())
    sys.meta_path.insert(0, MemoryFinder(document["modules"]))
    importlib.import_module(PACKAGE + ".main").serve(document["request"])


if __name__ == "__main__":
    start()
