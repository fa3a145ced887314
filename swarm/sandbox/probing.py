"""Which walls can be built on this machine, found out by building each of them once.

A probe is a sandbox in which a file is changed: every step that a real one needs is done. What was
found is kept in the scratch folder for as long as the machine is not started anew, and the kernel,
the user and the interpreter are the same. Asking anew is the doctor's.
"""

import asyncio
import json
import os
import platform
import secrets
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from swarm.domain.errors import Lacking, SwarmError
from swarm.sandbox.checkpoints import Store
from swarm.sandbox.folders import HostFolder
from swarm.sandbox.host import open_host
from swarm.sandbox.modes import BUILT, lost
from swarm.sandbox.port import BaseRef, SandboxMode, SandboxSpec

_CACHE = "modes.json"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ProbeReport:
    works: bool
    """Sandboxes of that mode can be made below the scratch directory."""

    why: str = ""
    remedy: str = ""
    mode: SandboxMode = "namespaces"
    milliseconds: int = 0


def probe(scratch: Path, mode: SandboxMode = "namespaces") -> ProbeReport:
    """Make a sandbox there, change a file in it, and look at the change. Takes about 0.1 seconds.

    Starts an event loop of its own: call it in a thread from code that runs in one.
    """
    return asyncio.run(_probe(scratch, mode))


def probe_all(scratch: Path, *, anew: bool = False) -> tuple[ProbeReport, ...]:
    """Every mode that is made of walls, the strongest first; from the last time if that holds."""
    key = _machine()
    known = None if anew else _known(scratch / _CACHE, key)
    if known is not None:
        return known
    reports = tuple(probe(scratch, mode) for mode in BUILT)
    if scratch.is_dir():
        _keep(scratch / _CACHE, key, reports)
    return reports


def strongest(scratch: Path) -> SandboxMode | None:
    """The mode with the best walls that can be built there; None when there is none."""
    return next((each.mode for each in probe_all(scratch) if each.works), None)


def why_not(scratch: Path, mode: SandboxMode = "namespaces") -> str:
    """Why no sandbox of that mode can be made there, and what helps; empty if one can."""
    if mode == "unsafe-worktree":
        return ""
    report = probe(scratch, mode)
    if report.works:
        return ""
    return f"{report.why}; {report.remedy}{_weaker(probe_all(scratch), mode)}"


def _weaker(reports: Iterable[ProbeReport], wanted: SandboxMode) -> str:
    """What to type to go on with less, where less can be had."""
    found = next((each.mode for each in reports if each.works and each.mode != wanted), None)
    if found is None:
        return ""
    less = lost(found)[0] if lost(found) else ""
    return f"; or go on with other walls: SWARM_SANDBOX={found} swarm run ... ({less})"


async def _probe(scratch: Path, mode: SandboxMode) -> ProbeReport:
    started = time.monotonic()
    try:
        folder = await asyncio.to_thread(HostFolder, scratch)
    except OSError as error:
        return ProbeReport(
            False, f"{scratch} cannot be used: {error.strerror}", "name another", mode
        )
    try:
        why, remedy = await _try(scratch, folder.path, mode)
    finally:
        await asyncio.to_thread(folder.remove)
        await asyncio.to_thread(Store(scratch).vanish)
    spent = int((time.monotonic() - started) * 1000)
    return ProbeReport(not why, why, remedy, mode, spent)


async def _try(scratch: Path, base: Path, mode: SandboxMode) -> tuple[str, str]:
    """What failed, and what helps; nothing if it works."""
    (base / "file").write_bytes(b"before\n")
    host = open_host(scratch, mode)
    try:
        sandbox = await host.create(
            SandboxSpec(Path("/srv/probe"), require=mode), BaseRef(base, "")
        )
        done = await sandbox.exec(("sh", "-c", "echo after > file"), wall_seconds=_SECONDS)
        changed = (await sandbox.diff()).paths
    except Lacking as error:
        return str(error), error.advice
    except SwarmError as error:
        return str(error), "this is a bug: please report it"
    finally:
        await host.close()
    return ("", "") if changed == (b"file",) else (f"a file did not change: {done.stderr!r}", "")


def _machine() -> dict[str, str]:
    """What a report holds for."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    uid = str(os.getuid())
    return {"boot": boot, "kernel": platform.release(), "uid": uid, "python": sys.executable}


def _known(file: Path, key: dict[str, str]) -> tuple[ProbeReport, ...] | None:
    """None when nothing that holds for this machine is there. A torn file is none."""
    try:
        kept = json.loads(file.read_bytes())
        if not key["boot"] or kept["key"] != key:
            return None
        return tuple(ProbeReport(**each) for each in kept["reports"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(file: Path, key: dict[str, str], reports: tuple[ProbeReport, ...]) -> None:
    new = file.with_name(f".{_CACHE}-{secrets.token_hex(4)}")
    text = json.dumps({"key": key, "reports": [asdict(each) for each in reports]})
    new.write_text(text)
    new.replace(file)
