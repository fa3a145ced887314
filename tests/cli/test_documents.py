import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from swarm.cli.documents import error_document, goal_document, overview_document
from swarm.cli.isolation import Walls
from swarm.domain.errors import Lacking
from swarm.domain.events import Event
from swarm.testing.events import (
    BASE,
    BODY,
    a_blocked_goal,
    a_finished_goal,
    a_goal,
    a_paused_goal,
    a_running_goal,
)
from tests.cli.cli_examples import NOW, folded, state_of


def document(story: Sequence[Event]) -> dict[str, Any]:
    made = goal_document(
        state_of(story), NOW, body=BODY, runtime="inline", walls=Walls("namespaces")
    )
    read: dict[str, Any] = json.loads(json.dumps(made))
    return read


def test_the_document_of_a_finished_goal_has_everything_that_was_promised() -> None:
    made = document(a_finished_goal())
    assert made["goal"]["status"] == "done"
    assert made["base"] == BASE
    assert made["partial"] is False
    assert made["pull_request"]["number"] == 1
    assert made["pull_request"]["branch"] == "swarm/g-000001"
    assert made["pull_request"]["body"] == BODY
    assert made["pull_request"]["certificate"]["subject"]["goal_id"] == "g-000001"
    assert made["spent_micro_usd"] == 13_000
    assert made["seconds"] == 43.724
    assert (made["runtime"], made["sandbox_mode"]) == ("inline", "namespaces")


def test_tasks_carry_attempts_and_bids_with_the_numbers_that_decided() -> None:
    task = document(a_finished_goal())["tasks"][2]
    assert (task["id"], task["kind"], task["status"]) == ("g-000001.t3", "write", "accepted")
    assert [each["outcome"] for each in task["attempts"]] == ["refused", "accepted"]
    assert task["bids"][1] == {
        "agent": "writer-mutation",
        "strategy": "mutation",
        "price_micro_usd": 10_000,
        "seconds": 30,
        "probability_claimed_ppm": 770_000,
        "probability_used_ppm": 260_000,
        "index": 3_400_000,
        "verdict": "won",
    }


def test_ballots_name_who_answers_for_them() -> None:
    ballot = document(a_finished_goal())["ballots"][0]
    assert (ballot["voter"], ballot["principal"]) == ("tester-1", "local/suite")
    assert (ballot["role"], ballot["choice"]) == ("tester", "yes")


@pytest.mark.parametrize("story", [a_blocked_goal, a_running_goal, a_paused_goal])
def test_without_a_pull_request_there_is_null(story: Callable[[], Sequence[Event]]) -> None:
    assert document(story())["pull_request"] is None


def test_the_overview_says_why_each_goal_waits() -> None:
    goals = folded(a_finished_goal(), a_paused_goal(a_goal("g-000002")))
    made = json.loads(json.dumps(overview_document(goals.values(), NOW, False)))
    assert made["running"] is False
    briefs = {each["id"]: each for each in made["goals"]}
    assert briefs["g-000001"]["open"] is False
    assert briefs["g-000002"]["waits"][0]["do"] == "swarm play g-000002"


def test_an_error_says_kind_reason_remedy_and_code() -> None:
    assert error_document(Lacking("no git", advice="install git"), 5) == {
        "error": {
            "kind": "Lacking",
            "message": "no git",
            "advice": "install git",
            "exit_code": 5,
        }
    }
