"""The door of swarm.sandbox."""

from swarm.sandbox.accepting import Listener
from swarm.sandbox.archive import BoundedFile
from swarm.sandbox.checkpoints import keep_only, leftovers, remove_leftovers
from swarm.sandbox.doctor import DoctorRow, doctor_rows
from swarm.sandbox.folders import Leftover
from swarm.sandbox.interpreter import interpreter_paths
from swarm.sandbox.modes import guarantees, is_at_least, lost, permitted, unheld
from swarm.sandbox.port import (
    CLOSED,
    SPARSELY,
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
    SandboxWish,
)
from swarm.sandbox.probing import (
    ProbeReport,
    choose,
    open_host,
    probe,
    probe_all,
    strongest,
    why_not,
)
from swarm.sandbox.profiles import weaknesses
from swarm.sandbox.terminal import run_in_terminal
from swarm.sandbox.wrapping import SandboxWrapper

__all__ = [
    "CLOSED",
    "SPARSELY",
    "BaseRef",
    "Blocked",
    "BoundedFile",
    "CheckpointRef",
    "DoctorRow",
    "ExecResult",
    "Guarantees",
    "KilledBy",
    "Layer",
    "Leftover",
    "Limits",
    "Listener",
    "Network",
    "ProbeReport",
    "Process",
    "Profile",
    "Sandbox",
    "SandboxHost",
    "SandboxMode",
    "SandboxSpec",
    "SandboxWish",
    "SandboxWrapper",
    "choose",
    "doctor_rows",
    "guarantees",
    "interpreter_paths",
    "is_at_least",
    "keep_only",
    "leftovers",
    "lost",
    "open_host",
    "permitted",
    "probe",
    "probe_all",
    "remove_leftovers",
    "run_in_terminal",
    "strongest",
    "unheld",
    "weaknesses",
    "why_not",
]
