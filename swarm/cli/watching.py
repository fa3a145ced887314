"""The journal, read as it grows, and folded into goals. Any process may do this at any time."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from swarm.actors.public_api import Places
from swarm.coordination.public_api import GoalState, fold
from swarm.domain.errors import Rejected, Transient
from swarm.domain.events import CoordinatorStarted, Event, LeaseGranted, StepRecorded
from swarm.domain.names import AttemptId, GoalId
from swarm.journal.public_api import Follower, Record, read_only


@dataclass(frozen=True, slots=True)
class News:
    event: Event
    state: GoalState | None
    """Of the event's goal, after it; None for events of no goal."""


@dataclass(slots=True)
class Watch:
    places: Places
    goals: dict[GoalId, GoalState] = field(default_factory=dict)
    position: int = 0
    runtime: str = ""
    """Of the last coordinator."""

    since: dict[AttemptId, int] = field(default_factory=dict)
    """When the step that each attempt is at began."""

    steps: dict[tuple[GoalId, int], int] = field(default_factory=dict)
    """Where in the journal each step of a goal stands, by its number."""

    follower: Follower | None = None

    def news(self) -> Iterator[News]:
        """What has been written since the last call; nothing where there is no journal yet."""
        if self.follower is None:
            self.follower = _opened(self.places)
        if self.follower is None:
            return
        for record in self.follower.read(self.position):
            self.position = record.position
            told = self._told(record.event)
            self._note(record)
            yield told

    def catch_up(self) -> "Watch":
        for _ in self.news():
            pass
        return self

    def close(self) -> None:
        if self.follower is not None:
            self.follower.close()
            self.follower = None

    def _told(self, event: Event) -> News:
        fold(self.goals, event)
        match event:
            case CoordinatorStarted():
                self.runtime = event.runtime
            case LeaseGranted() | StepRecorded():
                self.since[event.attempt_id] = event.at
        return News(event, self.goals.get(event.goal_id) if event.goal_id else None)

    def _note(self, record: Record) -> None:
        if isinstance(record.event, StepRecorded):
            state = self.goals.get(record.event.goal_id)
            if state is not None:
                self.steps[state.goal.goal_id, state.now_at] = record.position


def _opened(places: Places) -> Follower | None:
    """None where nothing has been written; a coordinator that is just starting is waited for."""
    if not (places.journal / "journal.db").is_file():
        return None
    try:
        return read_only(places.journal)
    except Transient:
        return None


def find_goal(goals: dict[GoalId, GoalState], name: str) -> GoalState:
    """The goal of this id, or of the only id that begins so. Raises Rejected."""
    wanted = name if name.startswith("g-") else f"g-{name}"
    exact = goals.get(GoalId(wanted))
    found = [exact] if exact else [s for n, s in sorted(goals.items()) if n.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Rejected(f"there is no goal {name}", advice="`swarm show` lists the goals")
    names = ", ".join(state.goal.goal_id for state in found[:5])
    raise Rejected(f"{name} may mean {names}", advice="write more of the id")
