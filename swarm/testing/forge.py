"""The embedded forge with people on it, in a thread; and a way to speak to it as one of them."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from swarm.forge.public_api import GitRequest, Ground, World, forge_running, open_world
from swarm.repository.public_api import GitAnswer, GitCall, Hosted, answer_git

REPOSITORY = "ann/library"
PEOPLE = {"ann": "admin", "bob": "write", "eve": "read", "swarm-bot": "write"}
"""Ann owns the repository; Eve is anybody; the bot is what swarm comes as."""


@dataclass(slots=True)
class Clock:
    """Seconds since 1970; each look is a second later, so that nothing happens at the same time."""

    at: int = 1_700_000_000

    def __call__(self) -> int:
        self.at += 1
        return self.at


def ground_at(root: Path) -> Ground:
    def answer(call: GitRequest, body: IO[bytes], out: IO[bytes]) -> GitAnswer:
        return answer_git(root, GitCall(**asdict(call)), body, out)

    return Ground(lambda name: Hosted.open(root, name), answer)


def token_of(login: str) -> str:
    return f"token-of-{login}"


@dataclass(frozen=True, slots=True)
class Served:
    world: World
    url: str

    def ask(
        self, login: str, method: str, path: str, data: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and answer of one call, as whoever; an empty name is nobody."""
        sent = {"Authorization": f"Bearer {token_of(login)}"} if login else {}
        request = urllib.request.Request(  # noqa: S310 - to a forge on this machine
            self.url + path,
            method=method,
            data=None if data is None else json.dumps(data).encode(),
            headers={**sent, "Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def done(self, login: str, method: str, path: str, data: Any = None) -> Any:
        """The answer of a call that must succeed, below the repository."""
        status, answer = self.ask(login, method, f"/repos/{REPOSITORY}{path}", data)
        assert status < 300, (status, answer)
        return answer

    def clone_url(self, login: str) -> str:
        host = self.url.removeprefix("http://")
        return f"http://{login}:{token_of(login)}@{host}/{REPOSITORY}.git"

    def open_issue(self, login: str = "eve", title: str = "Broken", body: str = "see") -> int:
        answer = self.done(login, "POST", "/issues", {"title": title, "body": body})
        return int(answer["number"])

    def merge_by_hand(self, folder: Path, branch: str, login: str = "ann") -> None:
        """What a person does: fetch, merge, push."""
        clone = folder / f"clone-of-{login}"
        if not clone.exists():
            http_git(folder, "clone", "--quiet", self.clone_url(login), str(clone))
        http_git(clone, "fetch", "--quiet", "origin", branch)
        http_git(clone, "merge", "--quiet", "--no-edit", "--no-ff", "FETCH_HEAD")
        http_git(clone, "push", "--quiet", "origin", "HEAD:main")


@contextmanager
def a_forge(
    folder: Path, source: Path | None = None, wrap: Callable[[Any], Any] = lambda app: app
) -> Iterator[Served]:
    """With one repository, filled from `source`."""
    world = open_world(folder / "forge", ground_at(folder / "git"), Clock())
    for login in PEOPLE:
        world.add_account(login, token_of(login), bot=login.endswith("-bot"))
    world.add_repository(REPOSITORY, source=source, roles=dict(PEOPLE))  # type: ignore[arg-type]
    try:
        with forge_running(world, wrap) as url:
            yield Served(world, url)
    finally:
        world.database.close()


def http_git(path: Path, *argv: str, check: bool = True) -> str:
    """Git as a person runs it, to a forge on this machine. Returns all it says."""
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        **{
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org"))
        },
    }
    done = subprocess.run(
        ["git", "-C", str(path), *argv], capture_output=True, text=True, env=env, check=False
    )
    said = done.stdout + done.stderr
    if check and done.returncode != 0:
        raise RuntimeError(f"git {' '.join(argv)}: {said}")
    return said.strip()
