"""Tell what files define, import and use: Python by its grammar, other languages by their lines.

Reads a document from standard input, `{"paths": [...] or null}`, and writes one to standard output:
`{path: {"defs": [[name, line, text]], "imports": [[module, name, level]], "uses": [name]}}`. With
`null` it walks the folder it is started in.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_FILES = 6_000
MOST_BYTES = 400_000
MOST_DEFS = 400
MOST_USES = 3_000
LONGEST = 160
LONGEST_LINE = 2_000


PASSED_OVER = {"node_modules", "__pycache__", "venv", "site-packages", "vendor", "dist", "build"}
LINES = {
    ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".go", ".rs", ".java", ".kt", ".rb", ".php", ".c",
    ".h", ".cc", ".cpp", ".hpp", ".cs", ".swift", ".scala", ".lua", ".ex", ".exs", ".sh",
}  # fmt: skip
DEFINED = re.compile(
    r"^\s*(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|internal|static|final|async"
    r"|abstract|override|open|unsafe|inline)\s+)*"
    r"(?:function\*?|class|interface|struct|enum|trait|type|fn|func(?:\s*\([^)]*\))?|fun|def|defmodule"
    r"|module|record|object)\s+([A-Za-z_$][\w$.]*)"
)
ASSIGNED = re.compile(
    r"^(?:export\s+)?(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=|^(?:module\.)?exports\.([A-Za-z_$][\w$]*)\s*="
)
IMPORTED = re.compile(
    r"""(?:from|require\(|import\(?|#include|use|require_relative)\s*['"]([^'"]+)['"]"""
)
WORD = re.compile(r"[A-Za-z_$][\w$]{2,}")


Told = dict[str, list[Any]]


class Seen:
    """What was seen in one file."""

    def __init__(self) -> None:
        self.defs: list[list[Any]] = []
        self.imports: list[list[Any]] = []
        self.uses: dict[str, None] = {}

    def define(self, name: str, line: int, row: str) -> None:
        self.defs.append([name, line, row.strip()[:LONGEST]])

    def told(self) -> Told:
        return {
            "defs": self.defs[:MOST_DEFS],
            "imports": self.imports[:MOST_DEFS],
            "uses": list(self.uses)[:MOST_USES],
        }


def scan(name: str) -> Told | None:
    path = Path(name)
    try:
        if path.is_symlink() or path.stat().st_size > MOST_BYTES:
            return None
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError, ValueError):
        return None
    if not name.endswith((".py", ".pyi")):
        return by_lines(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return by_grammar(text, ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return by_lines(text)


def by_grammar(text: str, tree: ast.Module) -> Told:
    seen, rows = Seen(), text.split("\n")
    for name, line in definitions(tree.body, ""):
        seen.define(name, line, rows[line - 1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            seen.imports.extend([alias.name, "", 0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module, level = node.module or "", node.level
            seen.imports.extend([module, alias.name, level] for alias in node.names)
        elif isinstance(node, ast.Name):
            seen.uses[node.id] = None
        elif isinstance(node, ast.Attribute):
            seen.uses[node.attr] = None
    return seen.told()


def definitions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, int]]:
    """Functions, classes with their methods, and names of a module."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + node.name, node.lineno
        elif isinstance(node, ast.ClassDef):
            yield prefix + node.name, node.lineno
            if not prefix:
                yield from definitions(node.body, node.name + ".")
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and not prefix:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((each.id, node.lineno) for each in targets if isinstance(each, ast.Name))


def by_lines(text: str) -> Told:
    seen = Seen()
    for number, row in enumerate(text.split("\n"), 1):
        if len(row) > LONGEST_LINE:
            continue
        found = DEFINED.match(row) or ASSIGNED.match(row)
        if found:
            seen.define(next(group for group in found.groups() if group), number, row)
        seen.imports.extend([module, "", 0] for module in IMPORTED.findall(row))
        seen.uses.update(dict.fromkeys(WORD.findall(row)))
    return seen.told()


def wanted(name: str) -> bool:
    return Path(name).suffix in {".py", ".pyi", *LINES}


def walk() -> Iterator[str]:
    left = MOST_FILES
    for folder, folders, files in os.walk("."):
        folders[:] = sorted(f for f in folders if f not in PASSED_OVER and not f.startswith("."))
        for name in sorted(filter(wanted, files)):
            if not left:
                return
            left -= 1
            yield Path(folder, name).as_posix()


def main() -> None:
    asked = json.load(sys.stdin)["paths"]
    paths = walk() if asked is None else filter(wanted, asked)
    found = {path: told for path in paths if (told := scan(path)) is not None}
    json.dump(found, sys.stdout)


main()
