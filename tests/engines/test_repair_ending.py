"""What a confirmed patch waits for, and what it does not wait for."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from swarm.domain.changes import Changes, Written
from swarm.engines.port import Submission
from swarm.engines.repair.engine import Attempt
from swarm.engines.repair.laying import Laid
from swarm.engines.repair.progress import Pinned, PlannedEdit, Plausible, Progress, Spectrum
from swarm.sandbox.public_api import Sandbox
from swarm.testing.engine import an_assignment
from swarm.testing.sandbox import TableSandbox

TEXT = b"a = 1\nb = 2\n"
SPECTRUM = Spectrum(suspicion={}, targets=("t",), covering={}, limits_ms={}, files=("test_a.py",))


def an_edit(start: int, text: str, path: str = "a.py") -> Plausible:
    edits = (PlannedEdit(start=start, end=start + 1, text=text),)
    return Plausible(
        path=path, line=1, label="constant", index=0, size=2, special=False, edits=edits
    )


def a_sandbox() -> Sandbox:
    files = {name: Written(name, "100644", TEXT) for name in (b"a.py", b"b.py")}
    return cast("Sandbox", TableSandbox(files))  # it has what these tests use, and no more


def confirmed(**what: object) -> Progress:
    known = Progress(spectrum=SPECTRUM, plausible=(an_edit(4, "7"),), confirmed=(0,))
    return known.model_copy(update=what)


def ended(progress: Progress, *, last: bool = False, laid: Laid | None = None) -> object:
    attempt = Attempt("templates", an_assignment(), a_sandbox(), laid=laid or Laid())
    return asyncio.run(attempt.end(progress, last=last))


def test_a_confirmed_patch_waits_for_its_own_test_unless_time_presses() -> None:
    assert ended(confirmed()) is None
    assert isinstance(ended(confirmed(), last=True), Submission)
    assert isinstance(ended(confirmed(pinned={0: None})), Submission)


def test_a_test_of_its_own_is_submitted_with_the_patch_and_named() -> None:
    pinned = Pinned(path="tests/test_a.py", text="def test_a(): pass\n")
    end = ended(confirmed(pinned={0: pinned}))
    assert isinstance(end, Submission)
    assert end.changes.paths == (b"a.py", b"tests/test_a.py")
    assert end.title.endswith("pinned by tests/test_a.py")
    assert pinned.text in end.why


@pytest.mark.parametrize("path", ["a.py", "b.py"])
def test_a_second_edit_counts_on_the_text_of_the_first(path: str) -> None:
    laid = Laid((an_edit(4, "70"),))
    second = an_edit(11 if path == "a.py" else 10, "9", path)
    end = ended(confirmed(plausible=(second,), pinned={0: None}), laid=laid)
    assert isinstance(end, Submission)
    texts = {i.path: i.data for i in end.changes.items if isinstance(i, Written)}
    both = {b"a.py": b"a = 70\nb = 9\n"}
    apart = {b"a.py": b"a = 70\nb = 2\n", b"b.py": b"a = 1\nb = 9\n"}
    assert texts == (both if path == "a.py" else apart)


def test_a_search_goes_on_behind_a_refused_patch_that_would_have_been_enough() -> None:
    refused = Changes((Written(b"a.py", "100644", b"a = 7\nb = 2\n"),))
    assignment = replace(an_assignment(), refused=(refused,))
    attempt = Attempt("templates", assignment, a_sandbox())
    _, known, _ = asyncio.run(attempt.stage(confirmed(cursor=900, enough_at=900)))
    assert known == confirmed(cursor=900, enough_at=None)


def test_edits_are_laid_for_a_while_and_taken_back() -> None:
    sandbox = a_sandbox()

    async def look() -> tuple[bytes, Changes]:
        async with Laid((an_edit(4, "70"),)).on(sandbox):
            inside = await sandbox.read(sandbox.root / "a.py")
        return inside, await sandbox.diff()

    assert asyncio.run(look()) == (b"a = 70\nb = 2\n", Changes())
