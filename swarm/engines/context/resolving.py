"""Which file of the repository an import means. Pure; what is not in the repository means none."""

import posixpath
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from swarm.engines.context.entries import Import

_SUFFIXES = ("", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".h", ".rb", ".php", ".lua",
             "/index.js", "/index.ts", "/index.tsx")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paths:
    """The files there are, and Python's by every dotted ending of their name, shortest path first."""

    known: frozenset[str]
    modules: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: Iterator[str]) -> "Paths":
        known = frozenset(paths)
        modules: dict[str, str] = {}
        for path in sorted(known, key=_nearness):
            for dotted in _dotted(path):
                modules.setdefault(dotted, path)
        return cls(known, modules)

    def grown(self, added: Set[str]) -> "Paths":
        """With more files, in a time that does not grow with the repository's sorting."""
        modules = dict(self.modules)
        for path in added:
            for dotted in _dotted(path):
                modules[dotted] = min(modules.get(dotted, path), path, key=_nearness)
        return Paths(self.known | added, modules)


def _nearness(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _dotted(path: str) -> Iterator[str]:
    """`src/a/b.py` is known as `src.a.b`, `a.b` and, as many run with `src` on the path, `b`."""
    if not path.endswith((".py", ".pyi")):
        return
    stem = path.rpartition(".")[0].removesuffix("/__init__")
    parts = stem.split("/")
    yield from (".".join(parts[at:]) for at in range(len(parts)))


def meant(importer: str, each: Import, paths: Paths) -> str | None:
    """The file that an import in `importer` means."""
    if not importer.endswith((".py", ".pyi")):
        return _beside(importer, each.module, paths)
    for dotted in _names(importer, each):
        if (found := paths.modules.get(dotted)) is not None and found != importer:
            return found
    return None


def _names(importer: str, each: Import) -> Iterator[str]:
    """What is imported may be a module itself, or stand in one."""
    module = each.module
    if each.level:
        folder = importer.split("/")[: -each.level]
        module = ".".join([*folder, *([module] if module else [])])
    if each.name:
        yield f"{module}.{each.name}".strip(".")
    if module:
        yield module


def _beside(importer: str, named: str, paths: Paths) -> str | None:
    folder = posixpath.dirname(importer)
    base = posixpath.normpath(posixpath.join(folder, named))
    return next((base + end for end in _SUFFIXES if base + end in paths.known), None)
