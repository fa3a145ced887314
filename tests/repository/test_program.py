import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarm.domain.errors import Lacking, NeedsHuman, Rejected, SwarmError, Transient
from swarm.repository.program import Git, environment, mirror_git, user_git
from swarm.repository.refusals import translated
from swarm.testing.git import a_repository, git, write_files
from swarm.testing.outside import command_of, running, wait_until

HERE = Path("/r")


def an_alias(path: Path, script: str) -> Git:
    """A repository whose own configuration lets `git x` run a shell script."""
    a_repository(path)
    git(path, "config", "alias.x", f"!{script}")
    return user_git(path)


def test_a_call_that_takes_too_long_is_ended_with_everything_it_started(tmp_path: Path) -> None:
    nap = f"sleep {100_000 + os.getpid()}"
    slow = an_alias(tmp_path, f"({nap}; touch late) & {nap}")
    with pytest.raises(Transient, match="took longer than 1 s"):
        slow.run("x", seconds=1)
    wait_until(lambda: not running(nap), seen=lambda: [command_of(each) for each in running(nap)])
    assert not (tmp_path / "late").exists()


def test_nothing_can_be_read_from_the_callers_terminal(tmp_path: Path) -> None:
    assert an_alias(tmp_path, "cat; echo end").run("x") == b"end\n"


def test_git_sees_nothing_of_our_environment(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from swarm.repository.program import user_git\n"
        "print(user_git(Path(sys.argv[1])).run('x').decode())"
    )
    an_alias(tmp_path, "env")
    said = subprocess.check_output(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "TOKEN": "canary", "GIT_DIR": "canary", "GIT_SSH_COMMAND": "canary"},
        text=True,
    )
    assert "canary" not in said
    assert "HOME=" not in said


def test_a_killed_git_may_be_called_again() -> None:
    assert isinstance(translated("gc", -9, "", HERE), Transient)


def test_a_signal_that_ends_git_is_not_success(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="exit code"):
        an_alias(tmp_path, "kill -9 $$").run("x")


def test_a_failing_stream_fails_when_it_is_read(tmp_path: Path) -> None:
    broken = an_alias(tmp_path, "echo half; echo 'fatal: No space left on device' >&2; exit 3")
    with pytest.raises(Transient, match="is full"), broken.stream("x") as out:
        assert out.read() == b"half\n"


def test_a_stream_that_is_left_early_ends_git(tmp_path: Path) -> None:
    said = f"enough-{os.getpid()}"
    endless = an_alias(tmp_path, f"yes {said}")
    with pytest.raises(Rejected, match="of b'en'"), endless.stream("x") as out:
        raise Rejected(f"enough of {out.read(2)!r}")
    wait_until(lambda: not running(f"yes {said}"))


def test_without_git_the_remedy_is_named(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from swarm.domain.errors import Lacking\n"
        "from swarm.repository.public_api import inspect\n"
        "try: inspect(Path('/'))\nexcept Lacking as error: print(error.advice)"
    )
    env = {**os.environ, "PATH": str(tmp_path)}
    assert subprocess.check_output([sys.executable, "-c", code], env=env) == b"install git\n"


def test_hooks_of_a_mirror_never_run(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "mirror")
    write_files(tmp_path, {"mirror/hooks/reference-transaction": "#!/bin/sh\ntouch ran\n"})
    (tmp_path / "mirror" / "hooks" / "reference-transaction").chmod(0o755)
    mirror = mirror_git(tmp_path / "mirror")
    tree = mirror.run("mktree").decode().strip()
    mirror.run("update-ref", "refs/swarm/x", tree)
    assert not list(tmp_path.rglob("ran"))


def test_there_is_no_way_out_but_a_local_file(tmp_path: Path) -> None:
    a_repository(tmp_path)
    for address in ("https://localhost:1/x", "git@localhost:x", f"file://{tmp_path}", "ext::id"):
        answer = user_git(tmp_path).ask("ls-remote", address)
        assert "not allowed" in answer.err


def test_the_locale_is_fixed() -> None:
    assert environment()["LC_ALL"] == "C"


COMPLAINTS: list[tuple[str, type[SwarmError], str]] = [
    ("fatal: detected dubious ownership in repository at '/r'", NeedsHuman, "another user"),
    ("error: file write error: No space left on device", Transient, "is full"),
    ("remote: fatal: write error: Disk quota exceeded", Transient, "is full"),
    ("fatal: Unable to create '/r/x.lock': Read-only file system", NeedsHuman, "read-only"),
    ("error: insufficient permission for adding an object", NeedsHuman, "no permission"),
    ("fatal: Unable to create '/r/shallow.lock': File exists.", Transient, "holds a lock"),
    ("fatal: loose object 1 (stored in x) is corrupt", NeedsHuman, "damaged"),
    ("fatal: remote error: upload-pack: not our ref 1", Rejected, "not have this commit"),
    ("fatal: not a git repository: '/r'", Rejected, "not in a git repository"),
    ("fatal: cannot use bare repository '/r'", Rejected, "bare"),
    ("usage: git merge-tree <base-tree> <branch1> <branch2>", Lacking, "too old"),
    ("fatal: unknown repository extension found:\n\trefstorage", Lacking, "too old"),
    ("error: something new\nhint: much text", Rejected, "git push failed in /r .*something new"),
    ("", Rejected, "no message"),
]


@pytest.mark.parametrize(("complaint", "kind", "message"), COMPLAINTS)
def test_each_complaint_says_what_to_do_about_it(
    complaint: str, kind: type[SwarmError], message: str
) -> None:
    error = translated("push", 128, complaint, HERE)
    assert type(error) is kind
    with pytest.raises(kind, match=message):
        raise error
    assert error.advice or kind is Transient or kind is Rejected
