"""Results kept as they come, a line of JSON each, so that a long measurement can be gone on with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def read(log: Path) -> Iterator[Row]:
    """In the order in which they were measured; nothing where nothing was."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except ValueError:
            if number < len(lines):  # the last one may have been cut short
                raise
