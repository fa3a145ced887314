"""Templates for slips in statements."""

from __future__ import annotations

import ast
from typing import Any

from swarm.engines.repair.worker.candidates import Edit
from swarm.engines.repair.worker.drafts import CONTAINERS, NUMBERS, Drafts
from swarm.engines.repair.worker.kinship import EXCEPTIONS
from swarm.engines.repair.worker.scopes import used_names
from swarm.engines.repair.worker.snippets import OPERATORS, Snippet, call, name
from swarm.engines.repair.worker.sources import FUNCTIONS

_AUGMENTED = ("+", "-", "*", "//", "|", "&", "^", "%", "/", "<<", ">>")
_TWINS = frozenset({"+-", "-+", "*+", "+*", "///", "*/", "/*", "^&", "&^", "|&", "&|", "^|"})


def assignments(drafts: Drafts, node: Any) -> None:
    if isinstance(node, ast.AugAssign):
        _augmented(drafts, node)
    elif len(node.targets) == 1 and isinstance(
        node.targets[0], (ast.Name, ast.Attribute, ast.Subscript)
    ):
        _plain(drafts, node, node.targets[0])


def _augmented(drafts: Drafts, node: ast.AugAssign) -> None:
    old = OPERATORS[type(node.op)][0]
    for new in _AUGMENTED:
        weight = 0.9 if old + new in _TWINS else 0.25
        sides = [node.target, node.value]
        drafts.replace_operator(node, sides, (f"{old}=", f"{new}="), weight, "assignment operator")
    drafts.replace_operator(
        node, [node.target, node.value], (f"{old}=", "="), 0.4, "assignment operator"
    )


def _plain(drafts: Drafts, node: ast.Assign, target: ast.expr) -> None:
    kinds = drafts.types(node.value)
    sides = [target, node.value]
    if not kinds or kinds & (NUMBERS | CONTAINERS):
        for new, weight in (("+=", 0.4), ("-=", 0.15), ("*=", 0.1), ("|=", 0.1)):
            drafts.replace_operator(node, sides, ("=", new), weight, "assignment operator")
    if not kinds or kinds & NUMBERS:
        here, value = drafts.pen.of(target), drafts.pen.of(node.value)
        for function in ("max", "min"):
            best = call(function, here, value)
            drafts.replace(node.value, best, 0.5, f"missing {function}()")


def discarded(drafts: Drafts, node: ast.Expr) -> None:
    """A value that is thrown away where it should be returned, kept or handed on."""
    value = node.value
    if isinstance(value, ast.Yield) and value.value is not None:
        drafts.insert_text(value.value, "from ", 0.7, "yield from")
    if isinstance(value, ast.YieldFrom):
        inner = drafts.pen.of(value.value)
        drafts.replace(value, Snippet(f"yield {inner.at(0)}", 0), 0.7, "yield from")
    if not isinstance(value, ast.Call):
        return
    drafts.insert_text(node, "return ", 0.7, "missing return")
    if isinstance(value.func, ast.Attribute):
        receiver = drafts.pen.of(value.func.value).text
        kinds, kept = drafts.types(value), drafts.types(value.func.value)
        weight = 1.2 if kinds and kinds == kept else 0.2
        drafts.insert_text(node, f"{receiver} = ", weight, "discarded result")


def endings(drafts: Drafts, node: ast.stmt) -> None:
    """A function that ends, or leaves, without what it has worked out."""
    function = drafts.source.function(node)
    if function is None or isinstance(node, (ast.Raise, *FUNCTIONS)) or _says_nothing(function):
        return
    bare = isinstance(node, ast.Return) and node.value is None
    last = drafts.source.places[node].parent is function and node is function.body[-1]
    if bare:
        for variable, _ in drafts.variables(node):
            drafts.append_to(node, f" {variable}", 0.4, "missing return")
    elif last and not isinstance(node, ast.Return):
        for variable in _assigned(function):
            drafts.insert_after(node, f"return {variable}", 0.5, "missing return")


def _says_nothing(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A constructor, or a generator: what it returns, nobody sees."""
    yields = any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in ast.walk(function))
    return yields or function.name == "__init__"


def _assigned(function: ast.AST) -> list[str]:
    """Names that the function gives values to, the last one first."""
    stored = [
        each.id
        for each in ast.walk(function)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    ]
    return list(dict.fromkeys(reversed(stored)))


def jumps(drafts: Drafts, node: ast.stmt) -> None:
    other = "continue" if isinstance(node, ast.Break) else "break"
    drafts.replace_text(node, other, 0.6, "break for continue")
    drafts.replace_text(node, "pass", 0.3, "needless jump")


def branches(drafts: Drafts, node: Any) -> None:
    """`while` for `if` and the other way round, where there is no `else`."""
    start, _ = drafts.source.span(node)
    old, new = ("if", "while") if isinstance(node, ast.If) else ("while", "if")
    if not node.orelse and drafts.source.text.startswith(old, start):
        drafts.draw(node, (Edit(start, start + len(old), new),), 0.25, "if for while")


def handlers(drafts: Drafts, node: ast.ExceptHandler) -> None:
    if node.type is None:
        return
    caught = drafts.pen.of(node.type).text
    raised = drafts.error.split(":")[0]
    for each in dict.fromkeys((raised, *EXCEPTIONS) if raised.isidentifier() else EXCEPTIONS):
        broad = "too narrow an exception" if each == "Exception" else ""
        weight = 1.0 if each == raised else 0.2
        if each != caught:
            drafts.replace(node.type, name(each), weight, broad or "wrong exception")
        if each not in used_names(node.type) and isinstance(node.type, ast.Name):
            both = Snippet(f"({caught}, {each})")
            drafts.replace(node.type, both, weight / 2, broad or "missing exception")


def mutable_defaults(drafts: Drafts, node: Any) -> None:
    """`def f(x=[])` shares one list between all calls."""
    assert isinstance(node, FUNCTIONS)
    named = node.args.args[len(node.args.args) - len(node.args.defaults) :]
    for argument, default in zip(named, node.args.defaults):  # noqa: B905 - Python 3.9
        if isinstance(default, (ast.List, ast.Dict, ast.Set, ast.Call)):
            text = drafts.pen.of(default).text
            inside = f"if {argument.arg} is None:\n{drafts.unit}{argument.arg} = {text}"
            first = node.body[1] if len(node.body) > 1 and ast.get_docstring(node) else node.body[0]
            guard = drafts.line_before(first, inside)
            if guard is not None:
                start, end = drafts.source.span(default)
                edits = (Edit(start, end, "None"), guard)
                drafts.draw(node, edits, 0.8, "mutable default")
