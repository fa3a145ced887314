"""A patch that a linter would stumble over, or that brings a number of its own, is larger than it looks."""

from swarm.engines.repair.prior import doubt
from swarm.engines.repair.worker.candidates import Candidate, Edit, stored, unused
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.sources import Source
from swarm.engines.repair.worker.templates import templates

SEARCH = "def any_of(nodes, goal):\n    return any(found(node) for node in nodes)\n"


def size(text: str, old: str, new: str) -> int:
    start = text.index(old)
    edit = Edit(start, start + len(old), new)
    told = stored(Candidate("m.py", 2, (edit,), "wrong variable", 0.0, True), text, "")
    return int(told["size"])


def test_a_variable_that_is_given_and_never_read_is_unused() -> None:
    assert unused("def f(a):\n    b = a\n    c = a\n    return c\n") == {("f", "b")}
    assert unused("def f(a):\n    global b\n    b = a\n") == set()
    assert unused("def f(a):\n    for _ in a:\n        pass\n") == set()


def test_a_change_that_leaves_a_loop_variable_unused_counts_for_more() -> None:
    assert size(SEARCH, "found(node)", "found(goal)") > size(SEARCH, "found(node)", "seen(node)")


def test_a_number_that_the_file_does_not_have_counts_for_more_than_zero() -> None:
    text = "def f(depth):\n    return True\n"
    assert size(text, "True", "depth != 2") > size(text, "True", "depth == 0")
    assert size("A = 2\n" + text, "True", "depth == 2") == size(text, "True", "depth == 0")


def test_a_collection_is_rather_filled_with_what_is_looked_for_in_it() -> None:
    text = b"def f(start):\n    seen = set()\n    for node in start:\n        if node in seen:\n            return 1\n"
    drafts = Drafts(Source("m.py", text), {5: 1.0}, Seen())
    labels = {each.edits[0].text.strip(): each.label for each in templates(drafts)}
    assert doubt(labels["seen.add(node)"]) < doubt(labels["seen.add(start)"])


def test_what_changes_a_type_is_less_likely_meant_than_what_keeps_it() -> None:
    types = {"key": ["str"], "other": ["str"], "kind": ["type"]}
    text = b"def f(key, other, kind):\n    return key == other.name\n"
    seen = Seen(expressions={"2:11-2:14": ["str"]}, variables={"1": types})
    drafts = Drafts(Source("m.py", text), {2: 1.0}, seen)
    edits = [(each.edits[0], each.label) for each in templates(drafts)]
    instead = {e.text: label for e, label in edits if e.start == text.index(b"key ==")}
    assert doubt(instead["kind"]) > doubt(instead["other"])
    cut = next(
        label for e, label in edits if e.start == text.index(b"other.") and e.text == "other"
    )
    assert doubt(cut) > doubt("wrong attribute")
