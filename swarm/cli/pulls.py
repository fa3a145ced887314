"""Pull requests of the embedded forge: read them, see their change, take them into a work tree.

Only `checkout --switch` and `apply` touch the user's repository, on request, and only a clean one.
"""

import asyncio
import json
import shlex
import subprocess
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.cli.documents import Json
from swarm.cli.ending import Proposal, copyable, pull_request
from swarm.cli.page import plain_table
from swarm.cli.session import Session, open_session
from swarm.cli.words import cell, lasted
from swarm.domain.errors import Lacking, Rejected
from swarm.forge.public_api import LocalForge, PullRequest
from swarm.repository.public_api import Mirror, inspect

HUMAN = "human"
STATES = {"open": "cyan", "merged": "green", "closed": "dim"}


def list_all(repository: Path | None, *, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    top = str(inspect(repository.absolute()).top) if repository else None
    found = _all(session, top)
    session.show(_list(found, session.now()), {"pull_requests": [_document(p) for p in found]})


def show(number: int, *, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    found = _get(session, number)
    session.show(_page(found), _document(found))


def show_diff(number: int, *, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    found = _get(session, number)
    patch = _patch(session, found)
    if as_json or session.is_read_by_a_person:
        text = patch.decode("utf-8", "replace")
        session.show(copyable(text), {"number": number, "diff": text})
    else:
        session.hand_over(patch)


def check_out(number: int, *, switch: bool, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    found = _get(session, number)
    command = f"git -C {shlex.quote(found.repository)} switch {found.branch}"
    if switch:
        _demand_clean(found)
        _user_git(found, "switch", found.branch)
    told = f"switched to {found.branch}" if switch else command
    session.show(told, {"number": number, "switched": switch, "command": command})


def apply(number: int, *, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    found = _get(session, number)
    _demand_clean(found)
    _user_git(found, "apply", "--whitespace=nowarn", "-", stdin=_patch(session, found))
    where = shlex.quote(found.repository)
    told = f"applied to {found.repository}, uncommitted; see it: git -C {where} diff"
    session.show(told, {"number": number, "applied": True, "repository": found.repository})


def close(number: int, *, as_json: bool) -> None:
    """What is merged cannot be closed: Rejected. The branch is left to its owner."""
    session = open_session(as_json=as_json)
    _get(session, number)
    found = asyncio.run(LocalForge(session.places.forge).close(number, HUMAN))
    where = shlex.quote(found.repository)
    told = f"#{number} is closed; its branch: git -C {where} branch -D {found.branch}"
    session.show(cell(told, most=1000), {"number": number, "state": found.state})


# Where they lie ---------------------------------------------------------------------------------


def _get(session: Session, number: int) -> PullRequest:
    if not session.places.forge.is_dir():
        raise Rejected(f"there is no pull request {number}", advice="swarm pr list")
    return asyncio.run(LocalForge(session.places.forge).get(number))


def _all(session: Session, repository: str | None) -> tuple[PullRequest, ...]:
    if not session.places.forge.is_dir():
        return ()
    return asyncio.run(LocalForge(session.places.forge).list(repository))


def _mirror(session: Session, found: PullRequest) -> Mirror:
    folder = session.places.mirror_of(found.repository)
    if not folder.is_dir():
        raise Rejected(
            f"the mirror of {found.repository} was cleaned away",
            advice=f"git -C {shlex.quote(found.repository)} diff {found.base}..{found.branch}",
        )
    return Mirror.open(folder, Path(found.repository))


def _patch(session: Session, found: PullRequest) -> bytes:
    """Every byte of it, as git takes it."""
    mirror = _mirror(session, found)
    return mirror.patch_file(mirror.tree_of(found.base), found.tree)


# The user's repository --------------------------------------------------------------------------


def _demand_clean(found: PullRequest) -> None:
    if _user_git(found, "status", "--porcelain", "--untracked-files=no").strip():
        raise Rejected(
            f"{found.repository} has uncommitted changes",
            advice="commit or stash them first",
        )


def _user_git(found: PullRequest, *argv: str, stdin: bytes = b"") -> bytes:
    """Git as the user would run it, hooks and filters included: it is the user who asked for it."""
    try:
        done = subprocess.run(
            ["git", "-C", found.repository, *argv], input=stdin, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise Lacking("the git program was not found", advice="install git") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise Rejected(
            f"git {argv[0]} in {found.repository} failed: {said}",
            advice=f"the change is on the branch {found.branch}",
        )
    return done.stdout


# Views ------------------------------------------------------------------------------------------


def _list(found: tuple[PullRequest, ...], now: int) -> RenderableType:
    if not found:
        return Text("There are no pull requests.")
    table = plain_table("#", "state", "title", "branch", "repository", "age")
    for each in reversed(found):
        table.add_row(
            str(each.number),
            Text(each.state, style=STATES[each.state]),
            cell(each.title),
            cell(each.branch),
            cell(each.repository),
            lasted(now - 1000 * each.created_at),
        )
    return table


def _page(found: PullRequest) -> RenderableType:
    head = Text(f"#{found.number} ", style="bold")
    head.append(found.state, style=STATES[found.state])
    head.append("  ").append_text(
        cell(f"{found.branch} on {found.base[:12]} of {found.repository}", "dim")
    )
    return Group(head, pull_request(Proposal(found.title, found.body), 0, folded=False))


def _document(found: PullRequest) -> Json:
    document: Json = found.model_dump(mode="json") | {
        "certificate": json.loads(found.certificate) if found.certificate else None
    }
    return document
