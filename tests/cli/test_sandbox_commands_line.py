"""`swarm sandbox attack` and `swarm sandbox shell`, as they are typed."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm.sandbox import relay
from tests.cli.cli_examples import swarm
from tests.sandbox.conftest import needs_namespaces

SWARM = [sys.executable, "-m", "swarm.cli"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "a").write_text("1\n")
    for argv in (["init", "-q"], ["add", "a"], ["commit", "-qm", "a"]):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *who, *argv], cwd=folder, check=True)
    return folder


def shell(repository: Path, script: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SWARM, "sandbox", "shell", "--repo", str(repository), *options],
        input=script,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "SWARM_HOME": str(repository.parent / "home")},
    )


def test_commands_come_in_and_a_patch_goes_out(repository: Path, tmp_path: Path) -> None:
    needs_namespaces()
    patch = tmp_path / "a.patch"
    done = shell(
        repository, 'pwd; python -c \'open("a", "a").write("2\\n")\'; exit 3', "--save", str(patch)
    )
    assert done.returncode == 3
    assert str(repository) in done.stdout.splitlines()
    assert "in a sandbox of mode" in done.stdout
    assert "1 file changed" in done.stderr
    assert (repository / "a").read_text() == "1\n"
    subprocess.run(["git", "apply", str(patch)], cwd=repository, check=True)
    assert (repository / "a").read_text() == "1\n2\n"


@pytest.mark.thorough
def test_caches_are_left_out_of_a_patch_and_what_git_tracks_never_is(
    repository: Path, tmp_path: Path
) -> None:
    needs_namespaces()
    tracked = repository / "__pycache__/tracked.py"
    tracked.parent.mkdir()
    tracked.write_text("1\n")
    subprocess.run(["git", "add", "-f", "."], cwd=repository, check=True)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", *who, "commit", "-qm", "b"], cwd=repository, check=True)
    script = "mkdir -p d/__pycache__; for each in a d/__pycache__/x __pycache__/tracked.py; do echo 2 >> $each; done"
    done = shell(repository, script, "--save", str(tmp_path / "a.patch"))
    assert "left out: 1 file of __pycache__" in done.stderr
    patch = (tmp_path / "a.patch").read_text()
    assert [each for each in patch.splitlines() if each.startswith("+++")] == [
        "+++ b/__pycache__/tracked.py",
        "+++ b/a",
    ]


@pytest.mark.thorough
def test_a_patch_is_never_written_over_another_file(repository: Path, tmp_path: Path) -> None:
    needs_namespaces()
    (tmp_path / "mine").write_text("mine")
    done = shell(repository, "echo 2 >> a", "--save", str(tmp_path / "mine"))
    assert done.returncode == 2
    assert (tmp_path / "mine").read_text() == "mine"


class Terminal:
    """A shell in a sandbox, on a terminal of ours."""

    def __init__(self, repository: Path) -> None:
        self.shown = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["SWARM_HOME"] = str(repository.parent / "home")
            os.execv(sys.executable, [*SWARM, "sandbox", "shell", "--repo", str(repository)])

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def shows(self, text: str, seconds: float = 120.0) -> bool:
        end = time.monotonic() + seconds
        while text.encode() not in self.shown and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self.fd, 65536)
                except OSError:  # it has ended
                    break
        return text.encode() in self.shown


@pytest.fixture
def terminal(repository: Path) -> Iterator[Terminal]:
    needs_namespaces()
    made = Terminal(repository)
    yield made
    os.close(made.fd)
    os.waitpid(made.pid, 0)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_terminal_has_a_name_a_size_and_jobs(terminal: Terminal) -> None:
    assert terminal.shows("$ ")
    terminal.resize(33, 101)
    terminal.type("tty; stty size; sh -c 'echo be''gun; exec sleep 100'\n")
    assert terminal.shows("/dev/pts/0")
    assert terminal.shows("33 101")
    assert terminal.shows("begun")
    terminal.type("\x1a")
    assert terminal.shows("Stopped")
    # `fg` waits for its end: a shell with a stopped job would not leave yet.
    terminal.type("kill %1; fg; echo x > new; exit\n")
    assert terminal.shows("throw it away")
    terminal.type("\n")


def test_frames_are_read_in_any_pieces() -> None:
    main, other = os.openpty()
    try:
        data = relay.size_frame(11, 22) + relay.frame(relay.TYPED, b"hello\n")
        rest = b""
        for byte in data:
            rest = relay._act(main, rest + bytes([byte]))
        assert rest == b""
        assert os.read(other, 99) == b"hello\n"
        answer = fcntl.ioctl(other, termios.TIOCGWINSZ, bytes(8))
        assert struct.unpack("HHHH", answer)[:2] == (11, 22)
    finally:
        os.close(main)
        os.close(other)


def test_attacks_are_told_as_a_document(tmp_path: Path) -> None:
    needs_namespaces()
    done = swarm(tmp_path, "sandbox", "attack", "--mode", "namespaces", "--only", "1,21", "--json")
    told = json.loads(done.out)
    assert done.code == 0
    assert "21  use what was left open: held" in done.err  # said as it ended
    assert told["as_expected"]
    assert [(each["number"], each["outcome"]) for each in told["attacks"]] == [
        (1, "held"),
        (21, "held"),
    ]


@pytest.mark.parametrize("only", ["0", "99", "x"])
def test_an_attack_that_does_not_exist_is_refused(tmp_path: Path, only: str) -> None:
    assert swarm(tmp_path, "sandbox", "attack", "--only", only).code == 2
