from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm.testing.git import a_quick_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with a_quick_folder() as folder:
        yield folder
