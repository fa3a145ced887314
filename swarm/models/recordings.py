"""Answers kept by the content of what was asked.

A crash between an answer and the step that it belongs to costs nothing then: asked again in the same
words, the answer is the same. A run can be replayed without any model. What is asked for the second
time on purpose has another salt.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from swarm.domain.names import Digest
from swarm.models.conversation import Answer


@dataclass(frozen=True, slots=True)
class Recordings:
    folder: Path
    """For their owner only: what is asked holds the user's code."""

    def find(self, key: Digest) -> Answer | None:
        """A file that cannot be read is no recording."""
        try:
            answer = Answer.model_validate_json(self._path(key).read_bytes())
        except (OSError, ValidationError):
            return None
        return answer.model_copy(update={"replayed": True})

    def keep(self, key: Digest, answer: Answer) -> None:
        """Complete or absent. Raises OSError."""
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(answer.model_dump_json().encode())
        unfinished.replace(path)

    def _path(self, key: Digest) -> Path:
        return self.folder / key[:2] / f"{key}.json"
