"""Each class of slip that templates know, by one mistake and its repair."""

import ast

import pytest

from swarm.engines.repair.worker.candidates import edited
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.sources import Source
from swarm.engines.repair.worker.templates import templates

SLIPS = {
    "comparison": ("def f(a, b):\n    return a < b\n", "a < b", "a <= b"),
    "off by one": ("def f(n):\n    return list(range(n))\n", "range(n)", "range(n + 1)"),
    "swapped operands": ("def f(a, b):\n    return a - b\n", "a - b", "b - a"),
    "operator": ("def f(a, b):\n    return a / b\n", "a / b", "a // b"),
    "swapped arguments": ("def f(g, a, b):\n    return g(a, b)\n", "g(a, b)", "g(b, a)"),
    "wrong variable": ("def f(a, b):\n    return a * a\n", "a * a", "a * b"),
    "and for or": ("def f(a, b):\n    return a and b\n", "a and b", "a or b"),
    "negated whole": (
        "def f(a, b):\n    return a and b\n",
        "a and b",
        "not (a and b)",
    ),
    "missing not": ("def f(a):\n    if a:\n        return 1\n    return 2\n", "if a", "if not a"),
    "constant": ("def f(a):\n    return a + 1\n", "+ 1", "+ 0"),
    "slice": ("def f(xs):\n    return xs[1:]\n", "xs[1:]", "xs[:1]"),
    "index": ("def f(xs):\n    return xs[0]\n", "xs[0]", "xs[-1]"),
    "container method": ("def f(xs, y):\n    xs.append(y)\n", "append", "extend"),
    "sort order": (
        "def f(xs):\n    return sorted(xs, key=lambda x: x)\n",
        "lambda x: x",
        "lambda x: -x",
    ),
    "string method": ("def f(t):\n    return t.lstrip()\n", "lstrip", "rstrip"),
    "exception type": (
        "def f(t):\n    try:\n        return int(t)\n    except KeyError:\n        return 0\n",
        "except KeyError",
        "except ValueError",
    ),
    "mutable default": (
        "def f(x, xs=[]):\n    xs.append(x)\n    return xs\n",
        "xs=[]):\n",
        "xs=None):\n    if xs is None:\n        xs = []\n",
    ),
    "nothing for falsehood": (
        "def f(a):\n    if a:\n        return a\n    return 7\n",
        "if a:",
        "if a is not None:",
    ),
    "falsehood for nothing": (
        "def f(a):\n    while a is not None:\n        a = a.next\n",
        "a is not None",
        "a",
    ),
    "one of two that is nothing": (
        "def f(a, b):\n    if b and not a:\n        return b\n",
        "not a",
        "a is None",
    ),
    "default for nothing": (
        "def f(a, b):\n    return a or b\n",
        "a or b",
        "a if a is not None else b",
    ),
    "guard against nothing": (
        "def f(o):\n    return o.name\n",
        "    return o.name",
        "    if o is None:\n        return None\n    return o.name",
    ),
    "missing default": ("def f(d, k):\n    return d[k]\n", "d[k]", "d.get(k, None)"),
    "missing copy": ("def f(xs):\n    ys = xs\n    return ys\n", "ys = xs", "ys = xs.copy()"),
    "missing strip": ("def f(t):\n    return t\n", "return t", "return t.strip()"),
    "missing await": (
        "async def f(g):\n    x = g()\n    return x\n",
        "x = g()",
        "x = await g()",
    ),
    "missing return": ("def f(a):\n    a + 1\n", "    a + 1", "    return a + 1"),
    "jump": (
        "def f(xs):\n    for x in xs:\n        if x:\n            break\n    return xs\n",
        "break",
        "continue",
    ),
    "formatted field": (
        'def f(a, b):\n    return f"{a}"\n',
        '{a}"',
        '{b}"',
    ),
}
TYPES = {"xs": "list", "t": "str", "d": "dict", "g()": "coroutine"}
"""What was seen of these expressions, wherever they stand."""


def drafts_of(text: str) -> set[str]:
    source = Source("slip.py", text.encode())
    every = dict.fromkeys(range(1, len(source.lines) + 1), 1.0)
    seen = {
        f"{n.lineno}:{n.col_offset}-{n.end_lineno}:{n.end_col_offset}": [TYPES[source.segment(n)]]
        for n in ast.walk(source.tree)
        if isinstance(n, ast.expr) and source.segment(n) in TYPES
    }
    drafts = Drafts(source, every, Seen(expressions=seen))
    return {edited(text, each.edits) for each in templates(drafts)}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_undone(slip: str) -> None:
    text, wrong, right = SLIPS[slip]
    assert text.replace(wrong, right, 1) in drafts_of(text)


def test_a_step_is_made_longer_or_shorter_and_no_second_one_put_beside_it() -> None:
    text = "def f(n):\n    return 1 + g(n)\n"
    found = drafts_of(text)
    assert text.replace("1 + g(n)", "2 + g(n)") in found
    assert text.replace("1 + g(n)", "g(n)") in found
    assert text.replace("1 + g(n)", "1 + g(n) - 1") not in found
    assert text.replace("1 + g(n)", "1 + (g(n) - 1)") not in found
