"""Checkpoints: what a sandbox held at a moment, as often as one likes, also after a crash."""

import asyncio
import os
import sys
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from swarm.domain.changes import Changes, Removed, Written
from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox.checkpoints import Store
from swarm.sandbox.public_api import (
    BaseRef,
    CheckpointRef,
    Layer,
    Sandbox,
    SandboxHost,
    SandboxSpec,
    interpreter_paths,
    leftovers,
    open_host,
    remove_leftovers,
)
from swarm.testing.sandbox import a_base
from tests.sandbox.conftest import Place

FILES = {"a": "1\n", "d/b": "2\n", "d/c": "3\n"}
Work = Callable[[SandboxHost, Sandbox], Awaitable[None]]


def with_host(place: Place, work: Work, **spec: object) -> None:
    """Do the work with a host and a sandbox over FILES."""

    async def main() -> None:
        host = open_host(place.folder / "scratch", place.mode)
        try:
            await work(host, await host.create(a_spec(place, **spec), base_of(place)))
        finally:
            await host.close()

    asyncio.run(main())


def a_spec(place: Place, **more: object) -> SandboxSpec:
    mount = place.folder / "repository"
    return SandboxSpec(mount, require=place.mode, **more)  # type: ignore[arg-type]


def base_of(place: Place) -> BaseRef:
    return a_base(place.folder / "base", FILES)


async def shell(sandbox: Sandbox, script: str) -> str:
    result = await sandbox.exec(("sh", "-c", script))
    assert result.returncode == 0, result
    return result.stdout.decode()


async def listing(sandbox: Sandbox) -> str:
    return await shell(sandbox, "find . -type f | sort | xargs grep ''")


def test_a_rollback_brings_back_what_was_changed_removed_and_added(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "echo x > new; rm a; echo y >> d/b")
        before = await listing(sandbox)
        kept = await sandbox.checkpoint("one")
        await shell(sandbox, "rm -r d new; mkdir d; echo z > d/b; echo z > a")
        await sandbox.rollback(kept)
        assert await listing(sandbox) == before
        assert (await sandbox.diff()).paths == (b"a", b"d/b", b"new")

    with_host(place, work)


def test_what_is_removed_after_a_rollback_is_part_of_the_difference(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "echo x > new")
        await sandbox.rollback(await sandbox.checkpoint("one"))
        await shell(sandbox, "rm -r d new; mkdir d; echo y > d/y")
        changes = await sandbox.diff()
        assert changes.items == (
            Removed(b"d/b"),
            Removed(b"d/c"),
            Written(b"d/y", "100644", b"y\n"),
        )

    with_host(place, work)


def test_what_is_removed_after_a_rollback_counts_in_a_copy(tmp_path: Path) -> None:
    """In the mode that every machine has."""
    test_what_is_removed_after_a_rollback_is_part_of_the_difference(
        Place("unsafe-worktree", tmp_path)
    )


def test_a_checkpoint_can_be_used_again_and_again(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        first = await sandbox.checkpoint("untouched")
        await shell(sandbox, "echo 1 > one")
        second = await sandbox.checkpoint("one")
        for ref, names in ((first, ""), (second, "one"), (first, ""), (second, "one")):
            await shell(sandbox, "echo 2 > two")
            await sandbox.rollback(ref)
            assert await shell(sandbox, "ls -I a -I d") == names + "\n" * bool(names)

    with_host(place, work)


def test_a_sandbox_goes_on_after_a_checkpoint_where_it_was(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        for number in range(5):
            await shell(sandbox, f"echo {number} >> d/b; echo {number} > $TMPDIR/t || true")
            await sandbox.write(Path(f"n{number}"), b"")
            await sandbox.checkpoint(str(number))
        assert await shell(sandbox, "cat d/b") == "2\n0\n1\n2\n3\n4\n"
        assert len((await sandbox.diff()).paths) == 6

    with_host(place, work)


def test_what_runs_goes_on_after_a_hot_checkpoint(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        process = await sandbox.spawn(
            ("sh", "-c", "while read x; do echo $x >> log; echo $x; done")
        )
        await process.write(b"one\n")
        await process.read()
        kept = await sandbox.checkpoint("running")
        await process.write(b"two\n")
        assert await process.read() == b"two\n"
        await sandbox.rollback(kept)
        assert (kept.hot, await shell(sandbox, "cat log")) == (True, "one\n")

    with_host(place, work)


def test_a_second_hot_checkpoint_copies_only_what_changed(isolated: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "head -c 100000 /dev/urandom > large; echo 1 > small; sleep 0.05")
        refs = [await sandbox.checkpoint("1", hot=True)]
        await shell(sandbox, "echo 2 > small; sleep 0.05")
        refs.append(await sandbox.checkpoint("2", hot=True))
        store = Store(isolated.folder / "scratch")
        one, two = (store.strata / store.read(ref).strata[0].id / "0" for ref in refs)
        assert (one / "large").samefile(two / "large")
        assert not (one / "small").samefile(two / "small")

    with_host(isolated, work)


def test_what_is_changed_through_memory_is_in_the_next_hot_checkpoint(isolated: Place) -> None:
    """A page that is dirty already is written to without any trace in the file's times."""
    program = (
        "import mmap, sys\n"
        "with open('mapped', 'wb+') as file:\n"
        "    file.truncate(4096)\n"
        "    memory = mmap.mmap(file.fileno(), 4096)\n"
        "for line in sys.stdin.buffer:\n"
        "    memory[:1] = line[:1]\n"
        "    print(flush=True)\n"
    )

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        process = await sandbox.spawn(("/usr/bin/python3", "-c", program))
        refs = []
        for byte in (b"a", b"b", b"c"):
            await process.write(byte + b"\n")
            await process.read()
            await shell(sandbox, "sleep 0.05")
            refs.append(await sandbox.checkpoint("mapped"))
        for ref, byte in zip(refs, (b"a", b"b", b"c"), strict=True):
            await sandbox.rollback(ref)
            assert (await sandbox.read(Path("mapped")))[:1] == byte

    with_host(isolated, work)


IN_TURN = """
import os
files = [os.open(name, os.O_RDWR | os.O_CREAT) for name in ("d/one", "two")]
number = 0
while True:
    number += 1
    for file in files:
        os.pwrite(file, number.to_bytes(8, "big") * (1 << 15), 0)
        os.fsync(file)
    os.write(1, number.to_bytes(8, "big"))
"""


@pytest.mark.thorough
def test_a_hot_checkpoint_beside_a_write_holds_one_moment_of_all_files(place: Place) -> None:
    """Two files are written in turn, each by one call and then forced to disk. The first is as far as the
    second or one ahead, none is torn, and what the writer had told of is there.
    """

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        process = await sandbox.spawn(("/usr/bin/python3", "-c", IN_TURN))
        kept = []
        for _ in range(5):
            told = int.from_bytes((await process.read())[-8:], "big")
            kept.append((told, await sandbox.checkpoint("beside a write")))
        for told, ref in kept:
            await sandbox.rollback(ref)
            one, two = await sandbox.read(Path("d/one")), await sandbox.read(Path("two"))
            assert one == one[:8] * (1 << 15)
            assert two == two[:8] * (1 << 15)
            first, second = int.from_bytes(one[:8], "big"), int.from_bytes(two[:8], "big")
            assert told <= second <= first <= second + 1

    with_host(place, work)


def test_long_names_of_mapped_files_do_not_prevent_a_hot_checkpoint(isolated: Place) -> None:
    script = """if True:
        import mmap, time
        held = []
        for number in range(60):
            file = open(chr(233) * 110 + str(number), "wb+")
            file.truncate(10)
            held.append(mmap.mmap(file.fileno(), 10))
        print("ready", flush=True)
        time.sleep(1000)
    """

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        process = await sandbox.spawn((sys.executable, "-c", script))
        assert await process.read() == b"ready\n"
        assert (await sandbox.checkpoint("hot")).hot
        assert await shell(sandbox, "ls | wc -l") == "62\n"

    with_host(isolated, work, readonly=interpreter_paths(Path(sys.executable)))


def test_a_cold_checkpoint_is_refused_while_something_runs(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        process = await sandbox.spawn(("cat",))
        with pytest.raises(Rejected, match="runs"):
            await sandbox.checkpoint("cold", hot=False)
        await process.write(b"still there\n")
        assert await process.read() == b"still there\n"
        await sandbox.write(Path("a"), b"and files are where they were")

    with_host(place, work)


def test_forks_begin_alike_and_do_not_see_one_another(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "echo shared > new")
        forks = await sandbox.fork(2)
        for number, fork in enumerate(forks):
            assert await shell(fork, f"cat new; echo {number} > new") == "shared\n"
        assert [await shell(each, "cat new") for each in (sandbox, *forks)] == [
            "shared\n",
            "0\n",
            "1\n",
        ]
        assert await host.checkpoints() == ()

    with_host(place, work)


def test_a_fork_may_begin_at_an_older_checkpoint(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        kept = await sandbox.checkpoint("base")
        await shell(sandbox, "rm -r d")
        (fork,) = await sandbox.fork(1, kept)
        assert await shell(fork, "cat d/b") == "2\n"

    with_host(place, work)


def test_a_checkpoint_outlives_its_host(place: Place) -> None:
    refs: list[CheckpointRef] = []

    async def take(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "echo kept > new; rm a")
        refs.append(await sandbox.checkpoint("kept"))

    async def use(host: SandboxHost, sandbox: Sandbox) -> None:
        assert await host.checkpoints() == tuple(refs)
        restored = await host.restore(refs[0], a_spec(place), base_of(place))
        assert await shell(restored, "cat new; ls") == "kept\nd\nnew\n"

    with_host(place, take)
    assert leftovers(place.folder / "scratch") == ()
    with_host(place, use)


def test_a_discarded_checkpoint_takes_no_room_and_harms_no_other(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "echo 1 > one")
        first = await sandbox.checkpoint("one")
        await shell(sandbox, "echo 2 > two")
        second = await sandbox.checkpoint("two")
        await host.discard(first)
        await sandbox.rollback(second)
        assert await shell(sandbox, "cat one two") == "1\n2\n"
        with pytest.raises(Rejected, match="no checkpoint"):
            await sandbox.rollback(first)
        await host.discard(second)
        assert await shell(sandbox, "cat one two") == "1\n2\n"

    with_host(place, work)
    assert list((place.folder / "scratch").iterdir()) == []


def test_a_checkpoint_is_of_one_base_and_of_one_set_of_layers(place: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        kept = await sandbox.checkpoint("kept")
        with pytest.raises(Rejected, match="over tree"):
            await host.restore(kept, a_spec(place), BaseRef(base_of(place).directory, "1" * 40))
        layer = Layer(place.folder / "repository/env", place.folder / "base")
        with pytest.raises(Rejected, match="layers"):
            await host.restore(kept, a_spec(place, layers=(layer,)), base_of(place))

    with_host(place, work)


def test_layers_are_written_to_and_part_of_every_checkpoint(place: Place) -> None:
    sealed = a_base(place.folder / "sealed", {"bin/tool": "old\n", "other": ""}).directory

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        assert await shell(sandbox, "cat env/bin/tool; echo new > env/bin/tool") == "old\n"
        kept = await sandbox.checkpoint("changed")
        await shell(sandbox, "rm -r env/bin; echo 2 > a")
        await sandbox.checkpoint("removed")
        assert await shell(sandbox, "ls env") == "other\n"
        await sandbox.rollback(kept)
        assert await shell(sandbox, "cat env/bin/tool a") == "new\n1\n"
        assert await sandbox.diff() == Changes()

    layer = Layer(place.folder / "repository/env", sealed)
    with_host(place, work, layers=(layer,))
    assert (sealed / "bin/tool").read_text() == "old\n"


def test_a_layer_may_lie_anywhere(isolated: Place) -> None:
    sealed = a_base(isolated.folder / "sealed", {"data": "1\n"}).directory

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        kept = await sandbox.checkpoint("before")
        await shell(sandbox, "echo 2 > /srv/data/data; mkdir /srv/data/more")
        await sandbox.checkpoint("between")
        assert await shell(sandbox, "cat /srv/data/data; ls /srv/data") == "2\ndata\nmore\n"
        await sandbox.rollback(kept)
        assert await shell(sandbox, "cat /srv/data/data") == "1\n"

    with_host(isolated, work, layers=(Layer(Path("/srv/data"), sealed),))


def test_a_layer_elsewhere_is_lacking_where_there_is_no_overlay(tmp_path: Path) -> None:
    place = Place("unsafe-worktree", tmp_path)
    sealed = a_base(tmp_path / "sealed", {}).directory

    async def work(host: SandboxHost, sandbox: Sandbox) -> None: ...

    with pytest.raises(Lacking):
        with_host(place, work, layers=(Layer(Path("/srv/data"), sealed),))


def test_a_read_only_path_in_the_tree_is_there_after_a_checkpoint(isolated: Place) -> None:
    inner = isolated.folder / "repository/.venv"
    inner.mkdir(parents=True)
    (inner / "python").write_text("mine\n")

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "echo 2 > a")
        await sandbox.checkpoint("one")
        assert await shell(sandbox, "cat a .venv/python") == "2\nmine\n"
        assert (await sandbox.exec(("touch", ".venv/new"))).returncode != 0
        assert (await sandbox.diff()).paths == (b"a",)

    with_host(isolated, work, readonly=(inner,))


@pytest.mark.thorough
def test_more_checkpoints_than_layers_that_one_would_mount(isolated: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        refs = []
        for number in range(55):
            await shell(sandbox, f"echo {number} > n{number % 7}; rm -rf d; mkdir d; echo > d/x")
            refs.append(await sandbox.checkpoint(str(number), hot=False))
        before = await listing(sandbox)
        store = Store(isolated.folder / "scratch")
        assert len(store.read(refs[-1]).strata) < 10
        assert (await sandbox.diff()).paths[:4] == (b"d/b", b"d/c", b"d/x", b"n0")
        for ref in (refs[30], refs[-1]):
            await sandbox.rollback(ref)
        assert await listing(sandbox) == before

    with_host(isolated, work)


def test_modes_links_fifos_and_holes_are_kept(place: Place) -> None:
    script = """
        chmod 700 .; mkdir -m 500 closed; mkfifo fifo; ln -s nowhere link; ln a twin
        truncate -s 1G hole; chmod 751 d/b; touch -d @1000000000 d/c
    """
    look = "stat -c '%n %a %F %h' . closed fifo link twin a hole d/b; stat -c %Y d/c; du hole"

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, script)
        before = await shell(sandbox, look)
        kept = await sandbox.checkpoint("kept", hot=True)
        await shell(sandbox, "rm -rf fifo link twin hole")
        await sandbox.rollback(kept)
        assert await shell(sandbox, look) == before

    with_host(place, work)


def test_an_exported_checkpoint_is_the_same_elsewhere(place: Place) -> None:
    file = place.folder / "exported"
    elsewhere = Place(place.mode, place.folder / "elsewhere")

    async def out(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "rm -r d; mkdir d; echo x > d/x; printf y > \"$(printf 'n\\n\\377')\"")
        await sandbox.checkpoint("one")
        await shell(sandbox, "rm a; ln -s ../x d/link; chmod +x d/x")
        await host.export(await sandbox.checkpoint("two"), file)

    async def back(host: SandboxHost, sandbox: Sandbox) -> None:
        ref = await host.load(file)
        assert ref.label == "two"
        await sandbox.rollback(ref)
        assert (await sandbox.diff()).items == (
            Removed(b"a"),
            Removed(b"d/b"),
            Removed(b"d/c"),
            Written(b"d/link", "120000", b"../x"),
            Written(b"d/x", "100755", b"x\n"),
            Written(b"n\n\xff", "100644", b"y"),
        )

    with_host(place, out)
    with_host(elsewhere, back)


def rewritten(file: Path, change: Callable[[tarfile.TarInfo], None]) -> None:
    """Let every member of an exported file be changed by an enemy."""
    other = file.with_suffix(".other")
    with tarfile.open(file) as old, tarfile.open(other, "w", format=tarfile.PAX_FORMAT) as new:
        for member in old:
            data = old.extractfile(member) if member.isreg() else None
            change(member)
            new.addfile(member, data)
    other.replace(file)


def rename(to: str) -> Callable[[tarfile.TarInfo], None]:
    def change(member: tarfile.TarInfo) -> None:
        if member.name == "0/new":
            member.name = to

    return change


def retype(kind: bytes, minor: int = 0) -> Callable[[tarfile.TarInfo], None]:
    def change(member: tarfile.TarInfo) -> None:
        if member.name == "0/new":
            member.type, member.devminor, member.linkname = kind, minor, "/etc/passwd"

    return change


def retime(member: tarfile.TarInfo) -> None:
    member.pax_headers = {**member.pax_headers, "mtime": "inf"}


ENEMIES = {
    "infinite time": retime,
    "leads out": rename("0/../../../escaped"),
    "absolute": rename("/escaped"),
    "not plain": rename("0/d/./x"),
    "no such overlay": rename("7/new"),
    "in no overlay": rename("new"),
    "renamed": rename("0/other"),
    "character device": retype(tarfile.CHRTYPE, 3),
    "block device": retype(tarfile.BLKTYPE),
    "hard link": retype(tarfile.LNKTYPE),
    "symbolic link": retype(tarfile.SYMTYPE),
}


@pytest.mark.parametrize("change", ENEMIES.values(), ids=ENEMIES)
def test_a_file_from_an_enemy_is_refused_and_leaves_nothing(
    tmp_path: Path, change: Callable[[tarfile.TarInfo], None]
) -> None:
    place, file = Place("unsafe-worktree", tmp_path), tmp_path / "exported"

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await shell(sandbox, "echo x > new")
        kept = await sandbox.checkpoint("one")
        await host.export(kept, file)
        await asyncio.to_thread(rewritten, file, change)
        with pytest.raises(Rejected):
            await host.load(file)
        assert await host.checkpoints() == (kept,)
        assert leftovers(tmp_path / "scratch") == ()

    with_host(place, work)
    assert not any(each.name == "escaped" for each in tmp_path.rglob("*"))


def test_headers_of_headers_without_end_are_refused(tmp_path: Path) -> None:
    place, file = Place("unsafe-worktree", tmp_path), tmp_path / "exported"
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 8
    block = header.tobuf(tarfile.USTAR_FORMAT) + b"8 a=bcd\n".ljust(512, b"\0")

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await host.export(await sandbox.checkpoint("one"), file)
        first = 1024  # what it says it is, and that in a block of its own
        data = file.read_bytes()
        file.write_bytes(data[:first] + block * 3000 + data[first:])
        with pytest.raises(Rejected, match="recursion"):
            await host.load(file)

    with_host(place, work)


@pytest.mark.parametrize("size", [0, 1, 700, 1536, 4096])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, size: int) -> None:
    place, file = Place("unsafe-worktree", tmp_path), tmp_path / "exported"

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await host.export(await sandbox.checkpoint("one"), file)
        os.truncate(file, size)
        with pytest.raises(Rejected):
            await host.load(file)

    with_host(place, work)


def test_a_path_that_leads_through_a_link_is_not_followed(tmp_path: Path) -> None:
    place, file, target = Place("unsafe-worktree", tmp_path), tmp_path / "x", tmp_path / "target"
    target.mkdir()

    def change(member: tarfile.TarInfo) -> None:
        if member.name == "0/d":
            member.type, member.linkname = tarfile.SYMTYPE, str(target)

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await host.export(await sandbox.checkpoint("one"), file)
        await asyncio.to_thread(rewritten, file, change)
        with pytest.raises(Rejected):
            await host.load(file)

    with_host(place, work)
    assert list(target.iterdir()) == []


def test_a_checkpoint_of_another_boot_counts_only_when_it_reached_the_disk(tmp_path: Path) -> None:
    place = Place("unsafe-worktree", tmp_path)
    store = Store(tmp_path / "scratch")

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        settled = store.read(await sandbox.checkpoint("settled"))
        store.settle()
        unsettled = store.read(await sandbox.checkpoint("not yet"))
        for kept in (settled, unsettled):
            now = next(each for each in store.all() if each.ref == kept.ref)
            store.keep(now.model_copy(update={"boot": "another"}))
        assert store.read(settled.ref).settled
        with pytest.raises(Rejected, match="machine went down"):
            store.read(unsettled.ref)

    with_host(place, work)


def test_leftovers_are_all_but_checkpoints(tmp_path: Path) -> None:
    place = Place("unsafe-worktree", tmp_path)
    scratch = tmp_path / "scratch"

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        kept = await sandbox.checkpoint("kept")
        (scratch / "checkpoints/strata/orphan/0").mkdir(parents=True)
        (scratch / "checkpoints/kept/half.123").touch()
        assert [each.folder.name for each in leftovers(scratch)] == ["orphan"]
        assert [each.folder.name for each in remove_leftovers(scratch)] == ["orphan"]
        await sandbox.rollback(kept)

    with_host(place, work)
    assert {each.name for each in scratch.iterdir()} == {"checkpoints"}
