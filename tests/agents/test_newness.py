"""New behaviour comes with a test that fails without it and passes with it."""

import asyncio
from pathlib import Path

import pytest

from swarm.agents.port import CheckAssignment, Checked
from swarm.agents.public_api import SuiteTester
from swarm.domain.names import TaskId
from swarm.sandbox.public_api import open_host
from swarm.testing.checks import Case, a_case, an_assignment
from swarm.testing.workbench import LocalWorkbench, tree_of

FILES = {
    "app.py": "def half(x):\n    return x // 2\n",
    "test_app.py": "from app import half\n\n\ndef test_half():\n    assert half(4) == 2\n",
}
WITH_DOUBLE = "def half(x):\n    return x // 2\n\n\ndef double(x):\n    return 2 * x\n"
SHOWS = "def test_double():\n    from app import double\n    assert double(2) == 4\n"
SHOWS_NOTHING = "def test_double():\n    assert 2 * 2 == 4\n"
pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return a_case(tmp_path_factory.mktemp("newness"), FILES)


def asked(case: Case, tree: Path, at: int) -> CheckAssignment:
    plain = an_assignment(case, tree, targets=())
    contract = plain.contract.model_copy(update={"features": {"needs_test": 1}})
    subject = plain.subject.model_copy(update={"of": TaskId("g-000000.t2"), "round": at})
    return CheckAssignment(subject, contract, case.base_run, case.voided)


def judged(case: Case, name: str, changed: dict[str, str | None], at: int = 1) -> Checked:
    tree = case.tree(name, {"app.py": WITH_DOUBLE, **changed})

    async def check() -> Checked:
        host = open_host(case.folder / "scratch", case.mode)
        trees = {tree_of(case.base): case.base, tree_of(tree): tree}
        try:
            bench = LocalWorkbench(case.environment, trees, host)
            return await SuiteTester().check(asked(case, tree, at), bench)
        finally:
            await host.close()

    return asyncio.run(check())


def rules(checked: Checked) -> list[str]:
    return [finding.rule for finding in checked.report.findings]


@pytest.mark.parametrize(
    "changed",
    [
        {"test_double.py": SHOWS},
        {"test_double.py": "from app import double\n\n\ndef test_double():\n    assert double(2) == 4\n"},
    ],
    ids=["a new file", "that cannot even be imported before"],
)  # fmt: skip
def test_a_test_that_fails_without_the_change_shows_it(
    case: Case, changed: dict[str, str | None], request: pytest.FixtureRequest
) -> None:
    found = judged(case, request.node.callspec.id, changed)
    assert (found.report.verdict, rules(found)) == ("yes", [])


@pytest.mark.parametrize("changed", [{}, {"test_double.py": SHOWS_NOTHING}], ids=["none", "idle"])
def test_a_change_that_no_test_shows_is_sent_back(
    case: Case, changed: dict[str, str | None], request: pytest.FixtureRequest
) -> None:
    found = judged(case, request.node.callspec.id, changed)
    assert (found.report.verdict, rules(found)) == ("no", ["new-test"])


def test_it_is_said_once(case: Case) -> None:
    found = judged(case, "second", {}, at=2)
    assert (found.report.verdict, rules(found)) == ("yes", [])
