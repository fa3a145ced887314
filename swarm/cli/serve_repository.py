"""`swarm serve --repo owner/name`: a coordinator, and beside it an eye on the issues of each repository.

It asks, again and again, with entry tags: where nothing is new, that costs nothing. What people have
approved waits in a queue, oldest first, until there are few enough open pull requests: a person's time
to review is what is short. Repositories take turns, and one that cannot be reached stops no other. Nothing
is kept here that is needed after a crash: an approval always leads to the same goal, and the journal
knows which goals there were.
"""

import asyncio
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from swarm.actors.public_api import leave
from swarm.actors.working_api import wire_to
from swarm.cli.failing import DONE
from swarm.cli.forge_status import (
    MOST_NAMED,
    Refusal,
    Seen,
    Waiting,
    is_busy,
    issue_of,
    leave_picture,
    review_minutes,
)
from swarm.cli.github import From, demand_free, goal_of_issue, show_hidden, tell_writes
from swarm.cli.orders import nap, new_command_id
from swarm.cli.proposals import change_of
from swarm.cli.serving import serve
from swarm.cli.session import Session
from swarm.cli.starting import Asked
from swarm.cli.watching import Watch
from swarm.coordination.public_api import GoalState, SubmitGoal
from swarm.domain.errors import NeedsHuman, Rejected, SwarmError, Transient
from swarm.domain.goals import PushTo
from swarm.domain.names import GoalId, TreeHash
from swarm.forge.public_api import (
    ApprovedIssue,
    Wire,
    approved_issue,
    may_be_approved,
    open_issues,
    safeguards,
)

ROUND_SECONDS = 60.0
MOST_EXAMINED = 10
"""Issues that are looked at in one round, of all repositories; the others wait for the next. Each takes
a handful of the calls that a forge allows in an hour.
"""

MOST_QUEUED = 100
"""Approved issues of one repository that wait here; the others are found when these are done."""

_NAP = 0.5


@dataclass(frozen=True, slots=True)
class Terms:
    """What the owner has said."""

    repository: str
    open_pulls: int = 3
    unprotected: bool = False
    """Go on although nothing keeps a token that pushes from merging."""

    exposed: bool = False
    """Go on although workflows would run agents' code with secrets."""


@dataclass(slots=True)
class Eye:
    """Sees approved issues of one repository once, and hands on as many as may be open."""

    session: Session
    wire: Wire
    terms: Terms
    source: From
    asked: Asked
    seen: dict[int, str] = field(default_factory=dict)
    """By issue, when it was last changed as we looked at it."""

    queue: dict[GoalId, ApprovedIssue] = field(default_factory=dict)
    begun: set[GoalId] = field(default_factory=set)
    trouble: str = ""
    """Why it cannot look; said once."""

    refused: dict[int, str] = field(default_factory=dict)
    """By issue, why it was not taken when it was last looked at."""

    unmarked: int = 0
    """Open issues without any label or comment."""

    sizes: dict[TreeHash, int] = field(default_factory=dict)
    """Changed lines of what was published: they are counted once."""

    minutes: int = 0
    """Of a person's review that wait in open pull requests, about."""

    def look(self, most: int) -> tuple[int, float]:
        """One round, at so many issues at most: how many it was, and how many seconds to wait at least."""
        examined, wait = 0, 0.0
        try:
            known = self._known()
            examined = asyncio.run(self._look(most, known))
            self._hand_on(known)
            self.trouble = ""
        except Transient as error:
            self.session.say(f"{self.terms.repository}: later: {error}")
            wait = error.retry_after.total_seconds() if error.retry_after else 0.0
        except (NeedsHuman, Rejected) as error:
            self._tell(f"{self.terms.repository}: {error}. {error.advice}")
        return examined, wait

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.session.say(trouble, "yellow")
        self.trouble = trouble

    def _known(self) -> Mapping[GoalId, GoalState]:
        watch = Watch(self.session.places).catch_up()
        watch.close()
        return watch.goals

    async def _look(self, most: int, known: Mapping[GoalId, GoalState]) -> int:
        taken = {issue_of(state) for state in known.values() if self._is_busy(state)}
        found = await open_issues(self.wire, self.terms.repository)
        changed = [
            each
            for each in found
            # Without a label and without a comment there is no approval to look for.
            if self.seen.get(each.number) != each.updated_at and (each.labels or each.comments)
            # What we write on an issue changes it, too; and one that is worked on is looked after.
            if each.number not in taken
        ]
        room = MOST_QUEUED - len(self.queue)
        for each in changed[: min(most, room)]:
            self.refused.pop(each.number, None)
            if await may_be_approved(self.wire, self.terms.repository, each):
                await self._examine(each.number)
            else:
                self.refused[each.number] = "no label approves it, and no comment /approve"
            self.seen[each.number] = each.updated_at
        there = {each.number for each in found}
        self.seen = {number: at for number, at in self.seen.items() if number in there}
        open_still = there - taken
        self.refused = {n: why for n, why in self.refused.items() if n in open_still}
        self.unmarked = sum(not (each.labels or each.comments) for each in found)
        return min(len(changed), most, room)

    async def _examine(self, number: int) -> None:
        try:
            found = await approved_issue(self.wire, self.terms.repository, number)
        except (NeedsHuman, Rejected) as error:
            self.refused[number] = str(error)
            self.session.say(f"{self.terms.repository}#{number}: {error}")
        else:
            self.queue.setdefault(found.goal_id, found)

    def _hand_on(self, known: Mapping[GoalId, GoalState]) -> None:
        busy = {name for name, state in known.items() if self._is_busy(state)}
        busy |= {name for name in self.begun if name not in known}
        self.minutes = self._minutes_waiting(known)
        for name in tuple(self.queue):
            if name in known or name in self.begun:
                del self.queue[name]
            elif len(busy) < self.terms.open_pulls and self.minutes < self._most_minutes:
                self._begin(self.queue.pop(name), known)
                busy.add(name)

    def _is_busy(self, state: GoalState) -> bool:
        return is_busy(state, self.terms.repository)

    @property
    def _most_minutes(self) -> int:
        return self.session.settings.review_minutes

    def _minutes_waiting(self, known: Mapping[GoalId, GoalState]) -> int:
        """A person's time is what is short: large changes fill it sooner than small ones."""
        waiting = (s for s in known.values() if self._is_busy(s) and s.is_undecided)
        return sum(review_minutes(self._size(state)) for state in waiting)

    def _size(self, state: GoalState) -> int:
        if state.intended is None:
            return 0
        tree = state.intended.tree
        if tree not in self.sizes:
            counts, _ = change_of(self.session.places, state, tree)
            self.sizes[tree] = sum(added + removed for _, added, removed in counts)
        return self.sizes[tree]

    def picture(self) -> Seen:
        queue = [Waiting(issue=f.tracker.issue, goal_id=name) for name, f in self.queue.items()]
        refused = [Refusal(issue=n, why=why) for n, why in sorted(self.refused.items())]
        return Seen(
            repository=self.terms.repository,
            looked_at=self.session.now(),
            trouble=self.trouble,
            most_open=self.terms.open_pulls,
            minutes=self.minutes,
            most_minutes=self._most_minutes,
            queue=tuple(queue[:MOST_NAMED]),
            refused=tuple(refused[-MOST_NAMED:]),
            unmarked=self.unmarked,
        )

    def _begin(self, found: ApprovedIssue, known: Mapping[GoalId, GoalState]) -> None:
        """One issue's trouble is its own."""
        self.begun.add(found.goal_id)
        show_hidden(self.session, found)
        if self.source.dry:
            tell_writes(self.session, self.wire, found)
            return
        try:
            demand_free(found, known)
            push: PushTo | None = "anyway" if self.terms.exposed else None
            goal = goal_of_issue(self.session, found, self.asked, self.source.checkout, push=push)
        except Transient:
            self.begun.discard(found.goal_id)
            self.queue[found.goal_id] = found
            raise
        except SwarmError as error:
            self.refused[found.tracker.issue] = f"{error}. {error.advice}"
            self.session.say(f"#{found.tracker.issue}: {error}. {error.advice}")
            return
        command = SubmitGoal(command_id=new_command_id(), goal=goal)
        leave(self.session.places.inbox, command)
        self.session.say(f"#{found.tracker.issue} is goal {found.goal_id}")


@dataclass(slots=True)
class Watchman:
    """One eye on each repository. They take turns in being the first."""

    eyes: list[Eye]

    def look(self) -> float:
        """One round; how many seconds to wait for the next."""
        left, waits = MOST_EXAMINED, [ROUND_SECONDS]
        for eye in self.eyes:
            examined, wait = eye.look(left)
            left -= examined
            waits.append(wait)
        leave_picture(self.eyes[0].session.places, (eye.picture() for eye in self.eyes))
        self.eyes.append(self.eyes.pop(0))
        return max(waits)


def watchman_of(session: Session, terms: tuple[Terms, ...], source: From, asked: Asked) -> Watchman:
    """Raises NeedsHuman for a repository without the rules that keep agents from merging, and Rejected
    for a checkout of several repositories.
    """
    if source.checkout is not None and len(terms) > 1:
        raise Rejected(
            f"{source.checkout} cannot be {len(terms)} repositories",
            advice="leave --checkout out: swarm makes clones of its own",
        )
    alone = replace(asked, unattended=True)
    eyes = []
    for each in terms:
        wire = wire_to(session.places, source.api, each.repository)
        demand_safeguards(session, wire, each)
        eyes.append(Eye(session, wire, each, source, alone))
    return Watchman(eyes)


def demand_safeguards(session: Session, wire: Wire, terms: Terms) -> None:
    lacking, push = [], session.settings.push_to
    fork = push == "fork" and not terms.exposed
    for row in asyncio.run(safeguards(wire, terms.repository, from_fork=fork)):
        if row.ok:
            continue
        workflow = row.what.startswith("workflow")
        bearable = terms.exposed or push in ("click", "anyway")
        allowed = bearable if workflow else terms.unprotected and row.what != "token"
        session.say(f"{row.what}: {row.found}", "yellow")
        if row.needed and not allowed:
            lacking.append(row)
    if lacking:
        names = ", ".join(row.what for row in lacking)
        raise NeedsHuman(
            f"{terms.repository} lacks what keeps agents from merging, or from its secrets: {names}",
            advice=f"{lacking[0].remedy}; or say --unprotected, --exposed, or set push_to",
        )


def watch_beside(house: "subprocess.Popen[bytes]", look: Callable[[], float]) -> int:
    """Look until the coordinator ends; its exit code."""
    wait = 0.0
    while (code := house.poll()) is None:
        if wait <= 0:
            wait = look()
        nap(_NAP)
        wait -= _NAP
    return code


def serve_repositories(
    session: Session, terms: tuple[Terms, ...], source: From, asked: Asked
) -> int:
    """A coordinator in the foreground, and an eye on each repository, until Ctrl-C."""
    watchman = watchman_of(session, terms, source, asked)
    if source.dry:
        watchman.look()
        return DONE
    for each in terms:
        session.say(f"serving {each.repository}: approved issues, {each.open_pulls} open at most")
    return serve(
        session, asked.runtime, asked.address, lambda house: watch_beside(house, watchman.look)
    )
