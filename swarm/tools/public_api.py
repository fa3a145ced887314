"""The door of swarm.tools."""

from swarm.tools.environment import detect_environment, readonly_paths, test_files
from swarm.tools.suite import (
    COMMAND,
    TEST_SECONDS,
    Execution,
    execute_suite,
    inside,
    run_suite,
)

__all__ = [
    "COMMAND",
    "TEST_SECONDS",
    "Execution",
    "detect_environment",
    "execute_suite",
    "inside",
    "readonly_paths",
    "run_suite",
    "test_files",
]
