"""swarm as a user has it: every test starts the program, and looks at what it leaves behind."""

from collections.abc import Iterator

import pytest

from swarm.testing.git import a_quick_folder
from swarm.testing.outside import Outside, nothing_left


@pytest.fixture
def swarm() -> Iterator[Outside]:
    """With a state folder in memory: the tests wait less for the disk."""
    with a_quick_folder() as folder, nothing_left(folder):
        yield Outside(folder / "home")
