"""Files that are complete or absent, and on the disk when the call returns.

Bytes go to a file of another name, to the disk, and only then to their own name: whoever looks,
before or after a crash, finds the old file or the new one. Foreign errors stay OSError here.
"""

import os
from pathlib import Path


def write_synced(path: Path, data: bytes) -> None:
    """Write the file, readable by its owner only, and wait for the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the folder's list of names is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create the folder for its owner only, with its parents; leave an existing one as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)
