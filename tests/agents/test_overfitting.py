"""Changes that fit their tests and nothing else: conditions, special cases, errors that are gone."""

from swarm.agents.checks.conditions import ablations
from swarm.agents.checks.functions import new_constants
from swarm.agents.checks.handling import lost_handling
from swarm.agents.checks.likeness import special_cases
from swarm.agents.checks.lint import Source

BEFORE = "def f(x, y):\n    return x + y\n"
TESTS = ["assert f('employee_id', 113) == 'Employee'\nassert f((1, 0, 0), 13) == 'v1.0.0'\n"]


def without(body: str, before: str = BEFORE) -> list[tuple[str, str]]:
    found = ablations("m.py", before, f"def f(x, y):\n    {body}\n")
    return [(each.condition, each.text.splitlines()[1].strip()) for each in found]


def cases(body: str) -> list[str]:
    after = f"def f(x, y):\n    {body}\n    return x + y\n"
    return [each.rule for each in special_cases("m.py", BEFORE, after, TESTS)]


def test_a_new_condition_is_held_true_and_false() -> None:
    assert without("return x if x > 3 else y") == [
        ("x > 3", "return x if (True) else y"),
        ("x > 3", "return x if (False) else y"),
    ]


def test_a_comparison_whose_answer_is_reckoned_with_is_a_condition() -> None:
    assert without("return x + (y == 3)") == [
        ("y == 3", "return x + ((True))"),
        ("y == 3", "return x + ((False))"),
    ]
    assert without("return x == 3") == []


def test_a_part_of_an_and_is_left_out_and_none_of_an_or() -> None:
    assert ("y", "return x and (True)") in without("return x and y")
    assert without("return x or y") == []


def test_a_guard_that_something_is_there_is_left_to_what_it_guards() -> None:
    assert without("return x is not None and x < 0") == [
        ("x < 0", "return x is not None and (True)")
    ]
    assert without("return hasattr(x, 'y') and x.y") == [
        ("x.y", "return hasattr(x, 'y') and (True)")
    ]


def test_a_guard_of_something_else_has_to_be_earned() -> None:
    assert len(without("return x is not None and y < 0")) == 2


def test_a_comparison_loses_each_of_its_ends() -> None:
    assert without("return 1 < x < y") == [
        ("1 < x", "return (x < y)"),
        ("x < y", "return (1 < x)"),
    ]


def test_what_the_base_asks_as_well_is_not_new() -> None:
    before = "def f(x, y):\n    return 1 < x\n"
    assert without("return 1 < x < y", before) == [("x < y", "return (1 < x)")]


def test_letters_beyond_ascii_do_not_shift_what_is_replaced() -> None:
    assert without("return 'ß' + x if y else 'é'")[0][1] == "return 'ß' + x if (True) else 'é'"


def test_a_test_s_own_word_with_an_answer_is_a_special_case() -> None:
    assert cases("if x == 'employee_id':\n        return 'Employee'") == ["special-case"]


def test_a_mode_that_tests_name_too_is_none() -> None:
    assert cases("if x == 'employee_id':\n        y = y * 7") == []


def test_several_modes_that_tests_name_too_are_none() -> None:
    after = "def f(x, y):\n    return x if y in ('hours', 'minutes') else y\n"
    assert special_cases("m.py", BEFORE, after, ["assert f('hours', 'minutes')"]) == ()


def test_one_small_number_is_no_sign_and_several_are() -> None:
    assert cases("if y == 13: return x") == []
    assert cases("if y in (13, 113): return x") == ["special-case"]


def test_a_table_of_the_tests_inputs_is_a_special_case() -> None:
    body = "known = {'employee_id': 1, 'v1.0.0': 2}\n    if x in known: return known[x]"
    assert cases(body) == ["special-case"]


def test_a_bound_that_is_a_test_s_own_number_is_a_special_case() -> None:
    after = "def f(x, y):\n    return x if x < 100000 else y\n"
    found = special_cases("m.py", BEFORE, after, ["assert f(100000, 1) == 1"])
    assert [each.rule for each in found] == ["special-case"]
    assert special_cases("m.py", BEFORE, after, ["assert f(5000, 1) == 1"]) == ()


RAISING = "def f(x):\n    if x < 0:\n        raise ValueError(x)\n    return x\n"


def test_an_error_that_is_raised_no_more_blocks_what_nobody_asked_for() -> None:
    after = "def f(x):\n    return x\n"
    (unasked,) = lost_handling("m.py", RAISING, after, asked=False)
    (asked,) = lost_handling("m.py", RAISING, after, asked=True)
    assert (unasked.rule, unasked.blocks, asked.blocks) == ("error-removed", True, False)


def test_an_error_that_moved_into_another_function_is_there_still() -> None:
    after = "def g(x):\n    raise ValueError(x)\n\n\ndef f(x):\n    return g(x) if x < 0 else x\n"
    assert lost_handling("m.py", RAISING, after, asked=False) == ()


def test_taking_every_error_and_raising_none_is_refused() -> None:
    after = "def f(x):\n    try:\n        return int(x)\n    except Exception:\n        return 0\n"
    narrow = after.replace("Exception", "ValueError")
    (found,) = lost_handling("m.py", narrow, after, asked=True)
    assert (found.rule, found.line, found.blocks) == ("error-swallowed", 4, True)
    assert lost_handling("m.py", after, after + "\n", asked=True) == ()


def test_constants_that_a_change_brings_in_are_told_with_their_neighbours() -> None:
    source = Source("m.py", b"def f(x): return 1", b"def f(x): return x == 40 or x == 'abc'")
    assert new_constants([source]) == ("40", "39", "41", "-40", "'abc'")
