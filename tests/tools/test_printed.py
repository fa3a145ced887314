"""What test tools print, as they printed it: node 20 and 24, mocha 11, jest 30, vitest 4, go 1.27, cargo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.evidence import Printed
from swarm.domain.evidence import TestOutcome as Row
from swarm.domain.names import TestId as Id  # pytest takes names like `TestId` for classes of tests
from swarm.tools.printed import read_printed, steady

TAP = """TAP version 13
# ok 9 - noise
# Subtest: adds
ok 1 - adds
  ---
  duration_ms: 1.077116
  ...
# Subtest: breaks \\# here
not ok 2 - breaks \\# here
  ---
  duration_ms: 0.859732
  location: '/home/me/a.test.js:3:1'
  failureType: 'testCodeFailure'
  error: '3 == 4'
  stack: |-
    TestContext.<anonymous> (/home/me/a.test.js:3:33)
  ...
# Subtest: later
not ok 3 - later # TODO
  ---
  duration_ms: 0.256543
  ...
# Subtest: half
    # Subtest: of four
    ok 1 - of four
      ---
      duration_ms: 0.198195
      ...
    1..1
ok 4 - half
  ---
  duration_ms: 1.592605
  type: 'suite'
  ...
# Subtest: outer
    # Subtest: inner
    ok 1 - inner
      ---
      duration_ms: 2.70894
      ...
    1..1
ok 5 - outer
  ---
  duration_ms: 2.985263
  ...
1..5
# tests 6
# suites 1
# pass 4
# fail 1
# cancelled 0
# skipped 0
# todo 1
# duration_ms 402.297242
"""
SPEC = """ok 9 - noise
✔ adds (0.709488ms)
✖ breaks # here (0.696328ms)
⚠ later (0.496531ms) # TODO
▶ half
  ✔ of four (5.079876ms)
✔ half (9.45372ms)
▶ outer
  ✔ inner (0.159949ms)
✔ outer (0.454618ms)
ℹ tests 6
ℹ suites 1
ℹ pass 4
ℹ fail 1
ℹ cancelled 0
ℹ skipped 0
ℹ todo 1
ℹ duration_ms 322.822761

✖ failing tests:

test at node/a.test.js:3:1
✖ breaks # here (0.696328ms)
  AssertionError [ERR_ASSERTION]: 3 == 4
"""
NODE = {
    "adds": "passed", "breaks # here": "failed", "later": "skipped", "half > of four": "passed",
    "outer": "passed", "outer > inner": "passed",
}  # fmt: skip
MOCHA = """

  ✔ top
  calc
    ✔ adds
    1) breaks
    - left out
    ✔ slow (71ms)
    half
      ✔ of four


  4 passing (100ms)
  1 pending
  1 failing

  1) calc
       breaks:

      AssertionError [ERR_ASSERTION]: 3 == 4
      + expected - actual
"""
JEST = """  console.log
      ✓ noise

      at Object.log (a.test.js:2:248)

FAIL src/a.test.js (5.1 s)
  ✓ top
  calc
    ✓ adds (26 ms)
    ✕ breaks (18 ms)
    ○ skipped left out
    ✎ todo later
    half
      ✓ of four (51 ms)

  ● calc › breaks

    ✓ not a test
    Expected: 4
    Received: 3

Test Suites: 1 failed, 1 total
Tests:       1 failed, 1 skipped, 1 todo, 3 passed, 6 total
Snapshots:   0 total
Time:        3.163 s
"""
VITEST = """
\x1b[1m\x1b[30m\x1b[46m RUN \x1b[49m\x1b[39m\x1b[22m \x1b[36mv4.1.12 \x1b[39m\x1b[90m/home/me\x1b[39m

 \x1b[32m✓\x1b[39m a.test.js\x1b[2m > \x1b[22mcalc\x1b[2m > \x1b[22madds\x1b[32m 7\x1b[2mms\x1b[22m\x1b[39m
 \x1b[31m×\x1b[39m a.test.js\x1b[2m > \x1b[22mcalc\x1b[2m > \x1b[22mbreaks\x1b[32m 42\x1b[2mms\x1b[22m\x1b[39m
\x1b[31m   → expected 3 to be 4 // Object.is equality\x1b[39m
 \x1b[2m\x1b[90m↓\x1b[39m\x1b[22m a.test.js\x1b[2m > \x1b[22mleft out
 \x1b[2m\x1b[90m□\x1b[39m\x1b[22m a.test.js\x1b[2m > \x1b[22mlater

\x1b[2m Test Files \x1b[22m \x1b[1m\x1b[31m1 failed\x1b[39m\x1b[22m\x1b[90m (1)\x1b[39m
\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[31m1 failed\x1b[39m\x1b[22m\x1b[2m | \x1b[22m\x1b[1m\x1b[32m1 passed\x1b[39m\x1b[22m\x1b[2m | \x1b[22m\x1b[33m1 skipped\x1b[39m\x1b[2m | \x1b[22m\x1b[90m1 todo\x1b[39m\x1b[90m (4)\x1b[39m
"""
GO = """=== RUN   TestAdd
--- PASS: TestAdd (0.00s)
=== RUN   TestBreaks
    calc_test.go:6: got 3
--- FAIL: TestBreaks (0.00s)
=== RUN   TestSkip
    calc_test.go:7: later
--- SKIP: TestSkip (0.00s)
=== RUN   TestTable
=== RUN   TestTable/one_two
--- PASS: TestNoise (0.00s)
--- PASS: TestTable (0.00s)
    --- PASS: TestTable/one_two (0.00s)
FAIL
FAIL\texample.com/calc\t0.019s
=== RUN   TestAdd
=== PAUSE TestAdd
=== CONT  TestAdd
--- PASS: TestAdd (0.00s)
PASS
ok  \texample.com/calc/sub\t(cached)
FAIL
"""
IN_GO = {
    "example.com/calc > TestAdd": "passed", "example.com/calc > TestBreaks": "failed",
    "example.com/calc > TestSkip": "skipped", "example.com/calc > TestTable": "passed",
    "example.com/calc > TestTable/one_two": "passed", "example.com/calc/sub > TestAdd": "passed",
}  # fmt: skip
GO_JSON = """{"Time":"2026-11-22T08:26:41.3Z","Action":"start","Package":"example.com/calc"}
{"Time":"2026-11-22T08:26:41.3Z","Action":"run","Package":"example.com/calc","Test":"TestAdd"}
{"Time":"2026-11-22T08:26:41.3Z","Action":"output","Package":"example.com/calc","Test":"TestAdd","Output":"ok\\n"}
{"Time":"2026-11-22T08:26:41.3Z","Action":"pass","Package":"example.com/calc","Test":"TestAdd","Elapsed":0}
{"Time":"2026-11-22T08:26:41.3Z","Action":"fail","Package":"example.com/calc","Test":"TestBreaks","Elapsed":0}
{"Time":"2026-11-22T08:26:41.3Z","Action":"fail","Package":"example.com/calc","Elapsed":0.025}
{"Action":"pass","Package":7,"Test":[]}
{"not
"""
CARGO = """   Compiling calc v0.1.0 (/home/me)
    Finished `test` profile [unoptimized + debuginfo] target(s) in 4.18s
     Running unittests src/lib.rs (target/debug/deps/calc-c6626fb655a8d231)

running 4 tests
test tests::adds ... ok
test tests::left_out ... ignored
test tests::panics - should panic ... ok
test tests::breaks ... FAILED

failures:

---- tests::breaks stdout ----

thread 'tests::breaks' (22133) panicked at src/lib.rs:11:27:
assertion `left == right` failed

failures:
    tests::breaks

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.45s

error: test failed, to rerun pass `--lib`
     Running tests/it.rs (target/debug/deps/it-b462ec70d69dbcd3)

running 1 test
test adds ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests calc

running 1 test
test src/lib.rs - add (line 2) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.87s
"""
TOLD = {
    "node, TAP": (TAP, NODE),
    "node, spec": (SPEC, NODE | {"half": "passed"}),
    "mocha": (MOCHA, {
        "top": "passed", "calc > adds": "passed", "calc > breaks": "failed",
        "calc > left out": "skipped", "calc > slow": "passed", "calc > half > of four": "passed",
    }),
    "jest": (JEST, {
        "src/a.test.js > top": "passed", "src/a.test.js > calc > adds": "passed",
        "src/a.test.js > calc > breaks": "failed", "src/a.test.js > calc > left out": "skipped",
        "src/a.test.js > calc > later": "skipped", "src/a.test.js > calc > half > of four": "passed",
    }),
    "vitest": (VITEST, {
        "a.test.js > calc > adds": "passed", "a.test.js > calc > breaks": "failed",
        "a.test.js > left out": "skipped", "a.test.js > later": "skipped",
    }),
    "go": (GO, IN_GO),
    "go, JSON": (GO_JSON, {
        "example.com/calc > TestAdd": "passed", "example.com/calc > TestBreaks": "failed",
    }),
    "cargo": (CARGO, {
        "src/lib.rs > tests::adds": "passed", "src/lib.rs > tests::left_out": "skipped",
        "src/lib.rs > tests::panics - should panic": "passed", "src/lib.rs > tests::breaks": "failed",
        "tests/it.rs > adds": "passed", "Doc-tests calc > src/lib.rs - add": "passed",
    }),
}  # fmt: skip


def read(text: str) -> Printed:
    told = read_printed(text)
    assert told is not None
    return told


@pytest.mark.parametrize("tool", TOLD)
def test_each_test_that_a_tool_names_is_read(tool: str) -> None:
    text, expected = TOLD[tool]
    told = read(text)
    assert {row.test: row.outcome for row in told.tests} == expected
    suites = 1 if tool == "node, spec" else 0
    assert told.total == len(expected) - suites


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Tests:       1 failed, 11 passed, 12 total\n", (11, 1, 0)),
        ("      Tests  1 failed | 9 passed | 2 skipped | 2 todo (14)\n", (9, 1, 4)),
        ("test result: ok. 7 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out\n", (7, 0, 2)),
        (MOCHA.replace("    1) breaks", "  ✔ noise\n    1) breaks"), (4, 1, 1)),
        (TAP + TAP.replace("# pass 4", "# pass 5"), (9, 2, 2)),
    ],
    ids=["jest", "vitest", "cargo", "a line too many", "two runs that disagree"],
)
def test_where_names_are_not_told_or_do_not_agree_there_are_counts(
    text: str, counts: tuple[int, int, int]
) -> None:
    told = read(text)
    assert (told.passed, told.failed, told.skipped) == counts
    assert told.tests == ()


@pytest.mark.parametrize(
    "text", ["", "all good\n", "ok 1 - alone\n", "ok  \texample.com/calc\t0.1s\n", "# tests 0\n# pass 0\n"]
)  # fmt: skip
def test_what_no_tool_says_tells_nothing(text: str) -> None:
    assert read_printed(text) is None


def test_two_tests_of_one_name_are_as_bad_as_the_worse() -> None:
    twice = "ok 1 - it\nnot ok 2 - it\n# pass 1\n# fail 1\n"
    assert read(twice).tests == (Row(test=Id("it"), outcome="failed"),)


def test_names_are_short_and_legible() -> None:
    (row,) = read(f"ok 1 - \x07{'x' * 1000}\n# pass 1\n").tests
    assert row.test == "\ufffd" + "x" * 299


def test_two_runs_agree_on_what_both_said() -> None:
    first, second = read(TAP), read(TAP.replace("not ok 2", "ok 2").replace("# fail 1", "# pass 1"))
    agreed = steady(first, second)
    assert agreed is not None
    assert {row.test for row in agreed.tests} == NODE.keys() - {"breaks # here"}
    assert (agreed.passed, agreed.failed) == (4, 0)
    assert steady(first, None) is None


PIECES = [line for text, _ in TOLD.values() for line in text.splitlines()]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=40)), max_size=40))
def test_whatever_is_printed_is_read_and_sorted(lines: list[str]) -> None:
    told = read_printed("\n".join(lines))
    assert told is None or list(told.tests) == sorted(told.tests, key=lambda row: row.test)


def test_an_endless_nest_of_brackets_is_no_event() -> None:
    deep = '{"Action":' + "[" * 9_000 + "\n"
    assert read_printed(deep + GO_JSON) == read_printed(GO_JSON)
