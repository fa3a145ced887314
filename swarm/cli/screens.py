"""Where a followed goal is shown while it is worked on: a terminal that is redrawn, or plain lines."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Group
from rich.live import Live

from swarm.cli.lines import Line, line
from swarm.cli.live import LINES, live
from swarm.cli.session import Session
from swarm.cli.watching import News, Watch
from swarm.cli.words import clock
from swarm.coordination.public_api import GoalState
from swarm.domain.names import GoalId

REDRAWN_PER_SECOND = 10


class Screen(Protocol):
    def tell(self, news: News) -> None:
        """Something has happened."""
        ...

    def draw(self, watch: Watch, goals: tuple[GoalId, ...]) -> None:
        """Time has passed."""
        ...


class PlainScreen:
    """One line for each event that matters, with the time since the goal was submitted."""

    def __init__(self, session: Session, *, several: bool = False) -> None:
        self._session = session
        self._several = several

    def tell(self, news: News) -> None:
        said = line(news.event, news.state)
        if said is None:
            return
        since = clock(news.event.at - news.state.submitted_at) if news.state else "     "
        name = f"{news.state.goal.goal_id} " if self._several and news.state else ""
        self._session.say(f"{since} {name}{said.text}", said.style)

    def draw(self, watch: Watch, goals: tuple[GoalId, ...]) -> None:
        """Lines stand as they were printed."""


class LiveScreen:
    """Tasks, steps and money of each goal, redrawn in place, with the last events below."""

    def __init__(self, session: Session, painter: Live) -> None:
        self._session = session
        self._painter = painter
        self._last: dict[GoalId | None, deque[Line]] = {}

    def tell(self, news: News) -> None:
        said = line(news.event, news.state)
        if said is not None:
            self._last.setdefault(news.event.goal_id, deque(maxlen=LINES)).append(said)

    def draw(self, watch: Watch, goals: tuple[GoalId, ...]) -> None:
        states = [watch.goals[name] for name in goals if name in watch.goals]
        views = [self._view(state, watch) for state in states]
        self._painter.update(Group(*views) if views else "swarm is starting…", refresh=True)

    def _view(self, state: GoalState, watch: Watch) -> Group:
        last = tuple(self._last.get(state.goal.goal_id, ()))
        return live(state, self._session.now(), watch.since, last)


@contextmanager
def open_screen(session: Session, *, several: bool) -> Iterator[Screen]:
    if not session.is_live:
        yield PlainScreen(session, several=several)
        return
    with Live(console=session.out, auto_refresh=False, transient=True) as painter:
        yield LiveScreen(session, painter)
