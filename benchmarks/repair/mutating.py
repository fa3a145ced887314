"""One-edit mistakes put into a source by chance, by the usual operators of mutation testing (DeMillo,
Lipton, Sayward, "Hints on Test Data Selection", 1978; Offutt et al., "An Experimental Determination of
Sufficient Mutant Operators", 1996), and two that people make: another name, swapped arguments.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

_COMPARED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_COMPUTED = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Mutant:
    kind: str
    path: str
    line: int
    function: str
    """The innermost function around it."""

    before: str
    after: str
    text: bytes
    """The whole file with the mistake in it."""


@dataclass(frozen=True)
class _Site:
    kind: str
    node: ast.AST
    function: ast.FunctionDef | ast.AsyncFunctionDef
    texts: tuple[str, ...]


def mutants(path: str, data: bytes, random: Random, count: int) -> Iterator[Mutant]:
    """So many mistakes in functions of the file, kinds in turns, each at a place by chance."""
    sites: dict[str, list[_Site]] = {}
    for site in _sites(ast.parse(data)):
        sites.setdefault(site.kind, []).append(site)
    kinds = sorted(sites)
    random.shuffle(kinds)
    for k in range(count if kinds else 0):
        site = random.choice(sites[kinds[k % len(kinds)]])
        made = _made(path, data, site, random.choice(site.texts))
        if made is not None:
            yield made


def _made(path: str, data: bytes, site: _Site, new: str) -> Mutant | None:
    node: Any = site.node
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    begin = starts[node.lineno - 1] + node.col_offset
    end = starts[node.end_lineno - 1] + node.end_col_offset
    text = data[:begin] + new.encode() + data[end:]
    old = data[begin:end].decode()
    try:
        same = ast.dump(ast.parse(text)) == ast.dump(ast.parse(data))
    except SyntaxError:
        return None
    return None if same else Mutant(
        site.kind, path, node.lineno, site.function.name, old, new, text
    )  # fmt: skip


def _sites(tree: ast.Module) -> Iterator[_Site]:
    for function in (each for each in ast.walk(tree) if isinstance(each, _FUNCTIONS)):
        for node in _inside(function):
            for kind, texts in _texts(node, function):
                if texts:
                    yield _Site(kind, node, function, tuple(texts))


def _inside(function: ast.AST) -> Iterator[ast.AST]:
    """Nodes of the function's own body: no inner functions, no docstrings, no f-strings."""
    for child in ast.iter_child_nodes(function):
        text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        skipped = isinstance(child, (*_FUNCTIONS, ast.ClassDef, ast.arguments, ast.JoinedStr))
        if not text and not skipped:
            yield child
            yield from _inside(child)


def _texts(node: ast.AST, function: Any) -> Iterator[tuple[str, list[str]]]:
    for kind, make in _OPERATORS:
        texts = make(node, function)
        if texts:
            yield kind, texts


def _comparison(node: ast.AST, _: Any) -> list[str]:
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return []
    left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
    if type(node.ops[0]) not in _COMPARED:
        return []
    others = (word for kind, word in _COMPARED.items() if kind is not type(node.ops[0]))
    return [f"{left} {word} {right}" for word in others]


def _arithmetic(node: ast.AST, _: Any) -> list[str]:
    if not isinstance(node, ast.BinOp) or type(node.op) not in _COMPUTED:
        return []
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    others = (word for kind, word in _COMPUTED.items() if kind is not type(node.op))
    return [f"({left} {word} {right})" for word in others]


def _boolean(node: ast.AST, _: Any) -> list[str]:
    if isinstance(node, ast.BoolOp):
        word = "or" if isinstance(node.op, ast.And) else "and"
        return ["(" + f" {word} ".join(f"({ast.unparse(each)})" for each in node.values) + ")"]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return [f"({ast.unparse(node.operand)})"]
    return []


def _constant(node: ast.AST, _: Any) -> list[str]:
    if not isinstance(node, ast.Constant):
        return []
    if isinstance(node.value, bool):
        return [str(not node.value)]
    if isinstance(node.value, int):
        return [f"({node.value + 1})", f"({node.value - 1})"]
    if isinstance(node.value, str):
        return [repr(node.value + "XX")]
    return []


def _deletion(node: ast.AST, _: Any) -> list[str]:
    return ["pass"] if isinstance(node, (ast.Expr, ast.AugAssign)) else []


def _nothing(node: ast.AST, _: Any) -> list[str]:
    return ["return None"] if isinstance(node, ast.Return) and node.value is not None else []


def _name(node: ast.AST, function: Any) -> list[str]:
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return []
    known = {each.arg for each in function.args.args}
    known |= {
        each.id
        for each in ast.walk(function)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }
    return sorted(known - {node.id}) if node.id in known else []


def _arguments(node: ast.AST, _: Any) -> list[str]:
    if not isinstance(node, ast.Call) or len(node.args) != 2 or node.keywords:
        return []
    first, second = (ast.unparse(each) for each in node.args)
    return [f"{ast.unparse(node.func)}({second}, {first})"]


_OPERATORS: tuple[tuple[str, Callable[[ast.AST, Any], list[str]]], ...] = (
    ("comparison", _comparison),
    ("arithmetic", _arithmetic),
    ("boolean", _boolean),
    ("constant", _constant),
    ("deletion", _deletion),
    ("nothing returned", _nothing),
    ("name", _name),
    ("arguments", _arguments),
)
