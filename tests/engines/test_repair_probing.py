"""Lines that the same tests run are told apart by experiment: by what changing them does to the tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.engines.port import StepTaken
from swarm.engines.repair.progress import Progress
from swarm.engines.repair.worker.experiments import Place, Say
from swarm.engines.repair.worker.probing import Lines, judged
from swarm.engines.repair.worker.suite import plain
from tests.engines.conftest import Builder, Workshop

LEVEL: Lines = {"a.py": {1: 0.5, 2: 0.5, 3: 0.5}}
NOTHING: Lines = {"a.py": {}}


def told(live: dict[int, list[Say]]) -> dict[int, float]:
    places: dict[Place, list[Say]] = {("a.py", line): says for line, says in live.items()}
    return judged(LEVEL, NOTHING, places, {})[0]["a.py"]


def test_where_a_change_mends_everything_the_mistake_is_sought_first() -> None:
    found = told({1: [Say.OTHER], 2: [Say.NONE, Say.MENDED], 3: [Say.GREEN]})
    assert max(found, key=lambda line: found[line]) == 2


def test_a_line_that_changes_nothing_is_less_suspicious_if_it_was_tried_twice() -> None:
    found = told({1: [Say.NONE, Say.NONE], 2: [Say.NONE], 3: [Say.NONE, Say.OTHER]})
    assert found[1] < found[2] == found[3] == 0.5


def test_the_more_experiments_a_line_had_no_say_in_the_less_suspicious_it_is() -> None:
    found = told({1: [Say.NONE] * 5, 2: [Say.NONE] * 3, 3: [Say.OTHER]})
    assert found[1] < found[2] < found[3]


def test_where_no_change_changes_anything_nothing_is_learnt() -> None:
    assert told({line: [Say.NONE] * 3 for line in (1, 2, 3)}) == LEVEL["a.py"]


def test_a_line_inside_a_statement_is_looked_at_once_a_change_of_it_mended_everything() -> None:
    assert told({7: [Say.MENDED]})[7] > 0
    assert 7 not in told({7: [Say.OTHER]})


def test_code_that_runs_while_imported_comes_first_where_it_mends_everything() -> None:
    live, early = judged(LEVEL, {"a.py": {9: 0.2, 10: 0.2}}, {}, {("a.py", 9): [Say.MENDED]})
    assert early["a.py"][9] > max(live["a.py"].values()) > early["a.py"][10]


_SUSPICIONS = st.dictionaries(st.integers(1, 6), st.floats(0.0, 1.0), min_size=1)
_SAYS = st.dictionaries(st.integers(1, 6), st.lists(st.sampled_from(Say), min_size=1, max_size=4))


@given(_SUSPICIONS, _SAYS)
def test_experiments_lift_no_line_above_the_worst(
    lines: dict[int, float], says: dict[int, list[Say]]
) -> None:
    answers: dict[Place, list[Say]] = {("a.py", line): each for line, each in says.items()}
    found, _ = judged({"a.py": lines}, NOTHING, answers, {})
    assert max(found["a.py"].values()) <= max(lines.values()) + 1e-9
    assert all(value >= 0 for value in found["a.py"].values())


class Loud:
    def __repr__(self) -> str:
        raise AssertionError("code of the project")


def test_values_at_a_failure_are_told_without_running_code_of_the_project() -> None:
    assert plain([1, "a", Loud()]) == "list(1, 'a', Loud)"
    assert plain({"b": {2, 1}}) == "dict('b': set(1, 2))"
    assert plain([[[1]]]) == "list(list(list))"


def ranked(shop: Workshop) -> dict[int, int]:
    """What the first stage says of the lines of `till.py`."""
    first = shop.repair(stop_after=1)[0]
    assert isinstance(first, StepTaken), first
    return Progress.model_validate_json(first.result).spectrum.suspicion["till.py"]


STRAIGHT = """\
def total(net, rate, count):
    every = net * count + 0
    tax = round(every * rate, 2)
    gross = every - tax
    cents = round(gross * 100)
    return divmod(cents, 100)
"""
STRAIGHT_TEST = """\
from till import total


def test_total():
    assert [total(10, 0.1, 2), total(3, 0.5, 3)] == [(22, 0), (13, 50)]
"""


@pytest.mark.thorough
def test_in_a_function_that_runs_straight_through_the_wrong_line_comes_first(
    workshop: Builder,
) -> None:
    files = {"till.py": STRAIGHT, "test_till.py": STRAIGHT_TEST}
    found = ranked(workshop(files, {"test_till.py::test_total": "failed"}))
    assert max(found, key=lambda line: found[line]) == 4


EARLY = """\
RATES = {}


def rate(
    name,
    share,
):
    RATES[name] = (
        share
        * 10
    )


rate("full", 20)
rate("less", 7)


def tax(name, net):
    return net * RATES[name] // 100
"""
EARLY_TEST = """\
from till import tax


def test_tax():
    assert (tax("full", 1000), tax("less", 300)) == (2200, 231)
"""


@pytest.mark.thorough
def test_the_wrong_line_of_a_function_that_only_an_import_runs_comes_first(
    workshop: Builder,
) -> None:
    files = {"till.py": EARLY, "test_till.py": EARLY_TEST}
    found = ranked(workshop(files, {"test_till.py::test_tax": "failed"}))
    assert max(found, key=lambda line: found[line]) == 10
