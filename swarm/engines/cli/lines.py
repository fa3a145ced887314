"""Documents from a program's output, one a line; whatever else it prints is passed over.

The program is an enemy's: a line has a bound, and so has the whole.
"""

import json
from collections.abc import Mapping

MOST_LINE = 8 << 20
MOST_BYTES = 512 << 20


class Overflow(Exception):
    """More than anybody will read."""


class LineReader:
    def __init__(self, most_line: int = MOST_LINE, most_bytes: int = MOST_BYTES) -> None:
        self._most_line = most_line
        self._left = most_bytes
        self._rest = bytearray()
        self._skips = False
        self.skipped = 0
        """Lines that are no document."""

    def feed(self, piece: bytes) -> list[Mapping[str, object]]:
        """Whole documents so far. Raises Overflow beyond the bound."""
        self._left -= len(piece)
        if self._left < 0:
            raise Overflow
        *whole, rest = piece.split(b"\n")
        found: list[Mapping[str, object]] = []
        for line in whole:
            found += self._line(bytes(self._rest) + line)
            self._rest.clear()
            self._skips = False
        self._keep(rest)
        return found

    def end(self) -> list[Mapping[str, object]]:
        """A last line that nobody ended."""
        line = bytes(self._rest)
        self._rest.clear()
        return self._line(line)

    def _keep(self, rest: bytes) -> None:
        if self._skips or len(self._rest) + len(rest) > self._most_line:
            self._skips = True
            self._rest.clear()
            return
        self._rest += rest

    def _line(self, line: bytes) -> list[Mapping[str, object]]:
        if self._skips or not line.strip():
            self.skipped += self._skips
            return []
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            return [document]
        self.skipped += 1
        return []
