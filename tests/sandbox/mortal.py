"""A supervisor that works until it is killed, and says of each checkpoint what it must hold as soon as
it has got it.

python -m tests.sandbox.mortal FOLDER MODE SEED
"""

import asyncio
import json
import random
import sys
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.sandbox.public_api import (
    BaseRef,
    CheckpointRef,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
    open_host,
)
from swarm.testing.sandbox import A_TREE

LISTING = "find . -type f ! -name noise | sort | xargs cksum"
WORK = "mkdir -p d/$1; seq $1 $2 > d/$1/$2; rm -rf d/$3; echo $2 >> log; mv log d/log; mv d/log log"
NOISE = "echo begun; i=0; while :; do echo $i > noise; i=$((i+1)); done"


class Mortal:
    def __init__(self, host: SandboxHost, spec: SandboxSpec, base: BaseRef, seed: int) -> None:
        self.host, self.spec, self.base = host, spec, base
        self.draw = random.Random(seed)
        self.kept: list[CheckpointRef] = []
        self.number = 0

    async def live(self, exports: Path) -> None:
        box = await self.host.create(self.spec, self.base)
        while True:
            await self.work(box)
            await self.keep(box)
            match self.draw.choice(
                ["go on", "noise", "rollback", "fork", "export", "discard", "anew"]
            ):
                case "noise":
                    await (await box.spawn(("sh", "-c", NOISE))).read()
                case "rollback":
                    await box.rollback(self.draw.choice(self.kept))
                case "fork":
                    forks = await box.fork(2, self.draw.choice(self.kept))
                    await self.work(forks[0])
                    await self.keep(forks[0])
                    for each in forks:
                        await each.destroy()
                case "export":
                    await self.host.export(self.draw.choice(self.kept), exports / str(self.number))
                case "discard":
                    gone = self.kept.pop(self.draw.randrange(len(self.kept)))
                    say({"discarded": gone.id})
                    await self.host.discard(gone)
                    await self.keep(box)
                case "anew":
                    await box.destroy()
                    at = self.draw.choice(self.kept)
                    box = await self.host.restore(at, self.spec, self.base)

    async def work(self, box: Sandbox) -> None:
        self.number += 1
        words = (self.draw.randrange(5), 1000 * self.number, self.draw.randrange(5))
        await box.exec(("sh", "-c", WORK, "sh", *map(str, words)))

    async def keep(self, box: Sandbox) -> None:
        shown = (await box.exec(("sh", "-c", LISTING))).stdout.decode()
        hot = self.draw.choice([None, True])
        ref = await box.checkpoint(str(self.number), hot=hot)
        self.kept.append(ref)
        say({"ref": ref.model_dump(), "shown": shown})


def say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def main(folder: Path, mode: SandboxMode, seed: int) -> None:
    spec = SandboxSpec(folder / "repository", require=mode)
    base = BaseRef(folder / "base", A_TREE)
    try:
        await Mortal(open_host(folder / "scratch", mode), spec, base, seed).live(folder / "exports")
    except Rejected as rejected:
        say({"rejected": str(rejected)})
        raise


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))  # type: ignore[arg-type]
