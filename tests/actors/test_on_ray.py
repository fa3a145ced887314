"""The same parts as Ray actors, on a cluster of two nodes: kills, and nothing shared but Ray."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from swarm.actors.knowledge import sign
from swarm.actors.places import Places
from swarm.actors.ports import Entry
from swarm.actors.public_api import GoalRequest, leave, prepare_goal
from swarm.coordination.public_api import GoalState, SubmitGoal, fold
from swarm.demo.public_api import plant
from swarm.domain.errors import Rejected, Transient
from swarm.domain.events import CoordinatorStarted, Event, StepRecorded
from swarm.domain.facts import SignedFact
from swarm.domain.goals import GoalStatus
from swarm.domain.names import AgentId, CommandId, GoalId
from swarm.identity.public_api import KeyRing
from swarm.journal.public_api import read_only
from swarm.settings.public_api import Settings
from swarm.testing.facts import a_fact
from swarm.testing.gate import a_gate, gated_cast, opened
from swarm.testing.outside import wait_until

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1000)]

GOAL = GoalId("g-000001")
PATIENCE = 300.0
"""Seconds for each thing that is waited for: where all goes well it takes some of them."""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places(tmp_path / "home")
    places.make()
    return places


@pytest.fixture
def goal(places: Places, tmp_path: Path) -> GoalId:
    plant(1, tmp_path / "repository")
    request = GoalRequest("fix the failing tests", tmp_path / "repository", fix_failing=True)
    goal = prepare_goal(request, Settings(home=places.home), new_id=lambda: GOAL)
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    return goal.goal_id


class Stage:
    """A troupe at work on a state folder, and the journal as it grows."""

    def __init__(self, places: Places, *, forever: bool = False, **options: Any) -> None:
        from swarm.actors.ray import assemble

        self.places = places
        self.troupe = assemble(places.home, Settings(home=places.home, lease_seconds=15), **options)
        self.troupe.coordinator.run.remote(forever)

    def events(self) -> list[Event]:
        try:
            with closing(read_only(self.places.journal)) as journal:
                return [record.event for record in journal.read()]
        except (Rejected, Transient):
            return []  # not there yet

    def state(self) -> GoalState:
        goals: dict[GoalId, GoalState] = {}
        for event in self.events():
            fold(goals, event)
        return goals[GOAL]

    def wait(self, until: Callable[[list[Event]], bool]) -> None:
        wait_until(
            lambda: until(self.events()),
            PATIENCE,
            seen=lambda: [event.type for event in self.events()],
        )

    def wait_for_the_end(self) -> GoalState:
        self.wait(lambda events: any(event.type == "goal.ended" for event in events))
        return self.state()


@pytest.fixture
def on_stage(cluster: Any, places: Places, goal: GoalId) -> Iterator[Callable[..., Stage]]:
    stages: list[Stage] = []

    def enter(**options: Any) -> Stage:
        stages.append(Stage(places, **options))
        return stages[-1]

    yield enter
    for stage in stages:
        stage.troupe.dismiss()


def _kill(actor: Any) -> None:
    import ray

    os.kill(ray.get(actor.process.remote()), signal.SIGKILL)


def _worked(events: list[Event]) -> bool:
    return any(isinstance(event, StepRecorded) for event in events)


def _started_twice(events: list[Event]) -> bool:
    return sum(isinstance(event, CoordinatorStarted) for event in events) == 2


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Behind its first step each writer waits there: it is killed in the middle of its work, however
    quick it is.
    """
    return a_gate(tmp_path / "gate")


def _check(state: GoalState) -> None:
    assert state.status is GoalStatus.DONE, state.reason
    assert state.published is not None
    numbers = [(a.attempt_id, step.number) for a in state.attempts.values() for step in a.steps]
    assert len(numbers) == len(set(numbers))


def test_no_restart_depends_on_what_the_object_store_may_lose(
    cluster: Any, places: Places, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ray says so once in a process; so this test is the first."""
    import ray

    from swarm.actors.ray import assemble

    troupe = assemble(places.home, Settings(home=places.home))
    try:
        for actor in (troupe.coordinator, *troupe.hosts.values()):
            ray.get(actor.process.remote())
    finally:
        troupe.dismiss()
    assert "arguments in the object store" not in capfd.readouterr().err


def test_a_killed_coordinator_comes_back_and_the_goal_ends(
    on_stage: Callable[..., Stage], gate: Path
) -> None:
    stage = on_stage(cast=partial(gated_cast, gate))
    stage.wait(_worked)
    _kill(stage.troupe.coordinator)
    stage.wait(_started_twice)
    with opened(gate):
        _check(stage.wait_for_the_end())
    assert _started_twice(stage.events())


def test_a_killed_writer_loses_its_lease_and_goes_on_behind_its_last_step(
    on_stage: Callable[..., Stage], gate: Path
) -> None:
    stage = on_stage(cast=partial(gated_cast, gate))
    stage.wait(_worked)
    _kill(stage.troupe.hosts["writing"])
    with opened(gate):
        state = stage.wait_for_the_end()
    _check(state)
    expired = [a for a in state.attempts.values() if a.outcome == "expired"]
    assert expired
    task = state.tasks[expired[0].task_id]
    localised = [
        step
        for attempt_id in task.attempts
        for step in state.attempts[attempt_id].steps
        if step.action.startswith("localised")
    ]
    assert len(localised) == 1, "the first step was done again"


def test_a_goal_ends_with_its_writers_on_another_node_that_shares_nothing_but_ray(
    on_stage: Callable[..., Stage],
) -> None:
    stage = on_stage(placement={"writing": {"far": 1}})
    _check(stage.wait_for_the_end())
    assert not (stage.places.work / "writing").exists()


def test_replicas_on_different_actors_meet_through_the_registry_also_after_a_death(
    cluster: Any, places: Places
) -> None:
    from swarm.actors.ray import assemble

    fact = sign(a_fact("one thing"), KeyRing(places.keys).signer(AgentId("ann")))
    troupe = assemble(places.home, Settings(home=places.home))
    try:
        troupe.coordinator.run.remote(True)
        before = _wait_for_entries(troupe, {"coordinator", "planning", "writing"})
        _given(before["planning"], fact)
        _kill(troupe.hosts["writing"])
        after = _wait_for_entries(troupe, {"writing"}, without=before["writing"].host)
        wait_until(lambda: fact in _given(after["writing"]), PATIENCE, seen=lambda: "no such fact")
    finally:
        troupe.dismiss()


def _wait_for_entries(troupe: Any, names: set[str], without: str = "") -> dict[str, Entry]:
    from swarm.actors.ray import RemoteRegistry

    seen: dict[str, Entry] = {}

    async def look() -> None:
        _, entries = await RemoteRegistry(troupe.registry).watch(0)
        seen.clear()
        seen.update({entry.name: entry for entry in entries if entry.host != without})

    def all_there() -> bool:
        asyncio.run(look())
        return names <= seen.keys()

    wait_until(all_there, PATIENCE, seen=lambda: f"{set(seen)} of {names}")
    return seen


def _given(entry: Entry, *facts: SignedFact) -> tuple[SignedFact, ...]:
    """What the replica holds after it was given these."""
    assert entry.facts is not None
    return asyncio.run(entry.facts.hand_over("/some/where", facts))
