"""The CRDT document itself; the only module that knows the library.

It is imported when a document is made, not before: the library takes a twentieth of a second to load, and
most commands never look at a fact.
"""

from pycrdt import Doc, Map, MapEvent

from swarm.domain.errors import Rejected
from swarm.memory.encoding import ROOT

Change = tuple[str, str, object]
"""Key, what happened to it (`add`, `update`, `delete`), and the new value."""


class Document:
    """One flat map of strings. Every document writes under a client id of its own, made at random."""

    def __init__(self, content: bytes = b"") -> None:
        self._doc = Doc[Map[str]](allow_multithreading=True)
        self._map = self._doc.get(ROOT, type=Map)
        self._seen: list[Change] = []
        if content:
            self._doc.apply_update(content)
        self._subscription = self._map.observe(self._see)

    def put(self, key: str, value: str) -> None:
        self._map[key] = value

    def apply(self, update: bytes) -> list[Change]:
        """What the update changed. Raises Rejected when the library cannot decode it."""
        self._seen.clear()
        try:
            self._doc.apply_update(update)
        except ValueError as error:
            raise Rejected(f"the update cannot be decoded: {error}") from error
        return list(self._seen)

    def state_vector(self) -> bytes:
        return self._doc.get_state()

    def update_since(self, vector: bytes) -> bytes:
        return self._doc.get_update(vector)

    def whole(self) -> bytes:
        return self._doc.get_update()

    def _see(self, event: MapEvent) -> None:
        # The library's stubs do not name `keys`.
        changes: dict[str, dict[str, object]] = event.keys  # type: ignore[attr-defined]
        for key, change in changes.items():
            self._seen.append((key, str(change["action"]), change.get("newValue")))
