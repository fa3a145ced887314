"""Which files of the repository an import means. Pure; what is not in the repository means none.

Languages differ in what an import names: a file beside (JavaScript, C), a file anywhere below some root
(Python, Ruby, Java), a folder whose files are one package (Go), an item somewhere down a path (Rust). What
shares a package with a file it sees without an import.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from swarm.engines.context.entries import Import

_SUFFIXES = ("", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".d.ts", ".mts", ".cts", ".h", ".rb", ".php",
             ".lua", "/index.js", "/index.ts", "/index.tsx")  # fmt: skip
_WRITTEN_AS_JS = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
"""TypeScript imports what its files will be."""

_FAMILIES = {".py": "py", ".pyi": "py", ".rb": "rb", ".rake": "rb", ".java": "java"}
"""By suffix, the languages whose files are known by every ending of their path."""

_PACKAGES = (".go", ".java")
"""What lies in one folder is one package."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The files there are; by every ending of their name, shortest path first; and what lies in a folder."""

    known: frozenset[str]
    modules: Mapping[tuple[str, str], str] = field(default_factory=dict)
    packages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    crates: Mapping[str, str] = field(default_factory=dict)
    """By the name of a Rust library, its source folder."""

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Paths":
        known = frozenset(paths)
        modules: dict[tuple[str, str], str] = {}
        for path in sorted(known, key=_nearness):
            for dotted in _dotted(path):
                modules.setdefault(dotted, path)
        return cls(known, modules, _packages({}, known), _crates({}, known))

    def grown(self, added: Set[str]) -> "Paths":
        """With more files, in a time that does not grow with the repository's sorting."""
        modules = dict(self.modules)
        for path in added:
            for dotted in _dotted(path):
                modules[dotted] = min(modules.get(dotted, path), path, key=_nearness)
        packages, crates = _packages(self.packages, added), _crates(self.crates, added)
        return Paths(self.known | added, modules, packages, crates)

    def beside(self, path: str) -> frozenset[str]:
        """What shares a package with a file."""
        if not path.endswith(_PACKAGES):
            return frozenset()
        suffix = posixpath.splitext(path)[1]
        return frozenset(
            each
            for each in self.packages.get(posixpath.dirname(path), ())
            if each != path and each.endswith(suffix)
        )


def _packages(
    before: Mapping[str, frozenset[str]], added: Iterable[str]
) -> Mapping[str, frozenset[str]]:
    fresh: dict[str, set[str]] = {}
    for path in added:
        if path.endswith(_PACKAGES):
            fresh.setdefault(posixpath.dirname(path), set()).add(path)
    return {**before, **{name: before.get(name, frozenset()) | new for name, new in fresh.items()}}


def _crates(before: Mapping[str, str], added: Iterable[str]) -> Mapping[str, str]:
    crates = dict(before)
    for path in added:
        folder, end, rest = path.rpartition("/src/lib.rs")
        if end and not rest:
            name = posixpath.basename(folder).replace("-", "_")
            crates[name] = min(crates.get(name, f"{folder}/src"), f"{folder}/src", key=_nearness)
    return crates


def _nearness(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _dotted(path: str) -> Iterator[tuple[str, str]]:
    """`src/a/b.py` is known as `src.a.b`, `a.b` and, as many run with `src` on the path, `b`."""
    stem, suffix = posixpath.splitext(path)
    if (family := _FAMILIES.get(suffix)) is None:
        return
    parts = stem.removesuffix("/__init__").split("/")
    yield from ((family, ".".join(parts[at:])) for at in range(len(parts)))


def meant(importer: str, each: Import, paths: Paths) -> tuple[str, ...]:
    """The files that an import in `importer` means."""
    found: Iterable[str]
    match posixpath.splitext(importer)[1]:
        case ".py" | ".pyi":
            found = _first(paths, "py", _python(importer, each))
        case ".go":
            found = _package(paths, each.module)
        case ".java":
            found = _java(paths, each.module)
        case ".rs":
            found = _rust(importer, each, paths)
        case ".rb" | ".rake" if not each.level:
            found = _first(paths, "rb", (each.module.replace("/", "."),))
        case _:
            found = _beside(importer, each.module, paths)
    return tuple(path for path in found if path != importer)


def _first(paths: Paths, family: str, names: Iterable[str]) -> Iterator[str]:
    known = (paths.modules[family, name] for name in names if (family, name) in paths.modules)
    yield from list(known)[:1]


def _python(importer: str, each: Import) -> Iterator[str]:
    """What is imported may be a module itself, or stand in one."""
    module = each.module
    if each.level:
        folder = importer.split("/")[: -each.level]
        module = ".".join([*folder, *([module] if module else [])])
    if each.name:
        yield f"{module}.{each.name}".strip(".")
    if module:
        yield module


def _package(paths: Paths, named: str) -> frozenset[str]:
    """The folder whose path is the longest ending of the name: what goes before is the module's own."""
    parts = named.split("/")
    endings = ("/".join(parts[at:]) for at in range(len(parts)))
    return next((paths.packages[each] for each in endings if each in paths.packages), frozenset())


def _java(paths: Paths, named: str) -> Iterable[str]:
    """A class; or with one name more, something in it; or all classes of a package."""
    if found := tuple(_first(paths, "java", (named, named.rpartition(".")[0]))):
        return found
    folder = named.replace(".", "/")
    return next(
        (files for each, files in paths.packages.items() if f"/{each}".endswith(f"/{folder}")), ()
    )


def _rust(importer: str, each: Import, paths: Paths) -> Iterator[str]:
    """`crate::a::b::C` stands in `a/b/C.rs`, `a/b.rs` or `a.rs` below the crate's root, or `mod.rs` there."""
    folder, _, name = importer.rpartition("/")
    inside = folder if name in ("mod.rs", "lib.rs", "main.rs") else importer.removesuffix(".rs")
    first, *rest = each.module.split("::")
    if each.level:
        at, rest = inside, [first]
    elif first == "crate":
        at = _crate(importer)
    elif first in ("self", "super"):
        at = inside
        for word in (first, *rest):
            at = posixpath.dirname(at) if word == "super" else at
        rest = [word for word in rest if word != "super"]
    else:
        at = paths.crates.get(first, inside)
        rest = rest if first in paths.crates else [first, *rest]
    for length in range(len(rest), -1, -1):
        stem = "/".join(part for part in (at, *rest[:length]) if part)
        ends = (
            (".rs", "/mod.rs", "/lib.rs") if length else ("/mod.rs", "/lib.rs", "/main.rs", ".rs")
        )
        for end in ends:
            if (path := f"{stem}{end}".lstrip("/")) in paths.known:
                yield path
                return


def _crate(importer: str) -> str:
    parts = importer.split("/")[:-1]
    while parts and parts[-1] != "src":
        parts.pop()
    return "/".join(parts) or "src"


def _beside(importer: str, named: str, paths: Paths) -> Iterator[str]:
    """From the importer's folder, and for a name without a dot in front from the root."""
    folder = posixpath.dirname(importer)
    for start in (folder, "") if not named.startswith(".") else (folder,):
        base = posixpath.normpath(posixpath.join(start, named))
        stem, suffix = posixpath.splitext(base)
        endings = (stem + end for end in _WRITTEN_AS_JS.get(suffix, ()))
        for path in (*(base + end for end in _SUFFIXES), *endings):
            if path in paths.known:
                yield path
                return
