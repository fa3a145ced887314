"""`swarm market` from the command line."""

import json
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, note_canary
from swarm.cli.app import call
from swarm.domain.tasks import Verdict

TABLE = "task,a,b\n" + "".join(f"t{n},{n % 2}:0.1,1:0.5\n" for n in range(12))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SWARM_HOME", str(tmp_path / "home"))
    return tmp_path


def test_a_market_that_has_seen_nothing_says_so(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["market"]) == 0
    assert "Nothing has been learned" in capsys.readouterr().out


@pytest.mark.thorough
def test_without_outcomes_made_up_worlds_are_simulated(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = home / "worlds.html"
    line = ["market", "simulate", "--rule", "cheapest", "--orders", "1", "--html", str(shown)]
    assert call([*line, "--json"]) == 0
    worlds = json.loads(capsys.readouterr().out)["worlds"]
    assert [each["world"]["name"] for each in worlds][:2] == ["plain", "families"]
    assert all(each["rules"][2]["rule"] == "cheapest" for each in worlds)
    assert "families" in shown.read_text()


def test_agents_of_made_up_worlds_cannot_be_left_out(home: Path) -> None:
    assert call(["market", "simulate", "--without", "a"]) == 2


def test_outcomes_are_simulated_beside_the_marks_of_hindsight(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "table.csv"
    path.write_text(TABLE)
    assert call(["market", "simulate", "--outcomes", str(path), "--orders", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    rules = [each["rule"] for each in document["rules"]]
    assert (document["agents"], document["tasks"]) == (2, 12)
    assert rules[0].startswith("hindsight")
    assert "market" in rules


def test_a_rule_that_does_not_exist_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "table.csv"
    path.write_text(TABLE)
    assert call(["market", "simulate", "--outcomes", str(path), "--rule", "luck"]) == 2
    assert "luck" in capsys.readouterr().err


def test_a_page_is_written_that_needs_nothing_else(home: Path) -> None:
    path, shown = home / "table.csv", home / "page.html"
    path.write_text(TABLE.replace("task,a,b", "task,<script>alert(1)</script>,b"))
    line = ["market", "simulate", "--outcomes", str(path), "--orders", "1", "--html", str(shown)]
    assert call(line) == 0
    told = shown.read_text()
    assert "<svg" in told
    assert not any(part in told for part in ("<script", "http:", "https:", " src=", " href="))


def test_the_page_of_an_empty_market_says_that_there_is_nothing_to_draw(home: Path) -> None:
    shown = home / "page.html"
    assert call(["market", "--html", str(shown)]) == 0
    assert shown.read_text().count("Nothing to draw yet") == 3


def test_a_replay_wants_a_goal_or_all_and_says_when_there_is_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["market", "replay"]) == 2
    assert "say which goal, or --all" in capsys.readouterr().err
    assert call(["market", "replay", "--all"]) == 2
    assert "nothing to replay" in capsys.readouterr().err


def test_the_checks_are_told_as_set_until_canaries_were_asked_about(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["market", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert (checks["measured"], checks["alpha_ppm"]) == (False, checks["set"]["alpha_ppm"])


def test_checks_are_told_one_by_one_and_which_of_them_miss_the_same(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(6):
        verdict: Verdict = "no" if number % 2 else "yes"
        verdicts: dict[str, Verdict] = {"suite": verdict, "static": verdict}
        note_canary(
            Places(home / "home"), f"c{number}", good=False, accepted=False, verdicts=verdicts
        )
    assert call(["market", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert (checks["each"]["suite"]["bad"], checks["each"]["suite"]["bad_accepted"]) == (6, 3)
    (pair,) = (each for each in checks["together"] if each["first"] == "static")
    assert (pair["second"], pair["found_of_accepted"], pair["shared_ppm"] > 0) == ("suite", 0, True)
    assert call(["market"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "suite found 0, by its rate 1.5" in said
    assert "opinion 40.0 % not asked" in said
