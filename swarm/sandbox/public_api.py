"""The door of swarm.sandbox."""

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
]
