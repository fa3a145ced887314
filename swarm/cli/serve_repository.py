"""`swarm serve --repo owner/name`: a coordinator, and beside it an eye on the issues of a repository.

It asks, again and again, with entry tags: where nothing is new, that costs nothing. What people have
approved waits in a queue, oldest first, until there are few enough open pull requests: a person's time
to review is what is short. Nothing is kept here that is needed after a crash: an approval always leads
to the same goal, and the journal knows which goals there were.
"""

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from swarm.actors.public_api import leave, wire_to
from swarm.cli.failing import DONE
from swarm.cli.github import From, goal_of_issue, show_hidden, tell_writes
from swarm.cli.orders import nap, new_command_id
from swarm.cli.serving import serve
from swarm.cli.session import Session
from swarm.cli.starting import Asked
from swarm.cli.watching import Watch
from swarm.coordination.public_api import SubmitGoal
from swarm.domain.errors import NeedsHuman, Rejected, SwarmError, Transient
from swarm.domain.names import GoalId
from swarm.forge.public_api import ApprovedIssue, Wire, approved_issue, open_issues, safeguards

ROUND_SECONDS = 60.0
MOST_EXAMINED = 20
"""Issues that are looked at in one round; the others wait for the next."""

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
    """Sees approved issues once, and hands on as many as may be open."""

    session: Session
    wire: Wire
    terms: Terms
    source: From
    asked: Asked
    seen: dict[int, str] = field(default_factory=dict)
    """By issue, when it was last changed as we looked at it."""

    queue: dict[GoalId, ApprovedIssue] = field(default_factory=dict)
    begun: set[GoalId] = field(default_factory=set)

    def look(self) -> float:
        """One round; how many seconds to wait for the next."""
        try:
            asyncio.run(self._look())
            self._hand_on()
        except Transient as error:
            self.session.say(f"later: {error}")
            wait = error.retry_after.total_seconds() if error.retry_after else 0.0
            return max(wait, ROUND_SECONDS)
        return ROUND_SECONDS

    async def _look(self) -> None:
        changed = [
            each
            for each in await open_issues(self.wire, self.terms.repository)
            # Without a label and without a comment there is no approval to look for.
            if self.seen.get(each.number) != each.updated_at and (each.labels or each.comments)
        ]
        for each in changed[:MOST_EXAMINED]:
            try:
                found = await approved_issue(self.wire, self.terms.repository, each.number)
            except (NeedsHuman, Rejected) as error:
                self.session.say(f"#{each.number}: {error}")
            else:
                self.queue.setdefault(found.goal_id, found)
            self.seen[each.number] = each.updated_at

    def _hand_on(self) -> None:
        watch = Watch(self.session.places).catch_up()
        known = watch.goals
        watch.close()
        busy = {
            name
            for name, state in known.items()
            if state.goal.tracker is not None
            and state.goal.tracker.repository == self.terms.repository
            and (not state.status.is_final or (state.published is not None and not state.landed))
        } | {name for name in self.begun if name not in known}
        for name in tuple(self.queue):
            if name in known or name in self.begun:
                del self.queue[name]
            elif len(busy) < self.terms.open_pulls:
                self._begin(self.queue.pop(name))
                busy.add(name)

    def _begin(self, found: ApprovedIssue) -> None:
        """One issue's trouble is its own."""
        self.begun.add(found.goal_id)
        show_hidden(self.session, found)
        if self.source.dry:
            tell_writes(self.session, self.wire, found)
            return
        try:
            goal = goal_of_issue(self.session, found, self.asked, self.source.checkout)
        except Transient:
            self.begun.discard(found.goal_id)
            self.queue[found.goal_id] = found
            raise
        except SwarmError as error:
            self.session.say(f"#{found.tracker.issue}: {error}. {error.advice}")
            return
        command = SubmitGoal(command_id=new_command_id(), goal=goal)
        leave(self.session.places.inbox, command)
        self.session.say(f"#{found.tracker.issue} is goal {found.goal_id}")


def eye_on(session: Session, terms: Terms, source: From, asked: Asked) -> Eye:
    """Raises NeedsHuman for a repository without the rules that keep agents from merging."""
    wire = wire_to(session.places, source.api)
    demand_safeguards(session, wire, terms)
    return Eye(session, wire, terms, source, replace(asked, unattended=True))


def demand_safeguards(session: Session, wire: Wire, terms: Terms) -> None:
    lacking = []
    for row in asyncio.run(safeguards(wire, terms.repository)):
        if row.ok:
            continue
        workflow = row.what.startswith("workflow")
        allowed = terms.exposed if workflow else terms.unprotected and row.what != "token"
        session.say(f"{row.what}: {row.found}", "yellow")
        if row.needed and not allowed:
            lacking.append(row)
    if lacking:
        names = ", ".join(row.what for row in lacking)
        raise NeedsHuman(
            f"{terms.repository} lacks what keeps agents from merging, or from its secrets: {names}",
            advice=f"{lacking[0].remedy}; or say --unprotected, --exposed",
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


def serve_repository(session: Session, terms: Terms, source: From, asked: Asked) -> int:
    """A coordinator in the foreground, and an eye on the repository, until Ctrl-C."""
    eye = eye_on(session, terms, source, asked)
    if source.dry:
        eye.look()
        return DONE
    session.say(f"serving {terms.repository}: approved issues, {terms.open_pulls} open at most")
    return serve(session, asked.runtime, asked.address, lambda house: watch_beside(house, eye.look))
