"""What a goal's text names, and which failing tests that is.

The text is searched for names of things that exist: tests, files, modules, and exceptions that a
failure shows. Nothing in it is understood beyond that; what would need understanding is refused.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from swarm.domain.names import TestId, function_of

_NAME = re.compile(
    r"[\w./-]+\.py(?:::[\w.:]+(?:\[[^\]\s]*\])?)?"  # a file, or a test in it
    r"|[A-Za-z_][\w.]*(?:\[[^\]\s]*\])?"  # a word, a dotted name, a test with parameters
)
_EVERYTHING = re.compile(
    r"\b(?:failing|failed|broken|red)\s+(?:tests?|suite|build|ci)\b"
    r"|\b(?:tests?|suite|build|ci)\s+(?:that\s+|which\s+)?(?:is\s+|are\s+)?"
    r"(?:fail\w*|broken|red|green|pass)\b"
    r"|\b(?:fix|repair)\s+(?:all\s+|the\s+|all\s+the\s+)*(?:tests?|suite|build|ci)\b",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt|Iteration)")
_TEST_NAME = re.compile(r"(?:\w+\.)*(?:test_\w+(?:\[.*\])?|Test[A-Z]\w*(?:\.\w+)*)")


NOTHING_NAMED = "the goal names no test, file, module or exception"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run of the base showed."""

    failing: tuple[TestId, ...]
    passing: frozenset[TestId]
    others: Mapping[TestId, str] = field(default_factory=dict)
    """What is to be said of ids that neither fail nor pass: `is skipped`, `flickers`."""

    failures: Mapping[TestId, str] = field(default_factory=dict)
    """The end of each failure's text."""

    suspected: Mapping[TestId, Collection[str]] = field(default_factory=dict)
    """Files that may hold the cause of each failure."""

    executed: Mapping[TestId, Collection[str]] = field(default_factory=dict)
    """Files that each failing test executed."""

    files: frozenset[str] = frozenset()
    """Every path of the tree."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The failing tests that a goal means, or why there are none."""

    targets: tuple[TestId, ...]
    refusal: str = ""
    engine_needed: bool = False
    """A model could go on where this refusal ends."""


@dataclass(frozen=True, slots=True)
class Named:
    """Everything that the text names and that exists, by kind."""

    tests: frozenset[TestId] = frozenset()
    unknown_tests: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    unknown_files: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()


def select(text: str, seen: Seen, *, fix_failing: bool) -> Selection:
    """Which failing tests are meant. A name is stronger than `the failing tests`."""
    if fix_failing:
        return _everything(seen)
    named = read_names(text, seen)
    if any("::" in word for word in named.unknown_tests):
        return _no_test(named.unknown_tests)
    if named.tests:
        return _of_tests(named.tests, seen)
    if named.files or named.exceptions:
        return _of_causes(named, seen, everything=_EVERYTHING.search(text) is not None)
    if named.unknown_tests:
        return _no_test(named.unknown_tests)
    if named.unknown_files:
        return Selection((), f"there is no file {_listed(named.unknown_files)}")
    if _EVERYTHING.search(text):
        return _everything(seen)
    return Selection((), NOTHING_NAMED, engine_needed=True)


def names_nothing(text: str, files: frozenset[str]) -> bool:
    """Whether the text names nothing that a run of the suite could show, whatever it shows."""
    named = read_names(text, Seen((), frozenset(), files=files))
    return named == Named() and _EVERYTHING.search(text) is None


def read_names(text: str, seen: Seen) -> Named:
    """Look each word of the text up in what was seen."""
    words = tuple(dict.fromkeys(word.rstrip(".-:") for word in _NAME.findall(text)))
    files = {word: files_named(word, seen.files) for word in words if "::" not in word}
    tests = {
        word: tests_named(word, seen) for word in words if _is_test(word) and not files.get(word)
    }
    return Named(
        tests=frozenset().union(*tests.values()),
        unknown_tests=tuple(word for word, found in tests.items() if not found),
        files=frozenset().union(*files.values()),
        unknown_files=tuple(w for w, found in files.items() if w.endswith(".py") and not found),
        exceptions=tuple(word for word in words if _EXCEPTION.fullmatch(word)),
    )


def home_of(test: TestId) -> str:
    """The file of a test, as far as its id tells: `tests/test_a.py` of `tests.test_a.TestA.test_it`."""
    if "::" in test or "/" in test:
        return test.partition("::")[0]
    module = test.split(".")[:-2]
    return "/".join(module) + ".py" if module else test


def tests_named(word: str, seen: Seen) -> frozenset[TestId]:
    """Ids that the word names: the whole id, its end, or either without parameters."""
    every = (*seen.failing, *seen.passing, *seen.others)
    return frozenset(test for test in every if _names_test(word, test))


def files_named(word: str, files: Iterable[str]) -> frozenset[str]:
    """Python files that the word names: a path (or the end of one, or one that ends so, as in
    a traceback of another machine), a dotted or a test module.
    """
    if word.endswith(".py"):
        wanted = word.removeprefix("./")
        return frozenset(
            path for path in files if _ends_with(path, wanted, "/") or wanted.endswith(f"/{path}")
        )
    if "." not in word and not word.startswith("test_"):
        return frozenset()
    module = word.replace(".", "/")
    ends = (f"{module}.py", f"{module}/__init__.py")
    return frozenset(path for path in files if any(_ends_with(path, end, "/") for end in ends))


def _is_test(word: str) -> bool:
    return "::" in word or _TEST_NAME.fullmatch(word) is not None


def _names_test(word: str, test: str) -> bool:
    bare = function_of(test)
    wanted = word.removeprefix("./")
    return any(
        _ends_with(each, wanted, separator)
        for each in (test, bare)
        for separator in ("/", "::", ".")
    ) or _is_class(wanted, bare)


def _is_class(wanted: str, bare: str) -> bool:
    """A test class, with or without its file, stands for all its tests."""
    outer = bare.rpartition("::")[0] or bare.rpartition(".")[0]
    return bool(outer) and any(_ends_with(outer, wanted, sep) for sep in ("/", "::", "."))


def _ends_with(whole: str, end: str, separator: str) -> bool:
    return whole == end or whole.endswith(separator + end)


def _everything(seen: Seen) -> Selection:
    if seen.failing:
        return Selection(seen.failing)
    return Selection((), f"everything is green already: {len(seen.passing)} tests pass")


def _no_test(words: tuple[str, ...]) -> Selection:
    return Selection((), f"there is no test {_listed(words)}")


def _of_tests(tests: frozenset[TestId], seen: Seen) -> Selection:
    red = tuple(test for test in seen.failing if test in tests)
    if red:
        return Selection(red)
    odd = [f"{test} {seen.others[test]}" for test in sorted(tests) if test in seen.others]
    if odd:
        return Selection((), _listed(odd))
    verb = "passes" if len(tests) == 1 else "pass"
    return Selection((), f"{_listed(sorted(tests))} {verb} already")


def _of_causes(named: Named, seen: Seen, *, everything: bool) -> Selection:
    """Files and exceptions: both, where both are named and some failure has both; else either."""
    by_file = {test for test in seen.failing if _is_about(test, named.files, seen)} or {
        test for test in seen.failing if named.files & set(seen.executed.get(test, ()))
    }
    by_error = {test for test in seen.failing if _shows(test, named.exceptions, seen)}
    chosen = (by_file & by_error) or by_file or by_error
    if chosen:
        return Selection(tuple(test for test in seen.failing if test in chosen))
    if everything and not seen.failing:
        return _everything(seen)
    what = _listed([*sorted(named.files), *named.exceptions])
    return Selection((), f"no failing test shows {what}", engine_needed=True)


def _is_about(test: TestId, files: frozenset[str], seen: Seen) -> bool:
    """The test is in one of the files, one of them is suspected, or the failure names one."""
    if any(_ends_with(path, home_of(test), "/") for path in files):
        return True
    if files & set(seen.suspected.get(test, ())):
        return True
    text = seen.failures.get(test, "")
    return any(path in text for path in files)


def _shows(test: TestId, exceptions: tuple[str, ...], seen: Seen) -> bool:
    text = seen.failures.get(test, "")
    names = (re.escape(each.rpartition(".")[2]) for each in exceptions)
    return any(re.search(rf"\b{name}\b", text) for name in names)


def _listed(names: Iterable[str], most: int = 3) -> str:
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
