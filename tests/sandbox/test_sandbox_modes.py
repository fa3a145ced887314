"""Which walls may be used for what, and what is remembered of those that can be built."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Lacking
from swarm.sandbox.modes import BUILT, STRONGEST_FIRST
from swarm.sandbox.public_api import (
    BaseRef,
    Sandbox,
    SandboxMode,
    SandboxSpec,
    choose,
    guarantees,
    is_at_least,
    lost,
    open_host,
    permitted,
    probe_all,
    strongest,
)
from tests.sandbox.conftest import Place

ANY_MODE = st.sampled_from(STRONGEST_FIRST)
CACHE = "modes.json"


@given(ANY_MODE, st.booleans(), st.booleans(), st.none() | ANY_MODE)
def test_a_stronger_mode_is_permitted_wherever_a_weaker_one_is(
    mode: SandboxMode, unattended: bool, trusted: bool, noted: SandboxMode | None
) -> None:
    why = {
        each: permitted(each, unattended=unattended, trusted=trusted, noted=noted)
        for each in STRONGEST_FIRST
        if is_at_least(each, mode)
    }
    assert why[mode] != "" or not any(why.values())


@given(st.none() | ANY_MODE)
def test_an_unsafe_worktree_is_never_for_what_others_wrote_at_night(
    noted: SandboxMode | None,
) -> None:
    assert permitted("unsafe-worktree", unattended=True, trusted=False, noted=noted)


def test_landlock_is_for_what_others_wrote_at_night_only_if_the_user_said_so() -> None:
    why = permitted("landlock", unattended=True, trusted=False, noted=None)
    assert 'sandbox = "landlock"' in why
    assert permitted("landlock", unattended=True, trusted=False, noted="namespaces")
    assert not permitted("landlock", unattended=True, trusted=False, noted="landlock")
    assert not permitted("landlock", unattended=False, trusted=False, noted=None)


@pytest.mark.parametrize("mode", STRONGEST_FIRST[1:])
def test_what_is_lost_is_said(mode: SandboxMode) -> None:
    assert lost(mode)
    assert all(each.endswith(".") for each in lost(mode))


def test_a_sandbox_tells_what_it_holds(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        held = replace(sandbox.guarantees, total_memory=False)  # where there are control groups
        assert held == guarantees(sandbox.mode)

    place.run(work)


@pytest.mark.parametrize("mode", ["landlock", "unsafe-worktree"])
def test_isolation_by_namespaces_is_never_made_of_less(tmp_path: Path, mode: SandboxMode) -> None:
    (tmp_path / "base").mkdir()
    host = open_host(tmp_path / "scratch", mode)
    spec = SandboxSpec(tmp_path / "r", require="namespaces")
    with pytest.raises(Lacking, match=mode):
        asyncio.run(host.create(spec, BaseRef(tmp_path / "base", "")))


@pytest.mark.thorough
def test_what_was_found_is_kept_until_the_machine_starts_anew(open_folder: Path) -> None:
    found = probe_all(open_folder)
    kept = json.loads((open_folder / CACHE).read_text())
    kept["reports"][0]["why"] = "remembered"
    (open_folder / CACHE).write_text(json.dumps(kept))
    assert probe_all(open_folder)[0].why == "remembered"
    assert probe_all(open_folder, anew=True)[0].why == found[0].why
    kept["key"]["boot"] = "another"
    (open_folder / CACHE).write_text(json.dumps(kept))
    assert probe_all(open_folder)[0].why == found[0].why


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"key": 1}', "\0"])
def test_a_torn_note_is_none(open_folder: Path, torn: str) -> None:
    (open_folder / CACHE).write_text(torn)
    works = [each.mode for each in probe_all(open_folder) if each.works]
    assert strongest(open_folder) == (works[0] if works else None)


# What is meant by a wish


def only(scratch: Path, *works: str) -> None:
    """Remember that these modes can be made here, and no others."""
    strongest(scratch)
    kept = json.loads((scratch / CACHE).read_text())
    kept["reports"] = [
        {"mode": mode, "works": mode in works, "why": "refused", "remedy": "do this"}
        for mode in BUILT
    ]
    (scratch / CACHE).write_text(json.dumps(kept))


def test_auto_is_the_strongest_mode_that_works(open_folder: Path) -> None:
    for works in (("idmapped", "namespaces"), ("namespaces", "landlock"), ("landlock",)):
        only(open_folder, *works)
        assert choose(open_folder, "auto") == works[0]


def test_isolated_is_never_less_than_namespaces(open_folder: Path) -> None:
    only(open_folder, "shared-proc", "landlock")
    with pytest.raises(Lacking, match="refused") as refusal:
        choose(open_folder, "isolated")
    assert "do this; or go on with other walls: SWARM_SANDBOX=shared-proc" in (
        refusal.value.advice or ""
    )


def test_auto_is_never_an_unsafe_worktree(open_folder: Path) -> None:
    only(open_folder)
    with pytest.raises(Lacking, match="refused"):
        open_host(open_folder, "auto")


def test_a_mode_by_name_is_taken_at_its_word(open_folder: Path) -> None:
    only(open_folder, "idmapped", "namespaces")
    assert choose(open_folder, "landlock") == "landlock"


def test_nothing_weaker_is_built_than_what_is_found(open_folder: Path) -> None:
    found = strongest(open_folder)
    kept = json.loads((open_folder / CACHE).read_text())
    tried = tuple(each["mode"] for each in kept["reports"])
    assert tried == BUILT[: BUILT.index(found) + 1 if found else None]


def test_a_host_of_mode_auto_can_be_opened_where_an_event_loop_runs(open_folder: Path) -> None:
    async def main() -> str:
        (open_folder / "base").mkdir()
        host = open_host(open_folder / "scratch", "auto")
        try:
            spec = SandboxSpec(open_folder / "r", require="landlock")
            sandbox = await host.create(spec, BaseRef(open_folder / "base", ""))
            done = await sandbox.exec(("true",))
            assert done.mode == sandbox.mode
            return done.mode
        finally:
            await host.close()

    assert asyncio.run(main()) == strongest(open_folder / "scratch")
