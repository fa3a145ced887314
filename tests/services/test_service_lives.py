"""Databases and queues in real sandboxes: seeded, mutated, rolled back, forked, killed, refused."""

import asyncio
import sys
from pathlib import Path

import pytest

from swarm.domain.changes import Changes, Written
from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox.public_api import SandboxSpec, open_host
from swarm.services.plan import FOLDER
from swarm.services.public_api import ServedSandbox, Services, ServiceSpec
from swarm.testing.sandbox import a_base
from tests.services.conftest import BOTH, FILES, POSTGRES, REDIS, SQL, Place, redis, sql

MUTATE = "UPDATE t SET v = 'mutated'; DROP TABLE other; CREATE TABLE junk AS SELECT 2 AS two"
TABLES = "SELECT to_regclass('other') IS NOT NULL, to_regclass('junk') IS NOT NULL"
SEEDED = "1000|seeded"
ROWS = "SELECT count(*), min(v) FROM t"


async def seen(sandbox: ServedSandbox) -> list[str]:
    counter, queue = await redis(sandbox, "GET", "counter"), await redis(sandbox, "LLEN", "queue")
    return [await sql(sandbox, ROWS), await sql(sandbox, TABLES), counter, queue]


UNTOUCHED = [SEEDED, "t|f", "41", "3"]


@pytest.mark.thorough
def test_what_was_seeded_is_there_in_every_new_sandbox(place: Place) -> None:
    assert place.run(seen) == UNTOUCHED
    assert place.run(seen) == UNTOUCHED


@pytest.mark.thorough
def test_a_database_is_mutated_and_dropped_and_comes_back_with_the_checkpoint(place: Place) -> None:
    async def work(sandbox: ServedSandbox) -> list[str]:
        kept = await sandbox.checkpoint("seeded")
        await sql(sandbox, MUTATE)
        await redis(sandbox, "SET", "counter", "0")
        await redis(sandbox, "DEL", "queue")
        assert await seen(sandbox) == ["1000|mutated", "f|t", "0", "0"]
        await sandbox.write(Path("app.py"), b"x = 2\n")
        await sandbox.rollback(kept)
        assert await sandbox.read(Path("app.py")) == b"x = 1\n"
        return await seen(sandbox)

    assert place.run(work) == UNTOUCHED


@pytest.mark.thorough
def test_three_forks_have_their_own_contents_on_the_same_port_at_once(place: Place) -> None:
    async def work(sandbox: ServedSandbox) -> list[tuple[str, str, str]]:
        await sql(sandbox, "UPDATE t SET v = 'parent'")
        forks = await sandbox.fork(3)
        for number, fork in enumerate(forks):
            await sql(fork, f"UPDATE t SET v = 'fork {number}'")
            await redis(fork, "SET", "counter", str(number))
        return [
            (await sql(e, "SELECT DISTINCT v FROM t"), await redis(e, "GET", "counter"),
             await sql(e, "SHOW port"))
            for e in (sandbox, *forks)
        ]  # fmt: skip

    forks = [(f"fork {n}", str(n), "5432") for n in range(3)]
    assert place.run(work) == [("parent", "41", "5432"), *forks]


@pytest.mark.thorough
def test_a_checkpoint_holds_every_commit_that_a_client_was_told_of(place: Place) -> None:
    async def work(sandbox: ServedSandbox) -> list[str]:
        found = []
        for number in range(3):
            await sql(sandbox, f"UPDATE t SET v = '{number}'")
            await redis(sandbox, "SET", "counter", str(number))
            kept = await sandbox.checkpoint("at once", hot=True)
            (fork,) = await sandbox.fork(1, kept)
            found.append(await sql(fork, ROWS) + " " + await redis(fork, "GET", "counter"))
            await fork.destroy()
        return found

    assert place.run(work) == [f"1000|{number} {number}" for number in range(3)]


@pytest.mark.thorough
def test_a_cold_checkpoint_stops_services_and_starts_them_again(place: Place) -> None:
    async def work(sandbox: ServedSandbox) -> list[str]:
        kept = await sandbox.checkpoint("cold", hot=False)
        assert not kept.hot
        await sql(sandbox, MUTATE)
        await sandbox.rollback(kept)
        return await seen(sandbox)

    assert place.run(work) == UNTOUCHED


@pytest.mark.thorough
def test_a_checkpoint_serves_a_sandbox_of_another_host(place: Place) -> None:
    async def main() -> list[str]:
        async with place.served() as sandbox:
            await sql(sandbox, "UPDATE t SET v = 'kept'")
            kept = await sandbox.checkpoint("before the host ends")
        async with place.host() as host:
            prepared, spec = await place.prepared(host)
            base = a_base(place.folder / "base", FILES)
            restored = await host.restore(kept, prepared.shown_in(spec), base)
            return await seen(await prepared.begin(restored))

    assert asyncio.run(main()) == ["1000|kept", *UNTOUCHED[1:]]


@pytest.mark.thorough
@pytest.mark.parametrize("killing", ["kill -9 -1; exit 1", "pkill -9 postgres; exit 1"])
def test_servers_that_a_command_killed_are_there_for_the_next(place: Place, killing: str) -> None:
    async def work(sandbox: ServedSandbox) -> list[str]:
        await sql(sandbox, "UPDATE t SET v = 'committed'")
        await sandbox.exec(("/bin/sh", "-c", killing))
        return await seen(sandbox)

    assert place.run(work) == ["1000|committed", *UNTOUCHED[1:]]


@pytest.mark.thorough
def test_a_frozen_sandbox_serves_nobody_and_goes_on_when_it_thaws(place: Place) -> None:
    async def work(sandbox: ServedSandbox) -> str:
        await sandbox.freeze()
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(sql(sandbox, ROWS))
            await asyncio.sleep(0)
            assert not asked.done()
            await sandbox.thaw()
        return asked.result()

    assert place.run(work) == SEEDED


@pytest.mark.thorough
def test_data_of_services_are_no_part_of_the_patch(place: Place) -> None:
    async def work(sandbox: ServedSandbox) -> Changes:
        await sql(sandbox, MUTATE)
        await sandbox.write(Path("app.py"), b"x = 2\n")
        return await sandbox.diff()

    assert place.run(work) == Changes((Written(b"app.py", "100644", b"x = 2\n"),))


@pytest.mark.thorough
def test_every_command_is_told_where_services_are_and_may_be_told_otherwise(place: Place) -> None:
    async def work(sandbox: ServedSandbox) -> dict[str, str]:
        result = await sandbox.exec(("/usr/bin/env",), env={"REDIS_URL": "elsewhere"})
        return dict(line.split("=", 1) for line in result.stdout.decode().splitlines())

    told = place.run(work)
    assert told["DATABASE_URL"] == "postgresql://postgres@127.0.0.1:5432/app"
    assert told["REDIS_URL"] == "elsewhere"


@pytest.mark.thorough
def test_a_seed_command_runs_inside_with_the_service_running(place: Place) -> None:
    seed = ("/bin/sh", "-c", '"$BIN/psql" -qc "CREATE TABLE made AS SELECT 7 AS n"')
    spec = POSTGRES.model_copy(update={"seed_command": seed})
    assert place.run(lambda s: sql(s, "SELECT n FROM made"), (spec,)) == "7"


@pytest.mark.thorough
def test_another_seed_file_gives_other_data(place: Place) -> None:
    async def rows(sandbox: ServedSandbox) -> str:
        return await sql(sandbox, "SELECT count(*) FROM t")

    assert place.run(rows, (POSTGRES,)) == "1000"
    other = {**FILES, "db/seed.sql": SQL.replace("1000", "10")}
    assert place.run(rows, (POSTGRES,), other) == "10"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("spec", "name", "text"),
    [(POSTGRES, "db/seed.sql", "SELECT 1; NONSENSE;"), (REDIS, "redis.txt", "NONSENSE 1\n")],
    ids=["sql", "commands"],
)
def test_a_seed_that_fails_is_refused_with_what_was_said(
    place: Place, spec: ServiceSpec, name: str, text: str
) -> None:
    with pytest.raises(Rejected, match="failed") as caught:
        place.run(seen, (spec,), {**FILES, name: text})
    assert "NONSENSE" in str(caught.value) or "unknown command" in str(caught.value)


@pytest.mark.thorough
def test_a_server_that_ends_at_its_start_is_refused_with_its_log(place: Place) -> None:
    spec = ServiceSpec(
        kind="command", command=("/bin/sh", "-c", "echo no; false"), ready=("false",)
    )
    with pytest.raises(Rejected, match="ended at its start: no"):
        place.run(seen, (spec,))


def test_any_program_can_be_a_service(place: Place) -> None:
    line = 'mkdir -p "$SERVICE_DATA" && echo up >"$SERVICE_DATA/said" && exec sleep 1000'
    spec = ServiceSpec(
        kind="command",
        command=("/bin/sh", "-c", line),
        ready=("/bin/sh", "-c", 'test -s "$SERVICE_DATA/said"'),
        env={"AT": "{url}"},
    )

    async def work(sandbox: ServedSandbox) -> bytes:
        said = str(FOLDER / "command/said")
        result = await sandbox.exec(("/bin/sh", "-c", 'echo "$AT"; cat "$0"', said))
        return result.stdout

    assert place.run(work, (spec,)) == b"http://127.0.0.1:8000\nup\n"


def test_without_a_network_of_its_own_a_sandbox_gets_no_services(tmp_path: Path) -> None:
    async def main() -> None:
        host = open_host(tmp_path / "scratch", "unsafe-worktree")
        spec = SandboxSpec(tmp_path / "repository", require="unsafe-worktree")
        try:
            services = Services(host, tmp_path / "sealed")
            base = a_base(tmp_path / "base", FILES)
            await services.prepare(BOTH, Path(sys.executable), spec, base)
        finally:
            await host.close()

    with pytest.raises(Lacking, match="no network of their own"):
        asyncio.run(main())
