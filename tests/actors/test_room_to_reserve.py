"""How much a process may reserve without using it."""

from pathlib import Path

import pytest

from swarm.actors.workbench import for_runner, with_needs
from swarm.domain.goals import Runner
from swarm.engines.public_api import NOTHING_MORE, Needs
from swarm.sandbox.public_api import SPARSELY, Limits, SandboxSpec


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_python_reserves_little_more_than_it_uses(runner: Runner) -> None:
    assert for_runner(Limits(), runner) == Limits()


def test_a_command_of_any_language_may_reserve_what_javascript_does() -> None:
    roomy = for_runner(Limits(), "command")
    assert roomy.reserved * roomy.memory_bytes > 16 << 30
    assert roomy.memory_bytes == Limits().memory_bytes


@pytest.mark.parametrize("needs", [NOTHING_MORE, Needs(reserved=SPARSELY)])
def test_what_an_agent_needs_takes_no_room_from_what_the_tests_need(needs: Needs) -> None:
    plain = SandboxSpec(Path("/repository"), limits=for_runner(Limits(), "command"))
    assert with_needs(plain, needs).limits == plain.limits
