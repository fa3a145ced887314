"""Whether this machine can isolate, found out by doing it, and what would help if it cannot."""

import asyncio
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.errors import Lacking, SwarmError
from swarm.sandbox.folders import HostFolder, leftovers
from swarm.sandbox.host import open_host
from swarm.sandbox.port import BaseRef, SandboxSpec
from swarm.sandbox.remedies import LOWEST_KERNEL, this_machine

_FREE_BYTES = 2 << 30
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ProbeReport:
    works: bool
    """Sandboxes of mode `namespaces` can be made below the scratch directory."""

    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class DoctorRow:
    name: str
    ok: bool
    found: str
    remedy: str = ""


def probe(scratch: Path) -> ProbeReport:
    """Make a sandbox there, change a file in it, and look at the change. Takes about 0.1 seconds.

    Starts an event loop of its own: call it in a thread from code that runs in one.
    """
    return asyncio.run(_probe(scratch))


def why_not(scratch: Path) -> str:
    """Why no sandbox can be isolated there, and what helps; empty if one can."""
    report = probe(scratch)
    return "" if report.works else f"{report.why}; {report.remedy}"


def doctor_rows(scratch: Path) -> tuple[DoctorRow, ...]:
    return (_kernel(), _isolation(scratch), _space(scratch), _left_over(scratch))


async def _probe(scratch: Path) -> ProbeReport:
    try:
        folder = await asyncio.to_thread(HostFolder, scratch)
    except OSError as error:
        return ProbeReport(False, f"{scratch} cannot be used: {error.strerror}", "name another")
    try:
        return await _try(scratch, folder.path)
    finally:
        await asyncio.to_thread(folder.remove)


async def _try(scratch: Path, base: Path) -> ProbeReport:
    (base / "file").write_bytes(b"before\n")
    host = open_host(scratch, "namespaces")
    try:
        sandbox = await host.create(SandboxSpec(Path("/srv/probe")), BaseRef(base, ""))
        done = await sandbox.exec(("sh", "-c", "echo after > file"), wall_seconds=10)
        changed = (await sandbox.diff()).paths
    except Lacking as error:
        return ProbeReport(False, str(error), error.advice)
    except SwarmError as error:
        return ProbeReport(False, str(error), "this is a bug: please report it")
    finally:
        await host.close()
    if changed != (b"file",):
        return ProbeReport(False, f"a file could not be changed: {done.stderr!r}", "see above")
    return ProbeReport(True)


def _kernel() -> DoctorRow:
    lowest = ".".join(map(str, LOWEST_KERNEL))
    ok = this_machine().kernel >= LOWEST_KERNEL
    return DoctorRow("kernel", ok, platform.release(), "" if ok else f"Linux {lowest} or newer")


def _isolation(scratch: Path) -> DoctorRow:
    report = probe(scratch)
    return DoctorRow("isolated sandboxes", report.works, report.why or "work", report.remedy)


def _space(scratch: Path) -> DoctorRow:
    free = shutil.disk_usage(scratch).free
    remedy = "" if free >= _FREE_BYTES else f"free {_FREE_BYTES // _MIB} MiB there"
    return DoctorRow("room for sandboxes", not remedy, f"{free // _MIB} MiB at {scratch}", remedy)


def _left_over(scratch: Path) -> DoctorRow:
    found = leftovers(scratch)
    size = sum(each.bytes for each in found) // _MIB
    remedy = "swarm clean" if found else ""
    return DoctorRow("left over", not found, f"{len(found)} folders, {size} MiB", remedy)
