"""An agent's process that falls silent and comes back: its lease is lost, and so is what it says."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from swarm.actors.public_api import GoalRequest, Places, leave, prepare_goal
from swarm.actors.rayenv import prepare_environment
from swarm.coordination.public_api import RecordStep, SubmitGoal
from swarm.domain.errors import Rejected
from swarm.domain.events import GoalEnded, LeaseExpired, LeaseGranted, StepRecorded, WorkSubmitted
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId
from swarm.domain.tasks import Step
from swarm.settings.public_api import Settings
from swarm.testing.outside import Outside, fingerprint, steps
from tests.end_to_end.projects import BUG, broken, is_mended

pytestmark = [pytest.mark.chaos, pytest.mark.ray, pytest.mark.timeout(300)]

GOAL = GoalId("g-000001")
LEASE_SECONDS = 15


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lease_seconds=LEASE_SECONDS)


@pytest.fixture
def troupe(settings: Settings) -> Iterator[Any]:
    places = Places(settings.home)
    places.make()
    prepare_environment(places)
    from swarm.actors.ray import assemble, connected

    with ExitStack() as stack:
        stack.enter_context(connected(None))
        troupe = assemble(settings.home, settings)
        stack.callback(troupe.dismiss)
        yield troupe


def test_what_an_agent_says_after_its_lease_was_lost_is_refused(
    troupe: Any, settings: Settings, tmp_path: Path
) -> None:
    import ray

    swarm, repository = Outside(settings.home), broken(tmp_path / "repository")
    before = fingerprint(repository)
    goal = prepare_goal(GoalRequest(BUG, repository), settings, new_id=lambda: GOAL)
    leave(Places(settings.home).inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    writer = ray.get(troupe.hosts["writing"].process.remote())
    troupe.coordinator.run.remote(False)

    swarm.wait_for(StepRecorded)
    os.kill(writer, signal.SIGSTOP)
    try:
        swarm.wait_for(LeaseExpired)
        (expired,) = (event for event in swarm.events() if isinstance(event, LeaseExpired))
        late = _a_late_step(swarm, expired)
        with pytest.raises(ray.exceptions.RayTaskError) as refused:
            ray.get(troupe.coordinator.record.remote(late))
        assert isinstance(refused.value.cause, Rejected)
        assert "lease" in str(refused.value.cause)
    finally:
        os.kill(writer, signal.SIGCONT)
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
