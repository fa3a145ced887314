"""The door of swarm.tools."""

from swarm.tools.environment import detect_environment, own_venv, readonly_paths, test_files
from swarm.tools.interpreters import Interpreter
from swarm.tools.kit import Kit, Told, ToolCard
from swarm.tools.printed import steady
from swarm.tools.servers.approvals import Approval, Approvals, read_approvals, write_approvals
from swarm.tools.servers.foreign import ForeignKit, Toolset, why_not
from swarm.tools.servers.introducing import introduce
from swarm.tools.servers.reading import Offered
from swarm.tools.suite import (
    COMMAND,
    TEST_SECONDS,
    Execution,
    execute_suite,
    inside,
    meant_by,
    run_suite,
)

__all__ = [
    "COMMAND",
    "TEST_SECONDS",
    "Approval",
    "Approvals",
    "Execution",
    "ForeignKit",
    "Interpreter",
    "Kit",
    "Offered",
    "Told",
    "ToolCard",
    "Toolset",
    "detect_environment",
    "execute_suite",
    "inside",
    "introduce",
    "meant_by",
    "own_venv",
    "read_approvals",
    "readonly_paths",
    "run_suite",
    "steady",
    "test_files",
    "why_not",
    "write_approvals",
]
