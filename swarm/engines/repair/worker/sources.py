"""A source file as text with its syntax tree, and the way between nodes and spans of the text.

Edits are made on the text. Everything outside an edited span keeps its bytes: line ends, tabs,
encoding and byte order mark included.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import Any

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BOM = b"\xef\xbb\xbf"

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Place:
    """Where a node hangs: its parent, the parent's field, and the index in it if it is a list."""

    parent: ast.AST
    field: str
    index: int | None


class Source:
    """One file. Raises SyntaxError (of which UnicodeError counts as one) when it does not parse."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.bom = data.startswith(_BOM)
        self.encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        body = data[len(_BOM) :] if self.bom else data
        self.codec = "utf-8" if self.encoding == "utf-8-sig" else self.encoding
        self.text = body.decode(self.codec)
        self.tree = ast.parse(data, filename=path)
        self.lines: list[str] = _LINE.findall(self.text)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.places: dict[ast.AST, Place] = {}
        self._hang(self.tree)

    def _hang(self, node: ast.AST) -> None:
        for field, value in ast.iter_fields(node):
            children: list[Any] = value if isinstance(value, list) else [value]
            for index, child in enumerate(children):
                if isinstance(child, ast.AST) and not isinstance(child, _SHARED):
                    self.places[child] = Place(node, field, index if value is children else None)
                    self._hang(child)

    def offset(self, line: int, column: int) -> int:
        """Where in the text; `column` counts UTF-8 bytes, as syntax trees do."""
        start = self.starts[line - 1]
        if line > len(self.lines):
            return start
        text = self.lines[line - 1]
        return start + (column if text.isascii() else len(text.encode()[:column].decode()))

    def span(self, node: Any) -> tuple[int, int]:
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def segment(self, node: Any) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that contains the node, or is it."""
        while not isinstance(node, ast.stmt):
            node = self.places[node].parent
        return node

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost function in whose body the node stands."""
        place = self.places.get(node)
        while place is not None:
            if isinstance(place.parent, FUNCTIONS) and place.field == "body":
                return place.parent
            place = self.places.get(place.parent)
        return None

    def outermost(self, node: ast.AST) -> ast.stmt | None:
        """The statement of the module's body that contains the node."""
        place = self.places.get(node)
        while place is not None and place.parent is not self.tree:
            node, place = place.parent, self.places.get(place.parent)
        return node if isinstance(node, ast.stmt) else None

    def statement_at(self, offset: int) -> ast.stmt:
        """The statement of the module's body in which the offset lies, or which it follows."""
        found = self.tree.body[0]
        for each in self.tree.body:
            if self.starts[first_line(each) - 1] <= offset:
                found = each
        return found

    def ancestors(self, node: ast.AST) -> list[ast.AST]:
        """From the parent outwards."""
        found = []
        place = self.places.get(node)
        while place is not None:
            found.append(place.parent)
            place = self.places.get(place.parent)
        return found

    def indent(self, node: ast.stmt) -> str | None:
        """The blanks before the statement; None when something else stands there."""
        start, _ = self.span(node)
        before = self.text[self.starts[node.lineno - 1] : start]
        return before if not before.strip() else None

    def stands_alone(self, node: ast.stmt) -> bool:
        """True when no other code shares the statement's lines."""
        _, end = self.span(node)
        after = self.text[end : self.starts[self._last_line(node)]].strip()
        return self.indent(node) is not None and (not after or after.startswith("#"))

    def lines_span(self, node: ast.stmt) -> tuple[int, int]:
        """The statement's whole lines, the last line end included."""
        return self.starts[node.lineno - 1], self.starts[self._last_line(node)]

    @staticmethod
    def _last_line(node: ast.stmt) -> int:
        return int(node.end_lineno or node.lineno)

    @property
    def newline(self) -> str:
        """The line end that the file uses first."""
        first = self.lines[0] if self.lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"

    @property
    def indent_unit(self) -> str:
        """What one level of indentation is in this file."""
        for node in ast.walk(self.tree):
            if isinstance(node, DEFINITIONS):
                outer, inner = self.indent(node), self.indent(node.body[0])
                if outer is not None and inner is not None and inner.startswith(outer):
                    return inner[len(outer) :] or "    "
        return "    "

    def encoded(self, text: str) -> bytes:
        """Raises UnicodeEncodeError where the file's encoding lacks a letter."""
        return (_BOM if self.bom else b"") + text.encode(self.codec)


def first_line(statement: ast.stmt) -> int:
    """Of the statement with its decorators."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


_SHARED = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
"""Nodes that have no position and of which the parser uses one object everywhere."""


def read_source(path: str) -> Source | None:
    """None when the file is not there or is not Python of this interpreter's version."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - names are the target's, kept as they are
            return Source(path, file.read())
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return None


def read_all(paths: list[str]) -> str:
    """The text of these files, one after the other; what cannot be read is left out."""
    sources = (read_source(path) for path in paths)
    return "\n".join(source.text for source in sources if source is not None)
