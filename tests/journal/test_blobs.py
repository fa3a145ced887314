"""What every store of blobs must do, and what the one on disk does besides."""

import hashlib
import stat
from pathlib import Path

import pytest

from swarm.domain.errors import Rejected
from swarm.domain.names import Digest
from swarm.journal.public_api import Blobs, FileBlobs
from swarm.testing.journal import MemoryBlobs


@pytest.fixture(params=["memory", "files"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return MemoryBlobs() if request.param == "memory" else FileBlobs(tmp_path / "blobs")


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5_000])
def test_bytes_are_found_by_their_hash(blobs: Blobs, data: bytes) -> None:
    digest = blobs.put(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert blobs.has(digest)
    assert blobs.get(digest) == data


def test_an_absent_blob_is_refused(blobs: Blobs) -> None:
    absent = Digest("0" * 64)
    assert not blobs.has(absent)
    with pytest.raises(Rejected, match="no blob"):
        blobs.get(absent)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 63, "A" * 64, "0" * 64 + "\n"])
def test_what_is_no_hash_is_refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(Rejected, match="not the name of a blob"):
        blobs.get(Digest(name))
    with pytest.raises(Rejected, match="not the name of a blob"):
        blobs.has(Digest(name))


def test_putting_again_writes_nothing(tmp_path: Path) -> None:
    digest = FileBlobs(tmp_path).put(b"data")
    (file,) = tmp_path.rglob(digest)
    before = file.stat()
    assert FileBlobs(tmp_path).put(b"data") == digest
    assert file.stat().st_ino == before.st_ino


def test_a_damaged_blob_is_refused_and_healed_by_the_next_put(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    digest = blobs.put(b"data")
    (tmp_path / digest[:2] / digest).write_bytes(b"dat")
    with pytest.raises(Rejected, match="damaged"):
        blobs.get(digest)
    blobs.put(b"data")
    assert blobs.get(digest) == b"data"


def test_blobs_are_private_and_leave_no_scraps(tmp_path: Path) -> None:
    digest = FileBlobs(tmp_path / "blobs").put(b"data")
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert file.name == digest
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_looking_creates_nothing(tmp_path: Path) -> None:
    assert not FileBlobs(tmp_path / "blobs").has(Digest("0" * 64))
    assert list(tmp_path.iterdir()) == []
