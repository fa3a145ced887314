"""What `swarm doctor` says of sandboxes, on this machine and where something refuses them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import swarm
from swarm.cli.failing import DONE, LACKS
from swarm.sandbox import remedies
from swarm.sandbox.modes import BUILT
from tests.sandbox.conftest import needs_landlock, needs_namespaces

CODE = str(Path(swarm.__path__[0]).parent)

Rows = dict[str, dict[str, Any]]


def examined(home: Path, *before: str, program: str = "") -> tuple[int, Rows]:
    """The doctor's rows by name, and its exit code. `before` and `program` take something away."""
    script = f"{program}\nfrom swarm.cli.app import call\nimport sys\nsys.exit(call(['doctor', '--json']))"
    done = subprocess.run(
        [*before, sys.executable, "-B", "-c", script],
        env={**os.environ, "SWARM_HOME": str(home), "PYTHONPATH": CODE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, {row["what"]: row for row in json.loads(done.stdout)["rows"]}


@pytest.mark.thorough
def test_all_modes_are_told_with_what_is_lost_in_each(tmp_path: Path) -> None:
    needs_namespaces()
    code, rows = examined(tmp_path / "home")
    assert code == DONE
    assert rows["sandboxes"]["ok"]
    assert all(rows[f"sandbox {mode}"]["lost"] for mode in BUILT)
    assert not rows["sandbox landlock"]["needed"]


REFUSED = """if True:
    import os
    from swarm.sandbox import kernel, seccomp
    if os.getuid():
        kernel.drop_rights()  # or an ordinary user may install none
    kernel.install_filter(seccomp.program())  # refuses what a container engine's default does
"""


@pytest.mark.thorough
def test_where_namespaces_are_refused_landlock_is_what_there_is_and_a_command_helps(
    tmp_path: Path,
) -> None:
    needs_landlock()
    code, rows = examined(tmp_path / "home", program=REFUSED)
    assert code == DONE
    row = rows["sandboxes"]
    assert not row["ok"]
    assert not row["needed"]
    assert row["found"].startswith("landlock is the strongest mode here")
    assert row["remedy"] in (
        remedies.CONTAINER,
        remedies.apparmor(os.path.realpath(sys.executable)),
        remedies.CLONE_SYSCTL,
    )
    works = {mode: rows[f"sandbox {mode}"]["ok"] for mode in BUILT}
    assert works == {mode: mode == "landlock" for mode in BUILT}


NO_MORE = (
    *("unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps"),
    *("sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"'),
)


@pytest.mark.thorough
def test_where_the_number_of_namespaces_is_zero_the_setting_is_named(tmp_path: Path) -> None:
    needs_landlock()
    needs_namespaces()
    code, rows = examined(tmp_path / "home", *NO_MORE)
    assert rows["sandboxes"]["remedy"] == remedies.MAX_SYSCTL
    assert rows["sandbox namespaces"]["remedy"] == remedies.MAX_SYSCTL
    assert code == (DONE if rows["sandbox landlock"]["ok"] else LACKS)


NO_LANDLOCK = """if True:
    import errno
    from swarm.sandbox import kernel, seccomp
    LANDLOCK = (444, 445, 446)
    steps = [(0x20, 0, 0, 0)]
    for number in LANDLOCK:
        steps += [(0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno.EOPNOTSUPP)]
    steps.append((0x06, 0, 0, 0x7FFF0000))
    import struct
    kernel.install_filter(b"".join(struct.pack("HBBI", *each) for each in steps))
"""


@pytest.mark.thorough
def test_where_nothing_works_the_machine_lacks_something(tmp_path: Path) -> None:
    code, rows = examined(tmp_path / "home", program=f"{REFUSED}\n{NO_LANDLOCK}")
    assert code == LACKS
    assert not rows["sandboxes"]["ok"]
    assert rows["sandboxes"]["needed"]
