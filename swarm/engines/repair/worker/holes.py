"""What may stand where nothing stands: `pass`, `...`, `return`, `return None`.

What a function is given or works out and never uses is what a reader misses there, and so are functions of
the file that nobody calls; what its neighbours do with their names may be meant with others. Linters report
both (pyflakes' unused variable, vulture's dead code), as signs of a statement that is gone.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from swarm.engines.repair.worker.drafts import NOTHING, NUMBERS, Drafts
from swarm.engines.repair.worker.scopes import arguments, local_names, module_names, used_names
from swarm.engines.repair.worker.snippets import COMPARISONS, compare
from swarm.engines.repair.worker.sources import FUNCTIONS, Source

_LABEL = "something for nothing"
_MAKERS = (
    "dict",
    "list",
    "tuple",
    "set",
    "iter",
    "sorted",
    "str",
    "len",
    "sum",
    "bool",
    "next",
    "reversed",
)
_OF_TWO = ("map", "filter", "zip")
_FILLS = ("append", "add", "extend", "update")
_MOST_CALLEES = 25
_MOST_NAMES = 16
_MOST_METHODS = 12
_MOST_IDLE = 6
_MOST_SIBLINGS = 12
_COMPARED = ("==", "!=", "<", "<=", ">", ">=")
_COPIED = (ast.Expr, ast.Assign, ast.AugAssign)
_FIRST = {
    "{": ("dict", "set"),
    "[": ("list", "sorted"),
    "(": ("tuple",),
    "'": ("str",),
    '"': ("str",),
}
_WANTED = re.compile(r"\bNone (?:==|!=) (?P<right>.)|(?P<left>[\[{('\"])[^=]*(?:==|!=) None\b")


def holes(drafts: Drafts, node: ast.stmt) -> None:
    function = drafts.source.function(node)
    if function is None or not is_hole(node):
        return
    if isinstance(node, ast.Return):
        for text, weight in _values(drafts, node, function):
            drafts.replace_text(node, f"return {text}", weight, _LABEL)
    else:
        for text, weight in _statements(drafts, node, function):
            drafts.replace_text(node, text, weight, _LABEL)


def is_hole(node: ast.stmt) -> bool:
    """Nothing stands here, in as many words."""
    if isinstance(node, ast.Return):
        value = node.value
        return value is None or (isinstance(value, ast.Constant) and value.value is None)
    dots = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass) or (dots and ast.unparse(node) == "...")


def _idle(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """What the function is given, or works out, and never reads, or only to ask whether it is there."""
    names = [each for each in ast.walk(function) if isinstance(each, ast.Name)]
    tests = [each.test for each in ast.walk(function) if isinstance(each, (ast.If, ast.While))]
    asked = {id(each) for test in tests for each in _asked(test)}
    loads = [each for each in names if isinstance(each.ctx, ast.Load)]
    read = {each.id for each in loads if id(each) not in asked}
    known = {*arguments(function.args), *(each.id for each in names)} - {"self", "cls"}
    return {each for each in known - read if not each.startswith("_")}


def _asked(test: ast.expr) -> Iterator[ast.AST]:
    """`x`, `not x`, `x is None`."""
    yield test
    yield from ast.iter_child_nodes(test)


def _names(drafts: Drafts, node: ast.stmt) -> list[str]:
    found = [each for each, _ in drafts.variables(node) if each not in ("self", "cls")]
    return found[:_MOST_NAMES]


def _values(
    drafts: Drafts, node: ast.stmt, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[tuple[str, float]]:
    """What could be returned: what is never used first, as what the test asked for."""
    idle, names = _idle(function), _names(drafts, node)
    wanted = _wanted(drafts.error)
    for name in names:
        lonely = 2.0 if name in idle else 1.0
        yield name, 0.7 * lonely
        for maker in _MAKERS:
            yield f"{maker}({name})", (0.9 if maker in wanted else 0.35) * lonely
        yield f"''.join({name})", (0.6 if "str" in wanted else 0.15) * lonely
        yield from ((f"{name}.{each}()", 0.3 * lonely) for each in _plain_methods(drafts.source))
    for maker in _OF_TWO:
        for one, two in itertools.permutations(names, 2):
            yield f"{maker}({one}, {two})", 0.15
    calls = list(_called_by_names(drafts, node, {*names, "self", "cls"}))
    yield from calls
    yield from _nested(drafts, calls)
    for attribute in drafts.own_attributes(node):
        yield f"self.{attribute}", 0.5
    for other in _returned(drafts.source, function):
        yield from ((text, 0.6) for text in _with_others(drafts, other, names, idle))
    yield from _looked_up(drafts, function)
    yield from _by_siblings(drafts, node, function)
    yield from _handed_on(drafts, node, idle)
    yield from _handed_over(drafts, function, idle)
    yield from _reckoned(drafts, node)


def _nested(drafts: Drafts, calls: list[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """A function of the file of what another one gives."""
    for function in drafts.source.tree.body if len(calls) <= _MOST_CALLEES else ():
        if isinstance(function, ast.FunctionDef) and len(function.args.args) == 1:
            for inner, weight in calls:
                if not inner.startswith(f"{function.name}("):
                    yield f"{function.name}({inner})", 0.4 * weight


def _plain_methods(source: Source) -> list[str]:
    """Methods that the file calls without arguments, the usual ones first."""
    calls = [each for each in ast.walk(source.tree) if isinstance(each, ast.Call)]
    plain = Counter(
        each.func.attr
        for each in calls
        if isinstance(each.func, ast.Attribute) and not each.args and not each.keywords
    )
    return [each for each, _ in plain.most_common(_MOST_METHODS)]


def _wanted(error: str) -> tuple[str, ...]:
    """What would make a thing of the kind that `None` was compared with."""
    found = _WANTED.search(error)
    return _FIRST.get(found["right"] or found["left"], ()) if found is not None else ()


def _called_by_names(
    drafts: Drafts, node: ast.stmt, names: set[str]
) -> Iterator[tuple[str, float]]:
    """Functions and methods whose parameters are called as what is there; those that nobody calls first."""
    uses = Counter(_mentioned(drafts.source))
    here = drafts.source.function(node)
    told = (ast.get_docstring(here) or "") if here is not None else ""
    yield from _inherited(drafts.source, here)
    for function, lead in _callees(drafts.source, node):
        given = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        given = given[1:] if lead and not _is_static(function) else given
        needed = given[: len(given) - len(function.args.defaults)]
        lonely = 2.0 if not uses[function.name] or function.name in told else 1.0
        if function is not here and set(needed) <= names:
            yield f"{lead}{function.name}({', '.join(needed)})", 0.6 * lonely
            if needed != given and set(given) <= names:
                yield f"{lead}{function.name}({', '.join(given)})", 0.6 * lonely


def _inherited(
    source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef | None
) -> Iterator[tuple[str, float]]:
    """What the class before this one does under the same name."""
    if function is None or not isinstance(source.places[function].parent, ast.ClassDef):
        return
    given = ", ".join(arguments(function.args)[1:])
    plain = function.args.vararg is None and function.args.kwarg is None
    if plain and not function.args.kwonlyargs:
        yield f"super().{function.name}({given})", 0.6


def _callees(source: Source, node: ast.AST) -> Iterator[tuple[ast.FunctionDef, str]]:
    yield from ((each, "") for each in source.tree.body if isinstance(each, ast.FunctionDef))
    for outer in source.ancestors(node):
        if isinstance(outer, ast.ClassDef):
            yield from ((each, "self.") for each in outer.body if isinstance(each, ast.FunctionDef))


def _is_static(function: ast.FunctionDef) -> bool:
    decorators = [each for each in function.decorator_list if isinstance(each, ast.Name)]
    return any(each.id == "staticmethod" for each in decorators)


def _mentioned(source: Source) -> Iterator[str]:
    for each in ast.walk(source.tree):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr


def _returned(source: Source, function: ast.AST) -> Iterator[ast.expr]:
    """What the function returns elsewhere."""
    leaving = [each for each in ast.walk(function) if isinstance(each, ast.Return)]
    for each in leaving:
        if each.value is not None and source.function(each) is function:
            yield each.value


def _handed_on(drafts: Drafts, node: ast.stmt, idle: set[str]) -> Iterator[tuple[str, float]]:
    """A function that is given and never called, with all the arguments that there are for it, or with one."""
    kinds = dict(drafts.variables(node))
    every = [each for each in ("*args", "**kwargs") if each.strip("*") in kinds]
    every += [f"*{each}" for each in kinds if kinds[each] == {"tuple"} and each in idle]
    every += [f"**{each}" for each in kinds if kinds[each] == {"dict"} and each in idle]
    every = list(dict.fromkeys(every))[:_MOST_HANDED]
    handed = {each.strip("*") for each in every}
    called = sorted(each for each in idle - handed if _may_be_called(kinds.get(each, NOTHING)))
    for function in called:
        for given in (", ".join(every), *every) if every else ():
            yield f"{function}({given})", 0.8
        yield from ((f"{function}({each})", 0.4) for each in kinds if each != function)


def _handed_over(
    drafts: Drafts, function: ast.FunctionDef | ast.AsyncFunctionDef, idle: set[str]
) -> Iterator[tuple[str, float]]:
    """All that the function was given and does not use, to a function that the file imports."""
    given = [each for each in arguments(function.args) if each in idle]
    imported = [each for each in drafts.source.tree.body if isinstance(each, ast.ImportFrom)]
    names = [one.asname or one.name for each in imported for one in each.names]
    for name in names if 0 < len(given) <= _MOST_HANDED else ():
        yield from ((f"{name}({', '.join(each)})", 0.5) for each in itertools.permutations(given))


def _may_be_called(kinds: frozenset[str]) -> bool:
    return not kinds or bool(kinds & _CALLED)


_CALLED = frozenset({"function", "method", "builtin_function_or_method", "type"})
_MOST_HANDED = 3


def _reckoned(drafts: Drafts, node: ast.stmt) -> Iterator[tuple[str, float]]:
    """Numbers that the object holds, in one or two steps; where many are held, nobody could tell."""
    held = [
        f"self.{each}"
        for each, kinds in drafts.attributes(dict(drafts.variables(node)).get("self", NOTHING))
        if kinds & NUMBERS
    ]
    for one, two in itertools.permutations(held, 2) if len(held) <= _MOST_NUMBERS else ():
        yield from ((f"{one} {sign} {two}", 0.3) for sign in ("+", "*") if one < two)
        yield from ((f"{one} {sign} {two}", 0.3) for sign in ("-", "//"))
        for three in held:
            if three not in (one, two):
                yield from ((f"{one} {sign} {two} * {three}", 0.2) for sign in "+-" if two < three)


_MOST_NUMBERS = 6


def _looked_up(drafts: Drafts, function: ast.AST) -> Iterator[tuple[str, float]]:
    """What is returned elsewhere, of what was kept for the next time: `kept[key]` for the `made` of
    `kept[key] = made`.
    """
    for each in ast.walk(function):
        if isinstance(each, ast.Assign) and isinstance(each.targets[-1], ast.Subscript):
            place, value = drafts.pen.of(each.targets[-1]).text, each.value
            others = [one for one in each.targets[:-1] if isinstance(one, ast.Name)]
            for made in (value, *others) if isinstance(value, ast.Name) else others:
                for other in _returned(drafts.source, function):
                    if isinstance(made, ast.Name) and made.id in used_names(other):
                        yield _written(drafts.source, other, {made.id: place}), 0.9


def _by_siblings(
    drafts: Drafts, node: ast.stmt, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[tuple[str, float]]:
    """What functions beside this one return, as far as its names are known here; other comparisons too."""
    source = drafts.source
    known = {*local_names(source, node), *module_names(source), *dir(builtins)}
    body = getattr(source.places[function].parent, "body", ())
    beside = [each for each in body if isinstance(each, FUNCTIONS) and each is not function]
    near = sorted(beside, key=lambda each: abs(each.lineno - function.lineno))
    for other in (one for each in near[:_MOST_SIBLINGS] for one in _returned(source, each)):
        if used_names(other) <= known and not isinstance(other, ast.Constant):
            yield drafts.pen.of(other).text, 0.4
            yield from ((each, 0.4) for each in _compared(drafts, other))


def _compared(drafts: Drafts, node: ast.expr) -> Iterator[str]:
    """The same comparison with each of the other operators."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = drafts.pen.of(node.left), drafts.pen.of(node.comparators[0])
        if COMPARISONS[type(node.ops[0])] in _COMPARED:
            yield from (compare(left, each, right).text for each in _COMPARED)


def _statements(
    drafts: Drafts, node: ast.stmt, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[tuple[str, float]]:
    idle, names = _idle(function), _names(drafts, node)
    others = [*names, *_shared(drafts.source, function)]
    for name in sorted(idle)[:_MOST_IDLE]:
        yield from _put_to_use(drafts, name, names)
    for other in ast.walk(function):
        kept = isinstance(other, _COPIED) and not isinstance(other.value, ast.Constant)
        if kept and drafts.source.function(other) is function:
            yield drafts.pen.of(other).text, 0.65
            yield from ((each, 0.65) for each in _with_others(drafts, other, others, idle))
    yield from _called_by_names(drafts, node, {*names, "self", "cls"})
    yield from _handed_on(drafts, node, idle)
    for collection in names:
        for fill in sorted(_filled_by(function, collection)):
            yield from (
                (f"{collection}.{fill}({each})", 0.4) for each in names if each != collection
            )
    for name in names:
        yield from ((f"{name} {sign}= 1", 0.4) for sign in "+-")


def _shared(source: Source, function: ast.AST) -> list[str]:
    """The module's own data, as far as the function speaks of it."""
    plain = [each for each in source.tree.body if isinstance(each, (ast.Assign, ast.AnnAssign))]
    stored = {
        each.id
        for statement in plain
        for each in ast.walk(statement)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }
    return sorted(stored & used_names(function))


def _put_to_use(drafts: Drafts, idle: str, names: list[str]) -> Iterator[tuple[str, float]]:
    """A name that is never used, handed on, added or kept."""
    callees = [f"{each}({idle})" for each in _usual_callees(drafts)]
    for other in names:
        if other != idle:
            yield f"{other} = {idle}", 0.7
            yield from ((f"{other} {sign}= {idle}", 0.7) for sign in "+-")
            yield from ((f"{other}.{fill}({idle})", 0.6) for fill in _FILLS)
            for each in callees:
                yield from ((f"{other} {sign} {each}", 0.5) for sign in ("=", "+="))
    yield from ((each, 0.6) for each in callees)
    yield f"return {idle}", 0.7


def _usual_callees(drafts: Drafts) -> list[str]:
    """What the file calls most, by plain names."""
    calls = Counter(
        each.func.id
        for each in ast.walk(drafts.source.tree)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
    )
    known = {*module_names(drafts.source), *dir(builtins)}
    fitting = [each for each, _ in calls.most_common() if each in known]
    return fitting[:_MOST_CALLEES]


def _filled_by(function: ast.AST, name: str) -> set[str]:
    """How things are put into a collection elsewhere in the function."""
    return {
        each.func.attr
        for each in ast.walk(function)
        if isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and isinstance(each.func.value, ast.Name)
        and each.func.value.id == name
        and each.func.attr in (*_FILLS, "insert", "appendleft")
    }


def _with_others(drafts: Drafts, node: ast.AST, names: list[str], idle: set[str]) -> Iterator[str]:
    """The code with one of its names changed into another, and with that into which all that is called
    alike is changed: of `f_old(old)`, `f_new(new)`.
    """
    known = {*names, *module_names(drafts.source)}
    inside = used_names(node)
    for old in sorted(inside & set(names)):
        for new in names:
            if new != old and (new in idle or new not in inside):
                yield _written(drafts.source, node, {old: new})
                alike = _alike(old, new, inside, known)
                if len(alike) > 1:
                    yield _written(drafts.source, node, alike)


def _alike(old: str, new: str, inside: set[str], known: set[str]) -> dict[str, str]:
    """Names that hold what the old name does not share with the new one, with the new one's part in place."""
    start = next((k for k, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))  # noqa: B905 - 3.9
    gone, come = old[start:], new[start:]
    found = {old: new}
    for each in inside if gone else ():
        changed = each.replace(gone, come)
        if changed != each and changed in known:
            found[each] = changed
    return found


def _written(source: Source, node: ast.AST, others: dict[str, str]) -> str:
    begin, end = source.span(node)
    text, position = "", begin
    uses = [each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in others]
    for each in sorted(uses, key=source.span):
        a, b = source.span(each)
        text += source.text[position:a] + others[each.id]
        position = b
    return text + source.text[position:end]
