"""An agent's process that falls silent and comes back: its lease is lost, and so is what it says."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from swarm.actors.public_api import GoalRequest, Places, leave, prepare_goal
from swarm.actors.rayenv import prepare_environment
from swarm.coordination.public_api import RecordStep, SubmitGoal
from swarm.domain.errors import Rejected
from swarm.domain.events import GoalEnded, LeaseExpired, LeaseGranted, StepRecorded, WorkSubmitted
from swarm.domain.goals import GoalStatus
from swarm.domain.names import AttemptId, CommandId, GoalId
from swarm.domain.tasks import Step
from swarm.settings.public_api import Settings
from swarm.testing.gate import a_gate, gated_cast, opened
from swarm.testing.outside import Outside, fingerprint, steps, wait_until
from tests.end_to_end.projects import BUG, broken, is_mended

pytestmark = [pytest.mark.chaos, pytest.mark.ray, pytest.mark.timeout(1000)]

GOAL = GoalId("g-000001")
LEASE_SECONDS = 15


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lease_seconds=LEASE_SECONDS)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return a_gate(tmp_path / "gate")


@pytest.fixture
def troupe(settings: Settings, gate: Path) -> Iterator[Any]:
    places = Places(settings.home)
    places.make()
    prepare_environment(places.home)
    from swarm.actors.ray import assemble, connected

    with ExitStack() as stack:
        stack.enter_context(connected(None))
        troupe = assemble(settings.home, settings, cast=partial(gated_cast, gate))
        stack.callback(troupe.dismiss)
        yield troupe


def test_what_an_agent_says_after_its_lease_was_lost_is_refused(
    troupe: Any, settings: Settings, gate: Path, tmp_path: Path
) -> None:
    """Behind its first step the writer waits until it has been silent for long enough: a machine that is
    busy elsewhere may let it finish before anybody looks.
    """
    import ray

    swarm, repository = Outside(settings.home), broken(tmp_path / "repository")
    before = fingerprint(repository)
    goal = prepare_goal(GoalRequest(BUG, repository), settings, new_id=lambda: GOAL)
    leave(Places(settings.home).inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    writer = ray.get(troupe.hosts["writing"].process.remote())
    troupe.coordinator.run.remote(False)

    swarm.wait_for(StepRecorded)
    (step,) = (event for event in swarm.events() if isinstance(event, StepRecorded))
    os.kill(writer, signal.SIGSTOP)
    try:
        wait_until(lambda: bool(_losses(swarm, step.attempt_id)))
        (expired,) = _losses(swarm, step.attempt_id)
        late = _a_late_step(swarm, expired)
        with pytest.raises(ray.exceptions.RayTaskError) as refused:
            ray.get(troupe.coordinator.record.remote(late))
        assert isinstance(refused.value.cause, Rejected)
        assert "lease" in str(refused.value.cause)
    finally:
        os.kill(writer, signal.SIGCONT)
    with opened(gate):
        swarm.wait_for(GoalEnded)

    events = swarm.events()
    after = events[events.index(expired) + 1 :]
    assert not [
        event
        for event in after
        if isinstance(event, StepRecorded | WorkSubmitted)
        and event.attempt_id == expired.attempt_id
    ]
    (ended,) = (event for event in events if isinstance(event, GoalEnded))
    assert ended.status is GoalStatus.DONE, ended.reason
    assert max(steps(events).values()) == 1, "a finished step was done again"
    assert is_mended(repository, f"swarm/{GOAL}")
    assert fingerprint(repository) == before


def _losses(swarm: Outside, attempt_id: AttemptId) -> list[LeaseExpired]:
    expired = (event for event in swarm.events() if isinstance(event, LeaseExpired))
    return [event for event in expired if event.attempt_id == attempt_id]


def _a_late_step(swarm: Outside, expired: LeaseExpired) -> RecordStep:
    """The step that would have been next."""
    done = [e for e in swarm.events() if isinstance(e, StepRecorded)]
    granted = [e for e in swarm.events() if isinstance(e, LeaseGranted)]
    (lease,) = (e for e in granted if e.attempt_id == expired.attempt_id)
    number = 1 + max((e.step.number for e in done if e.attempt_id == expired.attempt_id), default=0)
    step = Step(
        number=number, action="said too late", result=done[-1].step.result, cost=1, seconds_ms=1
    )
    return RecordStep(attempt_id=lease.attempt_id, epoch=lease.epoch, step=step)
