"""What the coordinator keeps of one goal beside the journal: clocks, and what was done already.

All of it is soft. After a crash it begins anew, so a lease that is still live gets one full duration.
Times are seconds of a clock that never jumps.
"""

from dataclasses import dataclass, field

from swarm.coordination.public_api import Attempt, GoalState
from swarm.domain.names import AttemptId


@dataclass(slots=True)
class Course:
    time_up: float
    """When the goal's time is up."""

    is_fetched: bool = False
    """Its base is in the mirror."""

    not_before: float = 0.0
    """What is to be done for it met something that passes; it is tried again then."""

    _leases: dict[AttemptId, float] = field(default_factory=dict)
    """Leases that are on the disk, and when they run out."""

    @classmethod
    def begun(cls, state: GoalState, now: float) -> "Course":
        """With what is left of the goal's time. Only what the journal saw counts, so a clock that jumps
        while nobody works costs nothing.
        """
        began = max(state.submitted_at, state.timed_from)
        used = max(state.touched_at - began, 0) / 1000
        return cls(now + max(state.goal.seconds - used, 0.0))

    def knows(self, attempt: Attempt) -> bool:
        return attempt.attempt_id in self._leases

    def renew(self, attempt: Attempt, now: float) -> None:
        self._leases[attempt.attempt_id] = now + attempt.duration_ms / 1000

    def has_run_out(self, attempt: Attempt, now: float) -> bool:
        return self._leases.get(attempt.attempt_id, now) < now

    def stand_still(self, state: GoalState, lap: float, now: float) -> None:
        """Since the last look, so many seconds ago, nothing could go on."""
        self.time_up += lap
        for attempt in state.live():
            self.renew(attempt, now)
