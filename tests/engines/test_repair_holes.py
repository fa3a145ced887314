"""What is proposed where nothing stands: `pass`, a bare return, `return None`."""

import ast
import textwrap

from swarm.engines.repair.worker.candidates import Candidate, in_order
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.holes import holes
from swarm.engines.repair.worker.sources import Source

NOWHERE = "AssertionError: assert None == {'a': 1}"


def proposed(
    text: str,
    line: int,
    error: str = "",
    seen: dict[str, dict[str, list[str]]] | None = None,
    held: dict[str, dict[str, list[str]]] | None = None,
) -> list[str]:
    """What may stand at the line, the likeliest first; `seen` by the line of a `def`, `held` by class."""
    source = Source("a.py", textwrap.dedent(text).encode())
    drafts = Drafts(source, {line: 1.0}, Seen({}, seen or {}, held or {}), error)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt) and node.lineno == line:
            holes(drafts, node)
    return [_text(each) for each in in_order(drafts.found)]


def _text(candidate: Candidate) -> str:
    return candidate.edits[0].text


def test_an_argument_that_is_never_used_is_put_to_use() -> None:
    found = proposed("def f(rows, row):\n    for each in rows:\n        pass\n    return rows\n", 3)
    assert "rows.append(row)" in found
    assert "return row" in found


def test_what_is_only_asked_for_counts_as_unused() -> None:
    text = (
        "def f(day):\n    rest = 6 - day\n    if rest:\n        pass\n    return timedelta(day)\n"
    )
    found = proposed("from datetime import timedelta\n" + text, 5)
    assert "day += timedelta(rest)" in found


def test_a_statement_beside_it_is_copied_with_the_names_that_belong_together() -> None:
    text = """
        def f(specs, varargs, varkw, formatvarargs, formatvarkw):
            if varargs is not None:
                pass
            if varkw is not None:
                specs.append(formatvarkw(varkw))
            return specs
        """
    assert "specs.append(formatvarargs(varargs))" in proposed(text, 4)


def test_the_kind_of_value_that_was_asked_for_is_made_first() -> None:
    text = "def f(seq):\n    d = {}\n    for each in seq:\n        d[each] = 1\n    return None\n"
    found = proposed(text, 5, NOWHERE)
    made = [each for each in found if each.endswith("(d)") and "join" not in each]
    assert set(made[:2]) == {"return dict(d)", "return set(d)"}


def test_a_function_that_nobody_calls_is_called_with_the_names_of_its_arguments() -> None:
    text = "def f(seqs, key):\n    return None\n\n\ndef _by_key(seqs, key):\n    return seqs\n"
    assert "return _by_key(seqs, key)" in proposed(text, 2)[:8]


def test_a_method_falls_back_on_the_class_before_it() -> None:
    text = "class D(dict):\n    def get(self, k, v):\n        return None\n"
    assert "return super().get(k, v)" in proposed(text, 3)


def test_what_is_kept_for_the_next_time_is_looked_up_where_it_is_there() -> None:
    text = """
        def f(key, text):
            if key in _KEPT:
                return None
            made = make(key)
            _KEPT[key] = made
            return made(text)
        """
    assert proposed(text, 4)[0] == "return _KEPT[key](text)"


def test_what_a_method_beside_it_asks_is_asked_in_other_ways_too() -> None:
    text = """
        class V:
            def __eq__(self, other):
                return self.compare(other) == 0

            def __ne__(self, other):
                return None
        """
    assert "return self.compare(other) != 0" in proposed(text, 7)


def test_a_function_that_is_given_is_called_with_all_there_is_for_it() -> None:
    text = "def valid(func, args, kwargs):\n    try:\n        pass\n    except TypeError:\n        return 0\n"
    assert "func(*args, **kwargs)" in proposed(text, 3)[:8]
    wrapper = "def f(call, *given, **named):\n    return None\n"
    seen = {"call": ["function"], "given": ["tuple"], "named": ["dict"]}
    assert "return call(*given, **named)" in proposed(wrapper, 2, seen={"1": seen})[:8]


def test_what_is_given_and_never_used_is_handed_to_what_the_file_imports() -> None:
    text = "from itertools import filterfalse\n\ndef remove(predicate, seq):\n    return None\n"
    assert "return filterfalse(predicate, seq)" in proposed(text, 4)


def test_numbers_that_an_object_holds_are_reckoned_with() -> None:
    text = "class F:\n    @property\n    def lead(self):\n        return None\n"
    held = {"F": {"offset": ["int"], "indent": ["int"], "width": ["int"]}}
    found = proposed(text, 4, seen={"2": {"self": ["F"]}}, held=held)
    assert "return self.offset + self.indent * self.width" in found


def test_where_something_stands_nothing_is_proposed() -> None:
    assert proposed("def f(a, b):\n    return a\n", 2) == []
    assert proposed("def f(a, b):\n    a += 1\n    return a\n", 2) == []
