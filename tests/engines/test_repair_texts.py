"""What a text should have been is read from the comparison that failed."""

from swarm.engines.repair.worker.candidates import edited
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.sources import Source
from swarm.engines.repair.worker.templates import templates
from swarm.engines.repair.worker.texts import differences

GREETING = b'def greet(name):\n    return "Helo, " + name\n'


def repairs(error: str) -> set[str]:
    source = Source("greet.py", GREETING)
    drafts = Drafts(source, {2: 1.0}, Seen(), error)
    return {edited(source.text, each.edits) for each in templates(drafts)}


def test_the_differing_part_is_what_both_sides_do_not_share() -> None:
    assert differences("AssertionError: assert 'Helo, Al' == 'Hello, Al'")[0] == ("", "l")


def test_a_text_in_the_code_is_given_the_part_that_the_test_asked_for() -> None:
    right = GREETING.decode().replace("Helo, ", "Hiya, ").replace('"', "'")
    found = {
        each.replace('"', "'") for each in repairs("AssertionError: assert 'Helo, B' == 'Hiya, B'")
    }
    assert right in found


def test_unittest_says_the_same_in_other_words() -> None:
    assert ("-", "_") in differences("AssertionError: 'a-b' != 'a_b'")


def test_a_failure_that_compares_no_texts_says_nothing() -> None:
    assert differences("KeyError: 'Helo'") == []
    assert differences("AssertionError: assert 3 == 4") == []
