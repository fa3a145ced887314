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
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from swarm.domain.errors import Lacking, SwarmError
from swarm.sandbox import host as hosts
from swarm.sandbox.checkpoints import Store
from swarm.sandbox.folders import HostFolder
from swarm.sandbox.modes import BUILT, is_at_least, lost
from swarm.sandbox.port import BaseRef, SandboxHost, SandboxMode, SandboxSpec, SandboxWish

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
    known: dict[SandboxMode, ProbeReport] = {} if anew else _known(scratch)
    reports = tuple(known.get(mode) or probe(scratch, mode) for mode in BUILT)
    _keep(scratch, reports)
    return reports


def strongest(scratch: Path, least: SandboxMode = "landlock") -> SandboxMode | None:
    """The mode with the best walls that can be built there, down to that one; None when there is
    none. Nothing is built that is weaker than what is found.
    """
    known = _known(scratch)
    tried: list[ProbeReport] = []
    for mode in (each for each in BUILT if is_at_least(each, least)):
        tried.append(known.get(mode) or probe(scratch, mode))
        if tried[-1].works:
            break
    _keep(scratch, tried)
    return next((each.mode for each in tried if each.works), None)


def choose(scratch: Path, wish: SandboxWish) -> SandboxMode:
    """The mode that is meant. Raises Lacking when `auto` or `isolated` find none: never less.

    May build sandboxes to find out, in a thread of its own: this may take a second.
    """
    if wish not in ("auto", "isolated"):
        return cast("SandboxMode", wish)
    least: SandboxMode = "landlock" if wish == "auto" else "namespaces"
    with ThreadPoolExecutor(1) as apart:  # whoever calls may run an event loop
        found = apart.submit(strongest, scratch, least).result()
        if found is not None:
            return found
        why, advice = apart.submit(_why_none, scratch, least).result()
        raise Lacking(why, advice=advice)


def open_host(scratch: Path, mode: SandboxWish, python: Path = Path(sys.executable)) -> SandboxHost:
    """As `host.open_host`, with the mode that is meant by the wish, as `choose` finds it."""
    return hosts.open_host(scratch, choose(scratch, mode), python)


def _why_none(scratch: Path, least: SandboxMode) -> tuple[str, str]:
    """In the words of the mode that most machines have."""
    report = next(each for each in probe_all(scratch) if each.mode == "namespaces")
    weaker = _weaker(probe_all(scratch), "namespaces") if least == "namespaces" else ""
    return report.why, report.remedy + weaker


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
    try:
        host = hosts.open_host(scratch, mode)
    except Lacking as error:
        return str(error), error.advice
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


def _known(scratch: Path) -> dict[SandboxMode, ProbeReport]:
    """What was found here and still holds. A torn file is none."""
    key = _machine()
    try:
        kept = json.loads((scratch / _CACHE).read_bytes())
        if not key["boot"] or kept["key"] != key:
            return {}
        return {each["mode"]: ProbeReport(**each) for each in kept["reports"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _keep(scratch: Path, reports: Iterable[ProbeReport]) -> None:
    """Besides what is known of other modes. Who may not write here finds out anew each time."""
    kept = {**_known(scratch), **{each.mode: each for each in reports}}
    text = json.dumps({"key": _machine(), "reports": [asdict(each) for each in kept.values()]})
    new = scratch / f".{_CACHE}-{secrets.token_hex(4)}"
    with suppress(OSError):
        new.write_text(text)
        new.replace(scratch / _CACHE)
