"""The door of swarm.tools."""

from swarm.tools.environment import detect_environment, own_venv, readonly_paths, test_files
from swarm.tools.interpreters import Interpreter
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
    "Interpreter",
    "detect_environment",
    "execute_suite",
    "inside",
    "own_venv",
    "readonly_paths",
    "run_suite",
    "test_files",
]
