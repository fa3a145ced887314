"""A supervisor in a process of its own, so that it can be killed: it does what it reads, one line of
JSON after the other, and writes what came of it.

python -m tests.sandbox.supervised FOLDER MODE
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from swarm.domain.changes import Removed
from swarm.domain.errors import Rejected
from swarm.sandbox.public_api import (
    BaseRef,
    CheckpointRef,
    Process,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
    open_host,
)
from swarm.testing.sandbox import A_TREE

Order = dict[str, Any]


class Supervised:
    """Sandboxes over one base, by names that are given to them."""

    def __init__(self, folder: Path, mode: SandboxMode) -> None:
        self.folder = folder
        self.host: SandboxHost = open_host(folder / "scratch", mode)
        self.spec = SandboxSpec(folder / "repository", require=mode)
        self.base = BaseRef(folder / "base", A_TREE)
        self.boxes: dict[str, Sandbox] = {}
        self.running: list[Process] = []

    async def do(self, order: Order) -> object:
        box = self.boxes.get(order.get("box", ""))
        ref = CheckpointRef(**order["ref"]) if "ref" in order else None
        if box is None:
            return await self._make(order, ref)
        return await self._use(box, order, ref)

    async def _make(self, order: Order, ref: CheckpointRef | None) -> object:
        match order["op"]:
            case "create":
                self.boxes[order["box"]] = await self.host.create(self.spec, self.base)
            case "restore" if ref is not None:
                self.boxes[order["box"]] = await self.host.restore(ref, self.spec, self.base)
            case "discard" if ref is not None:
                await self.host.discard(ref)
            case "export" if ref is not None:
                await self.host.export(ref, Path(order["file"]))
            case "load":
                return (await self.host.load(Path(order["file"]))).model_dump()
            case "checkpoints":
                return [each.model_dump() for each in await self.host.checkpoints()]
            case "close":
                await self.host.close()
        return None

    async def _use(self, box: Sandbox, order: Order, ref: CheckpointRef | None) -> object:
        match order["op"]:
            case "exec":
                result = await box.exec(("sh", "-c", order["script"], *order.get("words", ())))
                return [result.returncode, result.stdout.decode()]
            case "spawn":
                self.running.append(await box.spawn(("sh", "-c", order["script"])))
                return (await self.running[-1].read()).decode()
            case "write":
                data = order["data"].encode()
                await box.write(Path(order["path"]), data, executable=order["executable"])
            case "diff":
                changes = await box.diff()
                return [
                    [each.path.decode(), None, ""]
                    if isinstance(each, Removed)
                    else [each.path.decode(), each.mode, each.data.decode()]
                    for each in changes.items
                ]
            case "checkpoint":
                return (await box.checkpoint(order["label"], hot=order.get("hot"))).model_dump()
            case "rollback" if ref is not None:
                await box.rollback(ref)
            case "fork":
                for name, fork in zip(
                    order["names"], await box.fork(len(order["names"]), ref), strict=True
                ):
                    self.boxes[name] = fork
            case "destroy":
                await self.boxes.pop(order["box"]).destroy()
        return None


async def main(folder: Path, mode: SandboxMode) -> None:
    supervised = Supervised(folder, mode)
    for line in iter(sys.stdin.readline, ""):
        try:
            answer = {"done": await supervised.do(json.loads(line))}
        except Rejected as rejected:
            answer = {"rejected": str(rejected)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))  # type: ignore[arg-type]
