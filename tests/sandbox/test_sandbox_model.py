"""Whatever is done to sandboxes, in whatever order: they hold what a plain directory would hold after
the same commands, also when their supervisor was killed in between.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from swarm.sandbox.public_api import SandboxMode, leftovers, remove_leftovers
from swarm.testing.sandbox import a_base
from tests.sandbox.conftest import needs_namespaces

ROOT = Path(__file__).parents[2]
FILES = {"a": "1\n", "b": "2\n", "d/a": "3\n", "d/e/b": "4\n", "f/a": "5\n"}

PATHS = st.sampled_from(
    ["a", "b", "c", "d", "d/a", "d/c", "d/e", "d/e/b", "d/e/d", "f", "f/a", "f/c"]
)
WORDS = st.sampled_from(["x\n", "y\n", "", "x" * 5000])
SCRIPTS = st.sampled_from(
    [
        'printf %s "$3" >> "$1"',
        'printf %s "$3" > "$1"',
        'rm -rf "$1"',
        'rm "$1"; mkdir -p "$1"',
        'rm -rf "$1"; mkdir "$1"; touch "$1/new"',
        'mv -T "$1" "$2"',
        'rm -rf "$2"; mv -T "$1" "$2"',
        'ln -s "$2" "$1"',
        'chmod +x "$1"',
        'test -L "$1" || chmod 750 "$1"',
        'test ! -d "$1" && cp -a "$1" "$2"',
        '(sleep 1000; touch late) & printf %s "$3" > "$1"',
        'find . -type f -exec sh -c \'printf %s "$0" >> "$1"\' "$3" {} \\;',
    ]
)
LISTING = (
    "find . -mindepth 1 ! -type l -printf '%y %m %p\\n' | sort;"
    " find . -type l -printf '%p %l\\n' | sort; find . -type f | sort | xargs -r cksum"
)
QUIET = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def listed(directory: Path) -> str:
    return run_plainly(directory, LISTING, ())[1]


def run_plainly(directory: Path, script: str, words: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", f"umask 022; {script}", "sh", *words],
        cwd=directory,
        env=QUIET,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def content(path: Path) -> tuple[str, str] | None:
    """As a change names it."""
    if path.is_symlink():
        return "120000", str(path.readlink())
    if not path.is_file():
        return None
    return "100755" if path.stat().st_mode & 0o100 else "100644", path.read_text()


class Supervisor:
    """The process, and what it is asked."""

    def __init__(self, folder: Path, mode: SandboxMode) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sandbox.supervised", str(folder), mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )

    def ask(self, op: str, **order: object) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"op": op, **order}).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "rejected" not in answer, answer
        return answer["done"]

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Sandboxes(RuleBasedStateMachine):
    """Each sandbox has a plain directory beside it that undergoes the same."""

    mode: SandboxMode = "namespaces"
    boxes: Bundle[str] = Bundle("boxes")
    kept: Bundle[str] = Bundle("kept")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.folder.chmod(0o755)
        a_base(self.folder / "base", FILES)
        self.supervisor = Supervisor(self.folder, self.mode)
        self.refs: dict[str, dict[str, Any]] = {}
        self.live: set[str] = set()
        self.busy: set[str] = set()
        self.number = 0
        self.touched = ""

    def teardown(self) -> None:
        self.supervisor.kill()
        remove_leftovers(self.folder / "scratch")
        assert leftovers(self.folder / "scratch") == ()
        shutil.rmtree(self.folder)

    def new(self, like: Path) -> str:
        self.number += 1
        shutil.copytree(like, self.model(str(self.number)), symlinks=True)
        return str(self.number)

    def model(self, name: str) -> Path:
        return self.folder / f"model-{name}"

    def ask(self, op: str, box: str, **order: object) -> Any:
        self.live.add(box)
        self.touched = box
        return self.supervisor.ask(op, box=box, **order)

    @initialize(target=boxes)
    def the_first(self) -> str:
        return self._created()

    @rule(target=boxes)
    def create(self) -> str:
        return self._created()

    def _created(self) -> str:
        name = self.new(self.folder / "base")
        self.ask("create", name)
        return name

    @rule(box=boxes, script=SCRIPTS, one=PATHS, other=PATHS, word=WORDS)
    def execute(self, box: str, script: str, one: str, other: str, word: str) -> None:
        words = (one, other, word)
        plainly = run_plainly(
            self.model(box), script.replace("(sleep 1000; touch late) &", ""), words
        )
        assert self.ask("exec", box, script=script, words=("sh", *words)) == list(plainly)

    @rule(box=boxes, path=PATHS, word=WORDS, executable=st.booleans())
    def write(self, box: str, path: str, word: str, executable: bool) -> None:
        place = self.model(box) / path
        if place.parent.resolve() != place.parent or not place.parent.is_dir() or place.is_dir():
            return  # never through a link
        self.ask("write", box, path=path, data=word, executable=executable)
        place.unlink(missing_ok=True)
        place.write_text(word)
        place.chmod(0o755 if executable else 0o644)

    @rule(box=boxes)
    def keep_something_running(self, box: str) -> None:
        assert self.ask("spawn", box, script="echo begun; exec sleep 1000") == "begun\n"
        self.busy.add(box)

    @rule(target=kept, box=boxes, hot=st.sampled_from([None, False, False, True]))
    def checkpoint(self, box: str, hot: bool | None) -> str:
        name = self.new(self.model(box))
        cold = None if box in self.busy else hot
        self.refs[name] = self.ask("checkpoint", box, label=name, hot=hot or cold)
        return name

    @rule(box=boxes, to=kept)
    def rollback(self, box: str, to: str) -> None:
        self.ask("rollback", box, ref=self.refs[to])
        self.busy.discard(box)
        shutil.rmtree(self.model(box))
        shutil.copytree(self.model(to), self.model(box), symlinks=True)

    @rule(target=boxes, box=boxes)
    def fork(self, box: str) -> str:
        name = self.new(self.model(box))
        self.ask("fork", box, names=[name])
        self.live.add(name)
        return name

    @rule(target=boxes, at=kept)
    def restore(self, at: str) -> str:
        name = self.new(self.model(at))
        self.ask("restore", name, ref=self.refs[at])
        return name

    @rule(target=kept, at=kept)
    def travel(self, at: str) -> str:
        name = self.new(self.model(at))
        file = str(self.folder / f"{name}.tar")
        self.supervisor.ask("export", ref=self.refs[at], file=file)
        self.refs[name] = self.supervisor.ask("load", file=file)
        return name

    @rule(at=consumes(kept))
    def discard(self, at: str) -> None:
        self.supervisor.ask("discard", ref=self.refs[at])

    @rule(box=consumes(boxes))
    def destroy(self, box: str) -> None:
        self.ask("destroy", box)
        self.live.remove(box)
        self.touched = ""

    @rule()
    def kill_the_supervisor(self) -> None:
        """Its sandboxes are gone, and what they held at their last checkpoints is not."""
        last = {box: self.ask("checkpoint", box, label="last") for box in sorted(self.live)}
        self.supervisor.kill()
        remove_leftovers(self.folder / "scratch")
        self.supervisor = Supervisor(self.folder, self.mode)
        self.busy.clear()
        for box, ref in last.items():
            self.ask("restore", box, ref=ref)

    @rule(box=boxes)
    def compare_with_the_base(self, box: str) -> None:
        changes = {path: (mode, data) for path, mode, data in self.ask("diff", box)}
        base, model = self.folder / "base", self.model(box)
        paths = {str(each.relative_to(top)) for top in (base, model) for each in top.rglob("*")}
        for path in paths:
            before, after = content(base / path), content(model / path)
            expected = None if before == after else after or (None, "")
            assert changes.pop(path, None) == expected, path
        assert not changes

    @invariant()
    def what_was_touched_is_as_in_a_plain_directory(self) -> None:
        if self.touched:
            shown = self.supervisor.ask("exec", box=self.touched, script=f"cd .; {LISTING}")
            assert shown == [0, listed(self.model(self.touched))]


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["namespaces", "unsafe-worktree"])
def test_a_sandbox_holds_what_a_plain_directory_would(mode: SandboxMode) -> None:
    if mode == "namespaces":
        needs_namespaces()
    machine = type("Machine", (Sandboxes,), {"mode": mode})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("SANDBOX_EXAMPLES", "6")),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
