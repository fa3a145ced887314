"""Each class of slip that templates know, by one mistake and its repair."""

import ast

import pytest

from swarm.engines.repair.worker.candidates import edited, in_order
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
    "formatting": ("def f(a):\n    return '%d of it' - a\n", "' - a", "' % a"),
    "repetition": ("def f(n, t):\n    return t + n\n", "t + n", "t * n"),
    "sets": ("def f(s, u):\n    return s - u\n", "s - u", "s & u"),
    "a keyword's own name": (
        "def f(n, t, g):\n    return g(t=n)\n",
        "t=n",
        "t=t",
    ),
    "formatted field": (
        'def f(a, b):\n    return f"{a}"\n',
        '{a}"',
        '{b}"',
    ),
}
TYPES = {"xs": "list", "t": "str", "n": "int", "s": "set", "d": "dict", "g()": "coroutine"}
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


def labels_of(text: str, wrong: str) -> dict[str, str]:
    """By the text after it, the kind of each change of `wrong`."""
    source = Source("slip.py", text.encode())
    seen = {
        f"{n.lineno}:{n.col_offset}-{n.end_lineno}:{n.end_col_offset}": [TYPES[source.segment(n)]]
        for n in ast.walk(source.tree)
        if isinstance(n, ast.expr) and source.segment(n) in TYPES
    }
    drafts = Drafts(source, {2: 1.0}, Seen(expressions=seen))
    found = in_order(each for each in templates(drafts) if each.label in wrong)
    return {edited(text, each.edits): each.label for each in found}


def test_texts_are_asked_whether_they_are_the_same_rather_than_which_comes_first() -> None:
    found = labels_of("def f(t, u):\n    return t < 'x'\n", "comparison ordering")
    told = {text.split("return ")[1].strip(): label for text, label in found.items()}
    assert (told["t == 'x'"], told["t <= 'x'"]) == ("comparison", "ordering")
    assert next(iter(told)) in ("t == 'x'", "t != 'x'")


def test_of_numbers_the_next_comparison_is_tried_first() -> None:
    found = labels_of("def f(n, u):\n    return n < 7\n", "comparison ordering")
    assert next(iter(found)).endswith("n <= 7\n")
    assert set(found.values()) == {"comparison"}
