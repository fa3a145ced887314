"""What a repository says that its tests want."""

import sys
from pathlib import Path

import pytest

from swarm.domain.errors import Rejected
from swarm.services.public_api import Hint, ServiceSpec, wanted_services
from swarm.testing.workbench import write_files

PYTHON = Path(sys.executable)
NOBODY = Path("/nowhere/bin/python")
CI = ".github/workflows/tests.yml"

DECLARED = """
[services.postgres]
version = "16"
database = "shop"
seed = ["db/schema.sql"]
env = { SHOP_DB = "{url}" }

[services.cache]
kind = "redis"
port = 7000
"""

WORKFLOW = """
services:
  db:
    image: postgres:16
    env:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: "secret"
      POSTGRES_DB: shop_test
env:
  SHOP_DB: postgresql+psycopg://shop:secret@localhost:5432/shop_test
  BROKER: redis://localhost:6379/0
  LATER: postgresql://${{ secrets.USER }}@localhost/x
"""


def test_what_is_declared_is_wanted_and_nothing_else(tmp_path: Path) -> None:
    tree = write_files(tmp_path, {"swarm.toml": DECLARED, CI: WORKFLOW})
    postgres = ServiceSpec(
        kind="postgres",
        name="postgres",
        version="16",
        database="shop",
        seed=("db/schema.sql",),
        env={"SHOP_DB": "{url}"},
    )
    cache = ServiceSpec(kind="redis", name="cache", port=7000)
    assert wanted_services(tree, [Hint("redis", CI)], PYTHON) == (postgres, cache)


def test_an_empty_declaration_wants_nothing_whatever_a_ci_starts(tmp_path: Path) -> None:
    tree = write_files(tmp_path, {"swarm.toml": "[services]\n", CI: WORKFLOW})
    assert wanted_services(tree, [Hint("postgres", CI)], PYTHON) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[services.postgres", "not valid TOML"),
        ("services = 1", "not a section"),
        ("[services]\npostgres = 1", "not a section"),
        ("[services.db]", "services.db.kind"),
        ("[services.postgres]\nsed = []", "services.postgres.sed"),
        ('[services.postgres]\nseed = ["/etc/passwd"]', "services.postgres.seed"),
    ],
)
def test_a_declaration_that_is_not_understood_is_refused_by_name(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(Rejected, match=said):
        wanted_services(write_files(tmp_path, {"swarm.toml": text}), [], PYTHON)


def test_a_database_of_the_ci_has_the_names_that_the_ci_gives_it(tmp_path: Path) -> None:
    tree = write_files(tmp_path, {CI: WORKFLOW})
    (found,) = wanted_services(tree, [Hint("postgres", CI)], PYTHON)
    assert (found.user, found.password, found.database) == ("shop", "secret", "shop_test")
    assert found.env == {"SHOP_DB": "postgresql+psycopg://shop:secret@localhost:5432/shop_test"}


def test_a_hint_is_followed_only_where_the_program_is(tmp_path: Path) -> None:
    tree = write_files(tmp_path, {CI: "image: redis\n"})
    assert wanted_services(tree, [Hint("redis", CI)], PYTHON) == (ServiceSpec(kind="redis"),)
    if not Path("/usr/bin/redis-server").exists():
        assert wanted_services(tree, [Hint("redis", CI)], NOBODY) == ()


def test_a_client_library_alone_starts_no_server(tmp_path: Path) -> None:
    assert wanted_services(tmp_path, [Hint("postgres", "pyproject.toml")], PYTHON) == ()


def test_what_people_say_is_wanted_even_where_the_program_is_not(tmp_path: Path) -> None:
    wanted = wanted_services(tmp_path, [Hint("postgres", "swarm.toml")], NOBODY)
    assert wanted == (ServiceSpec(kind="postgres"),)


def test_a_link_out_of_the_repository_is_not_read(tmp_path: Path) -> None:
    outside = write_files(tmp_path / "outside", {"secret": DECLARED})
    tree = write_files(tmp_path / "tree", {})
    (tree / "swarm.toml").symlink_to(outside / "secret")
    assert wanted_services(tree, [], PYTHON) == ()
