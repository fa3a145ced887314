"""The door of swarm.sandbox."""

from swarm.sandbox.doctor import DoctorRow, ProbeReport, doctor_rows, probe, why_not
from swarm.sandbox.folders import Leftover, leftovers, remove_leftovers
from swarm.sandbox.host import open_host
from swarm.sandbox.interpreter import interpreter_paths
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
    "DoctorRow",
    "ExecResult",
    "KilledBy",
    "Leftover",
    "Limits",
    "ProbeReport",
    "Process",
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
    "why_not",
]
