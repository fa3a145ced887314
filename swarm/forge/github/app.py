"""A GitHub App: tokens for one repository, for an hour, that may do no more than is needed.

githubkit signs who we are with the App's key (a JWT that holds for some minutes); for that GitHub gives a
token of the App's installation in that repository. The answer is read by us: githubkit's model of it wants
every field of every repository it names. Nobody keeps a token: it is in the memory of whoever pushes or
asks, and is asked for anew before it runs out, by a clock that never jumps.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from swarm.domain.errors import NeedsHuman
from swarm.forge.github.reading import Read, read
from swarm.forge.github.wire import Missing, Unprocessable, called_by_app

PUBLISHING: Mapping[str, str] = {
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "statuses": "write",
    "checks": "read",
    "actions": "read",
    "metadata": "read",
}
"""What the publisher asks for. Not: workflows, administration, secrets, members."""

PUSHING: Mapping[str, str] = {"contents": "write", "metadata": "read"}
"""What a fork is pushed to with."""

READING: Mapping[str, str] = {
    "contents": "read",
    "issues": "read",
    "pull_requests": "read",
    "statuses": "read",
    "checks": "read",
    "metadata": "read",
}
"""What the command line asks for: it takes issues up, looks what may be seen, and writes nothing."""

LIFE = 50 * 60.0
"""Seconds of the sixty minutes that a token lives."""


class Installed(Read):
    id: int
    app_slug: str = ""
    suspended_at: str | None = None


class Granted(Read):
    token: str


@dataclass(slots=True)
class Installation:
    """Of one App, for one repository."""

    api: str
    app: str
    """The App's id, or its client id."""

    key: Callable[[], str]
    """The App's private key (PEM), read when it is needed. Raises NeedsHuman."""

    repository: str
    permissions: Mapping[str, str]
    elapsed: Callable[[], float]
    """Seconds of a clock that never jumps."""

    _token: str = ""
    _until: float = 0.0
    _slug: str = ""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def token(self) -> str:
        """For an hour, at least for the next ten minutes of it. Asks GitHub, so: not in an event loop.

        Raises NeedsHuman where the App is not installed, is suspended, or may do less than is needed.
        """
        with self._turn:
            if self.elapsed() >= self._until:
                self._grant()
            return self._token

    def login(self) -> str:
        """Whom people see: `name-of-the-app[bot]`."""
        self.token()
        return f"{self._slug}[bot]"

    def _grant(self) -> None:
        installed = self._installed()
        asked = {
            "repositories": [self.repository.split("/")[1]],
            "permissions": dict(self.permissions),
        }
        began = self.elapsed()
        try:
            told = self._ask("grant", {"id": installed.id}, asked)
        except Unprocessable as error:
            wanted = ", ".join(f"{name}: {word}" for name, word in self.permissions.items())
            raise NeedsHuman(
                f"the App may not do in {self.repository} what swarm needs: {error}",
                advice=f"give it, and accept it in the installation: {wanted}",
            ) from error
        self._token, self._slug = read(Granted, told).token, installed.app_slug
        self._until = began + LIFE

    def _installed(self) -> Installed:
        try:
            told = self._ask("installation", {"repository": self.repository}, None)
        except Missing as error:
            raise NeedsHuman(
                f"the App {self.app} is not installed in {self.repository}",
                advice="install it there: Settings, GitHub Apps",
            ) from error
        found = read(Installed, told)
        if found.suspended_at:
            raise NeedsHuman(f"the App's installation in {self.repository} is suspended")
        return found

    def _ask(self, name: Any, at: Mapping[str, str | int], data: Any) -> Any:
        pem = self.key()
        demand_key(pem)
        return called_by_app(self.api, self.app, pem, name, at, data)


def demand_key(pem: str) -> None:
    """Raises NeedsHuman for what is no private RSA key, or is locked with a password."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    advice = "the .pem file that GitHub gave you, as it was"
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NeedsHuman("that is no RSA key that can sign", advice=advice) from error
    if not isinstance(key, RSAPrivateKey):
        raise NeedsHuman("that is no RSA key that can sign", advice=advice)
