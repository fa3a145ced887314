"""The one byte form of a value, so that two parties who mean the same hash the same."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from swarm.domain.names import Digest

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]


def canonical(value: Json | BaseModel) -> bytes:
    """JSON with sorted keys, no spaces, ASCII only. Raises ValueError on a float.

    A float has several shortest forms across languages and versions; nothing signed may hold one.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    _refuse_floats(plain)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).hexdigest())


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise ValueError(f"a float ({value}) has no canonical form")
    if isinstance(value, Mapping):
        for each in value.values():
            _refuse_floats(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)
