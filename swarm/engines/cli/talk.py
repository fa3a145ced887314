"""What the engine needs of any agent, whatever it speaks: a run in a sandbox, and what is to be seen of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from swarm.domain.errors import NeedsHuman
from swarm.domain.leavings import ENVIRONMENT
from swarm.engines.cli.finding import Found
from swarm.engines.cli.logins import MOST_BYTES, login_of
from swarm.engines.cli.makers import MAKERS
from swarm.engines.cli.relay import PORT, Purse, Relay
from swarm.engines.cli.running import HOME, IDLE_SECONDS, Start, run, version_of, windows
from swarm.engines.cli.sightings import Ended, Failed, Sighting, Spent
from swarm.models.public_api import Passages
from swarm.sandbox.public_api import Sandbox

_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is for."""

    python: str
    """The interpreter that the tests run with."""

    purse: Purse


class Talk(Protocol):
    @property
    def resumes(self) -> bool:
        """Whether a later run can go on with the session of an earlier one."""
        ...

    def run(self, sandbox: Sandbox, prompt: str, session: str, job: Job) -> AsyncIterator[Sighting]:
        """Sightings, and at last exactly one of Ended and Failed. With a session it goes on with that
        one, where the agent can.
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
        **ENVIRONMENT,
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
        self, sandbox: Sandbox, prompt: str, session: str, job: Job
    ) -> AsyncIterator[Sighting]:
        dialect = MAKERS[self.found.name].dialect
        argv = (*self.found.argv, *dialect.arguments(self.found.model, session))
        start = Start(argv, self._environment(job.python), dialect, self.idle_seconds)
        async for sighting in run(sandbox, start, prompt):
            if isinstance(sighting, Ended | Failed):
                for window in await windows(sandbox, dialect):
                    yield window
            yield sighting


@dataclass(frozen=True, slots=True)
class RelayTalk:
    """Implements Talk for an agent that is known by name, through the gateway: it has neither login nor
    network, and what it costs is what the gateway counts.
    """

    found: Found
    models: Passages
    idle_seconds: float = IDLE_SECONDS
    resumes = True

    async def prepared(self, sandbox: Sandbox, now: int) -> str:
        relayed = MAKERS[self.found.name].relayed
        for name, text in relayed.files(PORT).items():
            await sandbox.write(HOME / name, text.encode())
        return await version_of(sandbox, self.found.argv, environment(self.found, "", {}))

    async def run(
        self, sandbox: Sandbox, prompt: str, session: str, job: Job
    ) -> AsyncIterator[Sighting]:
        maker, found = MAKERS[self.found.name], self.found
        more = {**maker.dialect.environment, **maker.relayed.environment(PORT)}
        argv = (*found.argv, *maker.dialect.arguments(maker.relayed.model or found.model, session))
        start = Start(argv, environment(found, job.python, more), maker.dialect, self.idle_seconds)
        relayed = maker.relayed
        relay = Relay(self.models, found.name, job.purse, relayed.path, relayed.only_data)
        async for sighting in through(relay, sandbox, run(sandbox, start, prompt)):
            yield sighting


async def through(
    relay: Relay, sandbox: Sandbox, sightings: AsyncIterator[Sighting]
) -> AsyncIterator[Sighting]:
    """A run that asks its model through the gateway: what is spent, and why it fails, the gateway knows."""
    await relay.serve(await sandbox.listen(PORT))
    try:
        async for sighting in sightings:
            for spent in relay.take():
                yield spent
            if isinstance(sighting, Failed):
                yield relay.trouble or sighting
            elif not isinstance(sighting, Spent):
                yield sighting
    finally:
        relay.close()


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
