"""The user's own agents, played by a double that is started, fed and read as they are, in real sandboxes."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from swarm.domain.changes import Changes, Written
from swarm.engines.cli.makers import MAKERS
from swarm.engines.cli.record import Record
from swarm.engines.port import Item, StepTaken, Submission
from swarm.testing.agents import RENEWS, SECRET, Stage, a_login, as_done, last_words

FILES = {
    "app.py": "x = 1\n",
    "node_modules/kept.js": "1\n",
    "test_app.py": "from app import x\n\n\ndef test_x():\n    assert x == 2\n",
}
DONE = {"end": "Set x to two\n\nIt was one."}
Staged = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path, whole_walls: None) -> Staged:
    def made(name: str = "claude-code", **given: object) -> Stage:
        made = Stage(tmp_path, FILES, name, **given)  # type: ignore[arg-type]
        a_login(made.home, name)
        return made

    return made


def write(stage: Stage, name: str = "app.py", text: str = "x = 2\n") -> dict[str, str]:
    return {"write": str(stage.tree / name), "text": text}


def records(items: Sequence[Item]) -> list[Record]:
    return [Record.model_validate_json(i.result) for i in items if isinstance(i, StepTaken)]


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_what_an_agent_changed_becomes_the_submission(stage: Staged, name: str) -> None:
    here = stage(name)
    items = here.play([{"say": "Let me see."}, {"run": "cat app.py"}, write(here), DONE])
    *steps, end = items
    assert isinstance(end, Submission)
    assert end.changes == Changes((Written(b"app.py", "100644", b"x = 2\n"),))
    assert end.title == "Set x to two"
    assert len(steps) == 3
    seen = records(steps)
    assert "x = 1" in seen[0].output
    assert seen[-1].finished
    assert sum(each.read for each in seen) == 100 * (1 if name != "opencode" else 3)
    assert sum(step.cost for step in steps if isinstance(step, StepTaken)) > 0


def test_what_tools_leave_behind_is_no_part_of_the_work_and_what_was_there_before_is(
    stage: Staged,
) -> None:
    here = stage()
    left = ("__pycache__/app.pyc", "a/.pytest_cache/v/x", "node_modules/b/c.js", ".coverage")
    names = (*left, "app.py", "node_modules/kept.js")
    end = here.play([*(write(here, name) for name in names), DONE])[-1]
    assert isinstance(end, Submission)
    assert end.changes.paths == (b"app.py", b"node_modules/kept.js")


def test_the_submission_says_who_wrote_it_and_what_their_sandbox_did_not_hold(
    stage: Staged,
) -> None:
    here = stage()
    end = here.play([write(here), DONE])[-1]
    assert isinstance(end, Submission)
    first, second = end.why.splitlines()[:2]
    assert first == "It was one."
    assert second.startswith("Written by Claude Code 9.9.9 (m-1), in a weaker sandbox: ")
    assert "can be sent to api.anthropic.com:443" in second
    assert "can read and use the provider's credential" in second


def test_the_prompt_is_the_contract_with_what_people_said(stage: Staged) -> None:
    here = stage()
    items = here.play([{"echo": 1}, DONE], said=[("mind the docs",)])
    (told, _) = records(items)
    for part in ("Make the failing tests pass", "test_it.py::test_it", "mind the docs", "pytest"):
        assert part in told.output


def test_what_people_say_during_a_run_is_told_before_anything_is_submitted(stage: Staged) -> None:
    here = stage()
    items = here.play(
        [write(here, text="x = 3\n"), DONE], [{"echo": 1}, write(here), DONE], said=[(), ("two!",)]
    )
    assert "two!" in records(items)[2].output
    assert isinstance(end := items[-1], Submission)
    assert end.changes.items[0] == Written(b"app.py", "100644", b"x = 2\n")


def test_an_agent_sees_its_login_without_what_renews_it(stage: Staged) -> None:
    here = stage()
    items = here.play([{"run": "cat ~/.claude/.credentials.json; env"}, DONE])
    (told, _) = records(items)
    assert SECRET in told.output
    assert RENEWS not in told.output
    assert (here.home / ".claude/.credentials.json").read_text().count(RENEWS) == 1


@pytest.mark.parametrize(
    ("acts", "why"),
    [
        ([{"fail": "Not logged in", "error": "authentication_failed"}], "logged out"),
        ([{"fail": "Invalid API key", "status": 401}], "logged out"),
        ([{"fail": "busy", "status": 529}], "overloaded"),
        ([{"fail": "403 the sandbox's proxy refuses this: x", "status": 403}], "kept from a host"),
        ([{"fail": "session limit", "error": "rate_limit", "status": 429}], "used up its quota"),
        ([{"print": "usage: claude [options]\n"}], "nothing that is understood"),
        ([{"print": '{"type": "new.thing", "of": [1, 2'}], "nothing that is understood"),
        ([{"print": "\x00\xff\n" * 50}, {"exit": 0}], "nothing that is understood"),
        ([{"complain": "Segmentation something"}, {"exit": 3}], "failed: Segmentation something"),
        ([{"die": 9}], "was killed"),
        ([{"end": "All is well."}], "changed nothing: All is well."),
    ],
)
def test_every_end_without_a_result_has_a_name(
    stage: Staged, acts: list[dict[str, object]], why: str
) -> None:
    assert why in last_words(stage().play(acts))


def test_a_program_that_is_not_there_any_more_is_an_end_too(stage: Staged) -> None:
    here = stage()
    engine = here.engine([DONE])
    (here.folder / "agent/bin/claude").unlink()
    assert "failed" in last_words(asyncio.run(here.played(engine)))


def test_an_agent_that_says_nothing_any_more_is_ended(stage: Staged) -> None:
    here = stage(idle_seconds=0.2)
    assert "said nothing for too long" in last_words(here.play([{"say": "Well."}, {"hang": 1}]))


def test_without_a_login_nothing_is_started(stage: Staged) -> None:
    here = stage()
    (here.home / ".claude/.credentials.json").unlink()
    assert "no login" in last_words(here.play([write(here), DONE]))
    a_login(here.home, "claude-code", until=here.now + 10)
    assert "its login is over" in last_words(here.play([write(here), DONE]))


def test_a_closed_window_is_capacity_that_comes_back(stage: Staged) -> None:
    here = stage()
    opens = here.now + 3 * 3600
    told = {"status": "rejected", "resetsAt": opens, "rateLimitType": "five_hour"}
    limit = {"fail": "You've hit your limit", "error": "rate_limit", "status": 429}
    assert "quota until 2026-09-21" in last_words(here.play([{"window": told}, limit]))
    (engine,) = here.engines
    assert engine.curves() == ()
    here.now = opens + 1
    assert engine.curves() != ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("codex", "You've hit your usage limit. Try again in 2 hours 5 minutes."),
        ("gemini", "You have exhausted your quota. Your quota will reset after 2h5m0s."),
        ("opencode", "Rate limit reached: retry after 7500 s"),
    ],
)
def test_a_quota_that_is_told_in_words_is_closed_until_then(
    stage: Staged, name: str, words: str
) -> None:
    here = stage(name)
    assert "used up its quota until" in last_words(here.play([{"fail": words}]))
    engine = here.engines[-1]
    assert engine.curves() == ()
    here.now += 7_499
    assert engine.curves() == ()
    here.now += 2
    assert engine.curves() != ()


def test_windows_that_codex_writes_down_and_does_not_print_count_as_well(stage: Staged) -> None:
    here = stage("codex")
    told = {"primary": {"used_percent": 80.5, "window_minutes": 300, "resets_at": here.now + 900},
            "secondary": {"used_percent": 12, "window_minutes": 10_080, "resets_at": here.now + 9_000}}  # fmt: skip
    line = {"type": "event_msg", "payload": {"type": "token_count", "rate_limits": told}}
    folder = "$HOME/.codex/sessions/2026/11/21"
    keep = f"mkdir -p {folder}; echo '{json.dumps(line)}' > {folder}/rollout-1.jsonl"
    here.play([{"run": keep}, write(here), DONE])
    (dear,) = here.engines[-1].curves()
    here.now += 901
    (cheap,) = here.engines[-1].curves()
    assert dear.rows[0].price > 5 * cheap.rows[0].price


def test_what_is_left_of_a_window_is_dearer_the_less_it_is(stage: Staged) -> None:
    here = stage()
    before = here.engine([DONE]).curves()[0].rows[-1].price
    told = {"status": "allowed_warning", "utilization": 0.9, "resetsAt": here.now + 60}
    here.play([{"window": told}, write(here), DONE])
    assert here.engines[-1].curves()[0].rows[-1].price > 5 * before


def test_more_than_the_budget_is_not_spent(stage: Staged) -> None:
    here = stage("opencode")
    run = [{"run": "true"}] * 20
    items = here.play([*run, DONE], budget=2_500)
    assert "more than the budget" in last_words(items)
    assert len(items) < 8


def test_who_takes_over_goes_on_behind_the_last_step(stage: Staged) -> None:
    here = stage()
    first = here.play([write(here), {"run": "echo looked"}, DONE], stop_after=2)
    left = first[0].changes if isinstance(first[0], StepTaken) else None
    items = here.play([{"echo": 1}, DONE], done=as_done(first), left=left)
    told = records(items)[0].output
    assert f"1. Write {here.tree}/app.py" in told
    assert "2. Bash echo looked" in told
    assert isinstance(items[-1], Submission)


def test_an_agent_that_was_done_is_not_run_again(stage: Staged) -> None:
    here = stage()
    first = here.play([write(here), DONE])
    left = first[0].changes if isinstance(first[0], StepTaken) else None
    again = here.play([{"die": 9}], done=as_done(first), left=left)
    assert [type(each) for each in again] == [Submission]
    assert again[0] == first[-1]


def test_what_was_refused_is_not_submitted_again(stage: Staged) -> None:
    here = stage()
    refused = (Changes((Written(b"app.py", "100644", b"x = 2\n"),)),)
    assert "refused before" in last_words(here.play([write(here), DONE], refused=refused))


def test_a_login_is_not_shown_where_walls_are_missing(stage: Staged) -> None:
    here = stage(mode="unsafe-worktree")
    assert "whole walls only" in last_words(here.play([write(here), DONE]))
