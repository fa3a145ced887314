"""Whether this machine can isolate, found out by doing it, and what would help if it cannot."""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from swarm.sandbox import groups
from swarm.sandbox.checkpoints import leftovers
from swarm.sandbox.modes import is_at_least, lost
from swarm.sandbox.probing import ProbeReport, probe_all
from swarm.sandbox.remedies import LOWEST_KERNEL, this_machine

_FREE_BYTES = 2 << 30
_MIB = 1 << 20

SANDBOXES = "sandboxes"


@dataclass(frozen=True, slots=True)
class DoctorRow:
    name: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True
    """Without it no agent's work can be run; a comfort when false."""

    lost: tuple[str, ...] = ()
    """Of a mode: what it does not hold or cannot do, against the one above it."""


def doctor_rows(scratch: Path) -> tuple[DoctorRow, ...]:
    """`sandboxes` is what matters; a row for each mode tells what there is and what else could be."""
    reports = probe_all(scratch, anew=True)
    modes = (_mode(each) for each in reports)
    rows = (_kernel(), _isolation(reports), *modes, _groups())
    return (*rows, _space(scratch), _left_over(scratch))


def _kernel() -> DoctorRow:
    lowest = ".".join(map(str, LOWEST_KERNEL))
    ok = this_machine().kernel >= LOWEST_KERNEL
    return DoctorRow("kernel", ok, platform.release(), "" if ok else f"Linux {lowest} or newer")


def _isolation(reports: tuple[ProbeReport, ...]) -> DoctorRow:
    """With what would help, if there is none that is whole: what `namespaces` lack here."""
    best = next((each.mode for each in reports if each.works), None)
    wanted = next(each for each in reports if each.mode == "namespaces")
    if best is None:
        return DoctorRow(SANDBOXES, False, wanted.why, wanted.remedy)
    found = f"{best} is the strongest mode here"
    if is_at_least(best, "namespaces"):
        return DoctorRow(SANDBOXES, True, found)
    return DoctorRow(SANDBOXES, False, f"{found}. {wanted.why}", wanted.remedy, needed=False)


def _mode(report: ProbeReport) -> DoctorRow:
    """A comfort: one mode that works is enough."""
    name = f"sandbox {report.mode}"
    found = f"works ({report.milliseconds} ms)" if report.works else report.why
    return DoctorRow(name, report.works, found, report.remedy, needed=False, lost=lost(report.mode))


def _groups() -> DoctorRow:
    """What the kernel bounds for a whole sandbox; without, a watchdog does, but for processors."""
    found = groups.controllers()
    told = (
        f"the kernel bounds {', '.join(found)}" if found else "none: a watchdog looks after memory"
    )
    return DoctorRow("control groups", bool(found), told, groups.DELEGATE, needed=False)


def _space(scratch: Path) -> DoctorRow:
    free = shutil.disk_usage(scratch).free
    remedy = "" if free >= _FREE_BYTES else f"free {_FREE_BYTES // _MIB} MiB there"
    return DoctorRow("room for sandboxes", not remedy, f"{free // _MIB} MiB at {scratch}", remedy)


def _left_over(scratch: Path) -> DoctorRow:
    found = leftovers(scratch)
    size = sum(each.bytes for each in found) // _MIB
    remedy = "swarm clean" if found else ""
    told = f"{len(found)} folders, {size} MiB"
    return DoctorRow("left over", not found, told, remedy, needed=False)
