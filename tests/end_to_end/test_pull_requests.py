"""One goal on a repository that has everything odd at once; what came of it; and whether a changed
byte of its record is found.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swarm.journal.chain import GENESIS, link
from swarm.testing.git import a_commit, a_quick_folder, git
from swarm.testing.outside import Answer, Outside, fingerprint, nothing_left
from tests.end_to_end.projects import BROKEN, BUG, broken, is_mended, with_odd_names

LARGE = 12_000_000
HOOKS = ("pre-receive", "update", "post-receive", "post-update", "reference-transaction")


pytestmark = pytest.mark.thorough
"""The tests of the Ray runtime show in every run that a goal ends in a pull request."""


@dataclass(frozen=True, slots=True)
class Published:
    swarm: Outside
    repository: Path
    marker: Path
    """Exists when a hook of the user's was run."""

    before: dict[str, str]
    answer: Answer

    @property
    def document(self) -> Any:
        return self.answer.document

    @property
    def branch(self) -> str:
        return str(self.document["pull_request"]["branch"])

    @property
    def goal(self) -> str:
        return str(self.document["goal"]["id"])


def _odd_repository(folder: Path) -> Path:
    """A shallow clone with a detached HEAD, a blank and a quote in its path, and more."""
    origin, inner, outside = folder / "origin", folder / "inner", folder / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("not yours\n")
    inner_commit = _a_commit_in_new(inner)
    broken(origin)
    with_odd_names(origin)
    (origin / "out").symlink_to(outside)
    (origin / "up.txt").symlink_to("../outside/secret.txt")
    (origin / "nowhere").symlink_to("/no/such/file")
    (origin / "large.bin").write_bytes(os.urandom(1_000_000) * (LARGE // 1_000_000))
    (origin / "inner").mkdir()
    git(origin, "update-index", "--add", "--cacheinfo", f"160000,{inner_commit},inner")
    a_commit(origin, {".gitmodules": f'[submodule "inner"]\n\tpath = inner\n\turl = {inner}\n'})
    repository = folder / "a user's repository"
    git(folder, "clone", "--quiet", "--depth=1", f"file://{origin}", str(repository))
    git(repository, "switch", "--quiet", "--detach")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init")
    return repository


def _a_commit_in_new(path: Path) -> str:
    broken(path, {"inner.py": "inner = True\n"})
    return git(path, "rev-parse", "HEAD")


def _with_work_in_progress(repository: Path, marker: Path) -> None:
    (repository / "calc.py").write_text("this is not even Python\n")
    (repository / "staged.py").write_text("staged = True\n")
    git(repository, "add", "staged.py")
    (repository / "unknown.py").write_text("unknown = True\n")
    for name in HOOKS:
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
        hook.chmod(0o755)
    git(repository, "config", "core.fsmonitor", f"touch '{marker}' #")
    git(repository, "-c", "core.fsmonitor=false", "status")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("odd").resolve()
    repository, marker = _odd_repository(folder), folder / "hook-was-run"
    _with_work_in_progress(repository, marker)
    marker.unlink(missing_ok=True)
    before = fingerprint(repository)
    with a_quick_folder() as home, nothing_left(home):
        swarm = Outside(home / "home")
        answer = swarm.run(BUG, repository, "--json")
        assert answer.code == 0, answer.told
        yield Published(swarm, repository, marker, before, answer)


def test_an_odd_repository_gets_its_pull_request(published: Published) -> None:
    assert is_mended(published.repository, published.branch)
    changed = git(published.repository, "diff", "--name-only", "HEAD", published.branch)
    assert changed == "calc.py"


def test_a_file_of_two_hundred_megabytes_is_carried_along(swarm: Outside, tmp_path: Path) -> None:
    repository = broken(tmp_path / "repository")
    (repository / "data.bin").write_bytes(os.urandom(1 << 20) * 200)
    a_commit(repository, {})
    answer = swarm.run(BUG, repository, "--json")
    assert answer.code == 0, answer.told
    branch = answer.document["pull_request"]["branch"]
    assert git(repository, "diff", "--name-only", "main", branch) == "calc.py"


def test_what_agents_do_not_look_at_is_said(published: Published) -> None:
    notes = [line for line in published.answer.err.splitlines() if line.startswith("note: ")]
    assert len(notes) == 3
    assert "what is not committed stays as it is" in notes[0]
    assert "no branch is checked out" in notes[1]
    assert "submodules are left out" in notes[2]


def test_all_else_in_the_users_repository_is_as_it_was(published: Published) -> None:
    assert fingerprint(published.repository) == published.before
    branches = git(published.repository, "for-each-ref", "--format=%(refname)", "refs/heads")
    assert published.branch in branches
    assert len(branches.splitlines()) == 2
    assert not published.marker.exists(), "a hook of the user's was run"


KEYS = {
    "goal": {"id", "text", "repository", "status", "reason", "cause"},
    "pull_request": {
        "number", "branch", "head", "tree", "title", "body", "landed", "certificate",
    },
    "tasks": {
        "id", "kind", "aspect", "of", "title", "status", "targets", "after", "attempts", "bids",
        "did_not_bid", "findings",
    },
    "attempts": {
        "id", "agent", "strategy", "outcome", "reason", "cost_micro_usd", "seconds", "steps",
    },
    "bids": {
        "agent", "strategy", "price_micro_usd", "seconds", "probability_claimed_ppm",
        "probability_used_ppm", "index", "verdict",
    },
    "steps": {"number", "action", "seconds"},
}  # fmt: skip


def test_the_document_has_every_promised_key(published: Published) -> None:
    document = published.document
    assert {key for ballot in document["ballots"] for key in ballot} == {
        "round", "voter", "principal", "role", "choice", "evidence",
    }  # fmt: skip
    assert set(document) == {
        "goal", "base", "partial", "pull_request", "tasks", "ballots", "spent_micro_usd",
        "budget_micro_usd", "seconds", "runtime", "sandbox_mode", "sandbox",
    }  # fmt: skip
    _demand_keys(document)
    assert document["goal"]["status"] == "done"
    assert document["sandbox_mode"] in ("idmapped", "namespaces")
    assert document["runtime"] == "inline"
    assert 0 < document["spent_micro_usd"] < document["budget_micro_usd"]
    assert document["base"] == git(published.repository, "rev-parse", "HEAD")
    assert document["pull_request"]["head"] == git(
        published.repository, "rev-parse", published.branch
    )
    assert {ballot["choice"] for ballot in document["ballots"]} == {"yes"}


def _demand_keys(document: Any, name: str = "") -> None:
    if isinstance(document, list):
        for each in document:
            _demand_keys(each, name)
    elif isinstance(document, dict):
        assert set(document) == KEYS.get(name, set(document))
        for key, value in document.items():
            _demand_keys(value, key)


# The record -------------------------------------------------------------------------------------


def _verified(published: Published, *argv: str, home: Path | None = None) -> Answer:
    swarm = Outside(home) if home else published.swarm
    return swarm.call("verify", published.goal, "--json", *argv)


@pytest.mark.parametrize(
    "rerun", [False, pytest.param(True, marks=pytest.mark.thorough)], ids=["read", "executed"]
)
def test_the_record_holds_and_comes_out_the_same_again(published: Published, rerun: bool) -> None:
    answer = _verified(published, *["--rerun"] * rerun)
    assert answer.code == 0, answer.told
    assert answer.document == {
        "goal": published.goal, "rerun": rerun, "holds": True, "problems": [],
    }  # fmt: skip


@pytest.fixture
def copy(published: Published, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published.swarm.home, tmp_path / "home", symlinks=True))


def _found(published: Published, home: Path | None = None) -> str:
    answer = _verified(published, home=home)
    assert answer.code == 1, answer.told
    assert not answer.document["holds"]
    return " ".join(answer.document["problems"])


def test_a_changed_byte_of_evidence_is_found(published: Published, copy: Path) -> None:
    digest = published.document["ballots"][0]["evidence"]
    blob = copy / "journal" / "blobs" / digest[:2] / digest
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes().replace(b'"verdict":"yes"', b'"verdict":"yeS"'))
    assert f"blob {digest}" in _found(published, copy)


def test_a_changed_byte_in_the_journal_is_found(published: Published, copy: Path) -> None:
    with sqlite3.connect(copy / "journal" / "journal.db") as db:
        db.execute("UPDATE events SET body = CAST(replace(body, 'yes', 'yeS') AS BLOB)")
    db.close()
    assert "was changed: its hash does not fit" in _found(published, copy)


def test_a_changed_vote_is_found_in_a_journal_whose_chain_was_made_anew(
    published: Published, copy: Path
) -> None:
    """The event that was signed says yes; what was read from it says something else."""
    _rewrite(copy, b'"choice":"yes"', b'"choice":"abstain"')
    assert "ballot" in _found(published, copy)


def test_a_changed_signature_is_found(published: Published, copy: Path) -> None:
    event = published.document["pull_request"]["certificate"]["ballots"][0]["event"]
    signature = event.partition('"sig":"')[2][:8].encode()
    assert signature
    _rewrite(copy, signature, b"00000000")
    assert "signature" in _found(published, copy)


def test_a_changed_policy_is_found(published: Published, copy: Path) -> None:
    _rewrite(copy, b'"threshold":2', b'"threshold":1')
    assert "policy" in _found(published, copy)


def test_a_moved_branch_is_found(published: Published) -> None:
    repository, branch = published.repository, f"refs/heads/{published.branch}"
    head = git(repository, "rev-parse", branch)
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    other = git(repository, "commit-tree", tree, "-p", "HEAD", "-m", "not what was voted on")
    quiet = ("-c", "core.hooksPath=/dev/null")
    git(repository, *quiet, "update-ref", branch, other)
    try:
        assert "stands at another commit" in _found(published)
    finally:
        git(repository, *quiet, "update-ref", branch, head)


def _rewrite(home: Path, old: bytes, new: bytes) -> None:
    """Change every record that says `old`, as somebody would who can write the whole folder."""
    db = sqlite3.connect(home / "journal" / "journal.db")
    rows = db.execute("SELECT position, body FROM events ORDER BY position").fetchall()
    previous, changed = GENESIS, 0
    for position, body in rows:
        changed += old in body
        told = body.replace(old, new)
        previous = link(previous, position, told)
        db.execute(
            "UPDATE events SET body = ?, hash = ? WHERE position = ?", (told, previous, position)
        )
    db.commit()
    db.close()
    (home / "journal" / "head").write_text(f"{len(rows)} {previous.hex()}\n")
    assert changed, f"no record says {old!r}"


def test_the_files_of_the_project_are_what_they_seem(published: Published) -> None:
    """The odd names and links are in the published tree, unchanged."""
    inside = git(published.repository, "ls-tree", "-r", "-z", published.branch).split("\0")
    before = git(published.repository, "ls-tree", "-r", "-z", "HEAD").split("\0")
    assert [line for line in inside if not line.endswith("\tcalc.py")] == [
        line for line in before if not line.endswith("\tcalc.py")
    ]
    assert set(BROKEN) <= {line.partition("\t")[2] for line in inside}
