"""Which files matter for a task: those that its words name, and those that many of them lead to.

PageRank over imports (Page, Brin, Motwani, Winograd 1999) with the random reader's jumps going to what
the task names: a file matters when files that matter import it.
"""

import re
from collections.abc import Mapping

from swarm.engines.context.entries import Entry

DAMPING = 0.85
ROUNDS = 12
NAMED = 40.0
"""A file that the task names weighs so much as others at a jump."""

_WORD = re.compile(r"[A-Za-z_][\w]{2,}")


def ranked(
    entries: Mapping[str, Entry], links: Mapping[str, frozenset[str]], text: str
) -> tuple[str, ...]:
    """Paths, the most telling first; ties by name."""
    if not entries:
        return ()
    start = _start(entries, frozenset(word.lower() for word in _WORD.findall(text)))
    rank = dict(start)
    for _ in range(ROUNDS):
        given = dict.fromkeys(entries, 0.0)
        spare = 0.0
        for path in entries:
            leads = [each for each in links.get(path, ()) if each in given]
            for each in leads:
                given[each] += rank[path] / len(leads)
            spare += 0.0 if leads else rank[path]
        rank = {
            path: (1 - DAMPING + DAMPING * spare) * start[path] + DAMPING * given[path]
            for path in entries
        }
    return tuple(sorted(entries, key=lambda path: (-rank[path], path)))


def _start(entries: Mapping[str, Entry], words: frozenset[str]) -> dict[str, float]:
    weights = {
        path: NAMED if _is_named(path, entry, words) else 1.0 for path, entry in entries.items()
    }
    total = sum(weights.values())
    return {path: weight / total for path, weight in weights.items()}


def _is_named(path: str, entry: Entry, words: frozenset[str]) -> bool:
    stem = path.rpartition("/")[2].partition(".")[0].lower()
    return stem in words or any(each.last.lower() in words for each in entry.defs)
