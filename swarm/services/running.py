"""Starting, watching and stopping servers in a sandbox."""

import asyncio
from dataclasses import dataclass

from swarm.domain.errors import Rejected, Transient
from swarm.sandbox.public_api import Process, Sandbox
from swarm.services.plan import Plan, quiet

START_SECONDS = 60.0
"""For a recovery after a busy checkpoint on a busy machine."""

STOP_SECONDS = 30.0
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.1
_ASK_SECONDS = 10.0
_TAIL_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class Running:
    plan: Plan
    process: Process


async def launch(sandbox: Sandbox, plan: Plan) -> Running:
    """Start the server. It serves nobody yet."""
    return Running(plan, await sandbox.spawn(plan.serve))


async def until_ready(sandbox: Sandbox, running: Running) -> None:
    """Return when clients are served. Raises Rejected when the server ends instead."""
    plan = running.plan
    waited, pause = 0.0, _FIRST_PAUSE
    while not await is_ready(sandbox, plan):
        if await has_ended(running):
            raise Rejected(
                f"the service {plan.spec.called} ended at its start: {await _log(sandbox, plan)}"
            )
        if waited > START_SECONDS:  # our own pauses: the sandbox may have been frozen meanwhile
            await running.process.kill()
            raise Transient(
                f"the service {plan.spec.called} was not ready within {START_SECONDS:.0f} s: "
                f"{await _log(sandbox, plan)}"
            )
        await asyncio.sleep(pause)
        waited += pause
        pause = min(2 * pause, _LONGEST_PAUSE)


async def has_ended(running: Running) -> bool:
    """Whether the server is known to be gone. Takes no time."""
    try:
        async with asyncio.timeout(0):
            await running.process.wait()
    except TimeoutError:
        return False
    return True


async def stop(sandbox: Sandbox, running: Running) -> None:
    """In the server's own way, so that what it holds in memory is in its files. Raises Rejected."""
    plan, process = running.plan, running.process
    await sandbox.exec(quiet('kill -"$1" "$2"', plan.stop_signal, str(process.pid)))
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError as error:
        await process.kill()
        raise Rejected(
            f"the service {plan.spec.called} did not stop within {STOP_SECONDS:.0f} s"
        ) from error


async def is_ready(sandbox: Sandbox, plan: Plan) -> bool:
    """Whether clients are served now: asked as a client asks, not read from a log."""
    result = await sandbox.exec(plan.ready, wall_seconds=_ASK_SECONDS)
    return result.returncode == 0


async def _log(sandbox: Sandbox, plan: Plan) -> str:
    try:
        text = await sandbox.read(plan.log)
    except Rejected:
        return "it wrote no log"
    return text[-_TAIL_BYTES:].decode("utf-8", "replace").strip() or "its log is empty"
