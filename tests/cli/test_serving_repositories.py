"""`swarm serve --repo`, without its coordinator: what is taken up, and what it costs to see nothing."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console

from swarm.actors.public_api import Places
from swarm.actors.working_api import keep_token
from swarm.cli.forge_status import Refusal, read_picture, review_minutes
from swarm.cli.github import LATER, From, demand_free
from swarm.cli.serve_repository import MOST_EXAMINED, Terms, Watchman, watchman_of
from swarm.cli.session import Session
from swarm.cli.starting import Asked
from swarm.coordination.public_api import GoalState
from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.events import PublicationDone, PublicationIntended
from swarm.domain.goals import GoalStatus, Tracker
from swarm.domain.names import CommitHash, Digest, TreeHash
from swarm.forge.public_api import CALLS, Protection, approved_issue
from swarm.settings.public_api import Settings
from swarm.testing.events import a_goal
from swarm.testing.forge import PEOPLE, REPOSITORY, Served, a_forge, token_of
from swarm.testing.forge_faults import App, Receive, Scope, Send
from swarm.testing.git import a_quick_folder, a_repository

OTHERS = tuple(f"ann/number{number}" for number in range(9))


@dataclass(frozen=True, slots=True)
class Scene:
    folder: Path
    served: Served
    told: io.StringIO
    methods: list[str]
    """Of the calls that came in, but questions of GraphQL."""

    def watchman(self, *names: str, open_pulls: int = 3) -> Watchman:
        """Dry: what would be begun is told, and nothing is."""
        places = Places(self.folder / "home")
        places.make()
        keep_token(places, self.served.url, token_of("swarm-bot"))
        console = Console(file=self.told, width=500)
        settings = Settings(home=places.home, review_minutes=20)
        session = Session(settings, places, console, console, as_json=False, now=lambda: 0)
        terms = tuple(Terms(each, open_pulls, True, True) for each in names or (REPOSITORY,))
        source = From("", self.served.url, dry=True)
        return watchman_of(session, terms, source, Asked(text="", repository=Path()))

    def add(self, *names: str) -> None:
        for name in names:
            self.served.world.add_repository(
                name,
                source=self.folder / "source",
                roles=dict(PEOPLE),  # type: ignore[arg-type]
            )

    def issue(self, repository: str, *, approved: bool = True, login: str = "ann") -> int:
        """Opened by anybody, approved by somebody."""
        asked = {"title": "Broken", "body": "see"}
        _, made = self.served.ask("eve", "POST", f"/repos/{repository}/issues", asked)
        if approved:
            path = f"/repos/{repository}/issues/{made['number']}/comments"
            self.served.ask(login, "POST", path, {"body": "/approve"})
        return int(made["number"])


@pytest.fixture
def scene() -> Iterator[Scene]:
    with a_quick_folder() as folder:
        a_repository(folder / "source")
        methods = list[str]()

        def counting(app: App) -> App:
            async def call(scope: Scope, receive: Receive, send: Send) -> None:
                if scope["path"] != "/graphql":
                    methods.append(scope["method"])
                await app(scope, receive, send)

            return call

        with a_forge(folder, folder / "source", counting) as served:
            yield Scene(folder, served, io.StringIO(), methods)


def spent(watchman: Watchman) -> int:
    return sum(sum(eye.wire.asked.values()) for eye in watchman.eyes)


def begun(watchman: Watchman) -> dict[str, int]:
    return {eye.terms.repository: len(eye.begun) for eye in watchman.eyes}


@pytest.mark.thorough
def test_ten_repositories_in_which_nothing_happens_take_no_calls_an_hour(scene: Scene) -> None:
    scene.add(*OTHERS)
    for name in (REPOSITORY, *OTHERS):
        scene.issue(name, approved=False)
    watchman = scene.watchman(REPOSITORY, *OTHERS)
    watchman.look()
    counted, before = scene.served.world.meter.ever["swarm-bot"], spent(watchman)
    for _ in range(60):
        assert watchman.look() == 60.0
    # Sixty is what may be spent; the forge itself counts.
    assert (scene.served.world.meter.ever["swarm-bot"] - counted, spent(watchman) - before) == (
        0,
        0,
    )


@pytest.mark.thorough
def test_several_repositories_are_served_side_by_side(scene: Scene) -> None:
    scene.add(OTHERS[0])
    for name in (REPOSITORY, OTHERS[0]):
        scene.issue(name)
    watchman = scene.watchman(REPOSITORY, OTHERS[0])
    watchman.look()
    assert begun(watchman) == {REPOSITORY: 1, OTHERS[0]: 1}


@pytest.mark.thorough
def test_one_that_is_gone_stops_no_other_and_is_told_of_once(scene: Scene) -> None:
    scene.add(OTHERS[0])
    watchman = scene.watchman(REPOSITORY, OTHERS[0])
    there = scene.served.world.repository(REPOSITORY)
    assert there is not None
    scene.served.world.repositories.put(there.model_copy(update={"name": "ann/other"}))
    scene.issue(OTHERS[0])
    for _ in range(3):
        watchman.look()
    assert begun(watchman) == {REPOSITORY: 0, OTHERS[0]: 1}
    assert scene.told.getvalue().count(f"{REPOSITORY}: GitHub") == 1


def test_an_archived_repository_is_not_worked_on(scene: Scene) -> None:
    scene.issue(REPOSITORY)
    watchman = scene.watchman()
    there = scene.served.world.repository(REPOSITORY)
    assert there is not None
    scene.served.world.repositories.put(there.model_copy(update={"archived": True}))
    watchman.look()
    assert begun(watchman) == {REPOSITORY: 0}
    assert "is archived" in scene.told.getvalue()


@pytest.mark.thorough
def test_no_more_are_begun_than_people_can_review(scene: Scene) -> None:
    for _ in range(4):
        scene.issue(REPOSITORY)
    watchman = scene.watchman(open_pulls=2)
    for _ in range(3):
        watchman.look()
    (eye,) = watchman.eyes
    assert (len(eye.begun), len(eye.queue)) == (2, 2)
    oldest = [
        state for state in scene.told.getvalue().split() if state.startswith(f"{REPOSITORY}#")
    ]
    assert oldest[0].startswith(f"{REPOSITORY}#1")


@pytest.mark.thorough
def test_a_flood_of_issues_is_taken_in_turns(scene: Scene) -> None:
    """F9: so many are looked at in a round, whoever shouts; and it costs a few calls each."""
    scene.add(OTHERS[0])
    for _ in range(MOST_EXAMINED + 5):
        scene.issue(REPOSITORY, login="eve")
    scene.issue(OTHERS[0])
    watchman = scene.watchman(REPOSITORY, OTHERS[0])
    before = spent(watchman)
    watchman.look()
    assert spent(watchman) - before <= 6 * MOST_EXAMINED
    assert begun(watchman) == {REPOSITORY: 0, OTHERS[0]: 0}
    watchman.look()
    assert begun(watchman) == {REPOSITORY: 0, OTHERS[0]: 1}


def test_what_people_only_talk_about_costs_one_call(scene: Scene) -> None:
    number = scene.issue(REPOSITORY, approved=False)
    watchman = scene.watchman()
    watchman.look()
    before = spent(watchman)
    scene.served.done("eve", "POST", f"/issues/{number}/comments", {"body": "> /approve"})
    watchman.look()
    assert spent(watchman) - before <= 2


@pytest.mark.thorough
def test_the_second_swarm_stands_back(scene: Scene) -> None:
    """F15: what another works on is seen from its status comment, where its author may write."""
    number = scene.issue(REPOSITORY)
    (eye,) = scene.watchman().eyes
    found = asyncio.run(approved_issue(eye.wire, REPOSITORY, number))
    mark = {"body": f"<!-- swarm-status {found.goal_id} -->\nworking"}
    for login, taken in (("eve", ""), ("bob", "bob")):
        scene.served.done(login, "POST", f"/issues/{number}/comments", mark)
        found = asyncio.run(approved_issue(eye.wire, REPOSITORY, number))
        assert found.taken_by == taken
    demand_free(found, {found.goal_id: GoalState(a_goal(), submitted_at=0)})
    with pytest.raises(NeedsHuman, match="bob works on"):
        demand_free(found, {})


def test_a_checkout_is_of_one_repository(scene: Scene) -> None:
    scene.add(OTHERS[0])
    watchman = scene.watchman()
    (eye,) = watchman.eyes
    terms = (eye.terms, Terms(OTHERS[0]))
    with pytest.raises(Rejected, match="cannot be 2 repositories"):
        watchman_of(eye.session, terms, From("", scene.served.url, Path("/x")), eye.asked)


def test_an_unprotected_repository_is_refused_unless_its_owner_says_otherwise(scene: Scene) -> None:
    (eye,) = scene.watchman().eyes
    terms = (Terms(REPOSITORY),)
    with pytest.raises(NeedsHuman, match="lacks what keeps agents from merging"):
        watchman_of(eye.session, terms, eye.source, eye.asked)
    scene.served.world.protect(REPOSITORY, Protection(reviews=1))
    assert watchman_of(eye.session, terms, eye.source, eye.asked).eyes


def test_a_dry_run_makes_no_write_at_the_server_and_tells_of_every_one(scene: Scene) -> None:
    number = scene.issue(REPOSITORY)
    scene.methods.clear()
    scene.watchman().look()
    assert set(scene.methods) == {"GET"}
    told = scene.told.getvalue()
    now = {"open pull": "/pulls ", "comment": f"/issues/{number}/comments ", "label": "/labels ", "set status": "/statuses/"}  # fmt: skip
    assert set(now) | set(LATER) == {name for name, way in CALLS.items() if way.writes}
    for sign in ("PUSH ", *now.values(), *(f"({name}: " for name in LATER)):
        assert told.count(f"{sign}") >= 1, sign


def test_why_an_issue_was_not_taken_is_kept_for_people(scene: Scene) -> None:
    quiet, talked = scene.issue(REPOSITORY, approved=False), scene.issue(REPOSITORY, login="eve")
    watchman = scene.watchman()
    watchman.look()
    (seen,) = read_picture(watchman.eyes[0].session.places).seen
    assert (seen.repository, seen.unmarked, seen.queue, seen.trouble) == (REPOSITORY, 1, (), "")
    (refused,) = seen.refused
    assert refused.issue == talked != quiet
    assert "nobody with write access" in refused.why
    scene.served.done("ann", "POST", f"/issues/{talked}/comments", {"body": "/approve"})
    watchman.look()
    assert read_picture(watchman.eyes[0].session.places).seen[0].refused == ()


def test_what_is_only_talked_about_is_told_so(scene: Scene) -> None:
    number = scene.issue(REPOSITORY, approved=False)
    scene.served.done("eve", "POST", f"/issues/{number}/comments", {"body": "me too"})
    watchman = scene.watchman()
    watchman.look()
    (seen,) = read_picture(watchman.eyes[0].session.places).seen
    assert seen.refused == (
        Refusal(issue=number, why="no label approves it, and no comment /approve"),
    )


def test_what_cannot_be_looked_at_is_in_the_picture(scene: Scene) -> None:
    watchman = scene.watchman()
    there = scene.served.world.repository(REPOSITORY)
    assert there is not None
    scene.served.world.repositories.put(there.model_copy(update={"name": "ann/other"}))
    watchman.look()
    (seen,) = read_picture(watchman.eyes[0].session.places).seen
    assert "renamed" in seen.trouble


@pytest.mark.parametrize(("lines", "minutes"), [(0, 3), (1, 4), (400, 63), (40, 9)])
def test_a_change_costs_minutes_of_review_by_its_size(lines: int, minutes: int) -> None:
    assert review_minutes(lines) == minutes


@pytest.mark.parametrize(("lines", "begun_too"), [(100, True), (200, False)])
def test_where_people_have_enough_to_review_no_more_is_begun(
    scene: Scene, lines: int, begun_too: bool
) -> None:
    """One large pull request waits; two more would be allowed by their number."""
    scene.issue(REPOSITORY)
    (eye,) = scene.watchman().eyes
    found = asyncio.run(approved_issue(eye.wire, REPOSITORY, 1))
    other = found.tracker.model_copy(update={"issue": 99})
    waiting = an_open_pull_request(other)
    assert waiting.intended is not None
    eye.sizes[waiting.intended.tree] = lines
    eye.queue[found.goal_id] = found
    eye._hand_on({waiting.goal.goal_id: waiting})
    assert (found.goal_id in eye.begun) == begun_too


def an_open_pull_request(tracker: Tracker) -> GoalState:
    goal = a_goal().model_copy(update={"tracker": tracker})
    head, branch = CommitHash("1" * 40), "swarm/g"
    return replace(
        GoalState(goal, submitted_at=0),
        status=GoalStatus.DONE,
        intended=PublicationIntended(
            at=0, goal_id=goal.goal_id, branch=branch, head=head, tree=TreeHash("2" * 40),
            title="x", body=Digest("3" * 64), partial=False,
        ),
        published=PublicationDone(at=0, goal_id=goal.goal_id, number=5, branch=branch, head=head),
    )  # fmt: skip
