"""A request to the worker and its answer, over a sandbox's standard streams."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from swarm.domain.errors import Lacking, Rejected
from swarm.domain.goals import Environment
from swarm.sandbox.public_api import Sandbox

_PACKAGE = "swarm.engines.repair.worker"
_INSIDE = "_swarm_repair"
_ENV = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
_VALUED = frozenset({"-k", "-m", "-c", "-p", "-o", "-W", "--rootdir", "--confcutdir"})
"""Options of pytest whose value is the next argument."""

_PYTEST = frozenset({"pytest", "py.test"})
"""A program or a module; a folder of that name on the way to an interpreter is neither."""


@dataclass(frozen=True, slots=True)
class Answer:
    body: dict[str, Any]
    cpu_seconds: float
    seconds: float


def sources() -> dict[str, str]:
    """The worker's modules as they are sent: under a name that no repository uses."""
    folder = resources.files(_PACKAGE)
    return {
        entry.name.removesuffix(".py"): entry.read_text("utf-8").replace(_PACKAGE, _INSIDE)
        for entry in folder.iterdir()
        if entry.name.endswith(".py")
    }


async def ask(
    sandbox: Sandbox, environment: Environment, request: Mapping[str, Any], wall_seconds: float
) -> Answer:
    """Run the worker once. Raises Lacking when the target's environment cannot serve it, Rejected
    when it breaks. When it was killed, `nothing` in the body says so, beside what it said before.
    """
    modules = sources()
    full = {**request, "options": options(environment.command), "root": str(sandbox.root)}
    document = json.dumps({"modules": modules, "request": full}).encode()
    result = await sandbox.exec(
        (environment.python, "-c", modules["bootstrap"]),
        cwd=sandbox.root,
        env=_ENV,
        stdin=document,
        wall_seconds=wall_seconds,
    )
    body = _last(result.stdout)
    if result.killed_by or not body:
        body = {**body, "nothing": _silence(result.killed_by, result.stderr)}
    if "refusal" in body:
        raise Lacking(body["refusal"], advice="install what it names, or use another engine")
    if "crash" in body:
        raise Rejected(f"the repair worker broke: {body['crash']}")
    return Answer(body, result.cpu_seconds, result.seconds)


def _last(stdout: bytes) -> dict[str, Any]:
    """The last whole line; a worker that was killed may have begun another."""
    for line in reversed(stdout.split(b"\n")[:-1]):
        try:
            body: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        return body
    return {}


def _silence(killed_by: str, stderr: bytes) -> str:
    reason = f"killed for {killed_by}" if killed_by else "ended without an answer"
    return f"the worker was {reason}: {stderr[-500:].decode(errors='replace')}"


def options(command: tuple[str, ...]) -> list[str]:
    """The user's own options to pytest, without the paths."""
    given = list(command)
    names = (word.rsplit("/", 1)[-1] for word in given)
    start = next((k + 1 for k, name in enumerate(names) if name in _PYTEST), len(given))
    kept: list[str] = []
    for word, before in zip(given[start:], ["", *given[start:]], strict=False):
        if word.startswith("-") or before in _VALUED:
            kept.append(word)
    return kept
