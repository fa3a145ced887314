"""An agent that speaks the protocol, ready to be run by the engine of the user's own agents."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.engines.acp.client import Client, Over
from swarm.engines.acp.updates import trouble
from swarm.engines.cli.codex import kind_of
from swarm.engines.cli.finding import Found
from swarm.engines.cli.lines import Overflow
from swarm.engines.cli.makers import ANY_BY_PROTOCOL
from swarm.engines.cli.relay import PORT, Relay
from swarm.engines.cli.running import (
    COMPLAINTS,
    FOLDER,
    IDLE_SECONDS,
    ended_without_a_word,
    put_down,
)
from swarm.engines.cli.sightings import Began, Ended, Failed, Sighting, text_of
from swarm.engines.cli.talk import Job, environment, show_files, through
from swarm.models.public_api import Passages
from swarm.sandbox.public_api import Process, Sandbox

PROTOCOL = 1
_START = 'told=$1; shift; exec "$@" 2>"$told"'


@dataclass(frozen=True, slots=True)
class AcpTalk:
    """Implements Talk. Each run is a session of its own: not every agent can go on with an old one."""

    found: Found
    models: Passages | None = None
    """Through which it asks, where it is pointed to the gateway."""

    idle_seconds: float = IDLE_SECONDS
    resumes = False

    async def prepared(self, sandbox: Sandbox, now: int) -> str:
        await sandbox.write(FOLDER / ".keep", b"")
        await show_files(sandbox, Path(self.found.home), self.found.files)
        return ""

    async def run(
        self, sandbox: Sandbox, prompt: str, session: str, job: Job
    ) -> AsyncIterator[Sighting]:
        if self.models is None:
            async for sighting in self._run(sandbox, prompt, job, {}):
                yield sighting
            return
        relayed = ANY_BY_PROTOCOL
        relay = Relay(self.models, self.found.name, job.purse, relayed.path)
        sightings = self._run(sandbox, prompt, job, relayed.environment(PORT))
        async for sighting in through(relay, sandbox, sightings):
            yield sighting

    async def _run(
        self, sandbox: Sandbox, prompt: str, job: Job, more: Mapping[str, str]
    ) -> AsyncIterator[Sighting]:
        argv = ("/bin/sh", "-c", _START, "agent", str(COMPLAINTS), *self.found.argv)
        env = environment(self.found, job.python, more)
        try:
            process = await sandbox.spawn(argv, env=env)
        except Rejected as error:
            yield Failed("failed", str(error))
            return
        try:
            async for sighting in self._spoken(sandbox, process, prompt):
                yield sighting
        except TimeoutError:
            yield Failed("hanging", f"{self.idle_seconds:.0f} s of silence")
        except Overflow:
            yield Failed("unknown-output", "more output than anybody will read")
        except (Over, Rejected):
            yield await ended_without_a_word(sandbox, process)
        finally:
            await put_down(process)

    async def _spoken(
        self, sandbox: Sandbox, process: Process, prompt: str
    ) -> AsyncIterator[Sighting]:
        client = Client(sandbox, process, self.idle_seconds)
        for method, params in (
            ("initialize", _introduction()),
            ("session/new", {"cwd": str(sandbox.root), "mcpServers": []}),
        ):
            async for sighting in client.call(method, params):
                yield sighting
            if client.error is not None:
                yield _failed(client.error)
                return
            yield _began(client)
        asked = {
            "sessionId": text_of(client.result, "sessionId"),
            "prompt": [{"type": "text", "text": prompt}],
        }
        async for sighting in client.call("session/prompt", asked):
            yield sighting
        yield _end(client)


def _introduction() -> dict[str, object]:
    nothing = {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
    us = {"name": "swarm", "version": version("bidswarm")}
    return {"protocolVersion": PROTOCOL, "clientCapabilities": nothing, "clientInfo": us}


def _began(client: Client) -> Began:
    result = client.result
    return Began(
        session=text_of(result, "sessionId"),
        version=" ".join(
            part
            for part in (
                text_of(result, "agentInfo", "name"),
                text_of(result, "agentInfo", "version"),
            )
            if part
        ),
        model=text_of(result, "models", "currentModelId"),
    )


def _end(client: Client) -> Ended | Failed:
    if client.error is not None:
        return _failed(client.error)
    match client.result.get("stopReason"):
        case "end_turn":
            return Ended(client.seen.get("said", ""))
        case "refusal":
            return Failed("refused", client.seen.get("said", ""))
        case stop:
            return Failed("failed", f"it stopped: {stop}")


def _failed(error: tuple[int, str]) -> Failed:
    code, words = error
    return Failed(trouble(code, words, kind_of(words)), words)
