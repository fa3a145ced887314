"""The embedded forge in the foreground: puts its parts together, and gives its people tokens."""

import secrets
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO

from swarm.cli.session import Session, open_session
from swarm.domain.errors import Rejected
from swarm.forge.public_api import GitRequest, Ground, Protection, World, open_world, serve_forge
from swarm.repository.public_api import GitAnswer, GitCall, Hosted, answer_git, inspect

OWNER, BOT = "local", "swarm-bot"


def serve(repositories: tuple[Path, ...], port: int) -> None:
    session = open_session(make=True)
    folder = session.places.forge / "served"
    world = open_world(
        folder, ground_at(folder / "repositories"), lambda: int(time.time_ns() // 10**9)
    )
    for name in (OWNER, BOT):
        world.add_account(name, _token(folder, name), bot=name == BOT)
    for path in repositories:
        _add(session, world, path)

    def started(url: str) -> None:
        session.say(f"serving at {url}; Ctrl-C ends it")
        for each in world.repositories:
            session.say(f"  {url}/{each.name}.git")
        session.say(f"you are {OWNER}; your token: {_file(folder, OWNER)}")
        where = _file(folder, BOT)
        session.say(f"swarm's: swarm github login --forge-url {url} --token-file {where}")

    serve_forge(world, port, started)


def ground_at(root: Path) -> Ground:
    """Git, for a forge whose repositories lie below `root`."""

    def answer(call: GitRequest, body: IO[bytes], out: IO[bytes]) -> GitAnswer:
        return answer_git(root, GitCall(**asdict(call)), body, out)

    return Ground(lambda name: Hosted.open(root, name), answer)


def _add(session: Session, world: World, path: Path) -> None:
    found = inspect(path.absolute())
    if found.branch is None:
        raise Rejected(f"no branch is checked out in {found.top}", advice="git switch main")
    name = f"{OWNER}/{found.top.name}"
    known = world.repository(name) is not None
    world.add_repository(
        name, source=found.top, branch=found.branch, roles={OWNER: "admin", BOT: "write"}
    )
    if not known:
        # As a careful owner would have it: the bot opens pull requests, the owner merges and pushes.
        world.protect(name, Protection(reviews=1, admins=False))


def _file(folder: Path, name: str) -> Path:
    return folder / f"token-of-{name}"


def _token(folder: Path, name: str) -> str:
    """Made once, readable by nobody else."""
    path = _file(folder, name)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"forge_{secrets.token_urlsafe(24)}\n")
    return path.read_text().strip()
