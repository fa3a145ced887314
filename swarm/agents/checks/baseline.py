"""The suite on the base, run twice: an id whose outcome changes by itself proves nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from swarm.agents.checks.comparison import flickering
from swarm.agents.port import Workbench
from swarm.domain.evidence import SuiteRun
from swarm.domain.names import TestId, TreeHash
from swarm.tools.public_api import TEST_SECONDS, Execution, execute_suite, steady


@dataclass(frozen=True, slots=True)
class Baseline:
    run: SuiteRun
    """The first of both runs; of what a command printed, that which the second said too."""

    voided: tuple[TestId, ...]
    seconds: Mapping[TestId, float]
    failures: Mapping[TestId, str]
    output: str


def unheard(_: object) -> None:
    """For those who do not ask how far it is."""


async def base_run(
    workbench: Workbench,
    base_tree: TreeHash,
    *,
    wall_seconds: float,
    nonces: Callable[[], str],
    test_seconds: float = TEST_SECONDS,
    once_run: Callable[[SuiteRun], None] = unheard,
) -> Baseline:
    """Run the base twice, each in a sandbox of its own. A broken first run is not repeated; of any other
    `once_run` is told before the second.

    Raises Transient when the sandbox ended the run.
    """

    async def once() -> Execution:
        async with workbench.sandbox(base_tree) as sandbox:
            return await execute_suite(
                sandbox,
                workbench.environment,
                base_tree,
                wall_seconds=wall_seconds,
                nonce=nonces(),
                test_seconds=test_seconds,
            )

    first = await once()
    if first.run.broken:
        return Baseline(first.run, (), first.seconds, first.failures, first.output)
    once_run(first.run)
    second = await once()
    voided = flickering(first.run, second.run)
    agreed = {"printed": steady(first.run.printed, second.run.printed)}
    run = first.run.model_copy(update=agreed)
    return Baseline(run, voided, first.seconds, first.failures, first.output)
