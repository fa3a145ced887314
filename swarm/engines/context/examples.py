"""How things are done here, by example: tests of the files that matter for a task, each with file and line.

A new test is best written like its neighbours, and what a change may break is what they run. So these are
the first tests of those files that import what the task is about.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from swarm.engines.context.entries import Entry

MOST_FILES = 4
MOST_TESTS = 3
LOOKED_AT = 12
WIDTH = 100

_FILE = re.compile(
    r"(?:^|/)(?:test_[^/]*|[^/]*_test|tests?|[^/]*[._](?:test|spec)|[^/]*Test|[^/]*_spec)\.\w+$"
    r"|(?:^|/)(?:tests?|__tests__|spec)/"
)
_TEST = re.compile(r"^(?:test|Test|it_|should|spec)|Test$")


def is_test(path: str) -> bool:
    return _FILE.search(path) is not None


def examples(
    entries: Mapping[str, Entry], links: Mapping[str, frozenset[str]], order: Sequence[str]
) -> str:
    """Lines like `tests/test_cart.py:12 def test_total():`; empty where there are none."""
    code = [path for path in order if entries[path].defs and not is_test(path)][:LOOKED_AT]
    tests = [path for path in order if is_test(path) and entries[path].defs]
    near = dict.fromkeys(
        test for path in code for test in tests if path in links.get(test, frozenset())
    )
    return "\n".join(
        line for path in list(near)[:MOST_FILES] for line in _told(path, entries[path])
    )


def _told(path: str, entry: Entry) -> Iterator[str]:
    tests = [each for each in entry.defs if _TEST.search(each.last)] or list(entry.defs)
    for each in tests[:MOST_TESTS]:
        yield f"{path}:{each.line} {each.text[:WIDTH]}"
