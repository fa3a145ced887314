"""Canaries in unattended running: whose turn it is, and how often."""

import json
from pathlib import Path

import pytest

from swarm.cli.market_canaries import ask_about_canaries, next_canary
from swarm.cli.patrol import due, go_round
from swarm.demo.public_api import BAD, GOOD


def test_one_is_due_after_so_many_checks_and_none_where_that_is_nothing() -> None:
    assert [due(reports, 0, 3) for reports in (0, 2, 3)] == [False, False, True]
    assert not due(3, 1, 3)
    assert not due(99, 0, 0)


def test_it_goes_round_once_for_each_so_many_checks() -> None:
    turns = iter([0, 1, 2, 2, 5, 5, 5, 5])
    asked: list[int] = []
    ends = iter([False] * 8 + [True])
    go_round(lambda: next(turns), lambda: asked.append(1), 2, lambda: next(ends))
    assert len(asked) == 2


def test_wrong_and_right_ones_take_turns_until_all_were_asked_about() -> None:
    asked: list[str] = []
    for _ in range(len(BAD) + len(GOOD)):
        asked.append(next_canary(asked).name)
    assert len(set(asked)) == len(asked)
    assert {each.name for each in BAD} == set(asked[::2])
    assert next_canary(asked).name == asked[0]


@pytest.mark.thorough
def test_a_canary_leaves_nothing_but_its_line_and_tells_the_checks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No goal, no journal, no branch, no pull request; its cost is in the line."""
    monkeypatch.setenv("SWARM_HOME", str(tmp_path / "home"))
    assert ask_about_canaries(count=1, only_next=True, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)["asked"]
    assert [each["good"] for each in told] == [False]
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["canaries.jsonl"]
    row = json.loads((tmp_path / "home" / "canaries.jsonl").read_text())
    assert row["cost"] > 0
    assert set(row["verdicts"]) == {"suite", "static", "behaviour"}
