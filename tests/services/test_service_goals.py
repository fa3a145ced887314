"""A goal on a repository whose tests need a database, from the command line to the pull request."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm.testing.git import Files, a_quick_folder, a_repository, git
from swarm.testing.outside import Outside, nothing_left
from tests.services.conftest import lacking

STOCK = """\
import os
import subprocess


def query(statement):
    psql = os.path.join(os.environ["PG_BIN"], "psql")
    argv = [psql, "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()


def amount(item):
    return int(query(f"SELECT amount FROM stock WHERE item = '{item}'")[0])


def reserve(item, wanted):
    left = amount(item) + wanted
    query(f"UPDATE stock SET amount = {left} WHERE item = '{item}'")
    return left
"""
TESTS = """\
from stock import amount, query, reserve


def setup_function():
    query("UPDATE stock SET amount = 10 WHERE item = 'pear'")


def test_what_was_seeded_is_there():
    assert amount("apple") == 5


def test_reserving_takes_away():
    assert reserve("pear", 3) == 7


def test_what_was_reserved_is_gone():
    reserve("pear", 4)
    assert amount("pear") == 6


def test_reserving_nothing_changes_nothing():
    assert reserve("pear", 0) == 10
"""
SCHEMA = """\
CREATE TABLE stock (item text PRIMARY KEY, amount int NOT NULL);
INSERT INTO stock VALUES ('apple', 5), ('pear', 1);
"""
DECLARED = """\
[services.postgres]
database = "shop"
user = "shop"
seed = ["db/schema.sql"]
env = { PG_BIN = "{programs}" }
"""
FILES: Files = {
    "stock.py": STOCK,
    "test_stock.py": TESTS,
    "db/schema.sql": SCHEMA,
    "swarm.toml": DECLARED,
}


@pytest.fixture
def swarm() -> Iterator[Outside]:
    if lacking():
        pytest.skip(f"no namespaces here: {lacking()}")
    with a_quick_folder() as folder, nothing_left(folder):
        yield Outside(folder / "home")


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_a_bug_that_only_a_database_shows_is_mended(swarm: Outside, tmp_path: Path) -> None:
    repository = tmp_path / "shop"
    a_repository(repository, FILES)
    answer = swarm.run("make test_reserving_takes_away pass", repository, "--json")
    assert answer.code == 0, answer.told
    branch = answer.document["pull_request"]["branch"]
    mended = git(repository, "show", f"{branch}:stock.py")
    assert "left = amount(item) - wanted" in mended
    # The planner's, the writer's and the testers' databases were made from one sealed directory.
    seeded = [each for each in (swarm.home / "work/services").iterdir() if each.is_dir()]
    assert len(seeded) == 3  # nothing, an empty cluster, and the seeded one


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_a_declared_service_that_is_not_there_ends_the_goal_with_what_to_install(
    swarm: Outside, tmp_path: Path
) -> None:
    repository = tmp_path / "shop"
    declared = DECLARED.replace("database", 'version = "11"\ndatabase')
    a_repository(repository, {**FILES, "swarm.toml": declared})
    answer = swarm.run("make test_reserving_takes_away pass", repository)
    assert answer.code != 0
    assert "postgres 11" in answer.told
