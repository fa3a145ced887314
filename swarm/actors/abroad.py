"""The way to forges that are far away: which token for which, and how git gets there.

Tokens lie in one file of the state folder that only its owner can read. The publisher reads it, and the
command line that a person calls; no agent, no environment and no log ever holds one.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from swarm.actors.places import Places, key_of
from swarm.domain.errors import NeedsHuman
from swarm.domain.goals import Tracker
from swarm.forge.public_api import PAUSE, Abroad, ApprovedIssue, Wire
from swarm.repository.public_api import Mirror, Remote, RemoteOutlet, clone_branch

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


def token_file(places: Places) -> Path:
    return places.keys / "forges.json"


def keep_token(places: Places, api: str, token: str) -> None:
    """One token for each forge: the newest."""
    known = _tokens(places) | {api.rstrip("/"): token}
    path = token_file(places)
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(known, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_token(places: Places, api: str) -> str:
    """Raises NeedsHuman where there is none, or where others could read it."""
    path = token_file(places)
    if path.exists() and path.stat().st_mode & 0o077:
        raise NeedsHuman(f"others can read {path}", advice=f"chmod 600 {path}; renew the token")
    token = _tokens(places).get(api.rstrip("/"), "")
    if not token:
        raise NeedsHuman(f"there is no token for {api}", advice="swarm github login")
    return token


def _tokens(places: Places) -> dict[str, str]:
    path = token_file(places)
    try:
        data = json.loads(path.read_text()) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise NeedsHuman(f"{path} cannot be read", advice="swarm github login") from error
    return {str(api): str(token) for api, token in data.items()} if isinstance(data, dict) else {}


def wire_to(places: Places, api: str, dry: Callable[[str], None] | None = None) -> Wire:
    return Wire(api, lambda: read_token(places, api), pause=_pause(api), dry=dry)


def _pause(api: str) -> float:
    """GitHub wants a second between two writes; a forge on this machine wants none."""
    return 0.0 if urlsplit(api).hostname in _HERE else PAUSE


def clone_of(places: Places, found: ApprovedIssue) -> Path:
    """A clone of our own, at the head of the default branch as it is now."""
    tracker = found.tracker
    folder = places.home / "clones" / key_of(f"{tracker.api} {tracker.repository_id}")
    remote = Remote(tracker.clone, lambda: read_token(places, tracker.api))
    clone_branch(remote, folder, found.place.default_branch)
    return folder


@dataclass(slots=True)
class Ways:
    """One wire for each forge, so that writes keep their distance and questions their tags."""

    places: Places
    _wires: dict[str, Wire] = field(default_factory=dict)

    def __call__(self, tracker: Tracker) -> Abroad:
        if tracker.api not in self._wires:
            self._wires[tracker.api] = wire_to(self.places, tracker.api)
        remote = Remote(tracker.clone, lambda: read_token(self.places, tracker.api))

        def outlet(repository: str) -> RemoteOutlet:
            mirror = Mirror.open(self.places.mirror_of(repository), Path(repository))
            return RemoteOutlet(mirror, remote)

        return Abroad(self._wires[tracker.api], outlet)
