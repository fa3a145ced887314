"""What GitHub really sent: the 329 examples of its webhooks, from npm, read by our own models.

We take no webhooks; but an issue, a pull request or a check looks there as it does in an answer.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from swarm.forge.github import reading
from swarm.forge.github.app import Installed

AGENTS = os.environ.get("EXTERNAL_AGENTS", "")
"""A folder in which `npm install` put them."""

FILE = (
    Path(AGENTS or "/nonexistent")
    / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"
)
pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason="the examples are not installed: make external"
)
MODELS: dict[str, type[reading.Read]] = {
    "repository": reading.Place,
    "issue": reading.SeenIssue,
    "pull_request": reading.SeenPull,
    "comment": reading.SeenComment,
    "review": reading.SeenReview,
    "check_run": reading.SeenCheck,
    "installation": Installed,
    "sender": reading.Who,
}


def test_all_of_them_are_read() -> None:
    read: Counter[str] = Counter()
    examples: list[dict[str, Any]] = [
        each for event in json.loads(FILE.read_text()) for each in event["examples"]
    ]
    assert len(examples) == 329
    for example in examples:
        for name, model in MODELS.items():
            if isinstance(example.get(name), dict):
                reading.read(model, example[name])
                read[name] += 1
    assert all(read[name] >= 4 for name in MODELS), read
    assert sum(read.values()) > 600
