"""What twenty writers with a model take in one process, all in the middle of their work at the same time.

Started by `benchmarks.engines` as a process of its own, so that nothing of the measuring is measured: the
address of a scripted server comes as its argument. Each writer has a sandbox and a conversation of its own;
gateway and host of sandboxes are one, as where one host runs them all.
"""

import asyncio
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from swarm.domain.names import TaskId
from swarm.engines.public_api import ModelEngine, readers
from swarm.models.public_api import ModelGateway, Price, Route, views
from swarm.sandbox.public_api import SandboxHost, SandboxSpec, open_host
from swarm.testing.engine import an_assignment
from swarm.testing.sandbox import a_base
from swarm.tools.public_api import readonly_paths

WRITERS = 20
FILES = {"app.py": "x = 1\n", "test_app.py": "from app import x\n\n\ndef test_x():\n    assert x\n"}


async def write(
    folder: Path, number: int, host: SandboxHost, engine: ModelEngine, shown: tuple[Path, ...]
) -> None:
    place = folder / f"repository{number}"
    base = a_base(folder / f"base{number}", dict(FILES))
    sandbox = await host.create(SandboxSpec(place, shown, require="namespaces"), base)
    given = an_assignment(mount_point=str(place))
    contract = given.contract.model_copy(update={"task_id": TaskId(f"g-{number + 1:06}.t1")})
    async for _ in engine.work(replace(given, contract=contract), sandbox, (), tuple, 10**9):
        pass


async def crowd(url: str, folder: Path) -> None:
    price = Price(input=1, output=1, cache_read=1, cache_write=1)
    route = Route(
        name="claude",
        protocol="anthropic",
        model="m",
        base_url=url,
        key=SecretStr("none"),
        price=price,
    )
    (view,) = views((route,), datetime.now(UTC).date())  # noqa: TID251 - the rim of a benchmark
    environment = an_assignment().environment
    shown = tuple(dict.fromkeys((*await readonly_paths(environment), *readers())))
    gateway, host = ModelGateway((route,), folder / "models"), open_host(folder / "s", "namespaces")
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                engine = ModelEngine(view, gateway)
                group.create_task(write(folder, number, host, engine, shown))
    finally:
        await host.close()
        await gateway.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="swarm-crowd-") as name:
        asyncio.run(crowd(sys.argv[1], Path(name)))
