"""Issues of GitHub as goals, and the token to reach them with."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from getpass import getpass
from pathlib import Path

from swarm.actors.working_api import clone_of, keep_app, keep_token, wire_to
from swarm.cli.environment import builder
from swarm.cli.keeping import Keeper
from swarm.cli.running import submit
from swarm.cli.session import Session, open_session
from swarm.cli.starting import Asked, goal_of
from swarm.cli.watching import Watch
from swarm.cli.words import legible
from swarm.coordination.public_api import GoalState
from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.goals import Goal, PushTo
from swarm.domain.names import CommitHash, GoalId, TreeHash, branch_of
from swarm.forge.public_api import (
    CALLS,
    GITHUB,
    ApprovedIssue,
    Board,
    CallName,
    GitHubForge,
    PullRequestRequest,
    Standing,
    Wire,
    approved_issue,
    demand_key,
    exposures,
    issue_named,
    whoami,
)
from swarm.repository.public_api import inspect

MOST_SHOWN = 20
AGAIN = "for another try, approve it anew: take the label off and set it, or comment /approve"


@dataclass(frozen=True, slots=True)
class From:
    """Where an issue is, as it was typed."""

    issue: str
    api: str = GITHUB
    checkout: Path | None = None
    """The user's own clone; None: swarm makes one."""

    dry: bool = False


def login(api: str, token_file: Path | None, *, as_json: bool) -> None:
    """The token is tried before it is kept. Raises NeedsHuman for one that is not accepted."""
    session = open_session(as_json=as_json, make=True)
    token = _typed(token_file)
    who = asyncio.run(whoami(Wire(api, lambda: token)))
    keep_token(session.places, api, token)
    told = f"swarm comes to {api} as {who}; the token lies in {session.places.keys}"
    session.show(told, {"api": api, "login": who})


def login_app(api: str, app: str, key_file: Path, *, as_json: bool) -> None:
    """A GitHub App comes in with its key. Whether it is installed is asked where it is used."""
    session = open_session(as_json=as_json, make=True)
    if not app.isascii() or not app.replace(".", "").isalnum():
        raise Rejected(
            f"{app!r} is no App's id", advice="the number, or the client id, at its page"
        )
    try:
        pem = key_file.read_text()
    except (OSError, ValueError) as error:
        raise Rejected(f"{key_file} cannot be read") from error
    demand_key(pem)
    keep_app(session.places, api, app, pem)
    told = f"swarm comes to {api} as the App {app}; its key lies in {session.places.keys}"
    session.show(told, {"api": api, "app": app})


def _typed(token_file: Path | None) -> str:
    try:
        if token_file is not None:
            typed = token_file.read_text()
        else:
            typed = getpass("token: ") if sys.stdin.isatty() else sys.stdin.readline()
    except OSError as error:
        raise Rejected(f"{token_file} cannot be read: {error.strerror}") from error
    token = typed.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Rejected("that is no token", advice="one line, as the forge shows it")
    return token


def run_issue(source: From, asked: Asked, *, as_json: bool) -> int:
    """Work on an approved issue, to the pull request there."""
    session = open_session(as_json=as_json, make=True)
    named = issue_named(source.issue)
    if named.host and source.api == GITHUB and named.host != "https://github.com":
        raise Rejected(f"{named.host} is not GitHub", advice="name its interface: --forge-url URL")
    wire = wire_to(session.places, source.api, named.repository)
    found = asyncio.run(approved_issue(wire, named.repository, named.number))
    show_hidden(session, found)
    if source.dry:
        tell_writes(session, wire, found)
        return 0
    demand_unexposed(session, wire, named.repository)
    watch = Watch(session.places).catch_up()
    watch.close()
    demand_free(found, watch.goals)
    known = watch.goals.get(found.goal_id)
    if known is not None and known.status.is_final:
        session.say(f"this approval was worked on as {found.goal_id}; {AGAIN}", "yellow")
    goal = goal_of_issue(session, found, asked, source.checkout, watched=True)
    return submit(
        session, goal, Keeper(session.places, asked.runtime, asked.address, early=asked.early)
    )


def demand_unexposed(session: Session, wire: Wire, repository: str) -> None:
    """Said before the work, not after it; the publisher looks again."""
    if (push := session.settings.push_to) not in ("repository", "fork"):
        return
    found = asyncio.run(exposures(wire, repository, from_fork=push == "fork"))
    if found:
        raise NeedsHuman(
            f"CI of {repository} would run the branch with too much: {'; '.join(found)}",
            advice="keep its secrets behind an environment with approval; or let branches go"
            " elsewhere: SWARM_PUSH_TO=fork, click or anyway (docs/github.md)",
        )


def demand_free(found: ApprovedIssue, known: Mapping[GoalId, GoalState]) -> None:
    """Two swarms on one repository: who comes second stands back."""
    if found.taken_by and found.goal_id not in known:
        raise NeedsHuman(
            f"{found.taken_by} works on #{found.tracker.issue} already, as goal {found.goal_id},"
            " which is not in this state folder",
            advice="leave it to that one; or delete its status comment and the branch"
            f" {branch_of(found.goal_id)}",
        )


def goal_of_issue(
    session: Session,
    found: ApprovedIssue,
    asked: Asked,
    checkout: Path | None,
    *,
    watched: bool = False,
    push: PushTo | None = None,
) -> Goal:
    """Its text is somebody else's, so its walls are whole ones. `watched`: somebody can be asked.
    `push`: where its branch goes, if not as the settings say.
    """
    clone = _own(checkout, found) if checkout else clone_of(session.places, found)
    asked = replace(asked, text=found.text, repository=clone, untrusted=True)
    make = builder(session, asked.build, watched=watched)
    settings = session.settings
    goal = goal_of(asked, settings, make)
    fork = f"{settings.fork}/{found.tracker.repository.split('/')[1]}" if settings.fork else ""
    pushing = {"push": push or settings.push_to, "fork": fork}
    values = {"goal_id": found.goal_id, "tracker": found.tracker.model_copy(update=pushing)}
    return goal.model_copy(update={**values, "grants": (*goal.grants, *found.grants)})


def _own(checkout: Path, found: ApprovedIssue) -> Path:
    """What was not pushed must not be pushed by us along with a branch."""
    state = inspect(checkout.absolute())
    pushed = found.head
    if state.base != pushed:
        raise Rejected(
            f"{state.top} stands at {state.base[:12]}, and {found.place.default_branch} of"
            f" {found.place.full_name} at {pushed[:12]}",
            advice="pull and push first, or leave --checkout out",
        )
    return state.top


def show_hidden(session: Session, found: ApprovedIssue) -> None:
    """A person sees what agents will not."""
    name = f"{found.tracker.repository}#{found.tracker.issue}"
    session.say(f"{name}, approved by {found.tracker.approver}: {legible(found.text[:300])}")
    for grant in found.grants:
        session.say(f"{grant.by} lets it change {grant.path}, which is protected", "yellow")
    for path in found.late[:MOST_SHOWN]:
        session.say(f"{path} was granted after the approval: approve it anew for that", "yellow")
    for each in found.hidden[:MOST_SHOWN]:
        session.say(f"hidden in the issue, kept from agents: {legible(each)[:300]}", "yellow")


LATER: Mapping[CallName, str] = {
    "edit comment": "whenever it stands otherwise",
    "remove comment": "should there be two",
    "unlabel": "when another label is set",
    "edit pull": "when a follow-up is pushed",
    "close pull": "only if you veto it",
    "ready": "when CI is green",
}
"""Writes that depend on what happens meanwhile, and when they are made."""


def tell_writes(session: Session, wire: Wire, found: ApprovedIssue) -> None:
    """Every write that its goal would make there; the texts come later."""

    def told(line: str) -> None:
        session.say(f"would: {line[:600]}")

    branch, settings = branch_of(found.goal_id), session.settings
    where = (
        f"a fork of {found.tracker.clone}" if settings.push_to == "fork" else found.tracker.clone
    )
    told(f"PUSH {where} refs/heads/{branch}")
    asyncio.run(_dry(replace(wire, dry=told), found, branch))
    for name, when in LATER.items():
        way = CALLS[name]
        path = way.path.replace("{repository}", found.tracker.repository)
        told(f"{way.method} {path} ({name}: {when})")


async def _dry(wire: Wire, found: ApprovedIssue, branch: str) -> None:
    where, nothing = found.tracker.repository, "0" * 40
    request = PullRequestRequest(
        repository=where,
        branch=branch,
        head=CommitHash(nothing),
        tree=TreeHash(nothing),
        base=CommitHash(nothing),
        title="(what was done)",
        body="(five lines, evidence, votes)\n",
        certificate="{}",
        at=0,
    )
    await GitHubForge(wire, where, found.tracker.issue).open_pull_request(request)
    standing = Standing(
        key=found.goal_id,
        issue=found.tracker.issue,
        label="swarm:working",
        text="(how it stands)",
        head=found.head,
        verdict="success",
        said="(votes)",
    )
    await Board(wire, where).show(standing)
