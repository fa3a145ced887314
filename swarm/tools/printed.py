"""What a test command prints about its tests, read. Pure.

A plain command (`npm test`, `go test -v ./...`, `cargo test`) has one result that was seen from outside: its
exit status. Its output says more, in the words of the tool that ran the tests. Understood are what node's own
runner prints (TAP and spec), mocha, jest, vitest, `go test` with `-v` or `-json`, and cargo.

Whoever is tested can print the same, so nothing here is a result: who reads it may refuse a change for what
it says, and never accept one. Counts come from the tool's own summary, and names are given only where they
agree with it; a text that looks like nothing known tells nothing. Times are left out of names, so that two
runs say the same.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from swarm.domain.evidence import Outcome, Printed, TestOutcome
from swarm.domain.names import TestId

MOST_TESTS = 20_000
LONGEST_NAME = 300
_LONGEST_LINE = 20_000
"""Characters; what is longer was not written by one of these tools."""

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LASTED = re.compile(r" \(\d+(\.\d+)? ?m?s\)$")
_SEVERITY: tuple[Outcome, ...] = ("passed", "skipped", "failed")

Row = tuple[str, Outcome]
Lines = Sequence[str]


def read_printed(text: str) -> Printed | None:
    """None where no tool is recognised that tells of at least one test."""
    lines = [_ESCAPE.sub("", line).rstrip() for line in text.splitlines()]
    short = [line for line in lines if len(line) <= _LONGEST_LINE]
    found = (told for reader in _READERS if (told := reader(short)) is not None and told.total)
    return next(found, None)


def steady(first: Printed | None, second: Printed | None) -> Printed | None:
    """What two runs on one tree agree on; of counts that differ, what at least holds."""
    if first is None or second is None:
        return None
    both = frozenset(second.tests)
    return Printed(
        tests=tuple(row for row in first.tests if row in both),
        passed=min(first.passed, second.passed),
        failed=min(first.failed, second.failed),
        skipped=min(first.skipped, second.skipped),
    )


def _printed(rows: Iterable[Row], counts: Counter[Outcome]) -> Printed:
    """With names only where there are as many of each outcome as the summary says."""
    named = list(rows)
    agree = Counter(outcome for _, outcome in named) == +counts and len(named) <= MOST_TESTS
    return Printed(
        tests=_each_once(named) if agree else (),
        passed=counts["passed"],
        failed=counts["failed"],
        skipped=counts["skipped"],
    )


def _each_once(rows: Iterable[Row]) -> tuple[TestOutcome, ...]:
    """Of tests with one name the worst."""
    worst: dict[str, Outcome] = {}
    for told, outcome in rows:
        name = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in told)
        name = name[:LONGEST_NAME]
        worst[name] = max(outcome, worst.get(name, "passed"), key=_SEVERITY.index)
    return tuple(TestOutcome(test=TestId(n), outcome=worst[n]) for n in sorted(worst))


class _Path:
    """Where one is in an outline that is told by indentation."""

    def __init__(self) -> None:
        self._at: dict[int, str] = {}

    def enter(self, indent: int, name: str) -> None:
        self._at = {i: told for i, told in self._at.items() if i < indent} | {indent: name}

    def to(self, indent: int, name: str) -> str:
        above = (told for i, told in sorted(self._at.items()) if i < indent)
        return " > ".join((*above, name))


def _summed(lines: Lines, pattern: re.Pattern[str], words: dict[str, Outcome]) -> Counter[Outcome]:
    """Numbers of a summary, by the words beside them; of several summaries together."""
    counts: Counter[Outcome] = Counter()
    for line in lines:
        if found := pattern.fullmatch(line):
            counts[words[found["word"]]] += int(found["count"])
    return counts


# node --test ------------------------------------------------------------------------------------

_NODE_WORDS: dict[str, Outcome] = {
    "pass": "passed", "fail": "failed", "cancelled": "failed", "skipped": "skipped", "todo": "skipped",
}  # fmt: skip
_NODE_COUNT = r" (?P<word>pass|fail|cancelled|skipped|todo) +(?P<count>\d{1,9})"
_TAP_COUNT = re.compile("#" + _NODE_COUNT)
_SPEC_COUNT = re.compile("\u2139" + _NODE_COUNT)
_TAP = re.compile(r"( *)(not )?ok \d+(?: -)? (.*?)( # (?:SKIP|TODO)\b.*)?", re.IGNORECASE)
_SUBTEST = re.compile(r"( *)# Subtest: (.*)")
_SPEC = re.compile(
    r"( *)([\u2714\u2716\ufe63\u26a0\u25b6]) (.*?)(?: \(\d+(?:\.\d+)?ms\)(?P<left_out> # .*)?)?"
)
_SUITES = re.compile(r"\u2139 suites (\d{1,9})")
_SPEC_SIGNS: dict[str, Outcome] = {
    "\u2714": "passed", "\u2716": "failed", "\ufe63": "skipped", "\u26a0": "skipped",
}  # fmt: skip


def _tap(lines: Lines) -> Printed | None:
    counts = _summed(lines, _TAP_COUNT, _NODE_WORDS)
    return _printed(_tap_rows(lines), counts) if counts else None


def _tap_rows(lines: Lines) -> list[Row]:
    """Of suites only what is in them: node does not count them, and says after their line what they are."""
    rows, path = list[Row](), _Path()
    for line in lines:
        if found := _SUBTEST.fullmatch(line):
            path.enter(len(found[1]), _unescaped(found[2]))
        elif found := _TAP.fullmatch(line):
            outcome: Outcome = "skipped" if found[4] else "failed" if found[2] else "passed"
            rows.append((path.to(len(found[1]), _unescaped(found[3])), outcome))
        elif line.strip() == "type: 'suite'" and rows:
            rows.pop()
    return rows


def _unescaped(name: str) -> str:
    return name.replace("\\#", "#").replace("\\\\", "\\")


def _spec(lines: Lines) -> Printed | None:
    """With names where there are as many as tests and suites: a suite ends like a test that has tests in it."""
    counts = _summed(lines, _SPEC_COUNT, _NODE_WORDS)
    suites = sum(int(found[1]) for line in lines if (found := _SUITES.fullmatch(line)))
    rows = list(_spec_rows(lines))
    told = _printed((), counts)
    if len(rows) != told.total + suites or len(rows) > MOST_TESTS:
        return told
    return told.model_copy(update={"tests": _each_once(rows)})


def _spec_rows(lines: Lines) -> Iterator[Row]:
    """What failed is told again behind the summary."""
    path = _Path()
    for line in lines:
        if line.endswith("failing tests:"):
            return
        if found := _SPEC.fullmatch(line):
            indent, sign, name = len(found[1]), found[2], found[3]
            if sign not in _SPEC_SIGNS:
                path.enter(indent, name)
            else:
                outcome = "skipped" if found["left_out"] else _SPEC_SIGNS[sign]
                yield path.to(indent, name), outcome


# mocha, jest, vitest ------------------------------------------------------------------------------

_MOCHA_WORDS: dict[str, Outcome] = {
    "passing": "passed", "failing": "failed", "pending": "skipped",
}  # fmt: skip
_MOCHA_COUNT = re.compile(r" +(?P<count>\d{1,9}) (?P<word>passing|failing|pending)(?: \(\d+m?s\))?")
_MOCHA = re.compile(r"( +)([\u2714\u2713]|\d+\)|-) (.*)")
_TITLE = re.compile(r"( +)(\S.*)")


def _mocha(lines: Lines) -> Printed | None:
    counts = _summed(lines, _MOCHA_COUNT, _MOCHA_WORDS)
    return _printed(_mocha_rows(lines), counts) if counts else None


def _mocha_rows(lines: Lines) -> Iterator[Row]:
    path = _Path()
    for line in lines:
        if _MOCHA_COUNT.fullmatch(line):
            return
        if found := _MOCHA.fullmatch(line):
            sign = found[2]
            outcome: Outcome = (
                "skipped" if sign == "-" else "failed" if sign[-1] == ")" else "passed"
            )
            yield path.to(len(found[1]), _LASTED.sub("", found[3])), outcome
        elif found := _TITLE.fullmatch(line):
            path.enter(len(found[1]), found[2])


_WORDS: dict[str, Outcome] = {
    "passed": "passed", "failed": "failed", "skipped": "skipped", "todo": "skipped",
    "pending": "skipped",
}  # fmt: skip
_COUNTED = re.compile(r"(?P<count>\d{1,9}) (?P<word>passed|failed|skipped|todo|pending)")
_JEST_TOTAL = re.compile(r"Tests: +(.*), \d+ total")
_JEST_FILE = re.compile(r"(?:PASS|FAIL) (\S+)(?: \(.*\))?")
_JEST = re.compile(r"( +)([\u2713\u2715\u25cb\u270e]) (?:skipped |todo )?(.*)")
_JEST_SIGNS: dict[str, Outcome] = {"\u2713": "passed", "\u2715": "failed"}


def _jest(lines: Lines) -> Printed | None:
    totals = [found[1] for line in lines if (found := _JEST_TOTAL.fullmatch(line))]
    return _printed(_jest_rows(lines), _in_words(totals)) if totals else None


def _in_words(totals: list[str]) -> Counter[Outcome]:
    counts: Counter[Outcome] = Counter()
    for total in totals:
        for found in _COUNTED.finditer(total):
            counts[_WORDS[found["word"]]] += int(found["count"])
    return counts


def _jest_rows(lines: Lines) -> Iterator[Row]:
    """What stands right below a file's name, up to the first empty line: the rest is tests' own words."""
    path, reading = _Path(), False
    for line in lines:
        if found := _JEST_FILE.fullmatch(line):
            path.enter(0, found[1])
            reading = True
        elif not line:
            reading = False
        elif reading and (found := _JEST.fullmatch(line)):
            name = _LASTED.sub("", found[3])
            yield path.to(len(found[1]), name), _JEST_SIGNS.get(found[2], "skipped")
        elif reading and (found := _TITLE.fullmatch(line)):
            path.enter(len(found[1]), found[2])


_VITEST_TOTAL = re.compile(r" +Tests  (.*) \(\d+\)")
_VITEST = re.compile(r" ([\u2713\u00d7\u2193\u25a1]) (\S.* > .*)")
_VITEST_LASTED = re.compile(r" \d+ ?m?s$")
_VITEST_SIGNS: dict[str, Outcome] = {"\u2713": "passed", "\u00d7": "failed"}


def _vitest(lines: Lines) -> Printed | None:
    totals = [found[1] for line in lines if (found := _VITEST_TOTAL.fullmatch(line))]
    return _printed(_vitest_rows(lines), _in_words(totals)) if totals else None


def _vitest_rows(lines: Lines) -> Iterator[Row]:
    for line in lines:
        if found := _VITEST.fullmatch(line):
            yield _VITEST_LASTED.sub("", found[2]), _VITEST_SIGNS.get(found[1], "skipped")


# go -----------------------------------------------------------------------------------------------

_GO_WORDS: dict[str, Outcome] = {
    "pass": "passed", "fail": "failed", "skip": "skipped",
}  # fmt: skip
_GO_RUN = re.compile(r"=== RUN +(\S+)")
_GO_END = re.compile(r" *--- (PASS|FAIL|SKIP): (\S+) \(.*\)")
_GO_PACKAGE = re.compile(r"(?:ok  |FAIL)\t(\S+)(?:\t.*)?")


def _go_json(lines: Lines) -> Printed | None:
    rows = list(_go_events(lines))
    return _printed(rows, Counter(outcome for _, outcome in rows)) if rows else None


def _go_events(lines: Lines) -> Iterator[Row]:
    for line in lines:
        if not line.startswith('{"'):
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        match event:
            case {
                "Action": "pass" | "fail" | "skip" as word,
                "Package": str(at),
                "Test": str(test),
            }:
                yield f"{at} > {test}", _GO_WORDS[word]


def _go(lines: Lines) -> Printed | None:
    rows = list(_go_rows(lines))
    return _printed(rows, Counter(outcome for _, outcome in rows)) if rows else None


def _go_rows(lines: Lines) -> Iterator[Row]:
    """A package is named behind its tests. What was not begun is a test's own words."""
    begun, ended = set[str](), list[Row]()
    for line in lines:
        if found := _GO_RUN.fullmatch(line):
            begun.add(found[1])
        elif (found := _GO_END.fullmatch(line)) and found[2] in begun:
            ended.append((found[2], _GO_WORDS[found[1].lower()]))
            begun.discard(found[2])
        elif found := _GO_PACKAGE.fullmatch(line):
            yield from ((f"{found[1]} > {test}", outcome) for test, outcome in ended)
            begun, ended = set(), []


# cargo --------------------------------------------------------------------------------------------

_CARGO_WORDS: dict[str, Outcome] = {
    "passed": "passed", "failed": "failed", "ignored": "skipped", "ok": "passed", "FAILED": "failed",
}  # fmt: skip
_CARGO_TOTAL = re.compile(r"test result: \w+\. (.*) filtered out.*")
_CARGO_COUNT = re.compile(r"(\d{1,9}) (passed|failed|ignored)")
_CARGO_PLACE = re.compile(r" +(?:Running (?:unittests )?(\S+) \(.*\)|(Doc-tests \S+))")
_CARGO = re.compile(r"test (.+?)(?: \(line \d+\))?((?: - [a-z ]+)?) \.\.\. (ok|FAILED|ignored)\b.*")


def _cargo(lines: Lines) -> Printed | None:
    totals = [found[1] for line in lines if (found := _CARGO_TOTAL.fullmatch(line))]
    counts: Counter[Outcome] = Counter()
    for total in totals:
        for count, word in _CARGO_COUNT.findall(total):
            counts[_CARGO_WORDS[word]] += int(count)
    return _printed(_cargo_rows(lines), counts) if totals else None


def _cargo_rows(lines: Lines) -> Iterator[Row]:
    """Examples in documentation are named by their line, which a change above them moves."""
    place = ""
    for line in lines:
        if found := _CARGO_PLACE.fullmatch(line):
            place = found[1] or found[2]
        elif found := _CARGO.fullmatch(line):
            yield f"{place} > {found[1]}{found[2]}", _CARGO_WORDS[found[3]]


_READERS: tuple[Callable[[Lines], Printed | None], ...] = (
    _go_json, _go, _cargo, _vitest, _jest, _tap, _spec, _mocha,
)  # fmt: skip
