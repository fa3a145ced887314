"""What is said about code that runs while a file is imported, and about places where nothing stands."""

import ast
import textwrap

import pytest

from swarm.engines.port import StepTaken
from swarm.engines.repair.progress import Progress, Spectrum
from swarm.engines.repair.worker.control import informed, is_stub
from swarm.engines.repair.worker.module_level import made_early
from swarm.engines.repair.worker.sources import Source
from tests.engines.conftest import Builder

RULES = """
    RULES = []
    OTHERS = []

    def rule(word):
        RULES.append(word)

    def other(word):
        OTHERS.append(word)

    rule("a")
    other("b")

    def ask(word):
        return word in RULES
    """


def source(text: str) -> Source:
    return Source("a.py", textwrap.dedent(text).encode())


def test_a_function_that_fills_what_suspicious_code_reads_is_nearly_as_suspicious() -> None:
    found = made_early(source(RULES), {15: 1.0})
    assert found == {6: 0.7}


def test_a_function_that_a_failing_test_runs_keeps_what_its_lines_say() -> None:
    assert made_early(source(RULES), {15: 1.0, 6: 0.2}) == {}


def test_lines_that_run_only_while_imported_are_ranked_but_not_patched_alive() -> None:
    spectrum = Spectrum(
        suspicion={"a.py": {6: 700_000, 15: 1_000_000}},
        imported={"a.py": (6,)},
        targets=("t.py::test_ask",),
        covering={},
        limits_ms={},
        files=("t.py",),
    )
    assert spectrum.alive() == {"a.py": {15: 1_000_000}}


def test_of_lines_that_the_same_tests_run_a_stub_is_looked_at_first() -> None:
    text = "def f(a):\n    b = a + 1\n    if b:\n        pass\n    return b\n"
    found = informed(source(text), dict.fromkeys(range(2, 6), 0.5))
    assert max(found, key=lambda line: found[line]) == 4


def test_a_handler_and_a_definition_may_well_be_empty() -> None:
    text = """
        class A(Exception):
            pass


        def f():
            try:
                g()
            except A:
                pass
            return


        def h(a):
            if a:
                pass
            return None
        """
    here = source(text)
    stubs = [n.lineno for n in ast.walk(here.tree) if isinstance(n, ast.stmt) and is_stub(here, n)]
    assert sorted(stubs) == [16, 17]


@pytest.mark.thorough
def test_where_a_test_goes_round_for_ever_is_the_most_suspicious(workshop: Builder) -> None:
    text = "def f(n):\n    a = n + 1\n    b = a * 2\n    c = b - 1\n    while c:\n        n += c\n    return a + 40\n"
    # No one change mends it: the loop has to end, and something else to be returned.
    shop = workshop(
        {"far.py": text, "test_far.py": "from far import f\n\n\ndef test_f(): assert f(0) == 1\n"},
        {"test_far.py::test_f": "timeout"},
    )
    first = shop.repair(stop_after=1)[0]
    assert isinstance(first, StepTaken), first
    known = Progress.model_validate_json(first.result).spectrum.suspicion["far.py"]
    assert max(known, key=lambda line: known[line]) in (5, 6)
