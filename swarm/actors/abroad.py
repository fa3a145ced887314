"""The way to forges that are far away: which credential for which, and how git gets there.

Credentials lie in the state folder's keys, readable by their owner only: a token in one file, an App's key
in a file of its own. The publisher reads them, and the command line that a person calls; no agent, no
environment and no log ever holds one. Of an App, each gets tokens of its own, for one repository and an
hour: the publisher's may write what it has to write, the command line's may only read.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from swarm.actors.places import Places, key_of
from swarm.domain.errors import NeedsHuman
from swarm.domain.goals import Tracker
from swarm.forge.public_api import (
    PAUSE,
    PUBLISHING,
    PUSHING,
    READING,
    Abroad,
    ApprovedIssue,
    Installation,
    Pace,
    Place,
    Wire,
)
from swarm.repository.public_api import Mirror, Remote, RemoteOutlet, clone_branch

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


def token_file(places: Places) -> Path:
    return places.keys / "forges.json"


def keep_token(places: Places, api: str, token: str) -> None:
    """One credential for each forge: the newest."""
    _keep(places, api, token)


def keep_app(places: Places, api: str, app: str, pem: str) -> None:
    """The App's id beside the tokens, its key in a file of its own."""
    path = _key_of_app(places, app)
    _write(path, pem)
    _keep(places, api, {"app": app})


def _key_of_app(places: Places, app: str) -> Path:
    return places.keys / f"app-{key_of(app)}.pem"


def _keep(places: Places, api: str, credential: object) -> None:
    known = _credentials(places) | {api.rstrip("/"): credential}
    _write(token_file(places), json.dumps(known))


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _credential(places: Places, api: str) -> object:
    """Raises NeedsHuman where there is none, or where others could read it."""
    path = token_file(places)
    if path.exists() and path.stat().st_mode & 0o077:
        raise NeedsHuman(f"others can read {path}", advice=f"chmod 600 {path}; renew the token")
    found = _credentials(places).get(api.rstrip("/"))
    if not found:
        raise NeedsHuman(f"there is no token for {api}", advice="swarm github login")
    return found


def _credentials(places: Places) -> dict[str, object]:
    path = token_file(places)
    try:
        data = json.loads(path.read_text()) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise NeedsHuman(f"{path} cannot be read", advice="swarm github login") from error
    return dict(data) if isinstance(data, dict) else {}


@dataclass(frozen=True, slots=True)
class Pass:
    """What one is let in with. Asked for each time: a token may be renewed, and an App's lives an hour."""

    token: Callable[[], str]
    login: Callable[[], str] | None = None


def pass_for(places: Places, api: str, repository: str, may: Mapping[str, str]) -> Pass:
    """`may`: what an App's token is to be allowed; a person's token may what it may."""

    def token() -> str:
        found = _credential(places, api)
        if not isinstance(found, str):
            raise NeedsHuman(f"there is no token for {api}", advice="swarm github login")
        return found

    known = _credentials(places).get(api.rstrip("/"))
    if not isinstance(known, dict):
        return Pass(token)
    app = str(known.get("app"))
    key = _key_of_app(places, app)
    installation = Installation(
        api,
        app,
        lambda: _pem(key),
        repository,
        may,
        elapsed=time.monotonic,
    )
    return Pass(installation.token, installation.login)


def _pem(key: Path) -> str:
    if key.exists() and key.stat().st_mode & 0o077:
        raise NeedsHuman(f"others can read {key}", advice=f"chmod 600 {key}; renew the key")
    try:
        return key.read_text()
    except (OSError, ValueError) as error:
        raise NeedsHuman(f"{key} cannot be read", advice="swarm github login --app") from error


def wire_to(
    places: Places, api: str, repository: str, dry: Callable[[str], None] | None = None
) -> Wire:
    """For whoever only reads."""
    return _wire(api, pass_for(places, api, repository, READING), dry=dry)


def _wire(
    api: str, given: Pass, pace: Pace | None = None, dry: Callable[[str], None] | None = None
) -> Wire:
    return Wire(api, given.token, given.login, pause=_pause(api), dry=dry, pace=pace or Pace())


def _pause(api: str) -> float:
    """GitHub wants a second between two writes; a forge on this machine wants none."""
    return 0.0 if urlsplit(api).hostname in _HERE else PAUSE


def clone_of(places: Places, found: ApprovedIssue) -> Path:
    """A clone of our own, at the head of the default branch as it is now."""
    tracker = found.tracker
    folder = places.home / "clones" / key_of(f"{tracker.api} {tracker.repository_id}")
    given = pass_for(places, tracker.api, tracker.repository, READING)
    clone_branch(Remote(tracker.clone, given.token), folder, found.place.default_branch)
    return folder


@dataclass(slots=True)
class Ways:
    """The publisher's: one wire for each repository, so that questions keep their tags; and one pace for
    each forge, so that writes keep their distance.
    """

    places: Places
    _ways: dict[tuple[str, str, bool], tuple[Wire, Pass]] = field(default_factory=dict)
    _paces: dict[str, Pace] = field(default_factory=dict)

    def __call__(self, tracker: Tracker) -> Abroad:
        where = (tracker.api, tracker.repository, tracker.push == "fork")
        if where not in self._ways:
            # Who pushes elsewhere gets nothing with which one could push, or merge, here.
            may = {**PUBLISHING, "contents": "read"} if tracker.push == "fork" else PUBLISHING
            given = pass_for(self.places, tracker.api, tracker.repository, may)
            pace = self._paces.setdefault(tracker.api, Pace())
            self._ways[where] = (_wire(tracker.api, given, pace), given)
        wire, given = self._ways[where]

        def to_fork(repository: str, fork: Place) -> RemoteOutlet:
            way = pass_for(self.places, tracker.api, fork.full_name, PUSHING)
            return self._outlet(repository, Remote(fork.clone_url, way.token))

        remote = Remote(tracker.clone, given.token)
        return Abroad(wire, lambda repository: self._outlet(repository, remote), to_fork)

    def _outlet(self, repository: str, remote: Remote) -> RemoteOutlet:
        mirror = Mirror.open(self.places.mirror_of(repository), Path(repository))
        return RemoteOutlet(mirror, remote)
