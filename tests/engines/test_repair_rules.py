"""The pure parts of repair: suspicion, selection, text edits, offers, what follows a stage."""

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.bids import AgentCard, offered, quote
from swarm.domain.names import AgentId, HostId, Principal, PublicKey
from swarm.engines.port import Engine
from swarm.engines.public_api import repair_engines
from swarm.engines.repair.dispatch import options
from swarm.engines.repair.localisation import lines_of
from swarm.engines.repair.pairing import aims_of, unlike
from swarm.engines.repair.patches import patched
from swarm.engines.repair.prior import doubt, doubtful
from swarm.engines.repair.progress import (
    PlannedEdit,
    Plausible,
    Progress,
    Searched,
    Spare,
    Spectrum,
    after,
    setback,
)
from swarm.engines.repair.selection import may_touch, mentions, possible_files
from swarm.engines.repair.suspicion import ochiai, suspicions
from swarm.engines.repair.worker.candidates import (
    Candidate,
    Edit,
    edited,
    in_order,
    joined,
    packed,
    unpacked,
)
from swarm.engines.repair.worker.control import informed
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.homes import members, submodules
from swarm.engines.repair.worker.patching import fingerprint
from swarm.engines.repair.worker.sources import Source
from swarm.engines.repair.worker.templates import templates
from swarm.testing.engine import an_assignment

counts = st.integers(0, 5)


@given(counts, counts, counts)
def test_suspicion_lies_between_none_and_certain(failing: int, failed: int, passed: int) -> None:
    assert 0.0 <= ochiai(max(failing, failed), failed, passed) <= 1.0


@given(st.integers(1, 5), counts)
def test_each_passing_test_that_runs_a_line_makes_it_less_suspicious(
    failed: int, passed: int
) -> None:
    assert ochiai(5, failed, passed + 1) < ochiai(5, failed, passed)


def test_the_line_that_raised_is_as_suspicious_as_can_be() -> None:
    lines = {"a.py": {1: (1, 9), 2: (1, 9)}}
    found = suspicions(lines, 1, [[("test_a.py", 1), ("a.py", 1), ("a.py", 2)]])
    assert found == {"a.py": {1: 800_000, 2: 1_000_000}}


@pytest.mark.parametrize(
    "path",
    [
        "tests/x.py",
        "test_x.py",
        "x_test.py",
        "a/conftest.py",
        "setup.py",
        "notes.txt",
        "a/test/b.py",
    ],
)
def test_tests_set_up_and_other_files_may_not_be_touched(path: str) -> None:
    assert not may_touch(path, ())


def test_a_touch_set_names_files_folders_or_patterns() -> None:
    assert may_touch("src/a.py", ("src",))
    assert may_touch("src/a.py", ("src/*.py",))
    assert may_touch("src/a.py", ("src/a.py",))
    assert not may_touch("lib/a.py", ("src",))


def test_a_module_is_mentioned_by_whole_words_only() -> None:
    assert mentions("from shop.price import f", ["shop/price.py"])
    assert not mentions("import prices", ["shop/price.py"])


def test_a_unittest_id_is_looked_for_below_the_folder_of_discovery() -> None:
    found = list(
        possible_files("pack.test_a.Case.test_it", ("python", "-m", "unittest", "-s", "t"))
    )
    assert ("pack/test_a.py", "Case::test_it") in found
    assert ("t/pack/test_a.py", "Case::test_it") in found


texts = st.text(alphabet="ab\r\n\té", max_size=12)


@given(texts, texts, texts, st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_an_edit_changes_its_span_and_no_other_byte(
    before: str, new: str, behind: str, bom: bytes
) -> None:
    data = bom + f"{before}OLD{behind}".encode()
    edit = PlannedEdit(start=len(before), end=len(before) + 3, text=new)
    assert patched(data, [edit]) == bom + f"{before}{new}{behind}".encode()


SOURCE = """\
class Cart:
    def total(self, items, rate=2, *, limit=None):
        '''Sum.'''
        found = [each for each in items if each.price > 0 and not each.gone]
        if limit is not None and len(found) >= limit: found = found[:limit - 1]
        total = -sum(x.price * (x.count + 1) ** 2 for x in found) / rate
        while total > 10 or self.more(total, items[0]):
            total -= self.step if total % 2 else (yield total)
            items.sort()
        try:
            return {"total": total, 'n': len(found)}["total"]
        except (KeyError, IndexError):
            pass
"""


_LACKS = "AttributeError: '{}' object has no attribute '{}'"


def drafts_of(text: str) -> list[Candidate]:
    source = Source("cart.py", text.encode())
    every = dict.fromkeys(range(1, len(source.lines) + 1), 1.0)
    return templates(Drafts(source, every, Seen()))


def test_every_template_gives_text_that_parses() -> None:
    broken = []
    for candidate in drafts_of(SOURCE):
        try:
            ast.parse(edited(SOURCE, candidate.edits))
        except SyntaxError:
            broken.append(candidate)
    allowed = {"missing argument", "missing filter"}
    assert {each.label for each in broken} <= allowed, "where a keyword or a bracket follows"
    assert len(broken) < len(drafts_of(SOURCE)) / 20


def test_the_order_of_candidates_is_always_the_same() -> None:
    assert drafts_of(SOURCE) == drafts_of(SOURCE)


def test_parentheses_come_where_they_are_needed_and_not_elsewhere() -> None:
    texts = {
        edited("def f(a, b, c): return a * b - c\n", each.edits).partition("return ")[2]
        for each in drafts_of("def f(a, b, c): return a * b - c\n")
    }
    assert "a * (b - c)\n" in texts
    assert "(a + 1) * b - c\n" in texts
    assert "c - a * b\n" in texts


def test_candidates_survive_packing() -> None:
    found = drafts_of(SOURCE)
    assert [each.edits for each in unpacked(packed(found))] == [each.edits for each in found]


def test_changes_of_the_same_text_cannot_be_joined() -> None:
    first = Candidate("a.py", 1, (Edit(0, 4, "x"),), "one", 0.0, hot=True)
    other = Candidate("a.py", 1, (Edit(3, 5, "y"),), "two", 0.0, hot=True)
    behind = Candidate("a.py", 1, (Edit(6, 7, "z"),), "three", 0.0, hot=True)
    assert joined(first, other) is None
    both = joined(behind, first)
    assert both is not None
    assert edited("0123456789", both.edits) == "x45z789"


def test_code_that_does_the_same_has_one_fingerprint() -> None:
    same = [compile(text, "f", "exec") for text in ("x = (1)", "\n\nx  =  1 # so", "y = 1")]
    assert fingerprint(same[0]) == fingerprint(same[1]) != fingerprint(same[2])


@given(st.integers(0, 20_000), st.integers(0, 3000))
def test_every_contract_has_an_offer_and_larger_ones_are_no_better(lines: int, more: int) -> None:
    for engine in repair_engines(cpu_price=50):
        checked: Engine = engine
        small, large = (_quoted(checked, each) for each in (lines, lines + more))
        assert small[0] <= large[0]
        assert small[1] >= large[1]


def test_cases_of_one_test_do_not_make_a_task_hopeless() -> None:
    for engine in repair_engines(cpu_price=50):
        tests, cases = (_quoted(engine, 20, targets=60, target_tests=n) for n in (60, 2))
        assert tests[1] < cases[1]


def _quoted(engine: Engine, lines: int, **features: int) -> tuple[int, int]:
    card = AgentCard(
        agent_id=AgentId("a"),
        role="writer",
        engine="repair",
        strategy=engine.strategy,
        family=engine.family,
        principal=Principal("me/repair"),
        public_key=PublicKey("0" * 64),
        capacity=1,
        curves=engine.curves(),
        host=HostId("h"),
    )
    contract = an_assignment().contract.model_copy(
        update={"features": {"suspect_lines": lines, "targets": 2} | features}
    )
    bid = quote(card, contract)
    assert bid is not None
    return bid.price, bid.probability


def a_progress(**what: object) -> Progress:
    spectrum = Spectrum(
        suspicion={}, targets=("t",), covering={}, limits_ms={}, files=("test_a.py",)
    )
    return Progress(spectrum=spectrum).model_copy(update=what)


def a_round(**what: object) -> Searched:
    plain = {"tried": 5, "invalid": 0, "same": 0, "behind": 10, "total": 10}
    lists = {"plausible": (), "slow": (), "partial": (), "seen": ()}
    return Searched.model_validate({**plain, **lists, **what})


def test_a_phase_ends_when_all_of_its_candidates_are_behind() -> None:
    assert after(a_progress(), a_round(behind=9)).phase == "first"
    assert after(a_progress(), a_round()).phase == "over"
    assert after(a_progress(), a_round(slow=(3,))).phase == "slow"


def a_plausible(**what: object) -> Plausible:
    plain = {"path": "a.py", "line": 1, "label": "comparison", "index": 3, "size": 2}
    return Plausible.model_validate({**plain, "special": False, "edits": (), **what})


def test_a_clear_patch_is_not_waited_over_once_its_rivals_are_behind() -> None:
    found = {"plausible": (a_plausible(),), "total": 100, "enough_at": 20}
    assert after(a_progress(), a_round(**found, behind=19)).patience == 1
    assert after(a_progress(), a_round(**found, behind=20)).patience == 0
    assert after(a_progress(cursor=15), a_round(**found, behind=5)).patience == 0


def test_rivals_are_looked_for_as_long_as_can_be_where_the_kind_of_change_is_doubtful() -> None:
    assert {"constant condition", "missing guard"} <= set(doubtful())
    assert not {"comparison", "needless call"} & set(doubtful())


def test_a_killed_round_keeps_what_it_said_and_passes_over_what_it_was_at() -> None:
    said = a_round(behind=4, total=100, seen=("x",)).model_dump()
    known = setback(a_progress(), {**said, "nothing": "killed"})
    assert (known.tried, known.seen, known.cursor) == (5, ("x",), 29)


def test_rounds_that_are_always_killed_end() -> None:
    known, rounds = a_progress(), 0
    while known.phase != "over":
        known, rounds = setback(known, {"nothing": "killed"}), rounds + 1
    assert rounds <= 8


def test_a_folder_called_pytest_on_the_way_to_the_interpreter_is_not_the_runner() -> None:
    command = ("/pytest/of/venv/bin/python", "-m", "pytest", "-k", "fast", "tests")
    assert options(command) == ["-k", "fast"]


def proposed(text: str, **seen: object) -> set[str]:
    """The texts that the templates make of a suspicious file."""
    source = Source("a.py", text.encode())
    lines = dict.fromkeys(range(1, text.count("\n") + 1), 1.0)
    drafts = Drafts(source, lines, Seen(**seen))  # type: ignore[arg-type]
    return {edited(text, each.edits) for each in templates(drafts)}


@pytest.mark.parametrize(
    ("text", "error", "wanted"),
    [
        (
            "import collections as c\n\n\ndef f(x):\n    return isinstance(x, c.Mapping)\n",
            "AttributeError: module 'collections' has no attribute 'Mapping'",
            "isinstance(x, c.abc.Mapping)",
        ),
        (
            "import os\nimport fractions\n\n\ndef f(a):\n    return fractions.gcd(a, 2)\n",
            "AttributeError: module 'fractions' has no attribute 'gcd'",
            "import math\nimport os\nimport fractions\n\n\ndef f(a):\n    return math.gcd(a, 2)\n",
        ),
        ("def f(d):\n    return d.iteritems()\n", _LACKS.format("dict", "iteritems"), "d.items()"),
        ("def f(d):\n    return d.has_key(1)\n", _LACKS.format("dict", "has_key"), "1 in d\n"),
        ("def f(x):\n    return x.next()\n", _LACKS.format("generator", "next"), "next(x)"),
        (
            "import json\n\n\ndef f(x):\n    return json.loads(x, object_hooks=None)\n",
            "TypeError: loads() got an unexpected keyword argument 'object_hooks'",
            "object_hook=None",
        ),
        (
            "from collections import Mapping as M, deque\n",
            "",
            "from collections import deque\nfrom collections.abc import Mapping as M\n",
        ),
        ("from json import lods\n", "", "from json import loads as lods\n"),
    ],
)
def test_what_is_gone_is_looked_for_where_it_may_be_now(text: str, error: str, wanted: str) -> None:
    source = Source("a.py", text.encode())
    every = dict.fromkeys(range(1, len(source.lines) + 1), 1.0)
    found = in_order(templates(Drafts(source, every, Seen(), error)))
    best = next(each for each in found if each.label == "moved name")
    assert wanted in edited(text, best.edits)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def f(a):\n    b = a + 1\n    return None\n", "    return b\n"),
        ("def f(a):\n    b = a + 1\n", "    b = a + 1\n    return b\n"),
        ("def f(a):\n    if a:\n        return\n    return 1\n", "        return a\n"),
        ("def f(a):\n    return [a] - [1]\n", "return [a] + [1]\n"),
        ("def f(a):\n    return a['lenght'], a['length']\n", "a['length'], a['length']"),
    ],
)
def test_what_was_worked_out_is_returned_and_texts_are_spelt_alike(text: str, wanted: str) -> None:
    assert any(wanted in edited(text, each.edits) for each in drafts_of(text))


CONTROL = """\
def f(a, b):
    if not a:
        return 0
    if a > b:
        a = a - b + 2 * a
    total = a
    return total
"""


def test_a_condition_is_as_suspicious_as_the_worst_of_what_it_decides_over() -> None:
    source = Source("a.py", CONTROL.encode())
    found = informed(source, {2: 0.1, 3: 0.1, 4: 0.2, 5: 1.0, 6: 0.3, 7: 0.3})
    assert sorted(found, key=lambda line: -found[line])[:3] == [5, 4, 2]
    assert found[3] < 0.2
    assert max(found.values()) <= 1.0


def test_of_lines_that_run_alike_the_longer_one_comes_first() -> None:
    found = informed(Source("a.py", CONTROL.encode()), {5: 0.5, 6: 0.5})
    assert found[5] > found[6]


def test_what_is_there_has_not_moved() -> None:
    source = Source("a.py", b"from json import loads, decoder\n")
    assert templates(Drafts(source, {1: 1.0}, Seen(), "ImportError: x")) == []


def test_a_variable_of_another_type_is_tried_where_the_type_is_what_failed() -> None:
    text = "def f(options, case):\n    return case.get(1)\n"
    source = Source("a.py", text.encode())
    seen = Seen({"2:11-2:15": ["NoneType"]}, {"1": {"options": ["dict"], "case": ["NoneType"]}})
    for error, tried in ((_LACKS.format("NoneType", "get"), True), ("AssertionError: x", False)):
        found = templates(Drafts(source, {2: 1.0}, seen, error))
        assert any("options.get(1)" in edited(text, each.edits) for each in found) == tried


def test_every_line_of_a_traceback_is_looked_at() -> None:
    found = lines_of([[("a.py", 1), ("b.py", 2)], [("a.py", 3)]], (1, 0))
    assert found == {"a.py": {1: (1, 0), 3: (1, 0)}, "b.py": {2: (1, 0)}}


def test_a_module_that_is_not_loaded_is_read_and_not_run() -> None:
    before = set(sys.modules)
    assert "Tk" in (members("tkinter") or ())
    assert "ttk" in submodules("tkinter")
    assert members("no_such_module") is None
    assert members("tkinter.no_such_module") is None
    assert set(sys.modules) == before


def test_the_same_slip_is_undone_everywhere_in_a_statement_at_once() -> None:
    text = "def f(a, b):\n    return a.x <= b.y and b.x <= a.y\n"
    assert text.replace("<=", "<") in proposed(text)
    assert text.replace("<=", "<", 1) in proposed(text)


def test_a_value_is_given_to_a_function_of_the_file_or_of_another() -> None:
    text = "from m import clean\n\ndef g(a, b):\n    return a\n\ndef f(a, b):\n    return a\n"
    found = proposed(text)
    assert text.removesuffix("a\n") + "clean(a)\n" in found
    assert text.removesuffix("a\n") + "g(a, b)\n" in found
    assert text.removesuffix("a\n") + "g(a)\n" not in found, "it takes two"


def test_the_greater_of_two_numbers_is_taken_for_their_sum() -> None:
    text = "def f(a):\n    return 1 + 2\n"
    assert text.replace("1 + 2", "max(1, 2)") in proposed(text)


def test_a_constant_may_have_another_sign_for_numbers_below_zero() -> None:
    text = "def f(a):\n    return 7\n"
    found = proposed(text, variables={"1": {"a": ["int"]}})
    assert text.replace("7", "7 if a >= 0 else -7") in found
    assert text.replace("7", "7 if a >= 0 else -7") not in proposed(text)


def test_the_kind_of_a_change_speaks_against_it_however_it_is_made() -> None:
    assert doubt("comparison") == doubt("comparison (everywhere in the statement)") == 0
    assert doubt("and for or") == 0
    assert doubt("comparison and constant") > doubt("missing slice") > doubt("off by one")


def test_things_may_be_sorted_by_more_than_they_are() -> None:
    text = "def f(rows):\n    return sorted(rows, key=lambda row: row.day)\n# row.start\n"
    found = proposed(text + "def g(row):\n    return row.start\n")
    assert any("key=lambda row: (row.day, row.start))" in each for each in found)
    assert any("key=lambda row: -row.day)" in each for each in found)


def test_what_was_computed_by_hand_may_be_the_call_of_a_function() -> None:
    text = "from m import add_days\n\ndef f(day):\n    return day + delta(days=1)\n"
    assert text.replace("day + delta(days=1)", "add_days(day, 1)") in proposed(text)


def test_a_name_is_within_another_only_behind_a_separator() -> None:
    text = "def f(a, b):\n    return not a.startswith(b)\n"
    assert text.replace("a.start", "(a == b or a.start").replace("(b)", "(b + '/'))") in proposed(
        text
    )


def test_a_function_that_answers_yes_or_no_is_left_with_no_rather_than_with_nothing() -> None:
    text = "def f(a):\n    if len(a) > 3:\n        return True\n    return a[0] == 1\n"
    source = Source("a.py", text.encode())
    drafts = Drafts(source, dict.fromkeys(range(1, 5), 1.0), Seen())
    scores = {edited(text, each.edits): each.score for each in templates(drafts)}
    guard = "    if not a:\n        {}\n    if len"
    no, nothing = (text.replace("    if len", guard.format(x)) for x in ("return False", "return"))
    assert scores[no] > scores[nothing]


def test_what_an_object_holds_may_be_what_a_guard_asks() -> None:
    text = "def f(entry):\n    return entry.minutes * 2\n"
    seen = {
        "variables": {"1": {"entry": ["Entry"]}},
        "attributes": {"Entry": {"billable": ["bool"]}},
    }
    guard = "    if not entry.billable:\n        return 0\n    return entry"
    assert text.replace("    return entry", guard) in proposed(text, **seen)


def test_a_collection_that_is_never_filled_is_filled() -> None:
    text = "def f(a):\n    seen = set()\n    if a in seen:\n        return 1\n    return f(a)\n"
    assert text.replace("    if a", "    seen.add(a)\n    if a") in proposed(text)
    filled = text.replace("    return f(a)", "    return g(seen)")
    assert filled.replace("    if a", "    seen.add(a)\n    if a") not in proposed(filled)


def test_fields_of_f_strings_get_other_variables_and_formats() -> None:
    text = 'def f(a, b):\n    return f"{a}:{b}"\n'
    found = proposed(text)
    assert text.replace("{b}", "{b:02d}") in found
    assert text.replace("{b}", "{a}") in found


@pytest.mark.parametrize("text", ['f"{{a}}{b}"', 'f"{a + 1}{b}"', 'f"""{a}\n{b}"""'])
def test_an_f_string_with_anything_unusual_in_it_is_left_alone(text: str) -> None:
    found = proposed(f"def f(a, b):\n    return {text}\n")
    assert not any("02d" in each for each in found)


def test_nothing_is_offered_where_no_test_fails() -> None:
    contract = an_assignment().contract.model_copy(update={"features": {"open": 1}})
    assert all(offered(e.curves(), contract) is None for e in repair_engines(cpu_price=50))


def test_criteria_that_the_file_speaks_of_most_come_first() -> None:
    text = (
        "def f(rows):\n    return sorted(rows, key=lambda row: row.day)\n\n\n"
        "def g(row):\n    return row.end, row.start, row.start\n"
    )
    source = Source("a.py", text.encode())
    drafts = Drafts(source, dict.fromkeys(range(1, 3), 1.0), Seen())
    scores = {edited(text, each.edits): each.score for each in templates(drafts)}
    often, seldom = (
        text.replace("row: row.day", f"row: (row.day, row.{x})") for x in ("start", "end")
    )
    assert scores[often] > scores[seldom]


def test_a_function_of_numbers_is_left_with_zero() -> None:
    text = "def f(a):\n    return a.b + 1\n"
    found = proposed(text, expressions={"2:11-2:18": ["int"]})
    assert "def f(a):\n    if not a:\n        return 0\n    return a.b + 1\n" in found


def a_spare(line: int, *greened: str) -> Spare:
    return Spare(edit=a_plausible(line=line), greened=greened)


def test_a_first_edit_that_turns_less_green_than_another_is_none_to_fall_back_on() -> None:
    best, less, other = a_spare(1, "a", "b"), a_spare(2, "a"), a_spare(3, "c")
    assert unlike([best, a_spare(1, "a", "b"), less, other]) == (best, other)


def test_two_edits_are_begun_with_the_test_that_runs_least_and_then_with_one_unlike_it() -> None:
    lines = {"far": {5, 6, 7}, "near": {1, 2, 3}, "least": {1, 2}, "silent": set()}
    seen = {test: frozenset(("a.py", each) for each in own) for test, own in lines.items()}
    assert aims_of(seen) == ("least", "far", "near")


def test_of_tests_that_run_the_same_lines_those_far_apart_are_begun_with() -> None:
    seen = {f"case {number}": frozenset({("a.py", 1)}) for number in range(9)}
    assert aims_of(seen) == ("case 0", "case 8", "case 4")
