"""Templates for names that are gone: the standard library or a package has moved on under the code.

Only where something is asked for that is not there. What it may be called now is found in the installed
packages themselves - in a module below or above, under a name that looks like it, among the builtins -
and, where the name says nothing, in a table of what the standard library renamed or took away.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import functools
import re
from collections.abc import Iterator
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, Edit, scored
from swarm.engines.repair.worker.drafts import Drafts
from swarm.engines.repair.worker.homes import classes, members, parameters, submodules
from swarm.engines.repair.worker.snippets import ATOM, Snippet, call
from swarm.engines.repair.worker.sources import Source

MOVED = {
    "asyncio.async": "asyncio.ensure_future",
    "asyncio.coroutine": "types.coroutine",
    "base64.decodestring": "base64.decodebytes",
    "base64.encodestring": "base64.encodebytes",
    "cgi.escape": "html.escape",
    "configparser.SafeConfigParser": "configparser.ConfigParser",
    "datetime.UTC": "datetime.timezone.utc",
    "fractions.gcd": "math.gcd",
    "importlib.find_loader": "importlib.util.find_spec",
    "inspect.getargspec": "inspect.getfullargspec",
    "itertools.ifilter": "filter",
    "itertools.imap": "map",
    "itertools.izip": "zip",
    "itertools.izip_longest": "itertools.zip_longest",
    "locale.format": "locale.format_string",
    "os.errno": "errno",
    "os.getcwdu": "os.getcwd",
    "pipes.quote": "shlex.quote",
    "string.letters": "string.ascii_letters",
    "string.lowercase": "string.ascii_lowercase",
    "string.maketrans": "str.maketrans",
    "string.uppercase": "string.ascii_uppercase",
    "sys.maxint": "sys.maxsize",
    "sys.setcheckinterval": "sys.setswitchinterval",
    "time.clock": "time.perf_counter",
    "types.StringType": "str",
}
"""From the pages "What's New in Python" 3.0 to 3.13, sections on what was removed."""

METHODS = {
    "as_matrix": "to_numpy",
    "fromstring": "frombytes",
    "getiterator": "iter",
    "isAlive": "is_alive",
    "isSet": "is_set",
    "iteritems": "items",
    "iterkeys": "keys",
    "itervalues": "values",
    "ix": "loc",
    "notifyAll": "notify_all",
    "readfp": "read_file",
    "tostring": "tobytes",
    "warn": "warning",
}
"""From the same pages, and of packages that are used much."""

_FUNCTIONS = {"next": "next", "getchildren": "list"}
"""Methods that became functions."""

_GONE = re.compile(r"AttributeError: .*?has no attribute '(\w+)'", re.DOTALL)
_UNEXPECTED = re.compile(
    r"TypeError: (?:[\w.<>]*\.)?(\w+)\(\) got an unexpected keyword argument '(\w+)'"
)
_CLOSE = 6


def gone(drafts: Drafts, node: ast.Attribute) -> None:
    """An attribute of a module, or of a value, that the failure says is not there."""
    told = _GONE.search(drafts.error)
    if told is None or told[1] != node.attr or not isinstance(node.ctx, ast.Load):
        return
    module = _module_of(drafts.source, node.value)
    if module:
        _moved(drafts, node, module)
    else:
        _renamed(drafts, node)


def _moved(drafts: Drafts, node: ast.Attribute, module: str) -> None:
    receiver = drafts.pen.of(node.value).at(ATOM)
    for rank, home in enumerate(_homes(module, node.attr)):
        weight = 2.0 / (1 + rank / 2)
        top, _, rest = home.rpartition(".")
        if home.startswith(module + "."):
            drafts.replace(node, Snippet(receiver + home[len(module) :]), weight, "moved name")
        elif not top:
            drafts.replace(node, Snippet(rest), weight, "moved name")
        else:
            _with_import(drafts, node, home, weight)


def _with_import(drafts: Drafts, node: ast.Attribute, home: str, weight: float) -> None:
    """The name at its new home, and an import of that where the file has none."""
    root = home.rpartition(".")[0].partition(".")[0]
    edit = Edit(*drafts.source.span(node), home)
    if hasattr(builtins, root) or _imported(drafts.source).get(root) == root:
        drafts.draw(node, (edit,), weight, "moved name")
        return
    at = _import_place(drafts.source, root)
    line = Edit(at, at, f"import {home.rpartition('.')[0]}{drafts.source.newline}")
    _draw_cold(drafts, node, (line, edit), weight)


def _draw_cold(drafts: Drafts, node: Any, edits: tuple[Edit, ...], weight: float) -> None:
    """A change that takes effect when the file is imported."""
    suspicion = drafts.suspicion(node)
    if suspicion > 0 and edits[0].end <= edits[-1].start:
        score = scored(suspicion, weight)
        path = drafts.source.path
        drafts.found.append(Candidate(path, node.lineno, edits, "moved name", score, hot=False))


def _renamed(drafts: Drafts, node: ast.Attribute) -> None:
    """A method or attribute of a value: what its class has under a name that is known or near."""
    value = drafts.pen.of(node.value)
    called = drafts.source.places[node].field == "func"
    parent: Any = drafts.source.places[node].parent
    if called and node.attr in _FUNCTIONS and not parent.args:
        drafts.replace(parent, call(_FUNCTIONS[node.attr], value), 2.0, "moved name")
    if called and node.attr == "has_key" and len(parent.args) == 1:
        key = drafts.pen.of(parent.args[0])
        drafts.replace(parent, Snippet(f"{key.at(8)} in {value.at(8)}", 6), 2.0, "moved name")
    known = [METHODS[node.attr]] if node.attr in METHODS else []
    held = {each for kind in _kinds(drafts, node) for each in classes(kind)}
    near = difflib.get_close_matches(node.attr, sorted(held), _CLOSE)
    for rank, other in enumerate(dict.fromkeys([*known, *near])):
        new = Snippet(f"{value.at(ATOM)}.{other}")
        drafts.replace(node, new, 1.8 / (1 + rank / 2), "moved name")


def _kinds(drafts: Drafts, node: ast.Attribute) -> frozenset[str]:
    """What the value was: as seen, else as the failure says."""
    told = re.search(r"AttributeError: '(\w+)' object", drafts.error)
    return drafts.types(node.value) or frozenset(told.groups() if told else ())


def imports(drafts: Drafts, node: ast.ImportFrom) -> None:
    """`from module import name` of a name that has moved or is called otherwise now."""
    if node.module is None or node.level or members(node.module) is None:
        return
    known = members(node.module) or frozenset()
    below = submodules(node.module)
    lost = [each for each in node.names if each.name not in known | below and each.name != "*"]
    if len(lost) != 1:
        _all_moved(drafts, node, lost)
        return
    kept = [each for each in node.names if each is not lost[0]]
    for rank, home in enumerate(_homes(node.module, lost[0].name)):
        module, _, new = home.rpartition(".")
        if module:
            lines = [_import_line(node.module, kept)] if kept else []
            lines.append(_import_line(module, [ast.alias(new, lost[0].asname)], lost[0].name))
            _replace_statement(drafts, node, lines, 2.0 / (1 + rank / 2))


def _all_moved(drafts: Drafts, node: ast.ImportFrom, lost: list[ast.alias]) -> None:
    """All of its names have moved to one and the same module."""
    if not lost or len(lost) != len(node.names) or node.module is None:
        return
    homes = [[each.rpartition(".")[0] for each in _homes(node.module, one.name)] for one in lost]
    for module in homes[0]:
        there = members(module) if module and all(module in each for each in homes) else None
        if there is not None and all(each.name in there for each in lost):
            _replace_statement(drafts, node, [_import_line(module, lost)], 2.0)


def _import_line(module: str, names: list[ast.alias], wanted: str = "") -> str:
    """`wanted` is what the one name was called before, and what the file goes on calling it."""

    def said(each: ast.alias) -> str:
        known = each.asname or wanted or each.name
        return each.name if known == each.name else f"{each.name} as {known}"

    return f"from {module} import {', '.join(said(each) for each in names)}"


def _replace_statement(drafts: Drafts, node: ast.stmt, lines: list[str], weight: float) -> None:
    indent = drafts.source.indent(node)
    if indent is not None:
        text = f"{drafts.source.newline}{indent}".join(lines)
        drafts.replace_text(node, text, weight, "moved name")


def keywords(drafts: Drafts, node: ast.Call) -> None:
    """A keyword argument that the function does not take any more, or calls otherwise."""
    told = _UNEXPECTED.search(drafts.error)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if told is None or told[1] not in (name, "__init__", "__new__"):
        return
    given = {each.arg for each in node.keywords}
    for keyword in (each for each in node.keywords if each.arg == told[2]):
        free = sorted(parameters(name, told[1]) - given)
        near = difflib.get_close_matches(told[2], free, len(free) or 1, cutoff=0.0)
        for rank, other in enumerate(near[:_CLOSE]):
            text = f"{other}={drafts.pen.of(keyword.value).text}"
            drafts.replace_text(keyword, text, 1.5 / (1 + rank), "moved name")


def _homes(module: str, name: str) -> list[str]:
    """Where the name may be now, likeliest first, each written in full; builtins by their name alone."""
    found = [MOVED[f"{module}.{name}"]] if f"{module}.{name}" in MOVED else []
    found += [
        f"{module}.{each}.{name}"
        for each in sorted(submodules(module))
        if _has(f"{module}.{each}", name)
    ]
    outer = module.rpartition(".")[0]
    while outer:
        found += [f"{outer}.{name}"] if _has(outer, name) else []
        outer = outer.rpartition(".")[0]
    if hasattr(builtins, name):
        found.append(name)
    near = difflib.get_close_matches(name, sorted(members(module) or ()), _CLOSE, 0.75)
    return list(dict.fromkeys([*found, *(f"{module}.{each}" for each in near)]))


def _has(module: str, name: str) -> bool:
    return name in (members(module) or ())


def _module_of(source: Source, node: ast.expr) -> str:
    """The full name of the module that the expression is, as the file imports it; empty for others."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in _imported(source):
        return ""
    full = ".".join([_imported(source)[node.id], *reversed(words)])
    return full if members(full) is not None else ""


@functools.lru_cache(maxsize=8)
def _imported(source: Source) -> dict[str, str]:
    """Names that imports give, with what they stand for."""
    return dict(_importing(source))


def _importing(source: Source) -> Iterator[tuple[str, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield (
                    each.asname or each.name.partition(".")[0],
                    (each.name if each.asname else each.name.partition(".")[0]),
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"


def _import_place(source: Source, name: str) -> int:
    """The start of the line where `import name` belongs: by the alphabet, else behind the others."""
    body = source.tree.body
    plain = [each for each in body if isinstance(each, ast.Import)]
    behind = [each for each in plain if each.names[0].name > name]
    if behind:
        return source.lines_span(behind[0])[0]
    if plain:
        return source.lines_span(plain[-1])[1]
    skipped = [k for k, each in enumerate(body) if _stands_first(each)]
    first = body[skipped[-1] + 1] if skipped and skipped[-1] + 1 < len(body) else body[0]
    return source.lines_span(first)[0]


def _stands_first(statement: ast.stmt) -> bool:
    """A docstring, or an import from `__future__`."""
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return text or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")
