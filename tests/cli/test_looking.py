"""The commands that only look, on journals in which something has happened."""

from pathlib import Path

import pytest

from swarm.actors.public_api import Places
from swarm.domain.events import Event, PullRequestClosed, PullRequestMerged
from swarm.journal.public_api import open_journal
from swarm.testing.events import (
    BODY,
    GOAL,
    a_finished_goal,
    a_goal,
    a_paused_goal,
    a_running_goal,
    an_exhausted_goal,
)
from tests.cli.cli_examples import NOW, a_home, swarm


def test_nothing_is_created_by_looking(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for argv in (["show"], ["pr", "list"], ["agents"], ["config", "show"], ["clean"]):
        assert swarm(home, *argv).code == 0
    assert not home.exists()


def test_show_names_what_is_open_and_why(tmp_path: Path) -> None:
    where = str(tmp_path)
    home = a_home(
        tmp_path / "home",
        a_running_goal(a_goal(repository=where)),
        a_finished_goal(a_goal("g-000002", repository=where)),
    )
    called = swarm(home, "show")
    assert called.code == 0
    assert "1 going on, 1 waiting for you" in called.out
    assert "swarm resume" in called.out


def test_show_as_json_is_one_document(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home", a_paused_goal(a_goal(repository=str(tmp_path))))
    (goal,) = swarm(home, "show", "--json").document["goals"]
    assert goal["waits"][0]["do"] == "swarm play g-000001"


def test_a_goal_whose_repository_is_gone_waits_for_nobody(tmp_path: Path) -> None:
    goal = a_goal(repository=str(tmp_path / "thrown away"))
    home = a_home(tmp_path / "home", a_finished_goal(goal))
    out = swarm(home, "show").out
    assert "0 waiting for you" in out
    assert "its repository is gone" in out
    page = swarm(home, "show", "g-000001").out
    assert "its repository is gone" in page
    assert "waits for your decision" not in page
    (told,) = swarm(home, "show", "--json").document["goals"]
    assert (told["repository_gone"], told["waits"]) == (True, [])


@pytest.mark.parametrize("how", ["merged", "closed"])
def test_a_decided_pull_request_is_no_longer_called_open(how: str, tmp_path: Path) -> None:
    end: Event = PullRequestClosed(at=NOW, goal_id=GOAL, number=1)
    if how == "merged":
        end = PullRequestMerged(at=NOW, goal_id=GOAL, number=1, how="tree")
    home = a_home(tmp_path / "home", (*a_finished_goal(a_goal(repository=str(tmp_path))), end))
    for argv in (["show"], ["show", GOAL]):
        out = swarm(home, *argv).out
        assert f"pull request #1 was {how}" in out
        assert "is open" not in out


@pytest.mark.parametrize("name", ["g-000001", "000001", "g-00000", "0"])
def test_a_goal_is_found_by_the_beginning_of_its_id(name: str, tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal())
    called = swarm(home, "show", name, "--json")
    assert called.document["pull_request"]["body"] == BODY
    assert called.document["runtime"] == "inline"


def test_an_ambiguous_or_unknown_goal_is_a_usage_error_in_three_lines(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_running_goal(), a_running_goal(a_goal("g-000002")))
    for name in ("g-0", "g-9"):
        called = swarm(home, "show", name)
        assert called.code == 2
        assert [line[:6] for line in called.err.splitlines()] == ["swarm:", "  why:", "  do: "]


def test_an_error_as_json_is_one_document_too(tmp_path: Path) -> None:
    called = swarm(a_home(tmp_path), "show", "g-999999", "--json")
    assert called.code == 2
    assert called.document["error"]["kind"] == "Rejected"


def test_the_log_tells_every_event_that_matters(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal(), an_exhausted_goal(a_goal("g-000002")))
    everything, one = swarm(home, "log"), swarm(home, "log", "g-000002")
    assert "g-000001  t2 accepted" in everything.out
    assert "t2 accepted" not in one.out
    assert "failed: over budget" in one.out


def test_the_log_as_json_has_the_events_themselves(tmp_path: Path) -> None:
    events = swarm(a_home(tmp_path, a_finished_goal()), "log", "--json").document["events"]
    assert [event["type"] for event in events[:2]] == ["coordinator.started", "goal.submitted"]
    assert len(events) == len(a_finished_goal())


def test_market_explain_gives_the_numbers_that_decided(tmp_path: Path) -> None:
    called = swarm(a_home(tmp_path, a_running_goal()), "market", "explain", "g-000001.t2")
    assert called.code == 0
    assert "writer-template (template) tries g-000001.t2" in called.out
    assert "writer-crossover: index $2.90" in called.out


def test_market_explain_of_no_task_names_the_tasks(tmp_path: Path) -> None:
    called = swarm(a_home(tmp_path, a_running_goal()), "market", "explain", "g-000001.t99")
    assert called.code == 2
    assert "g-000001.t3" in called.err


def test_agents_are_known_by_what_they_have_done(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal())
    records = {
        each["agent_id"]: each for each in swarm(home, "agents", "--json").document["records"]
    }
    mutation, crossover = records["writer-mutation"], records["writer-crossover"]
    assert (mutation["attempts"], mutation["accepted"], mutation["spent"]) == (2, 1, 4_000)
    assert (crossover["bids"], crossover["attempts"]) == (2, 0)
    assert "writer-crossover" in swarm(home, "agents").out


def test_config_show_says_where_each_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "swarm.toml").write_text("writers = 3\n")
    called = swarm(tmp_path, "config", "show", "--origin", "--json")
    assert called.document["writers"] == {"value": "3", "source": str(tmp_path / "swarm.toml")}
    assert called.document["home"]["source"] == "environment"


def test_an_unknown_setting_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "swarm.toml").write_text("writer = 3\n")
    called = swarm(tmp_path, "show")
    assert called.code == 2
    assert "did you mean writers?" in called.err


def test_the_end_of_the_journal_may_be_written_while_it_is_read(tmp_path: Path) -> None:
    story = a_finished_goal()
    home = a_home(tmp_path, story[:20])
    journal = open_journal(Places(home).journal)
    assert swarm(home, "show", "--json").document["goals"][0]["status"] == "running"
    journal.append(story[20:])
    assert swarm(home, "show", "--json").document["goals"][0]["status"] == "done"
    journal.close()


def test_a_damaged_journal_is_said_and_not_shown(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal())
    (Places(home).journal / "journal.db").write_bytes(b"not a database" * 100)
    called = swarm(home, "show")
    assert called.code != 0
    assert "journal" in called.err
