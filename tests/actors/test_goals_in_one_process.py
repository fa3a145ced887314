"""Coordinator, hosts and publisher in one process; only planning, writing and checking are scripted."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, leave, read_facts
from swarm.actors.working_api import Cast
from swarm.agents.public_api import CheckAssignment
from swarm.coordination.public_api import GoalState, HumanCommand, Say, Stop, SubmitGoal, Veto
from swarm.domain.events import PullRequestClosed
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId
from swarm.domain.tasks import Verdict
from swarm.engines.public_api import Assignment, GaveUp, Item, Question, StepTaken, Submission
from swarm.forge.public_api import LocalForge
from swarm.journal.public_api import open_journal, read_only
from swarm.settings.public_api import Settings
from swarm.testing.crew import a_cast, a_goal, carry_out, goals_of, write
from swarm.testing.engine import ScriptedEngine, flat_curve
from swarm.testing.git import a_quick_folder, a_repository, git
from swarm.testing.outside import wait_until

GOAL = GoalId("g-000001")
FILES = {"one.py": "broken = True\n"}
Play = Callable[..., GoalState]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    a_repository(tmp_path / "repository", FILES)
    return tmp_path / "repository"


@pytest.fixture
def places() -> Iterator[Places]:
    """In memory: nothing here is about the disk."""
    with a_quick_folder() as folder:
        places = Places(folder / "home")
        places.make()
        yield places


@pytest.fixture
def play(places: Places, repository: Path) -> Play:
    def run(
        cast: Cast, then: HumanCommand | None = None, notify: str = "", **fields: object
    ) -> GoalState:
        goal = a_goal(repository, GOAL, **fields)
        leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
        if then is not None:
            leave(places.inbox, then)
        journal = open_journal(places.journal)
        carry_out(places, Settings(home=places.home, notify=notify), journal, cast)
        journal.close()
        return goals_of(places)[GOAL]

    return run


def mended(text: str = "broken = False\n") -> Submission:
    return Submission(write("one.py", text), "Mend", "It was broken.")


def an_engine(strategy: str, *items: Item, probability: int = 500_000) -> ScriptedEngine:
    curves = (flat_curve(probability=probability),)
    return ScriptedEngine(items, strategy=strategy, curves=curves)


def judged(*verdicts: Verdict) -> Callable[[CheckAssignment], Verdict]:
    """The tester's verdicts, one after the other; the last one stays."""
    left = list(verdicts)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def cast(*engines: ScriptedEngine, verdicts: Sequence[Verdict] = ("yes",)) -> Cast:
    return a_cast(("one.py",), engines, judged(*verdicts))


def test_a_patch_that_a_check_refuses_goes_back_to_its_writer_with_the_findings(
    play: Play,
) -> None:
    seen: list[Assignment] = []

    def script(assignment: Assignment) -> list[Item]:
        seen.append(assignment)
        return [mended("broken = None\n"), mended()]

    state = play(cast(ScriptedEngine(script), verdicts=("no", "yes")))
    assert state.status is GoalStatus.DONE
    assert [len(each.findings) for each in seen] == [0, 1]
    assert [len(each.refused) for each in seen] == [0, 1]


@pytest.mark.thorough
def test_after_an_honest_end_another_strategy_class_tries(play: Play) -> None:
    state = play(
        cast(
            an_engine("first", GaveUp("found nothing"), probability=900_000),
            an_engine("second", mended(), probability=400_000),
        )
    )
    attempts = [(a.strategy, a.outcome) for a in state.attempts.values() if a.tree or a.reason]
    assert attempts == [("first", "gave-up"), ("second", "accepted")]
    assert state.status is GoalStatus.DONE


@pytest.mark.thorough
def test_an_engine_that_breaks_fails_its_attempt_and_nothing_else(play: Play) -> None:
    def broken(assignment: Assignment) -> list[Item]:
        raise ZeroDivisionError("a bug in an engine")

    bad = ScriptedEngine(broken, strategy="bad", curves=(flat_curve(probability=900_000),))
    state = play(cast(bad, an_engine("good", mended())))
    failed = [a.reason for a in state.attempts.values() if a.outcome == "failed"]
    assert failed == ["a bug in an engine"]
    assert state.status is GoalStatus.DONE


@pytest.mark.thorough
def test_a_goal_that_nobody_can_reach_ends_with_a_report(play: Play) -> None:
    state = play(cast(an_engine("only", GaveUp("found nothing"))))
    assert state.status is GoalStatus.FAILED
    assert "found nothing" in state.reason


def test_what_a_human_says_reaches_the_engine_once_at_a_step_border(play: Play) -> None:
    say = Say(command_id=CommandId("say"), goal_id=GOAL, text="look at line 3")
    heard: list[tuple[str, ...]] = []

    class Listening(ScriptedEngine):
        async def work(self, assignment, sandbox, done, guidance, budget):  # type: ignore[no-untyped-def]
            for number in range(3):
                yield StepTaken(f"step {number}", b"", cost=1, seconds=0.0)
                heard.append(guidance())
            yield mended()

    state = play(cast(Listening([mended()])), say)
    assert [line for lines in heard for line in lines] == ["look at line 3"]
    assert state.status is GoalStatus.DONE


def test_a_question_waits_for_its_answer_across_processes_and_the_work_goes_on(
    play: Play, places: Places
) -> None:
    heard: list[tuple[str, ...]] = []

    class Asking(ScriptedEngine):
        async def work(self, assignment, sandbox, done, guidance, budget):  # type: ignore[no-untyped-def]
            heard.append(guidance())
            if not done:
                yield StepTaken("looked", b"", cost=1, seconds=0.0)
                yield Question("which of the two?")
            else:
                yield mended()

    crew = cast(Asking([mended()]))
    waits = play(crew)
    assert (waits.status, waits.only_waits) == (GoalStatus.WAITING, True)
    assert [text for _, text in waits.questions] == ["which of the two?"]
    state = play(crew, Say(command_id=CommandId("say"), goal_id=GOAL, text="the first"))
    assert state.status is GoalStatus.DONE
    assert heard == [(), ("the first",)]
    steps = [step.action for each in state.attempts.values() for step in each.steps]
    assert steps == ["looked"]


def test_a_stopped_goal_is_cancelled_and_publishes_nothing(play: Play, repository: Path) -> None:
    stop = Stop(command_id=CommandId("stop"), goal_id=GOAL)
    state = play(cast(an_engine("only", mended())), stop)
    assert state.status is GoalStatus.CANCELLED
    assert git(repository, "branch", "--list", "swarm/*") == ""


def test_an_interpreter_that_no_host_has_ends_the_goal_as_the_environments_fault(
    play: Play, repository: Path
) -> None:
    environment = a_goal(repository).environment.model_copy(update={"python": "/nowhere/python"})
    state = play(cast(an_engine("only", mended())), environment=environment)
    assert (state.status, state.cause) == (GoalStatus.FAILED, "environment")
    assert "/nowhere/python" in state.reason


@pytest.mark.thorough
def test_what_worked_and_what_failed_is_known_afterwards(
    play: Play, places: Places, repository: Path
) -> None:
    play(
        cast(
            an_engine("first", GaveUp("found nothing"), probability=900_000),
            an_engine("second", mended(), probability=400_000),
        )
    )
    known = {
        view.signed.fact.kind: view.signed.fact for view in read_facts(places, str(repository))
    }
    assert known["failed"].claim == "first: found nothing"
    assert known["worked"].claim == "second: Mend"


@pytest.mark.thorough
def test_the_users_command_is_told_when_a_goal_ends(play: Play, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    program = f"import sys, pathlib; pathlib.Path({str(told)!r}).write_text(sys.stdin.read())"
    play(cast(an_engine("only", mended())), notify=f'"{sys.executable}" -c "{program}"')
    message = json.loads(_content(told))
    assert (message["goal"], message["status"], message["pull_request"]) == (GOAL, "done", 1)


def test_a_goal_that_needs_a_human_is_told_as_blocked(play: Play, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    program = f"import sys, pathlib; pathlib.Path({str(told)!r}).write_text(sys.stdin.read())"
    veto = Veto(command_id=CommandId("veto"), goal_id=GOAL, reason="not this one")
    play(cast(an_engine("only", mended())), veto, notify=f'"{sys.executable}" -c "{program}"')
    message = json.loads(_content(told))
    assert (message["status"], message["pull_request"]) == ("blocked", None)
    assert "not this one" in message["reason"]


@pytest.mark.thorough
def test_a_closed_pull_request_is_noticed_once_and_stays_closed(
    play: Play, places: Places, repository: Path
) -> None:
    crew = cast(an_engine("only", mended()))
    assert play(crew).landed == ""
    asyncio.run(LocalForge(places.forge).close(1, "human"))
    assert play(crew).landed == "closed"
    git(repository, "merge", f"swarm/{GOAL}")
    assert play(crew).landed == "closed"
    events = [record.event for record in read_only(places.journal).read()]
    assert sum(isinstance(event, PullRequestClosed) for event in events) == 1


@pytest.mark.thorough
def test_a_veto_after_the_end_closes_the_pull_request(play: Play, places: Places) -> None:
    crew = cast(an_engine("only", mended()))
    assert play(crew).status is GoalStatus.DONE
    state = play(crew, Veto(command_id=CommandId("veto"), goal_id=GOAL, reason="after all not"))
    assert (state.status, state.landed) == (GoalStatus.DONE, "closed")
    assert asyncio.run(LocalForge(places.forge).get(1)).state == "closed"


def test_a_veto_that_comes_while_the_coordinator_is_down_stops_what_was_intended(
    play: Play, places: Places, repository: Path
) -> None:
    """The process dies when the pull request is open and nothing of that is on record."""
    crew = cast(an_engine("only", mended()))
    play(crew)
    _forget_after(places, "publication.intended")
    state = play(crew, Veto(command_id=CommandId("veto"), goal_id=GOAL, reason="after all not"))
    assert state.status is GoalStatus.BLOCKED
    assert (state.published, state.withdrawn and state.withdrawn.number) == (None, 1)
    assert asyncio.run(LocalForge(places.forge).get(1)).state == "closed"


def _forget_after(places: Places, tag: str) -> None:
    """A journal that ends with the first event of this kind, as a crash would leave it."""
    events = [record.event for record in read_only(places.journal).read()]
    last = next(number for number, event in enumerate(events) if event.type == tag)
    for path in tuple(places.journal.iterdir()):
        if path.is_file():
            path.unlink()
    journal = open_journal(places.journal)
    journal.append(events[: last + 1])
    journal.close()


def _content(path: Path) -> str:
    """The command runs beside us; its file appears when it has run."""
    wait_until(lambda: path.exists() and bool(path.read_text()), seen=lambda: "no such file")
    return path.read_text()
