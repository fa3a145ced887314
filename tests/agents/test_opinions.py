"""What a model claims of a change counts only by what shows it."""

import pytest

from swarm.agents.checks.diffs import File
from swarm.agents.opinions.claims import Claim, read_cases, read_review
from swarm.agents.opinions.probes import Probe, Probed, probes_of
from swarm.agents.opinions.showing import difference
from swarm.models.public_api import Call

TEXTS = {"app.py": "def f(x):\n    return x + 1\n"}
CHECK = "from app import f\n\n\ndef test_it():\n    assert f(1) == 1\n"


def a_review(verdict: str = "wrong", *findings: dict[str, str]) -> Call:
    return Call(id="c", name="review", arguments={"verdict": verdict, "findings": list(findings)})


def test_a_quoted_line_is_found_where_it_stands() -> None:
    said = {"problem": "adds too much", "path": "app.py", "quote": "return x + 1"}
    assert read_review(a_review("wrong", said), TEXTS) == (
        "wrong",
        (Claim("adds too much", "", "app.py", 2),),
    )


@pytest.mark.parametrize(
    "said",
    [
        {"problem": "nothing shows it"},
        {"problem": "not a line", "path": "app.py", "quote": "return x + 2"},
        {"problem": "not a whole line", "path": "app.py", "quote": "x + 1"},
        {"problem": "not a changed file", "path": "other.py", "quote": "return x + 1"},
        {"problem": "an empty line", "path": "app.py", "quote": "   "},
        {"problem": "no test", "check": "  \n"},
    ],
)
def test_a_claim_that_nothing_shows_is_dropped(said: dict[str, str]) -> None:
    assert read_review(a_review("wrong", said), TEXTS) == ("wrong", ())


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"verdict": "perfect"},
        {"verdict": "no", "findings": []},
        {"verdict": "wrong", "findings": [{"problem": "x" * 10_000}]},
        {"verdict": "wrong", "findings": [{"problem": "too many", "check": "1"}] * 7},
        {"verdict": "wrong", "findings": "all of it"},
    ],
)
def test_an_answer_in_another_form_is_no_verdict(arguments: dict[str, object]) -> None:
    assert read_review(Call(id="c", name="review", arguments=arguments), TEXTS) == (
        "cannot-tell",
        (),
    )
    assert read_review(None, TEXTS) == ("cannot-tell", ())
    assert read_cases(None) == ("cannot-tell", ())


def test_cases_are_claims_with_a_check() -> None:
    call = Call(
        id="c", name="cases", arguments={"cases": [{"expects": "one stays one", "check": CHECK}]}
    )
    assert read_cases(call) == ("right", (Claim("one stays one", CHECK),))


def test_the_tests_of_a_check_are_known_by_name() -> None:
    code = CHECK + "\n\nclass TestMore:\n    def test_a(self): ...\n\n\nasync def test_b(): ...\n"
    (probe,) = probes_of((Claim("words", code),), "pytest")
    assert probe.tests == ("test_it", "test_b", "TestMore::test_a")
    assert probe.ids[0] == "test_swarm_probe_1.py::test_it"


@pytest.mark.parametrize(
    "code", ["", "x = 1", "def test_(:", "(" * 10_000, "def helper(): ...", "\0"]
)
def test_what_is_no_test_is_not_run(code: str) -> None:
    assert probes_of((Claim("words", code),), "pytest") == ()


def test_where_the_suite_is_a_command_nothing_is_run() -> None:
    assert probes_of((Claim("words", CHECK),), "command") == ()


def test_only_what_held_before_is_lost() -> None:
    probe = Probe(Claim("words"), "t.py", ("test_it",))
    assert Probed(probe, "passed", "failed").shows_loss
    assert not Probed(probe, "failed", "failed").shows_loss
    assert Probed(probe, "unusable", "failed").shows_lack
    assert not Probed(probe, "passed", "passed").shows_lack


def test_a_difference_that_is_no_text_is_only_named() -> None:
    assert difference(File("a", b"\0", b"\1\0")) == "(binary)"
    assert "+new" in difference(File("a", b"old\n", b"new\n"))
    assert difference(File("a", b"old\n", b"old\n")) == "(only its mode changed)"
