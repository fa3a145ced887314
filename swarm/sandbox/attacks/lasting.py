"""Ways that need somebody outside: what is killed, forged or left behind, and what then is."""

from swarm.sandbox.attacks.arena import Arena
from swarm.sandbox.attacks.bundle import Seen


async def kill_everything(arena: Arena) -> Seen:
    """By kill -9 -1; the sandbox must answer afterwards, and tell the truth."""
    async with arena.another() as sandbox:
        running = await sandbox.spawn(("sleep", "100"))
        script = "kill -9 1; kill -INT 1; kill -TERM 1; kill -9 -1; kill -9 -1; exit 7"
        result = await sandbox.exec(("sh", "-c", script))
        await running.wait()
        again = await sandbox.exec(("echo", "alive"))
    if (again.stdout, again.returncode) != (b"alive\n", 0):
        return Seen("through", "the sandbox does not answer any more")
    if result.returncode not in (7, -9):
        return Seen("through", f"it was reported as {result.returncode}")
    return Seen("refused", "the sandbox recovered")
