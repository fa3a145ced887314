"""Reviewers and testers by model on real sandboxes: claims are executed."""

import pytest

from swarm.agents.port import Checked
from swarm.agents.public_api import Critic, executed_again
from swarm.domain.canonical import canonical
from swarm.domain.errors import NeedsHuman, Transient
from swarm.domain.evidence import ClaimedCheck, Evidence
from swarm.models.public_api import Answer, Ask, Call, Price, RouteView, Text, Usage
from swarm.testing.checks import Case, a_case, checked, ran
from swarm.testing.models import ScriptedModels

FILES = {
    "app.py": "def half(x):\n    return x // 2\n\n\ndef double(x):\n    return x * 2\n",
    "test_app.py": "from app import half\n\n\ndef test_half():\n    assert half(4) == 2\n",
}
WORSE = {"app.py": "def half(x):\n    return x / 2\n\n\ndef double(x):\n    return x * 3\n"}
VIEW = RouteView(
    name="claude", protocol="anthropic", model="m-1", base_url="http://h", price=Price(input=1, output=1, cache_read=1, cache_write=1)
)  # fmt: skip
pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return a_case(tmp_path_factory.mktemp("criticised"), FILES)


def a_test(name: str, line: str) -> str:
    return f"from app import double, half\n\n\ndef test_{name}():\n    {line}\n"


def answering(*calls: Call) -> ScriptedModels:
    return ScriptedModels(
        tuple(
            Answer(blocks=(call,), stop="tools", usage=Usage(), model="m-1-dated", cost=5)
            for call in calls
        )
    )


def reviewed(case: Case, *findings: dict[str, str], verdict: str = "wrong") -> Checked:
    arguments: dict[str, object] = {"verdict": verdict, "findings": list(findings)}
    models = answering(Call(id="c", name="review", arguments=arguments))
    return checked(Critic("opinion", VIEW, models), case, case.tree("worse", WORSE), targets=())


def test_a_check_that_held_before_and_fails_now_sends_the_change_back(case: Case) -> None:
    found = reviewed(
        case, {"problem": "double is wrong", "check": a_test("double", "assert double(2) == 4")}
    )
    assert found.report.verdict == "no"
    (finding,) = found.report.findings
    assert finding.blocks
    assert finding.rule == "case-lost"
    assert "assert double(2) == 4" in finding.message
    assert found.evidence.tools == {"model": "m-1-dated", "prompt": "review.1"}
    assert [row.outcome for row in found.evidence.base_outcomes] == ["passed"]
    assert found.cost == 5


def again(case: Case, evidence: Evidence) -> str:
    return ran(case, case.tree("worse", WORSE), lambda a, w: executed_again(evidence, a, w))


def test_claims_come_out_the_same_when_they_are_executed_again_and_a_changed_one_is_found(
    case: Case,
) -> None:
    check = a_test("double", "assert double(2) == 4")
    evidence = reviewed(case, {"problem": "double is wrong", "check": check}).evidence
    assert Evidence.model_validate_json(canonical(evidence)).hash == evidence.hash
    assert again(case, evidence) == ""
    passes = ClaimedCheck(name=evidence.claimed[0].name, code=a_test("double", "assert True"))
    assert "on the change" in again(case, evidence.model_copy(update={"claimed": (passes,)}))
    assert "does not follow" in again(case, evidence.model_copy(update={"verdict": "yes"}))
    unshown = {"claimed": (), "outcomes": (), "base_outcomes": ()}
    assert "no check that fails" in again(case, evidence.model_copy(update=unshown))


def test_a_check_that_passes_refutes_its_claim(case: Case) -> None:
    found = reviewed(
        case, {"problem": "half is wrong", "check": a_test("half", "assert half(4) == 2")}
    )
    assert found.report.verdict == "unknown"
    assert found.report.findings == ()


def test_a_quotation_alone_is_a_note_for_the_human(case: Case) -> None:
    found = reviewed(case, {"problem": "gives floats", "path": "app.py", "quote": "return x / 2"})
    (finding,) = found.report.findings
    assert not finding.blocks
    assert (finding.path, finding.line) == ("app.py", 2)
    assert found.report.verdict == "unknown"


def test_nothing_found_is_a_yes(case: Case) -> None:
    assert reviewed(case, verdict="right").report.verdict == "yes"


def test_a_case_that_never_held_is_only_a_note_of_the_testers(case: Case) -> None:
    wish = {
        "expects": "half of nothing is nothing",
        "check": a_test("none", "assert half(None) == 0"),
    }
    arguments: dict[str, object] = {"cases": [wish]}
    models = answering(Call(id="c", name="cases", arguments=arguments))
    tree = case.tree("worse", WORSE)
    found = checked(Critic("cases", VIEW, models), case, tree, targets=())
    assert [finding.blocks for finding in found.report.findings] == [False]
    assert found.report.verdict == "yes"


def test_it_may_look_around_but_changes_nothing_and_its_author_says_nothing(case: Case) -> None:
    models = answering(
        Call(id="1", name="read", arguments={"path": "app.py"}),
        Call(id="2", name="run", arguments={"command": "touch it"}),
        Call(id="3", name="review", arguments={"verdict": "right"}),
    )
    tree = case.tree("worse", WORSE)
    found = checked(Critic("opinion", VIEW, models), case, tree, targets=())
    assert found.report.verdict == "yes"
    told = models.heard[-1].turns
    assert "return x / 2" in told[2].blocks[0].text  # type: ignore[union-attr]
    assert "there are only" in told[4].blocks[0].text  # type: ignore[union-attr]
    assert [tool.name for tool in models.heard[0].tools] == [
        "read",
        "search",
        "symbols",
        "list",
        "review",
    ]


def test_who_never_answers_has_no_verdict(case: Case) -> None:
    silent = Answer(blocks=(Text(text="Looks good!"),), stop="end", usage=Usage(), model="m-1")
    tree = case.tree("worse", WORSE)
    found = checked(Critic("opinion", VIEW, ScriptedModels((silent,))), case, tree, targets=())
    assert found.report.verdict == "unknown"
    assert "no answer" in found.report.summary


class Failing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def ask(self, ask: Ask) -> Answer:
        raise self._error


def test_a_model_that_cannot_be_asked_has_no_verdict_and_one_that_may_later_is_waited_for(
    case: Case,
) -> None:
    tree = case.tree("worse", WORSE)
    models = Failing(NeedsHuman("the key is wrong"))
    found = checked(Critic("cases", VIEW, models), case, tree, targets=())
    assert found.report.verdict == "unknown"
    with pytest.raises(Transient):
        checked(Critic("cases", VIEW, Failing(Transient("later"))), case, tree, targets=())
