"""The door of swarm.sandbox."""

from swarm.sandbox.doctor import DoctorRow, doctor_rows
from swarm.sandbox.folders import Leftover, leftovers, remove_leftovers
from swarm.sandbox.host import open_host
from swarm.sandbox.interpreter import interpreter_paths
from swarm.sandbox.modes import guarantees, is_at_least, lost, permitted
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
from swarm.sandbox.probing import ProbeReport, probe, probe_all, strongest, why_not
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
    "guarantees",
    "interpreter_paths",
    "is_at_least",
    "leftovers",
    "lost",
    "open_host",
    "permitted",
    "probe",
    "probe_all",
    "remove_leftovers",
    "strongest",
    "weaknesses",
    "why_not",
]
