"""What a person has approved: the hash of a tool's name, description and schema, and when.

One file in the state folder, written by a command that a person gives, and by nothing else. Whoever could
write there could approve for them; so a file that others can write is refused.
"""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from swarm.domain.errors import Lacking
from swarm.domain.frozen import Frozen
from swarm.domain.names import Digest


class Approval(Frozen):
    digest: Digest
    at: AwareDatetime


Approvals = Mapping[str, Approval]
"""By the tool's whole name, `docs__search`."""

_FILE = TypeAdapter(dict[str, Approval])


def read_approvals(path: Path) -> Approvals:
    """None where there is no file. Raises Lacking when others may write it or it is damaged."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            told = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Lacking(f"{path} cannot be read: {error}") from error
    if mode & 0o022:
        raise Lacking(f"others can write {path}", advice=f"chmod 600 {path}")
    try:
        return _FILE.validate_json(told)
    except ValidationError as error:
        raise Lacking(
            f"{path} is damaged", advice="remove it, and approve the tools again"
        ) from error


def write_approvals(path: Path, approvals: Approvals) -> None:
    """Complete or as it was before. Raises OSError."""
    told = {name: approvals[name].model_dump(mode="json") for name in sorted(approvals)}
    unfinished = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(told, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
