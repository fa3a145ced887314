"""Templates for slips in expressions."""

from __future__ import annotations

import ast
import builtins
import difflib
import re
from typing import Any

from swarm.engines.repair.worker.drafts import NUMBERS, SEQUENCES, Drafts, fits
from swarm.engines.repair.worker.kinship import KIN
from swarm.engines.repair.worker.scopes import module_names, used_names
from swarm.engines.repair.worker.snippets import (
    ATOM,
    COMPARISONS,
    OPERATORS,
    Snippet,
    binary,
    call,
    choice,
    compare,
    item,
    literal,
    method,
    minus,
    name,
    negation,
)

_NEAR = {
    "<": ("<=", ">", ">=", "!=", "=="),
    "<=": ("<", ">=", ">", "==", "!="),
    ">": (">=", "<", "<=", "!=", "=="),
    ">=": (">", "<=", "<", "==", "!="),
    "==": ("!=", "<=", ">=", "is", "in", "<", ">"),
    "!=": ("==", "<", ">", "is not", "not in", "<=", ">="),
    "is": ("is not", "=="),
    "is not": ("is", "!="),
    "in": ("not in", "=="),
    "not in": ("in", "!="),
}
_ARITHMETIC = ("+", "-", "*", "//", "%", "/", "**")
_BITS = ("&", "|", "^", "<<", ">>")
_OF_SETS = ("-", "&", "|", "^")
_TEXTS = frozenset({"str", "bytes"})
_SETS = frozenset({"set", "frozenset", "dict_keys", "dict_items"})
_ORDERINGS = frozenset({"<", "<=", ">", ">="})
_SELDOM_ORDERED = frozenset({"str", "bytes", "bool", "tuple", "list", "dict", "type", "NoneType"})
"""Of these it is nearly always asked whether they are the same, not which comes first."""

_TWINS = frozenset({"+-", "-+", "*+", "+*", "///", "//%", "%//", "*/", "/*", "***"})
"""Operators that are mixed up more often than others, written one after the other."""

_MISFITS = ("AttributeError", "TypeError")
"""With these, what was seen in a variable is what should not have been there: any other type may be meant."""

_CALLABLES = frozenset({"function", "method", "builtin_function_or_method", "type"})
_TESTED = (ast.If, ast.While, ast.IfExp, ast.Assert)


def comparisons(drafts: Drafts, node: ast.Compare) -> None:
    operands = [node.left, *node.comparators]
    for k, operator in enumerate(node.ops):
        old = COMPARISONS[type(operator)]
        same = _is_for_sameness(drafts, node)
        for rank, new in enumerate(_NEAR[old]):
            weight, label = (1.6, 1.1, 0.8, 0.6, 0.4, 0.4, 0.4)[rank], "comparison"
            if same and new in _ORDERINGS:
                weight, label = 0.4 * weight, "ordering"
            elif same and new in ("==", "!="):
                weight = 1.6
            elif old in ("in", "not in") and _never_equal(drafts, operands[k], operands[k + 1]):
                label = "constant condition"
            drafts.replace_operator(node, operands[k : k + 2], (old, new), weight, label)
    if len(node.ops) == 1:
        left, right = (drafts.pen.of(each) for each in operands)
        swapped = compare(right, COMPARISONS[type(node.ops[0])], left)
        drafts.replace(node, swapped, 0.6, "swapped operands")


def _is_for_sameness(drafts: Drafts, node: ast.Compare) -> bool:
    """Between things that have an order, but one that is hardly ever asked for."""
    kinds = drafts.types(node.left) | drafts.types(node.comparators[0])
    return len(node.ops) == 1 and bool(kinds) and kinds <= _SELDOM_ORDERED


def _never_equal(drafts: Drafts, left: ast.expr, right: ast.expr) -> bool:
    """By their types: what is asked of a collection's contents is no question about the collection."""
    one, two = drafts.types(left), drafts.types(right)
    return bool(one and two) and not fits(one, two)


def arithmetic(drafts: Drafts, node: ast.BinOp) -> None:
    old = OPERATORS[type(node.op)][0]
    left, right = drafts.pen.of(node.left), drafts.pen.of(node.right)
    textual = (drafts.types(node.left) | drafts.types(node.right)) & SEQUENCES
    for new, weight in _fitting(drafts, node, old):
        if new != old and not _is_idle(node, new):
            drafts.replace(node, binary(left, new, right), weight, "arithmetic operator")
    commutes = old in ("+", "*", "&", "|", "^") and not textual
    drafts.replace(node, binary(right, old, left), 0.02 if commutes else 1.0, "swapped operands")
    drafts.replace(node, left, 0.6, "dropped operand")
    drafts.replace(node, right, 0.7, "dropped operand")
    _regrouped(drafts, node, old)


def _fitting(drafts: Drafts, node: ast.BinOp, old: str) -> list[tuple[str, float]]:
    """Operators that these operands may have, by their types as far as they were seen."""
    left, right = drafts.types(node.left), drafts.types(node.right)
    if left & _TEXTS and _is_format(node.left):
        return [("%", 1.6), ("+", 0.8), ("*", 0.3)]
    if (left | right) & SEQUENCES:
        repeated = [("*", 1.0)] if (left | right) & NUMBERS else []
        return [("+", 1.2), *repeated, *([("%", 0.3)] if left & _TEXTS else [])]
    if left & _SETS:
        return [(each, 1.2) for each in _OF_SETS]
    if old not in _ARITHMETIC:
        return [(each, 1.2) for each in _BITS]
    return [(each, 1.2 if old + each in _TWINS else 0.5) for each in _ARITHMETIC]


def _is_format(node: ast.expr) -> bool:
    """A text with places for values, as `%` fills them."""
    text = node.value if isinstance(node, ast.Constant) else ""
    return isinstance(text, str) and _FIELD.search(text.replace("%%", "")) is not None


_FIELD = re.compile(r"%(?:\(\w+\))?[-+ #0]*[\d*]*(?:\.[\d*]+)?[diouxXeEfFgGcrsa]")


def _is_idle(node: ast.BinOp, operator: str) -> bool:
    """It would say nothing that the other operand alone does not: `1 * x`, `x // 1`."""
    sides = (node.left, node.right) if operator in ("*", "+") else (node.right,)
    nothing = 0 if operator in "+-" else 1
    return any(isinstance(each, ast.Constant) and each.value == nothing for each in sides)


def _regrouped(drafts: Drafts, node: ast.BinOp, outer: str) -> None:
    """`a + b * c` for `(a + b) * c`, and the other way round."""
    if isinstance(node.left, ast.BinOp):
        inner = OPERATORS[type(node.left.op)][0]
        a, b, c = (drafts.pen.of(each) for each in (node.left.left, node.left.right, node.right))
        drafts.replace(node, binary(a, inner, binary(b, outer, c)), 0.5, "precedence")
    if isinstance(node.right, ast.BinOp):
        inner = OPERATORS[type(node.right.op)][0]
        a, b, c = (drafts.pen.of(each) for each in (node.left, node.right.left, node.right.right))
        drafts.replace(node, binary(binary(a, outer, b), inner, c), 0.5, "precedence")


def conjunctions(drafts: Drafts, node: ast.BoolOp) -> None:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for k in range(len(node.values) - 1):
        drafts.replace_operator(node, node.values[k : k + 2], (old, new), 1.0, "and for or")
    drafts.replace(node, negation(drafts.pen.of(node)), 0.5, "negation")
    parts = [drafts.pen.of(each) for each in node.values]
    for k, part in enumerate(parts):
        rest = parts[:k] + parts[k + 1 :]
        drafts.replace(node, _chain(old, rest), 0.6, "dropped condition")
        drafts.replace(node.values[k], negation(part), 0.6, "negation")


def _chain(word: str, parts: list[Snippet]) -> Snippet:
    level = 4 if word == "and" else 3
    if len(parts) == 1:
        return parts[0]
    return Snippet(f" {word} ".join(each.at(level + 1) for each in parts), level)


def unary(drafts: Drafts, node: ast.UnaryOp) -> None:
    drafts.replace(node, drafts.pen.of(node.operand), 1.0, "negation")


def choices(drafts: Drafts, node: ast.IfExp) -> None:
    test, yes, no = (drafts.pen.of(each) for each in (node.test, node.body, node.orelse))
    drafts.replace(node, choice(test, no, yes), 0.8, "swapped branches")
    drafts.replace(node, yes, 0.3, "dropped condition")
    drafts.replace(node, no, 0.3, "dropped condition")


def conditions(drafts: Drafts, node: ast.expr) -> None:
    """Whatever is asked by `if`, `while`, `assert` or a comprehension, or returned as a bool."""
    if not is_condition(drafts, node):
        return
    if not isinstance(node, (ast.Compare, ast.Constant)):
        drafts.replace(node, negation(drafts.pen.of(node)), 0.7, "negation")
    for value in (True, False):
        drafts.replace(node, literal(value), 0.08, "constant condition")


def is_condition(drafts: Drafts, node: ast.expr) -> bool:
    place = drafts.source.places[node]
    if isinstance(place.parent, _TESTED):
        return place.field == "test"
    if isinstance(place.parent, ast.comprehension):
        return place.field == "ifs"
    return isinstance(place.parent, ast.Return) and drafts.types(node) == frozenset({"bool"})


def constants(drafts: Drafts, node: ast.Constant) -> None:
    parent = drafts.source.places[node].parent
    if isinstance(parent, ast.Expr) or isinstance(node.value, (bytes, complex)):
        return
    idle = _IDLE.get(type(parent.op)) if isinstance(parent, ast.BinOp) else None
    for weight, value in _other_values(node.value):
        share = 0.05 if value == idle and value is not False else 1.0
        drafts.replace(node, literal(value), share * weight, "constant")
    if node.value is None:
        for variable, _ in drafts.variables(node):
            drafts.replace(node, name(variable), 0.5, "missing value")
    if isinstance(node.value, str) and len(node.value) > _SHORT_TEXT:
        others = [each for each in drafts.texts if each != node.value]
        for text in difflib.get_close_matches(node.value, others, cutoff=0.75):
            drafts.replace(node, literal(text), 0.6, "misspelt text")


_SHORT_TEXT = 3

_MOST_CUT = 3
"""Letters too many at one end of a text."""


_IDLE: dict[type, int] = {ast.Add: 0, ast.Sub: 0, ast.Mult: 1, ast.FloorDiv: 1, ast.Div: 1}
"""Operands that do nothing: to drop them says the same better."""


def signs(drafts: Drafts, node: ast.Constant) -> None:
    """One constant for numbers up from zero, its negative for those below.

    "Wraps-with if-else" (Sobreira et al., "Dissection of a Bug Dataset", 2018).
    """
    value = node.value
    if type(value) is not int or value <= 0 or not _is_value(drafts, node):
        return
    for variable, kinds in drafts.variables(node):
        if kinds & NUMBERS:
            test = compare(name(variable), ">=", literal(0))
            new = choice(test, literal(value), literal(-value))
            drafts.replace(node, new, 0.2, "missing case")


def _other_values(value: Any) -> list[tuple[float, Any]]:
    if isinstance(value, bool):
        return [(1.2, not value), (0.1, None)]
    if isinstance(value, int):
        near = [(1.3, value + 1), (1.3, value - 1), (0.7, 0), (0.7, 1), (0.6, -value), (0.4, -1)]
        far = [(0.5, 2), (0.3, value * 2), (0.2, value * 10), (0.3, 10), (0.1, None)]
        return [pair for pair in near + far if pair[1] != value]
    if isinstance(value, float):
        return [
            (0.4, x) for x in (value + 1, value - 1, value * 2, value / 2, -value) if x != value
        ]
    if isinstance(value, str):
        forms = (value.strip(), value.lower(), value.upper(), value + " ", " ", "", "\n", ",")
        cut = [(0.2 / n, x) for n in range(1, _MOST_CUT + 1) for x in (value[n:], value[:-n]) if x]
        return [(0.3, x) for x in forms if x != value] + cut
    if value is None:
        instead: tuple[Any, ...] = (True, False, 0, "", [])
        return [(0.4, x) for x in instead]
    return []


def variables(drafts: Drafts, node: ast.Name) -> None:
    """The wrong variable, or one without its `self.`."""
    place = drafts.source.places[node]
    if place.field == "func" or (
        isinstance(place.parent, ast.comprehension) and place.field == "target"
    ):
        return
    loads = isinstance(node.ctx, ast.Load)
    kinds = drafts.types(node)
    misfit = drafts.error.startswith(_MISFITS)
    for other, seen in drafts.variables(node):
        fitting = misfit or fits(kinds, seen)
        if other != node.id and (loads or fitting):
            known = 1.0 if seen & kinds else 0.5 if fitting else _UNLIKE
            weight = max(known, _ALIKE) if other == _called(drafts, node) else known
            label = "wrong variable" if fitting else "variable of another type"
            drafts.replace(node, name(other), weight if loads else 0.3, label)
    for attribute in drafts.own_attributes(node):
        close = 0.9 if attribute == node.id else 0.3
        if loads:
            drafts.replace(node, name(f"self.{attribute}"), close, "wrong variable")
    if loads and kinds & _CALLABLES:
        drafts.replace(node, call(node.id), 0.7, "missing call")


_UNLIKE = 0.15
"""What stands there now is wrong, so its type may be as well."""

_ALIKE = 1.6
"""Values are mostly called as what they are given to (Rice et al., "Detecting Argument Selection Defects",
OOPSLA 2017)."""


def _called(drafts: Drafts, node: ast.Name) -> str:
    """The name of what the value is given to: a keyword, or an attribute that is set."""
    parent = drafts.source.places[node].parent
    if isinstance(parent, ast.keyword):
        return parent.arg or ""
    target = parent.targets[0] if isinstance(parent, ast.Assign) else None
    return target.attr if isinstance(target, ast.Attribute) else ""


def callees(drafts: Drafts, node: ast.Name) -> None:
    """The wrong function, or a name that is not there at all."""
    place = drafts.source.places[node]
    if not isinstance(node.ctx, ast.Load):
        return
    if place.field == "func":
        for other in KIN.get(node.id, ()):
            drafts.replace(node, name(other), 1.2, "wrong function")
    known = [*module_names(drafts.source), *(each for each, _ in drafts.variables(node))]
    if node.id not in known and not hasattr(builtins, node.id):
        for other in difflib.get_close_matches(node.id, [*known, *dir(builtins)]):
            drafts.replace(node, name(other), 1.5, "misspelt name")


def attributes(drafts: Drafts, node: ast.Attribute) -> None:
    receiver = drafts.pen.of(node.value).at(ATOM)
    for other in KIN.get(node.attr, ()):
        drafts.replace(node, Snippet(f"{receiver}.{other}"), 0.8, "wrong method")
    for other in drafts.attribute_names:
        if other != node.attr:
            close = difflib.SequenceMatcher(None, other, node.attr).ratio() > 0.6
            new = Snippet(f"{receiver}.{other}")
            drafts.replace(node, new, 1.0 if close else 0.3, "wrong attribute")
    called = drafts.source.places[node].field == "func"
    if isinstance(node.ctx, ast.Load) and not called:
        drafts.replace(node, drafts.pen.of(node.value), 0.4, "dropped attribute")
        if drafts.types(node) & _CALLABLES:
            drafts.replace(node, call(f"{receiver}.{node.attr}"), 0.9, "missing call")


def calls(drafts: Drafts, node: ast.Call) -> None:
    parts = [drafts.pen.of(each) for each in node.args]
    for a in range(len(parts)):
        for b in range(a + 1, len(parts)):
            drafts.swap(node.args[a], node.args[b], 1.3, "swapped arguments")
        if not isinstance(node.args[a], ast.Starred):
            drafts.replace(node, parts[a], 0.6, "needless call")
        drafts.remove_item(node.args, a, 0.35, "extra argument")
    if isinstance(node.func, ast.Attribute):
        drafts.replace(node, drafts.pen.of(node.func.value), 0.4, "needless call")
    _more_arguments(drafts, node)


def _more_arguments(drafts: Drafts, node: ast.Call) -> None:
    names = [each for each, _ in drafts.variables(node) if each not in used_names(node)]
    for text, weight in [*((each, 0.12) for each in names), ("0", 0.1), ("1", 0.1), ("-1", 0.08)]:
        drafts.insert_item(node, node.args, len(node.args), text, weight, "missing argument")
        if node.args:
            drafts.insert_item(node, node.args, 0, text, weight / 2, "missing argument")


def keywords(drafts: Drafts, node: ast.Call) -> None:
    for k in range(len(node.keywords)):
        drafts.remove_item(node.keywords, k, 0.4, "extra argument")
    if isinstance(node.func, ast.Name) and node.func.id == "sorted" and not node.keywords:
        drafts.insert_item(node, node.args, len(node.args), "reverse=True", 0.6, "sort order")
    if isinstance(node.func, ast.Attribute) and node.func.attr == "sort" and not node.keywords:
        drafts.insert_item(node, node.args, len(node.args), "reverse=True", 0.6, "sort order")


def subscripts(drafts: Drafts, node: ast.Subscript) -> None:
    if not isinstance(node.ctx, ast.Load):
        return
    receiver = drafts.pen.of(node.value)
    drafts.replace(node, receiver, 0.4, "needless index")
    if isinstance(node.slice, ast.Slice):
        _slices(drafts, node, node.slice)
        return
    index = drafts.pen.of(node.slice)
    if drafts.types(node.value) & {"dict", "defaultdict", "OrderedDict"}:
        for default in ("None", "0", "''", "[]"):
            got = method(receiver, "get", index, Snippet(default))
            drafts.replace(node, got, 0.4, "missing default")
    else:
        drafts.replace(node, item(receiver, minus(index).text), 0.3, "index from the end")


def _slices(drafts: Drafts, node: ast.Subscript, old: ast.Slice) -> None:
    receiver = drafts.pen.of(node.value)
    bounds = [
        drafts.pen.of(each).at(2) if each is not None else ""
        for each in (old.lower, old.upper, old.step)
    ]
    for k, bound in enumerate(bounds):
        for new in ("",) if bound else ("1", "-1"):
            changed = [*bounds[:k], new, *bounds[k + 1 :]]
            text = ":".join(changed[:2]) + (f":{changed[2]}" if changed[2] else "")
            drafts.replace(node, item(receiver, text), 0.5, "slice bound")
    if bool(bounds[0]) != bool(bounds[1]) and not bounds[2]:
        flipped = f"{bounds[1]}:{bounds[0]}"
        drafts.replace(node, item(receiver, flipped), 0.5, "slice bound")


def displays(drafts: Drafts, node: Any) -> None:
    """Tuples and lists: an exchange, one too many, one too few."""
    if not isinstance(node.ctx, ast.Load):
        return
    for a in range(len(node.elts)):
        for b in range(a + 1, len(node.elts)):
            drafts.swap(node.elts[a], node.elts[b], 0.9, "swapped elements")
    if isinstance(node, ast.List):
        for k in range(len(node.elts)):
            drafts.remove_item(node.elts, k, 0.3, "extra element")
        for text in [*(each for each, _ in drafts.variables(node)), "0", "1"]:
            drafts.insert_item(node, node.elts, len(node.elts), text, 0.3, "missing element")
        if len(node.elts) == 1:
            drafts.replace(node, drafts.pen.of(node.elts[0]), 0.4, "needless list")
        else:
            drafts.replace(node, Snippet(f"[{drafts.pen.of(node).text}]"), 0.3, "missing list")


def comprehensions(drafts: Drafts, node: ast.comprehension) -> None:
    for name_ in sorted(used_names(node.target)):
        for form in ("{0}", "not {0}", "{0} is not None", "{0} > 0", "{0} != 0"):
            text = f" if {form.format(name_)}"
            drafts.append_to(node.ifs[-1] if node.ifs else node.iter, text, 0.15, "missing filter")


def off_by_one(drafts: Drafts, node: ast.expr) -> None:
    """One more or one less of whatever is a number."""
    kinds = drafts.types(node)
    plain = node.operand if isinstance(node, ast.UnaryOp) else node
    if not _is_value(drafts, node) or isinstance(plain, ast.Constant):
        return
    if kinds and not kinds & NUMBERS:
        return
    parent = drafts.source.places[node].parent
    bound = isinstance(parent, (ast.Subscript, ast.Slice, ast.Call, ast.Tuple, ast.Compare))
    weight = (1.3 if bound else 0.8) * (1 if kinds else 0.2)
    here = drafts.pen.of(node)
    for operator in "+-":
        if not _has_step(node) and not _has_step(parent):
            drafts.replace(node, binary(here, operator, literal(1)), weight, "off by one")
    drafts.replace(node, minus(here), 0.2 * weight, "sign")
    drafts.replace(node, call("abs", here), 0.4 * weight, "sign")
    drafts.replace(node, binary(here, "**", literal(2)), 0.3 * weight, "missing square")
    for operator in ("*", "//"):
        drafts.replace(node, binary(here, operator, literal(2)), 0.15 * weight, "factor two")
    for bound_, function in ((0, "max"), (0, "min"), (1, "max")):
        clamped = call(function, literal(bound_), here)
        drafts.replace(node, clamped, 0.4 * weight, "missing bound")


def _has_step(node: ast.AST | None) -> bool:
    """True where a number is added already: `constants` has one more and one less of it."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Add, ast.Sub)):
        return False
    return any(
        isinstance(side, ast.Constant) and type(side.value) is int
        for side in (node.left, node.right)
    )


def wraps(drafts: Drafts, node: ast.expr) -> None:
    """A conversion, a part or a copy that was forgotten."""
    kinds = drafts.types(node)
    if not _is_value(drafts, node) or not kinds:
        return
    here = drafts.pen.of(node)
    for kind, functions in _WRAPPERS:
        if kind in kinds:
            for function in functions:
                drafts.replace(node, call(function, here), 0.25, f"missing {function}()")
    if kinds & SEQUENCES and not isinstance(node, ast.Constant):
        for part in ("1:", ":-1", "::-1", "0", "-1"):
            drafts.replace(node, item(here, part), 0.4, "missing slice")
    for kind, methods in _METHODS:
        if kind in kinds:
            for each in methods:
                drafts.replace(node, method(here, each), 0.25, f"missing {each}()")
    if "coroutine" in kinds and isinstance(drafts.source.function(node), ast.AsyncFunctionDef):
        drafts.replace(node, Snippet(f"await {here.at(ATOM)}", 15), 2.0, "missing await")


_WRAPPERS = (
    ("str", ("int", "float", "list", "len")),
    ("int", ("str", "abs", "float", "bool")),
    ("float", ("int", "round", "abs", "str")),
    ("list", ("sorted", "set", "len", "tuple", "list", "reversed")),
    ("tuple", ("list", "sorted", "len")),
    ("set", ("list", "sorted", "len")),
    ("dict", ("list", "dict", "len")),
    ("bool", ("int",)),
    ("bytes", ("str", "len")),
    ("generator", ("list", "set", "sum")),
    ("map", ("list",)),
    ("filter", ("list",)),
    ("zip", ("list",)),
    ("reversed", ("list",)),
    ("dict_keys", ("list", "sorted", "set")),
    ("dict_values", ("list", "sorted", "sum")),
    ("dict_items", ("list", "sorted")),
)
_METHODS = (
    ("str", ("strip", "lower", "upper", "split", "rstrip")),
    ("list", ("copy",)),
    ("dict", ("copy", "items", "values", "keys")),
    ("set", ("copy",)),
    ("bytes", ("decode",)),
)


def _is_value(drafts: Drafts, node: ast.expr) -> bool:
    """A place where another expression can stand: no target, no callee, no bare statement."""
    place = drafts.source.places[node]
    if place.field in ("func", "targets", "target") or isinstance(place.parent, ast.Expr):
        return False
    loads = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    return loads and not isinstance(node, (ast.Starred, ast.Slice))
