"""What the README says of the network, counted by the kernel: a run without an engine asks nobody anything.

The whole runs in a network namespace that has no way anywhere, so it can do without; and the namespace's own
counters tell whether somebody tried, in vain.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from swarm.testing.outside import Outside
from tests.end_to_end.projects import broken

AS_MYSELF = () if os.geteuid() == 0 else ("--user", "--map-current-user")
CUT_OFF = ("unshare", *AS_MYSELF, "--net")
COUNTED = """\
"$@"
status=$?
cat /proc/net/snmp /proc/net/snmp6 >&2
exit $status
"""
ASKING = "import socket; socket.socket().connect_ex(('192.0.2.1', 80))"


def can_be_cut_off() -> bool:
    try:
        return subprocess.run([*CUT_OFF, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not can_be_cut_off(), reason="the kernel gives no network namespace here"),
]


def tries(told: str) -> int:
    """Packets that left, and those for which there was no way: both counters of IPv4 and of IPv6."""
    lines = told.splitlines()
    ip = [line.split()[1:] for line in lines if line.startswith("Ip: ")]
    four = dict(zip(ip[0], ip[1], strict=True))
    six = dict(line.split() for line in lines if line.startswith("Ip6Out"))
    return (
        int(four["OutRequests"]) + int(four["OutNoRoutes"])
        + int(six["Ip6OutRequests"]) + int(six["Ip6OutNoRoutes"])
    )  # fmt: skip


def test_a_run_without_an_engine_asks_nobody_anything(swarm: Outside, tmp_path: Path) -> None:
    repository = broken(tmp_path / "repository")
    watched = replace(swarm, prefix=(*CUT_OFF, "sh", "-c", COUNTED, "sh"))
    ran = watched.run("fix the failing tests", repository)
    assert ran.code == 0, ran.told
    assert tries(ran.err) == 0, ran.err


def test_whoever_asked_would_be_counted() -> None:
    asking = (*CUT_OFF, "sh", "-c", COUNTED, "sh", sys.executable, "-c", ASKING)
    ran = subprocess.run(asking, capture_output=True, text=True, check=True)
    assert tries(ran.stderr) == 1
