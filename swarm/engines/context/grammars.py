"""The languages whose grammar is known: tree-sitter's, each a package of its own.

Files of a repository are an enemy's, and a parser is C: so nothing is parsed here. Our interpreter and the
grammars' packages are shown in sandboxes, read-only, and `inside` reads with them there.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

_NAMED = "; What is named"
"""Divides a query: before it what is found once, behind it every identifier."""

_CORE = "tree_sitter"


@dataclass(frozen=True, slots=True)
class Grammar:
    package: str
    function: str
    query: str
    suffixes: tuple[str, ...]


GRAMMARS = (
    Grammar("tree_sitter_python", "language", "python", (".py", ".pyi")),
    Grammar("tree_sitter_javascript", "language", "javascript", (".js", ".jsx", ".mjs", ".cjs")),
    Grammar("tree_sitter_typescript", "language_typescript", "typescript", (".ts", ".mts", ".cts")),
    Grammar("tree_sitter_typescript", "language_tsx", "typescript", (".tsx",)),
    Grammar("tree_sitter_go", "language", "go", (".go",)),
    Grammar("tree_sitter_rust", "language", "rust", (".rs",)),
    Grammar("tree_sitter_java", "language", "java", (".java",)),
    Grammar("tree_sitter_ruby", "language", "ruby", (".rb", ".rake")),
)


def interpreter() -> Path:
    """Ours, as it is outside of a virtual environment: of that only the grammars are shown, and it may
    hold a copy of the interpreter instead of a link.
    """
    here = Path(sys.executable).resolve()
    if not here.is_relative_to(Path(sys.prefix).resolve()):
        return here
    return Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info)).resolve()


@cache
def packages() -> tuple[Path, ...]:
    """Where the grammars and their core lie; found, not imported."""
    names = (_CORE, *dict.fromkeys(each.package for each in GRAMMARS))
    specs = (find_spec(name) for name in names)
    places = (spec.submodule_search_locations for spec in specs if spec is not None)
    return tuple(Path(place).resolve() for found in places if found for place in found)


def readers() -> tuple[Path, ...]:
    """What a sandbox has to show, besides what is below /usr, for repositories to be read in it."""
    wanted = (Path(sys.base_prefix).resolve(), *packages())
    return tuple(each for each in wanted if not each.is_relative_to("/usr"))


@cache
def told() -> Mapping[str, tuple[str, str, str, str]]:
    """By a file name's end, as `inside.scan` wants to hear it."""
    folder = resources.files("swarm.engines.context").joinpath("queries")
    known = {}
    for each in GRAMMARS:
        text = folder.joinpath(f"{each.query}.scm").read_text(encoding="utf-8")
        defined, _, named = text.partition(_NAMED)
        known.update(dict.fromkeys(each.suffixes, (each.package, each.function, defined, named)))
    return known
