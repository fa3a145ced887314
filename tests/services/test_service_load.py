"""Frozen copies of a database that is being written to recover, every time, with all invariants."""

import pytest

from swarm.sandbox.public_api import Sandbox
from swarm.services.public_api import ServedSandbox
from tests.services.conftest import POSTGRES, Place, sql

SUMS = """
SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),
       (SELECT sum(bbalance) FROM pgbench_branches), (SELECT coalesce(sum(delta), 0)
       FROM pgbench_history)
"""
COUNT = "SELECT count(*) FROM pgbench_history"
HAS_AMCHECK = "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'"
AMCHECK = '"$BIN/pg_amcheck" --install-missing --heapallindexed -d app'


async def start_load(sandbox: ServedSandbox, clients: int = 4, rate: int = 500) -> None:
    """TPC-B as pgbench plays it: three balances and a history, in one transaction; until the end.

    `rate`: transactions a second, of which none waits for the one before: some are always under way,
    and what else there is to do is not left with the machine's leavings.
    """
    made = await sandbox.exec(("/bin/sh", "-c", '"$BIN/pgbench" -i -q -s 2'))
    assert made.returncode == 0, made.stderr.decode()
    line = f'exec "$BIN/pgbench" -n -c {clients} -j 2 -R {rate} -T 3000 >/dev/null'
    await sandbox.spawn(("/bin/sh", "-c", line))


async def committed_more_than(sandbox: ServedSandbox, count: int) -> int:
    """Wait for the load to have done something new."""
    while (now := int(await sql(sandbox, COUNT))) <= count:
        pass
    return now


async def is_whole(sandbox: Sandbox) -> bool:
    sums = set((await sql(sandbox, SUMS)).split("|"))
    if await sql(sandbox, HAS_AMCHECK) == "1":
        result = await sandbox.exec(("/bin/sh", "-c", AMCHECK))
        assert result.returncode == 0, result.stdout.decode()
    return len(sums) == 1


async def recovered(sandbox: ServedSandbox, times: int) -> list[int]:
    """What each of so many hot checkpoints had committed, after all of them were proved whole."""
    counts, before = [], 0
    await start_load(sandbox)
    for number in range(times):
        before = await committed_more_than(sandbox, before)
        kept = await sandbox.checkpoint(f"under load {number}", hot=True)
        (fork,) = await sandbox.fork(1, kept)
        assert await is_whole(fork)
        counts.append(int(await sql(fork, COUNT)))
        # What a client had been told of before the copy began is in the copy.
        assert counts[-1] >= before
        await fork.destroy()
    return counts


def growing(counts: list[int]) -> bool:
    return counts == sorted(set(counts))


@pytest.mark.thorough
def test_a_hot_checkpoint_under_load_recovers_with_all_invariants(place: Place) -> None:
    assert growing(place.run(lambda s: recovered(s, 2), (POSTGRES,)))


@pytest.mark.thorough
@pytest.mark.timeout(1500)
def test_twenty_four_hot_checkpoints_under_load_recover_with_all_invariants(place: Place) -> None:
    counts = place.run(lambda s: recovered(s, 24), (POSTGRES,))
    assert len(counts) == 24
    assert growing(counts)


@pytest.mark.thorough
def test_a_rollback_under_load_holds_exactly_what_the_checkpoint_holds(place: Place) -> None:
    async def work(sandbox: ServedSandbox) -> tuple[str, str]:
        await start_load(sandbox)
        await committed_more_than(sandbox, 10)
        kept = await sandbox.checkpoint("under load", hot=True)
        (fork,) = await sandbox.fork(1, kept)
        then = await sql(fork, COUNT)
        await committed_more_than(sandbox, int(then) + 50)
        await sandbox.rollback(kept)
        return then, await sql(sandbox, COUNT)

    then, now = place.run(work, (POSTGRES,))
    assert now == then
