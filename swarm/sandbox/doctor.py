"""Whether this machine can isolate, found out by doing it, and what would help if it cannot."""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from swarm.sandbox.checkpoints import leftovers
from swarm.sandbox.modes import lost
from swarm.sandbox.probing import ProbeReport, probe_all
from swarm.sandbox.remedies import LOWEST_KERNEL, this_machine

_FREE_BYTES = 2 << 30
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class DoctorRow:
    name: str
    ok: bool
    found: str
    remedy: str = ""


def doctor_rows(scratch: Path) -> tuple[DoctorRow, ...]:
    """`isolated sandboxes` is what matters; a row for each mode tells what else could be had."""
    reports = probe_all(scratch, anew=True)
    modes = (_mode(each) for each in reports)
    return (_kernel(), _isolation(reports), *modes, _space(scratch), _left_over(scratch))


def _kernel() -> DoctorRow:
    lowest = ".".join(map(str, LOWEST_KERNEL))
    ok = this_machine().kernel >= LOWEST_KERNEL
    return DoctorRow("kernel", ok, platform.release(), "" if ok else f"Linux {lowest} or newer")


def _isolation(reports: tuple[ProbeReport, ...]) -> DoctorRow:
    report = next(each for each in reports if each.mode == "namespaces")
    return DoctorRow("isolated sandboxes", report.works, report.why or "work", report.remedy)


def _mode(report: ProbeReport) -> DoctorRow:
    """A comfort: one mode that works is enough."""
    name = f"sandbox {report.mode}"
    if not report.works:
        return DoctorRow(name, False, report.why, report.remedy)
    told = " ".join((f"works ({report.milliseconds} ms).", *lost(report.mode)))
    return DoctorRow(name, True, told)


def _space(scratch: Path) -> DoctorRow:
    free = shutil.disk_usage(scratch).free
    remedy = "" if free >= _FREE_BYTES else f"free {_FREE_BYTES // _MIB} MiB there"
    return DoctorRow("room for sandboxes", not remedy, f"{free // _MIB} MiB at {scratch}", remedy)


def _left_over(scratch: Path) -> DoctorRow:
    found = leftovers(scratch)
    size = sum(each.bytes for each in found) // _MIB
    remedy = "swarm clean" if found else ""
    return DoctorRow("left over", not found, f"{len(found)} folders, {size} MiB", remedy)
