"""Others' tools: what is offered of them, and what a hostile server comes to."""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from swarm.domain.errors import Lacking
from swarm.sandbox.public_api import Sandbox, SandboxMode
from swarm.settings.public_api import ToolServer
from swarm.testing.sandbox import a_sandbox
from swarm.testing.tool_servers import Ways, a_library_server, an_enemy, approved
from swarm.tools.kit import Told, ToolCard
from swarm.tools.servers.approvals import Approval, read_approvals, write_approvals
from swarm.tools.servers.bucket import Bucket
from swarm.tools.servers.foreign import MOST_STARTS, ForeignKit, Toolset
from swarm.tools.servers.introducing import introduce
from swarm.tools.servers.reading import MOST_TEXT, offered, result

ECHO = "enemy__echo"
T = TypeVar("T")


def used(
    folder: Path,
    toolset: Toolset,
    work: Callable[[ForeignKit, Sandbox], Awaitable[T]],
    mode: SandboxMode = "unsafe-worktree",
) -> T:
    async def play() -> T:
        shows = toolset.shows("writer")
        async with (
            a_sandbox(folder, {"a.txt": "1\n2\n"}, mode=mode, readonly=shows) as sandbox,
            toolset.opened("writer", sandbox) as kit,
        ):
            return await work(kit, sandbox)

    return asyncio.run(play())


def called(folder: Path, *how: Ways, seconds: int = 120) -> Told:
    async def work(kit: ForeignKit, _: Sandbox) -> Told:
        return await kit.call(ECHO, {"text": "hello"})

    return used(folder, approved(an_enemy(*how, seconds=seconds)), work)


def left_out(folder: Path, toolset: Toolset) -> tuple[int, str]:
    """How many tools are offered, and what is told of those that are not."""

    async def work(kit: ForeignKit, _: Sandbox) -> tuple[int, str]:
        return len(kit.cards), "\n".join(kit.kept_out)

    return used(folder, toolset, work)


# What is offered --------------------------------------------------------------------------------


def test_an_approved_tool_is_offered_under_its_servers_name_and_works(tmp_path: Path) -> None:
    async def work(kit: ForeignKit, _: Sandbox) -> tuple[str, Told]:
        return kit.cards[0].name, await kit.call(ECHO, {"text": "hello"})

    assert used(tmp_path, approved(an_enemy()), work) == (ECHO, Told("hello"))


def test_what_nobody_approved_is_not_offered(tmp_path: Path) -> None:
    number, told = left_out(tmp_path, Toolset((an_enemy(),)))
    assert number == 0
    assert "swarm tools approve enemy" in told


def test_r13_a_description_that_changed_since_it_was_approved_takes_the_tool_out_of_use(
    tmp_path: Path,
) -> None:
    number, told = left_out(tmp_path, approved(an_enemy("changed")))
    assert number == 0
    assert "not what was approved" in told


def test_r13_two_tools_of_one_name_are_both_left_out(tmp_path: Path) -> None:
    number, told = left_out(tmp_path, approved(an_enemy("twins")))
    assert number == 0
    assert "two tools of this name" in told


def test_r13_tools_of_two_servers_never_have_one_name(tmp_path: Path) -> None:
    async def work(kit: ForeignKit, _: Sandbox) -> list[str]:
        return [card.name for card in kit.cards]

    toolset = approved(an_enemy(), an_enemy("fails", name="other"))
    assert used(tmp_path, toolset, work) == [ECHO, "other__echo"]


@pytest.mark.parametrize("how", ["huge-words", "no-schema"])
def test_what_says_too_much_or_too_little_of_itself_is_not_offered(
    tmp_path: Path, how: Ways
) -> None:
    assert left_out(tmp_path, approved(an_enemy(how)))[0] == 0


def test_a_tool_that_no_list_names_is_not_offered(tmp_path: Path) -> None:
    toolset = approved(an_enemy(writer=("other",), reviewer=("echo",)))
    assert left_out(tmp_path, toolset) == (0, "enemy__other: its server has no such tool")


def test_a_program_that_is_not_there_is_told_and_stops_nobody(tmp_path: Path) -> None:
    gone = an_enemy(name="gone").model_copy(update={"command": ("/nowhere/server",)})
    number, told = left_out(tmp_path, approved(an_enemy(), gone))
    assert number == 1
    assert "gone__echo: its server cannot be used" in told


# What it does -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("dies", "it ended"),
        ("babbles", "a line without an end"),
        ("garbage", "neither a result nor an error"),
        ("refuses", "refused: not today"),
        ("picture", "[image left out]"),
        ("asks", "declined"),
    ],
)
def test_whatever_a_server_does_comes_to_words(tmp_path: Path, how: Ways, told: str) -> None:
    assert told in called(tmp_path, how).text


def test_a_failure_is_told_as_one(tmp_path: Path) -> None:
    assert called(tmp_path, "fails") == Told("hello", failed=True)


@pytest.mark.thorough
def test_a_server_that_hangs_is_ended_in_its_time(tmp_path: Path) -> None:
    began = time.monotonic()
    told = called(tmp_path, "hangs", seconds=1)
    assert told.failed
    assert "did not answer in time" in told.text
    assert time.monotonic() - began < 120  # it would rest for ten minutes


def test_a_flood_is_ended(tmp_path: Path) -> None:
    told = called(tmp_path, "floods")
    assert "1000 messages and no answer" in told.text


def test_a_long_result_is_cut(tmp_path: Path) -> None:
    told = called(tmp_path, "huge")
    assert len(told.text) < MOST_TEXT + 100
    assert "a line without an end" in told.text or "left out" in told.text


def test_a_change_in_the_middle_takes_the_tool_out_of_use(tmp_path: Path) -> None:
    async def work(kit: ForeignKit, _: Sandbox) -> tuple[Told, Told]:
        return await kit.call(ECHO, {"text": "a"}), await kit.call(ECHO, {"text": "b"})

    first, second = used(tmp_path, approved(an_enemy("late")), work)
    assert first == Told("a")
    assert second.failed
    assert "not what was approved" in second.text


def test_who_comes_back_with_another_description_is_out_of_use(tmp_path: Path) -> None:
    async def work(kit: ForeignKit, _: Sandbox) -> tuple[Told, Told]:
        return await kit.call(ECHO, {"text": "a"}), await kit.call(ECHO, {"text": "b"})

    first, second = used(tmp_path, approved(an_enemy("changes", "dies")), work)
    assert "it ended" in first.text
    assert "not what was approved" in second.text


def test_a_server_is_not_started_for_ever(tmp_path: Path) -> None:
    async def work(kit: ForeignKit, _: Sandbox) -> list[str]:
        return [(await kit.call(ECHO, {})).text for _ in range(MOST_STARTS + 1)]

    *_, last = used(tmp_path, approved(an_enemy("dies")), work)
    assert f"started {MOST_STARTS} times" in last


def test_who_calls_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    async def work(kit: ForeignKit, _: Sandbox) -> list[bool]:
        return [(await kit.call(ECHO, {})).failed for _ in range(2)]

    assert used(tmp_path, approved(an_enemy(calls_per_minute=1)), work) == [False, True]


def test_a_server_that_a_rollback_ended_is_started_again(tmp_path: Path) -> None:
    async def work(kit: ForeignKit, sandbox: Sandbox) -> Told:
        before = await sandbox.checkpoint("before")
        await kit.call(ECHO, {"text": "a"})
        await sandbox.rollback(before)
        assert (await kit.call(ECHO, {"text": "b"})).failed
        return await kit.call(ECHO, {"text": "c"})

    assert used(tmp_path, approved(an_enemy()), work) == Told("c")


def test_commands_beside_a_server_do_not_end_it(tmp_path: Path) -> None:
    async def work(kit: ForeignKit, sandbox: Sandbox) -> Told:
        await sandbox.exec(("/bin/true",))
        return await kit.call(ECHO, {"text": "still here"})

    assert used(tmp_path, approved(an_enemy()), work) == Told("still here")


@pytest.mark.usefixtures("whole_walls")
def test_a_server_sees_the_tree_and_no_secret_and_reaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "canary-77c1")

    async def work(kit: ForeignKit, _: Sandbox) -> str:
        return (await kit.call(ECHO, {})).text

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()
        toolset = approved(an_enemy("looks", port=port))
        told = json.loads(used(tmp_path, toolset, work, "namespaces"))
    assert "a.txt" in told["files"]
    assert told["net"] == "refused"
    assert "canary-77c1" not in str(told["env"])


@pytest.mark.thorough
def test_the_protocols_own_library_is_understood(tmp_path: Path) -> None:
    """The second opinion on what we take the protocol to be."""
    server = a_library_server(seconds=60)

    async def look(kit: ForeignKit, sandbox: Sandbox) -> Toolset:
        cards = (await introduce(server, sandbox)).cards.values()
        at = datetime(2026, 11, 21, tzinfo=UTC)
        return Toolset((server,), {c.name: Approval(digest=c.digest, at=at) for c in cards})

    async def work(kit: ForeignKit, _: Sandbox) -> tuple[Told, Told, Told]:
        return (
            await kit.call("library__count", {"path": "a.txt"}),
            await kit.call("library__count", {"path": 7}),
            await kit.call("library__fail", {}),
        )

    toolset = used(tmp_path / "1", Toolset(), look)
    counted, wrong, failed = used(tmp_path / "2", toolset, work)
    assert counted == Told("2")
    assert wrong.failed
    assert failed.failed


# Rules ------------------------------------------------------------------------------------------


@given(st.integers(1, 120), st.lists(st.floats(0, 30), max_size=60))
def test_never_more_calls_than_the_bucket_and_its_rate_allow(
    rate: int, pauses: list[float]
) -> None:
    bucket, now, taken = Bucket(rate), 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.wait(now) == 0
    assert taken <= bucket.most + now * rate / 60 + 1e-6


@given(st.integers(1, 120))
def test_who_waits_as_long_as_told_is_served(rate: int) -> None:
    bucket, now = Bucket(rate), 0.0
    for _ in range(40):
        if seconds := bucket.wait(now):
            now += seconds + 1e-6
            assert bucket.wait(now) == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYS = st.sampled_from(["name", "description", "inputSchema", "type", "text", "content"])


@given(st.lists(JSON | st.dictionaries(KEYS, JSON, max_size=4), max_size=5))
def test_any_list_of_tools_is_read(listed: list[object]) -> None:
    found = offered("srv", listed)
    assert all(card.name.startswith("srv__") for card in found.cards.values())
    assert not set(found.cards) & set(found.strange)


@given(st.dictionaries(KEYS | st.just("structuredContent"), JSON, max_size=4))
def test_any_result_is_read(answer: dict[str, object]) -> None:
    assert result(answer).text


@given(st.sampled_from(["name", "description", "parameters"]))
def test_every_word_that_a_model_would_be_told_is_in_the_hash(field: str) -> None:
    card = ToolCard(name="a__b", description="c", parameters={"type": "object", "x": 0.5})
    other: object = {"type": "object", "x": 0.25} if field == "parameters" else "a__d"
    assert card.model_copy(update={field: other}).digest != card.digest


def test_approvals_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    assert read_approvals(path) == {}
    toolset = approved(an_enemy())
    write_approvals(path, toolset.approvals)
    assert read_approvals(path) == toolset.approvals
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("mode", "text"), [(0o622, "{}"), (0o600, "{"), (0o600, '{"a": 1}')])
def test_approvals_that_others_can_write_or_that_are_damaged_count_for_nothing(
    tmp_path: Path, mode: int, text: str
) -> None:
    path = tmp_path / "tools.json"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(Lacking):
        read_approvals(path)


@pytest.mark.parametrize(
    "given_",
    [
        {"command": ("server",)},
        {"command": ()},
        {"shows": ("relative",)},
        {"shows": ("/",)},
        {"writer": ()},
        {"writer": ("a b",)},
        {"name": "two__names"},
        {"name": "Upper"},
        {"seconds": 0},
        {"env": {"KEY": "secret"}},
    ],
)
def test_a_server_that_is_described_wrongly_is_refused(given_: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ToolServer.model_validate(an_enemy().model_dump() | given_)
