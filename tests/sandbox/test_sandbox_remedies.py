"""What is said where a sandbox cannot be made, and what the probe finds."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import swarm
from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox import remedies
from swarm.sandbox.modes import BUILT
from swarm.sandbox.public_api import (
    ExecResult,
    Sandbox,
    doctor_rows,
    interpreter_paths,
    probe,
    why_not,
)
from swarm.sandbox.remedies import Machine, explained, this_machine
from tests.sandbox.conftest import Place, needs_namespaces

LAPTOP = Machine(
    kernel=(6, 8),
    root=False,
    container=False,
    apparmor_restricts=False,
    clone_allowed=True,
    namespaces=15000,
    python="/opt/python",
)
UBUNTU = replace(LAPTOP, apparmor_restricts=True)
REMEDIES = {
    remedies.apparmor(os.path.realpath(sys.executable)),
    remedies.CLONE_SYSCTL,
    remedies.CONTAINER,
}
CONTAINER = replace(LAPTOP, container=True, root=True)


@pytest.mark.parametrize(
    ("machine", "number", "step", "remedy"),
    [
        (UBUNTU, errno.EPERM, "clone", remedies.apparmor("/opt/python")),
        (UBUNTU, errno.EACCES, "/proc/self/uid_map", remedies.apparmor("/opt/python")),
        (UBUNTU, errno.EACCES, "mount tmpfs root", remedies.apparmor("/opt/python")),
        (replace(LAPTOP, clone_allowed=False), errno.EPERM, "clone", remedies.CLONE_SYSCTL),
        (replace(LAPTOP, namespaces=0), errno.EPERM, "clone", remedies.MAX_SYSCTL),
        (LAPTOP, errno.ENOSPC, "clone", remedies.MAX_SYSCTL),
        (CONTAINER, errno.EPERM, "unshare", remedies.CONTAINER),
        (CONTAINER, errno.ENOSYS, "clone", remedies.CONTAINER),
        (CONTAINER, errno.EPERM, "mount proc new/proc", remedies.MASKED_PROC),
        (CONTAINER, errno.EINVAL, "mount overlay new/r", remedies.SCRATCH),
        (LAPTOP, errno.EPERM, "mount overlay new/r", remedies.SCRATCH),
        (LAPTOP, errno.EINVAL, "give away layers", remedies.ONE_ID),
        (LAPTOP, errno.EPERM, "give away layers", remedies.ONE_ID),
        (replace(LAPTOP, kernel=(5, 10)), errno.EPERM, "mount overlay", remedies.OLD_KERNEL),
        (replace(LAPTOP, kernel=(4, 18)), errno.ENOENT, "clone", remedies.OLD_KERNEL),
    ],
)
def test_the_remedy_fits_the_step_and_the_machine(
    machine: Machine, number: int, step: str, remedy: str
) -> None:
    error = explained(OSError(number, "refused", step), machine)
    assert isinstance(error, Lacking)
    assert error.advice == remedy
    assert step in str(error)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EROFS, errno.ELOOP, errno.ENOTDIR])
def test_a_place_that_cannot_be_made_is_the_requests_fault(number: int) -> None:
    assert isinstance(explained(OSError(number, "no", "/opt/x"), LAPTOP), Rejected)


def test_this_machine_is_described() -> None:
    assert this_machine().kernel > (3, 0)


def test_the_probe_finds_that_namespaces_work(tmp_path: Path) -> None:
    needs_namespaces()
    assert probe(tmp_path).works
    assert why_not(tmp_path) == ""
    assert not list(tmp_path.glob("host-*"))


def test_the_probe_says_why_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    report = probe(tmp_path / "file")
    assert not report.works
    assert "cannot be used" in report.why
    assert why_not(tmp_path / "file").startswith(report.why)


def test_where_namespaces_are_refused_the_probe_names_a_remedy(isolated: Place) -> None:
    program = """if True:
        from pathlib import Path
        from swarm.sandbox.public_api import probe
        report = probe(Path("/tmp/scratch"))
        assert not report.works
        assert "clone" in report.why, report
        print(report.remedy)
    """
    python, code = Path(sys.executable), Path(swarm.__path__[0])

    async def work(sandbox: Sandbox) -> ExecResult:
        environment = {"PYTHONPATH": str(code.parent)}
        return await sandbox.exec((str(python), "-B", "-c", program), env=environment)

    # Inside a sandbox the filter refuses what a container's does.
    result = isolated.run(work, readonly=(*interpreter_paths(python), code))
    assert result.stdout.decode().strip() in REMEDIES, result.stderr.decode()


def test_the_doctor_looks_at_the_machine_and_at_every_mode(tmp_path: Path) -> None:
    needs_namespaces()
    rows = {row.name: row for row in doctor_rows(tmp_path)}
    assert {"kernel", "sandboxes", "room for sandboxes", "left over"} <= set(rows)
    assert rows["sandboxes"].ok
    assert all(row.lost for row in rows.values() if row.name.startswith("sandbox "))
    assert all(row.ok or row.remedy for row in rows.values())
    assert {f"sandbox {mode}" for mode in BUILT} <= set(rows)


PROBE = "import sys; from pathlib import Path; from swarm.sandbox.public_api import why_not"


def test_a_namespace_with_a_single_id_is_said_and_has_a_remedy(tmp_path: Path) -> None:
    needs_namespaces()
    argv = [sys.executable, "-c", f"{PROBE}; print(why_not(Path(sys.argv[1])))", str(tmp_path)]
    done = subprocess.run(["unshare", "-Ur", *argv], capture_output=True, text=True, check=False)
    assert remedies.ONE_ID in done.stdout, done.stderr


def test_the_rule_for_apparmor_can_be_typed_as_it_stands(tmp_path: Path) -> None:
    """Checked as far as a machine without AppArmor can: what is written is one whole rule."""
    command = remedies.apparmor("/opt/a python").partition(": ")[2].partition(" && ")[0]
    written = tmp_path / "swarm"
    command = command.replace("/etc/apparmor.d/swarm", str(written))
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert written.read_text() == (
        'abi <abi/4.0>,\nprofile swarm "/opt/a python" flags=(unconfined) { userns, }\n'
    )
