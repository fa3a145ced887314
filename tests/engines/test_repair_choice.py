"""Which of several plausible patches comes first, by what each does where no test looks."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.changes import Changes
from swarm.engines.repair.choosing import is_to_compare, ranked, submission
from swarm.engines.repair.progress import Plausible, Progress, Spectrum, Weighed
from swarm.engines.repair.weighing import weigh
from swarm.engines.repair.worker.comparing import Recorder, Variant, form, seeds, taken
from swarm.engines.repair.worker.neighbours import near, neighbours

ORIGINS = ["failing", "passing", "passing", "near", "near"]
BASE = ["int a", "int b", "int c", "int d", "int e"]

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from("xy"), inner, max_size=2)
    ),
    max_leaves=6,
)


def a_patch(line: int = 1, **what: object) -> Plausible:
    plain = Plausible(
        path="a.py", line=line, label="constant", index=0, size=2, special=False, edits=()
    )
    return plain.model_copy(update=what)


def weighed(*patched: list[str]) -> tuple[Weighed | None, ...]:
    patches = [a_patch(line=k) for k in range(len(patched))]
    return weigh(patches, {"origins": ORIGINS, "words": [BASE, BASE, *patched]})


def a_progress(*patches: Plausible, known: tuple[Weighed | None, ...] = ()) -> Progress:
    spectrum = Spectrum(suspicion={}, targets=("t",), covering={}, limits_ms={}, files=())
    return Progress(spectrum=spectrum, plausible=patches, weighed=known, phase="over")


def test_results_that_nobody_asked_to_change_are_counted() -> None:
    (one,) = weighed(["int x", "int b", "int x", "int d", "int x"])
    assert one is not None
    assert (one.recorded, one.near, one.odd) == (500_000, 500_000, 0)


def test_another_kind_of_result_is_odd_unless_failing_tests_show_it_with_all_patches() -> None:
    one, other = weighed(
        ["str x", "int b", "int c", "str y", "int e"],
        ["str x", "int b", "None z", "int d", "int e"],
    )
    assert one is not None
    assert other is not None
    assert (one.odd, other.odd) == (0, 250_000)


def test_patches_that_come_to_the_same_agree_and_the_lonely_one_does_not() -> None:
    same, lonely = ["int x", *BASE[1:]], ["int x", "int b", "int c", "int d", "int y"]
    one, two, three = weighed(same, same, lonely)
    assert one is not None
    assert three is not None
    assert one == two
    assert one.agreeing > three.agreeing == 0


def test_what_the_base_itself_does_not_repeat_says_nothing() -> None:
    answer = {"origins": ["near"], "words": [["int a"], ["int b"], ["int c"]]}
    (one,) = weigh([a_patch()], answer)
    assert one is not None
    assert (one.near, one.odd) == (0, 0)


def test_an_answer_that_broke_off_tells_nothing() -> None:
    assert weigh([a_patch()], {"origins": [], "words": []}) == (None,)


def test_the_one_that_changes_least_comes_first_of_those_that_look_alike() -> None:
    known = weighed(["int x", "int b", "int y", "int y", "int y"], ["int x", *BASE[1:]])
    assert ranked(a_progress(a_patch(1), a_patch(2), known=known)) == [1, 0]


def test_several_patches_are_compared_before_one_is_confirmed() -> None:
    assert is_to_compare(a_progress(a_patch(1), a_patch(2)))
    assert not is_to_compare(a_progress(a_patch(1)))
    assert not is_to_compare(a_progress(a_patch(1), a_patch(2), known=(None, None)))


@given(values)
def test_neighbours_are_of_the_same_type(value: object) -> None:
    assert all(type(other) is type(value) for other in near(value))


@given(st.integers(-3, 3) | st.text("ab", max_size=3) | st.booleans())
def test_neighbours_of_numbers_and_texts_are_others(value: object) -> None:
    found = [form(other) for other in near(value)]
    assert len(set(found)) == len(found)
    assert form(value) not in found


@given(values, values)
def test_a_neighbour_differs_in_one_argument(a: object, b: object) -> None:
    for other in neighbours({"a": a, "b": b}):
        assert (other["a"] is a) or (other["b"] is b)


def test_objects_are_told_by_what_they_hold_and_cycles_end() -> None:
    class Thing:
        def __init__(self, held: object) -> None:
            self.held = held

    assert form(Thing(1)) == form(Thing(1)) != form(Thing(2))
    looped: list[object] = []
    looped.append(looped)
    assert form(looped) == "list(<list>)"


def test_what_holds_itself_has_neighbours_and_they_end() -> None:
    class Node:
        def __init__(self) -> None:
            self.next = self
            self.number = 1

    numbers = {other.number for other in near(Node())}
    assert numbers == {1, 2}


def test_an_iterator_is_told_by_what_it_will_give_and_has_neighbours_and_none_of_it_is_taken() -> (
    None
):
    given = iter([1, 2])
    assert form(given) == form(iter([1, 2])) != form(iter([1, 3]))
    assert [2, 1] in [list(other) for other in near(given)]
    assert list(given) == [1, 2]


def test_what_is_lazy_is_told_by_what_it_gives_and_what_never_ends_by_the_first_of_it() -> None:
    assert taken(map(str, [1, 2])) == taken(str(n) for n in (1, 2)) == ["1", "2"]
    assert taken(count())[:3] == [0, 1, 2]
    with Path(__file__).open() as own:
        assert taken(own) is own


def test_a_generator_is_one_call_however_often_it_is_gone_on_with() -> None:
    def doubled(numbers: Iterator[int]) -> Iterator[int]:
        for number in numbers:
            yield 2 * number

    class Once:
        def run(self, _: str) -> str:
            assert sum(doubled(iter([1, 2, 3]))) == 12
            return "passed"

    suite: Any = Once()
    recorder = Recorder({doubled.__code__: doubled})  # type: ignore[dict-item]
    recorder.run(suite, "t")
    recorded = [each for each in recorder.inputs() if each.origin == "passing"]
    assert [list(each.arguments["numbers"]) for each in recorded] == [[1, 2, 3]]


def test_numbers_in_a_text_have_neighbours_too() -> None:
    assert {"v22, 4", "v31, 13"} <= set(near("v21, 3"))
    assert 31 in set(near(21))


def test_constants_of_the_program_are_steps_to_further_neighbours() -> None:
    assert {120, 121, "v121"} <= {*near(20, (100,)), *near(21, (100,)), *near("v21", (100,))}
    assert "a;" in set(near("a", (";",)))
    assert 120 in [other["n"] for other in neighbours({"n": 20}, (100,))]


def test_a_constant_in_question_comes_before_what_all_patches_have() -> None:
    def base(n: int) -> int:
        return n % 10 if n in (3, 4) else 7

    def other(n: int) -> int:
        return n % 100 if n in (3, 4) else 7

    nowhere: Any = None
    functions: Any = {base.__code__: base}
    patch = Variant(nowhere, ((None, other.__code__),))
    assert seeds(functions, [patch, None]) == (10, 100, 3, 4, 7)


def test_of_two_that_both_change_little_the_one_that_changes_less_comes_first() -> None:
    more = Weighed(recorded=0, near=30_000, odd=0, agreeing=1_000_000)
    less = more.model_copy(update={"near": 0})
    late = a_patch(2, index=300)
    assert ranked(a_progress(a_patch(1), late, known=(more, less))) == [1, 0]
    assert ranked(a_progress(a_patch(1), late, known=(more, more))) == [0, 1]


def test_an_alternative_is_told_with_a_call_that_tells_it_apart() -> None:
    known = Weighed(recorded=0, near=0, odd=0, agreeing=1_000_000)
    contested = (("f(31)", "1", "7", "8"), ("f(30)", "1", "1", "0"))
    progress = a_progress(a_patch(1), a_patch(2), known=(known, known))
    progress = progress.model_copy(update={"contested": contested})
    (told,) = submission(progress, 0, Changes(()), "").alternatives
    assert told.endswith("; `f(30)` is 0 with it, 1 with the chosen one, and was 1")


def test_it_is_told_how_many_others_do_something_else_where_no_test_looks() -> None:
    contested = (("f(31)", "1", "7", "8", "7"), ("f(30)", "1", "", "0", ""))
    progress = a_progress(a_patch(1), a_patch(2), a_patch(3))
    known = progress.model_copy(update={"contested": contested})
    why = submission(known, 0, Changes(()), "").why
    assert "2 other change(s) pass them too, 1 of which do something else in calls" in why
    assert submission(progress, 0, Changes(()), "").why.endswith("pass them too.")


def test_of_one_kind_in_one_place_the_one_that_changes_least_comes_first() -> None:
    wide, narrow = a_patch(size=1), a_patch(size=9)
    much = Weighed(recorded=0, near=300_000, odd=0, agreeing=1_000_000)
    little = much.model_copy(update={"near": 100_000})
    assert ranked(a_progress(wide, narrow, known=(much, little))) == [1, 0]
    elsewhere = a_patch(line=2, size=9)
    assert ranked(a_progress(wide, elsewhere, known=(much, little))) == [0, 1]
