"""The benchmark's table says of each goal whether it was met, missed or not measured."""

from benchmarks.sandbox.goals import FLOOR, document, table
from benchmarks.sandbox.stopwatch import Stopwatch


def measured(**seconds: float) -> Stopwatch:
    watch = Stopwatch()
    for name, each in {FLOOR: 0.001, **seconds}.items():
        watch.note(name, each)
    return watch


def met(watch: Stopwatch) -> dict[str, bool | None]:
    """By figure; of `create` only what is compared with the floor."""
    goals = reversed(document(watch, {})["goals"])
    return {each["of"]: each["met"] for each in goals}


def test_a_ratio_is_compared_with_the_same_run() -> None:
    assert met(measured(create=0.0099))["create"] is True
    assert met(measured(create=0.0101))["create"] is False


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert set(met(measured()).values()) == {None}
    assert "not measured" in table(measured(create=0.02), {})


def test_what_falls_short_stands_out_in_the_table() -> None:
    shown = table(measured(rollback=0.03), {"a note": "of ours"})
    assert "<= 20x: NOT MET" in shown
    assert shown.endswith("of ours")
