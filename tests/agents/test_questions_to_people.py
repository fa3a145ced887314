"""What the checks cannot decide, and so ask a person about: pure rules."""

from swarm.agents.checks.conditions import distinguishes
from swarm.agents.checks.inside import recorder
from swarm.agents.checks.lint import Source
from swarm.agents.checks.observations import Again, Observed, answers_only, read
from swarm.agents.checks.reach import Watched, unreached, watched
from swarm.agents.checks.tables import listed_cases

BASE = """
def size(text):
    "How large."
    if not text:
        raise ValueError(text)
    return len(text)
"""


def watch(after: str) -> Watched:
    return watched([Source("a.py", BASE.encode(), after.encode())])


def lines(found: Watched) -> tuple[list[int], list[int]]:
    return [each.first for each in found.before], [each.first for each in found.after]


def test_a_statement_that_is_gone_is_watched_on_the_base() -> None:
    assert lines(watch(BASE.replace("        raise ValueError(text)\n", "        pass\n"))) == (
        [5],
        [],
    )


def test_a_condition_counts_without_its_block() -> None:
    assert lines(watch(BASE.replace("if not text:", "if text is None:"))) == ([4], [4])


def test_words_and_layout_are_no_statements() -> None:
    assert not watch(BASE.replace("How large.", "Its length."))
    assert not watch(BASE.replace("    return", "    # counts\n    return"))


def test_a_new_function_is_not_watched() -> None:
    assert not watch(BASE + "\ndef twice(text):\n    return 2 * size(text)\n")


def test_what_nothing_executed_is_asked_about() -> None:
    found = watch(BASE.replace("raise ValueError(text)", "return 0"))
    assert unreached(found, {("a.py", 5)}, {("a.py", 5)}) == ()
    (asked,) = unreached(found, {("a.py", 5)}, set())
    assert asked.asks
    assert not asked.blocks
    assert asked.line == 5


def test_a_repair_that_lists_cases_is_asked_about_and_one_new_case_is_not() -> None:
    one = "def f(n):\n    return n in (11, 12)\n"
    assert listed_cases("a.py", one, one.replace("12)", "12, 13)")) == ()
    (asked,) = listed_cases("a.py", one, one.replace("12)", "12, 13, 113)"))
    assert asked.asks
    table = "def f(n):\n    return {1: 10, 3: 30}.get(n, n)\n"
    assert listed_cases("a.py", one, table)[0].asks


def test_what_the_file_compared_with_before_is_no_new_case() -> None:
    chain = "def f(n):\n    if n == 1:\n        return 'a'\n    if n == 2:\n        return 'b'\n"
    table = "def f(n):\n    return {1: 'a', 2: 'b'}.get(n)\n"
    assert listed_cases("a.py", chain, table) == ()


def recorded(mended: str, beside: dict[str, str]) -> Observed:
    rows = {("a.py", "f", "('x',)"): Again(mended, "", True)}
    rows |= {("a.py", "f", f"({each!r},)"): Again(a, "('x',)", True) for each, a in beside.items()}
    return Observed(again=rows)


def test_a_repair_that_answers_only_the_tests_inputs_is_asked_about() -> None:
    beside = dict.fromkeys("abcdefgh", "1")
    before, after = recorded("1", beside), recorded("2", beside)
    assert answers_only(before, before, after)[0].asks
    assert answers_only(before, before, recorded("2", beside | {"a": "2", "b": "2"})) == ()


def test_few_answers_next_door_and_errors_there_say_nothing() -> None:
    for beside in ({"a": "1", "b": "1"}, dict.fromkeys("abcdefgh", "raises ValueError")):
        before, after = recorded("1", beside), recorded("2", beside)
        assert answers_only(before, before, after) == ()


def test_cases_are_told_apart_by_conditions_and_keys() -> None:
    assert distinguishes("x = 1 if a else 2", "x = 1 if a else 2 if b else 3")
    assert distinguishes("f(a)", "f({1: 2}.get(a, a))")
    assert not distinguishes("x = a < 1", "x = a <= 1")


def test_numbers_in_a_text_are_changed_one_at_a_time_and_far() -> None:
    found = recorder.one_number("10:21:36.5")
    assert {"13:21:36.5", "10:24:36.5", "10:21:36.5123456789"} <= set(found)


def test_objects_are_looked_into_and_what_is_private_counts_where_nothing_else_is() -> None:
    class Public:
        def __init__(self, number: int) -> None:
            self.number, self._cache = number, object()

    class Slotted:
        __slots__ = ("_number",)

        def __init__(self, number: int) -> None:
            self._number = number

    assert recorder.shown(Public(1)) == recorder.shown(Public(1)) != recorder.shown(Public(2))
    assert recorder.shown(Slotted(1)) != recorder.shown(Slotted(2))
    assert recorder.shown([Public(1)]) != recorder.shown([Public(2)])


def seed(*lines: int, near: bool = False, asked: bool = False) -> recorder.Seed:
    return recorder.Seed(len, frozenset(("a.py", line) for line in lines), near, asked)


def test_next_door_begins_with_what_failing_tests_and_changed_lines_lead_to() -> None:
    many = {f"({n},)": seed(1) for n in range(99)}
    chosen = recorder.picked(
        many | {"('near',)": seed(1, 2, near=True), "('red',)": seed(3, asked=True)}
    )
    assert list(chosen)[:2] == ["('red',)", "('near',)"]
    assert len(chosen) == recorder.SEEDS


def test_a_call_next_door_is_known_for_one_that_a_test_makes_itself() -> None:
    """Else it is told of as if no test gave it in."""
    rows = [["('x',)", "1", "('y',)", False], ["(1, 2)", "3", "(1, 1)", False]]
    found = read([{"next": ["a.py", "f"], "calls": rows}])
    assert set(found.nearby) == {("a.py", "f", "'x'"), ("a.py", "f", "1, 2")}
