"""The door of swarm.sandbox."""

from swarm.sandbox.host import open_host
from swarm.sandbox.port import (
    BaseRef,
    ExecResult,
    KilledBy,
    Limits,
    Process,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
)

__all__ = [
    "BaseRef",
    "ExecResult",
    "KilledBy",
    "Limits",
    "Process",
    "Sandbox",
    "SandboxHost",
    "SandboxMode",
    "SandboxSpec",
    "open_host",
]
