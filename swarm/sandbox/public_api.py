"""The door of swarm.sandbox."""

from swarm.sandbox.doctor import DoctorRow, ProbeReport, doctor_rows, probe, why_not
from swarm.sandbox.folders import Leftover, leftovers, remove_leftovers
from swarm.sandbox.host import open_host
from swarm.sandbox.interpreter import interpreter_paths
from swarm.sandbox.port import (
    CLOSED,
    BaseRef,
    Blocked,
    CheckpointRef,
    ExecResult,
    Guarantees,
    KilledBy,
    Layer,
    Limits,
    Network,
    Process,
    Profile,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
)
from swarm.sandbox.profiles import weaknesses

__all__ = [
    "CLOSED",
    "BaseRef",
    "Blocked",
    "CheckpointRef",
    "DoctorRow",
    "ExecResult",
    "Guarantees",
    "KilledBy",
    "Layer",
    "Leftover",
    "Limits",
    "Network",
    "ProbeReport",
    "Process",
    "Profile",
    "Sandbox",
    "SandboxHost",
    "SandboxMode",
    "SandboxSpec",
    "doctor_rows",
    "interpreter_paths",
    "leftovers",
    "open_host",
    "probe",
    "remove_leftovers",
    "weaknesses",
    "why_not",
]
