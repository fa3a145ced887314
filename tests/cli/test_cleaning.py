import asyncio
import os
import subprocess
from pathlib import Path

from swarm.actors.public_api import Places
from swarm.cli.cleaning import ORDINARY, remove_work, sizes
from swarm.domain.events import GoalReplayed
from swarm.domain.names import CommandId, GoalId
from swarm.journal.public_api import open_journal
from swarm.repository.public_api import Mirror
from swarm.sandbox.public_api import BaseRef, SandboxSpec, open_host
from swarm.testing.events import a_finished_goal, a_goal, a_running_goal, an_exhausted_goal
from swarm.testing.git import a_repository
from swarm.testing.workbench import write_files
from tests.cli.cli_examples import a_home, swarm
from tests.sandbox.conftest import needs_namespaces


def test_what_sandboxes_left_is_removed_even_where_it_is_locked(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_running_goal())
    locked = Places(home).work / "writing" / "trees" / "x"
    locked.mkdir(parents=True)
    (locked / "file").write_bytes(b"x" * 1_000_000)
    locked.chmod(0)
    called = swarm(home, "clean", "--json")
    assert called.code == 0
    assert called.document["freed_bytes"] >= 1_000_000
    assert not any(Places(home).work.iterdir())


def test_disk_is_told_by_what_it_is_used_for(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    for name in ("work/services/0123", "work/writing/boxes/checkpoints/strata", "environments/0"):
        (home / name).mkdir(parents=True)
        (home / name / "file").write_bytes(b"x" * 500_000)
    told = sizes(Places(home))
    assert all(told[each] >= 500_000 for each in ("services", "checkpoints", "environments"))
    assert told["work"] < 500_000


def test_the_journal_survives_cleaning(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal())
    swarm(home, "clean")
    assert swarm(home, "show", "g-000001").code == 0


def test_steps_of_goals_that_are_over_are_forgotten_and_others_kept(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    base = a_repository(repository)
    where = str(repository)
    home = a_home(
        tmp_path / "home",
        a_finished_goal(a_goal("g-000001", repository=where, base=base)),
        a_running_goal(a_goal("g-000002", repository=where, base=base)),
        an_exhausted_goal(a_goal("g-000003", repository=where, base=base)),
    )
    mirror = Mirror.open(Places(home).mirror_of(where), repository)
    tree = mirror.fetch(base)
    for name in ("g-000001", "g-000002", "g-000003"):
        mirror.record(f"refs/swarm/{name}/t1/1", tree, (base,), "a step", 1_700_000_000)
    swarm(home, "clean")
    assert mirror.goals() == ("g-000001", "g-000002")


def test_steps_that_a_replay_began_with_are_kept(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    base = a_repository(repository)
    where = str(repository)
    over = an_exhausted_goal(a_goal("g-000003", repository=where, base=base))
    steps = (each for each in a_running_goal(a_goal("g-000003", repository=where, base=base)))
    begun = GoalReplayed(
        at=over[-1].at,
        goal_id=GoalId("g-000004"),
        command_id=CommandId("replay"),
        of=GoalId("g-000003"),
        step=1,
    )
    home = a_home(tmp_path / "home", (*steps, over[-1], begun))
    mirror = Mirror.open(Places(home).mirror_of(where), repository)
    tree = mirror.fetch(base)
    for name in ("g-000003", "g-000005"):
        mirror.record(f"refs/swarm/{name}/t1/1", tree, (base,), "a step", 1_700_000_000)
    swarm(home, "clean")
    assert mirror.goals() == ("g-000003",)


def test_a_mirror_whose_repository_is_gone_is_removed(tmp_path: Path) -> None:
    home = a_home(tmp_path, an_exhausted_goal())
    mirror = Places(home).mirror_of(a_goal().repository)
    mirror.mkdir()
    swarm(home, "clean")
    assert not mirror.exists()


def test_clean_all_leaves_nothing(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home", a_finished_goal())
    assert swarm(home, "clean", "--all").code == 0
    assert not home.exists()


def test_every_place_in_the_state_folder_is_known(tmp_path: Path) -> None:
    places = Places(tmp_path)
    properties = [name for name, each in vars(Places).items() if isinstance(each, property)]
    names = {getattr(places, name).relative_to(tmp_path).parts[0] for name in properties}
    assert names <= set(ORDINARY)


def test_environments_stay_and_what_killed_builders_left_goes(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home", a_finished_goal())
    for name in ("0123", ".part-0123-dead"):
        (home / "environments" / name / "environment").mkdir(parents=True)
        (home / "environments" / name / "environment/file").write_bytes(b"x" * 1_000_000)
    document = swarm(home, "clean", "--json").document
    assert document["bytes"]["environments"] >= 1_000_000
    assert document["freed_bytes"] >= 1_000_000
    assert [each.name for each in (home / "environments").iterdir()] == ["0123"]
    swarm(home, "clean", "--all")
    assert not home.exists()


def a_checkpoint(work: Path) -> str:
    """Of a sandbox that has ended, with a database's sealed directory beside it."""

    async def main() -> str:
        host = open_host(work / "writing/boxes", "namespaces")
        try:
            base = write_files(work / "writing/trees/x", {"a": "1"})
            sandbox = await host.create(SandboxSpec(Path("/repository")), BaseRef(base, "0" * 40))
            await sandbox.write(Path("/repository/b"), b"2" * 100_000)
            return (await sandbox.checkpoint("step")).id
        finally:
            await host.close()

    (work / "services/0123").mkdir(parents=True, exist_ok=True)
    return asyncio.run(main())


def test_checkpoints_stay_as_long_as_their_goal_may_go_back_to_them(tmp_path: Path) -> None:
    needs_namespaces()
    home = a_home(tmp_path / "home")
    work = Places(home).work
    kept, gone = a_checkpoint(work), a_checkpoint(work)
    remove_work(Places(home), frozenset({kept}))
    left = {each.name.partition(".")[0] for each in work.rglob("checkpoints/kept/*.json")}
    assert left == {kept}
    assert gone not in left
    assert {each.name for each in work.iterdir()} == {"writing", "services"}
    assert not (work / "writing/trees").exists()
    assert swarm(home, "clean", "--json").code == 0
    assert not any(work.iterdir())


def test_clean_all_touches_nothing_that_is_not_swarms(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal())
    (home / "letters").mkdir()
    assert swarm(home, "clean", "--all", "--json").document["left"] == ["letters"]
    assert [path.name for path in home.iterdir()] == ["letters"]


def test_nothing_is_removed_while_a_coordinator_works(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_running_goal())
    kept = Places(home).work / "writing"
    kept.mkdir()
    journal = open_journal(Places(home).journal)
    refused, plain = swarm(home, "clean", "--all"), swarm(home, "clean")
    journal.close()
    assert refused.code == 2
    assert "nothing was removed" in plain.out
    assert kept.is_dir()


def a_ray_folder(path: Path) -> Path:
    """As Ray leaves it, long ago."""
    (path / "session_1" / "sockets").mkdir(parents=True)
    (path / "session_latest").symlink_to(path / "session_1")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_what_ray_left_is_removed_and_named(tmp_path: Path) -> None:
    left = [
        a_ray_folder(tmp_path / f"swarm-ray-{os.getuid()}"),
        a_ray_folder(tmp_path / "sr-12345678"),
    ]
    own = tmp_path / f"swarm-ray-own-{os.getuid()}"
    a_ray_folder(own / "ray")
    (own / "ray.token").write_text("token")
    host = tmp_path / f"swarm-host-{os.getuid()}-0123456789ab"
    (host / "work").mkdir(parents=True)
    for folder in (own, host):
        os.utime(folder, (1_700_000_000, 1_700_000_000))
        left.append(folder)
    named = swarm(tmp_path / "home", "clean", "--json").document["temporary"]
    assert named == sorted(map(str, left))
    assert not any(path.exists() for path in left)


def test_a_temporary_folder_that_a_living_process_uses_stays(tmp_path: Path) -> None:
    told, opened = a_ray_folder(tmp_path / "sr-toldtold"), a_ray_folder(tmp_path / "sr-openopen")
    argv = ["sh", "-c", "echo; read _", f"--session-dir={told}/session_1"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, cwd=opened / "session_1", stdin=pipe, stdout=pipe) as user:
        assert user.stdout is not None
        user.stdout.readline()
        assert swarm(tmp_path / "home", "clean", "--json").document["temporary"] == []
        user.communicate(b"\n")
    assert len(swarm(tmp_path / "home", "clean", "--json").document["temporary"]) == 2


def test_links_strangers_and_what_was_made_just_now_stay(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    a_ray_folder(theirs)
    (tmp_path / "sr-linklink").symlink_to(theirs)
    a_ray_folder(tmp_path / "sr-strange1")
    (tmp_path / "sr-strange1" / "letters").mkdir()
    os.utime(tmp_path / "sr-strange1", (1_700_000_000, 1_700_000_000))
    os.utime(a_ray_folder(tmp_path / "sr-justnow1"))
    before = sorted(tmp_path.rglob("*"))
    assert swarm(tmp_path / "home", "clean", "--json").document["temporary"] == []
    assert sorted(tmp_path.rglob("*")) == before


def test_what_a_killed_shell_or_build_left_is_removed(tmp_path: Path) -> None:
    shell, recipe = tmp_path / "swarm-shell-12345678", tmp_path / "swarm-recipe-12345678"
    for folder, mode in ((shell, 0o711), (recipe, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
        os.utime(folder, (1_700_000_000, 1_700_000_000))
    named = swarm(tmp_path / "home", "clean", "--json").document["temporary"]
    assert named == [str(recipe), str(shell)]


def test_what_a_killed_command_left_is_removed_unless_others_may_read_it(tmp_path: Path) -> None:
    private, public = tmp_path / "swarm-demo-12345678", tmp_path / "swarm-bench-12345678"
    for folder, mode in ((private, 0o700), (public, 0o755)):
        (folder / "state").mkdir(parents=True)
        folder.chmod(mode)
        os.utime(folder, (1_700_000_000, 1_700_000_000))
    assert swarm(tmp_path / "home", "clean", "--json").document["temporary"] == [str(private)]
    assert public.is_dir()
