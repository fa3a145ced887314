"""What `swarm serve --repo` does, and why an issue was not taken: a picture it leaves, and how that is shown.

Only a picture, never a truth: after a crash it is drawn anew, and nobody decides by it.
"""

from collections.abc import Iterable

from pydantic import ValidationError
from rich.console import Group
from rich.text import Text

from swarm.actors.public_api import Places, coordinator_alive
from swarm.cli.session import Session, open_session
from swarm.cli.watching import Watch
from swarm.cli.words import lasted, legible, money
from swarm.coordination.public_api import GoalState
from swarm.domain.frozen import Frozen
from swarm.domain.names import GoalId

LINES_AN_HOUR = 400
"""That a person reviews with care: where the study at Cisco saw reviewers begin to miss more (J. Cohen,
Best Kept Secrets of Peer Code Review, 2006: 300 to 500).
"""

MINUTES_AT_LEAST = 3
"""To read five lines and see what CI says."""

MOST_NAMED = 30


class Refusal(Frozen):
    issue: int
    why: str


class Waiting(Frozen):
    issue: int
    goal_id: GoalId


class Seen(Frozen):
    """One repository, as it was looked at the last time."""

    repository: str
    looked_at: int
    """Milliseconds since 1970."""

    trouble: str = ""
    most_open: int
    minutes: int
    """Of review, about, that wait in open pull requests."""

    most_minutes: int
    queue: tuple[Waiting, ...] = ()
    refused: tuple[Refusal, ...] = ()
    unmarked: int = 0
    """Open issues without any label or comment."""


class Picture(Frozen):
    seen: tuple[Seen, ...] = ()


def review_minutes(lines: int) -> int:
    """How long a person reads so many changed lines, about."""
    return MINUTES_AT_LEAST + -(-lines * 60 // LINES_AN_HOUR)


def leave_picture(places: Places, seen: Iterable[Seen]) -> None:
    path = places.home / "serving.json"
    draft = path.with_suffix(".draft")
    draft.write_text(Picture(seen=tuple(seen)).model_dump_json())
    draft.replace(path)


def read_picture(places: Places) -> Picture:
    """Empty where nothing was ever served."""
    path = places.home / "serving.json"
    try:
        return Picture.model_validate_json(path.read_text()) if path.exists() else Picture()
    except (OSError, ValidationError):
        return Picture()


def status(*, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    picture, watch = read_picture(session.places), Watch(session.places).catch_up()
    watch.close()
    alive = coordinator_alive(session.places)
    parts = [_repository(session, each, watch.goals.values()) for each in picture.seen]
    head = "serving" if alive else "not serving now: swarm serve --repo OWNER/NAME"
    if not parts:
        head = "no repository was served yet: swarm serve --repo OWNER/NAME"
    session.show(
        Group(Text(head, style="bold"), *parts),
        {"serving": alive, "repositories": [each.model_dump(mode="json") for each in picture.seen]},
    )


def _repository(session: Session, seen: Seen, goals: Iterable[GoalState]) -> Text:
    ours = [state for state in goals if is_busy(state, seen.repository)]
    ago = lasted(session.now() - seen.looked_at)
    price = money(seen.minutes * session.settings.wrong_cost // session.settings.wrong_minutes)
    text = Text(f"\n{seen.repository}", style="bold")
    text.append(f"  looked at {ago} ago", style="dim")
    if seen.trouble:
        text.append(f"\n  {legible(seen.trouble, 400)}", style="yellow")
    text.append(
        f"\n  {len(ours)} of {seen.most_open} issues in hand; about {seen.minutes} of"
        f" {seen.most_minutes} minutes of review wait ({price})"
    )
    for state in ours:
        text.append(f"\n  #{issue_of(state)}: {_standing(state)} ({state.goal.goal_id})")
    for waiting in seen.queue:
        text.append(
            f"\n  #{waiting.issue}: approved, waits until there is room ({waiting.goal_id})"
        )
    for each in seen.refused:
        text.append(f"\n  #{each.issue}: not taken: {legible(each.why, 300)}")
    if seen.unmarked:
        text.append(f"\n  {seen.unmarked} more without label or comment: nobody has approved them")
    return text


def _standing(state: GoalState) -> str:
    if state.opened is not None and state.status.is_final:
        return f"pull request #{state.opened.number} waits for a person"
    if state.intended is not None and state.published is None:
        return "ready, and being published, or waits for a person to let it be pushed"
    return str(state.status)


def is_busy(state: GoalState, repository: str) -> bool:
    """Somebody works on it, or its pull request waits for a person."""
    tracker = state.goal.tracker
    ours = tracker is not None and tracker.repository == repository
    return ours and (not state.status.is_final or state.is_undecided)


def issue_of(state: GoalState) -> int:
    return state.goal.tracker.issue if state.goal.tracker else 0
