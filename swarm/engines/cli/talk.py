"""What the engine needs of any agent, whatever it speaks: a run in a sandbox, and what is to be seen of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from swarm.domain.errors import NeedsHuman
from swarm.engines.cli.finding import Found
from swarm.engines.cli.logins import MOST_BYTES, login_of
from swarm.engines.cli.makers import MAKERS
from swarm.engines.cli.running import HOME, IDLE_SECONDS, Start, run, version_of
from swarm.engines.cli.sightings import Sighting
from swarm.sandbox.public_api import Sandbox

_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class Talk(Protocol):
    @property
    def resumes(self) -> bool:
        """Whether a later run can go on with the session of an earlier one."""
        ...

    def run(
        self, sandbox: Sandbox, prompt: str, session: str, python: str
    ) -> AsyncIterator[Sighting]:
        """Sightings, and at last exactly one of Ended and Failed. With a session it goes on with that
        one, where the agent can. `python`: the interpreter that the tests run with.
        """
        ...

    async def prepared(self, sandbox: Sandbox, now: int) -> str:
        """Show the agent its login; returns its version. Raises NeedsHuman without a login."""
        ...


def environment(found: Found, python: str, more: Mapping[str, str]) -> dict[str, str]:
    folders = (str(Path(python).parent), *found.path, *_PATH) if python else (*found.path, *_PATH)
    return {
        "PATH": ":".join(dict.fromkeys(folders)),
        "HOME": str(HOME),
        "TERM": "dumb",
        "CI": "true",
        **more,
    }


@dataclass(frozen=True, slots=True)
class CliTalk:
    """Implements Talk for an agent that is known by name, with the user's own login."""

    found: Found
    idle_seconds: float = IDLE_SECONDS
    resumes = True

    async def prepared(self, sandbox: Sandbox, now: int) -> str:
        maker, found = MAKERS[self.found.name], self.found
        login = login_of(maker, Path(found.home), now, found.model)
        for name, data in login.files.items():
            await sandbox.write(HOME / name, data)
        return await version_of(sandbox, found.argv, self._environment(""))

    def _environment(self, python: str) -> dict[str, str]:
        return environment(self.found, python, MAKERS[self.found.name].dialect.environment)

    async def run(
        self, sandbox: Sandbox, prompt: str, session: str, python: str
    ) -> AsyncIterator[Sighting]:
        dialect = MAKERS[self.found.name].dialect
        argv = (*self.found.argv, *dialect.arguments(self.found.model, session))
        start = Start(argv, self._environment(python), dialect, self.idle_seconds)
        async for sighting in run(sandbox, start, prompt):
            yield sighting


async def show_files(sandbox: Sandbox, home: Path, names: tuple[str, ...]) -> None:
    """Of an agent that is not known: what its owner named as its login, as it is.

    Raises NeedsHuman where one cannot be read.
    """
    for name in names:
        try:
            data = (home / name).read_bytes()[:MOST_BYTES]
        except OSError as error:
            raise NeedsHuman(f"{home / name} cannot be read: {error}") from error
        await sandbox.write(HOME / name, data)
