"""Which suspicious lines have a say in the failure: each is changed a little, and the tests are looked at.

Lines that the same tests run cannot be told apart by who runs them. But where every change of a line leaves
the first failing test failing in the same words, over the same values, the line does not decide over what is
wrong: a slice by experiment instead of by data flow ("Critical slicing": DeMillo, Pan, Spafford, 1996;
Papadakis, Le Traon, "Metallaxis-FL", 2015). And where a change turns failing tests green and leaves passing
ones so, the mistake is there or can be made good there: to change a wrong line mends it oftener than to change
a right one, which rather breaks something (Moon, Kim, Kim, Yoo, "Ask the Mutants: Mutating Faulty Programs for
Fault Localization", ICST 2014). What is tried is what a search would try first there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.experiments import Around, Experiments, Place, Say
from swarm.engines.repair.worker.templates import templates
from swarm.engines.repair.worker.tracing import Budget

MOST_LINES = 150
_EACH = 16
_AGAIN = 0.5
"""So much of the time for experiments is there once more for those where whole files run again."""

_FEWEST = 2
"""With fewer experiments on a line nothing is said about it."""

_SILENT = 0.75
_MANY = 5
"""How suspicious a line stays that had no say in so many experiments; after fewer, more of it."""

_BESIDE = 0.8
"""How suspicious other lines stay beside one where a change mended everything."""

Lines = dict[str, dict[int, float]]
Answers = Mapping[Place, Sequence[Say]]


def probed(
    around: Around, suspicion: Lines, early: Lines, seen: Mapping[str, Any]
) -> tuple[Lines, Lines]:
    """The suspicions of lines that tests run, and of those that run only while files are imported."""
    request, items = around.request, around.suite.items
    target = next((each for each in request["targets"] if each in items), None)
    if target is None:
        return suspicion, early
    experiments = Experiments(around, target)
    if not experiments.fails:
        return suspicion, early
    seconds = request["probing"]
    live = experiments.told(_chosen(around, suspicion, seen), Budget(seconds))
    paths = [path for path, lines in early.items() if lines]
    again: Answers = {}
    if paths and experiments.can_run_again(paths):
        chosen = _chosen(around, early, seen)
        again = experiments.told(chosen, Budget(_AGAIN * seconds), again=True)
    return judged(suspicion, early, live, again)


def judged(suspicion: Lines, early: Lines, live: Answers, again: Answers) -> tuple[Lines, Lines]:
    """The suspicions with what was told of their lines; none grows above what the worst was."""
    told = [*live.values(), *again.values()]
    if not any(any(each) for each in told):
        return suspicion, early  # what is wrong was made before anything could be changed
    values = [
        each for part in (suspicion, early) for lines in part.values() for each in lines.values()
    ]
    worst = max(values, default=0.0)
    beside = _BESIDE if any(Say.MENDED in each for each in told) else 1.0
    return _weighed(suspicion, live, worst, beside), _weighed(early, again, worst, beside)


def _weighed(part: Lines, told: Answers, worst: float, beside: float) -> Lines:
    """A line where a change mended everything comes before all others, even if no line of its own was seen
    to run: it stands in a statement over several.
    """
    found: Lines = {path: {} for path in part}
    for path, lines in part.items():
        for line, value in lines.items():
            found[path][line] = value * _kept(told.get((path, line), ())) * beside
    for (path, line), says in told.items():
        if Say.MENDED in says:
            found[path][line] = _BESIDE * worst + (1 - _BESIDE) * part[path].get(line, 0.0)
    return found


def _kept(says: Sequence[Say]) -> float:
    """How suspicious a line stays; as if nothing had been tried, where something changed the failure."""
    if any(says) or len(says) < _FEWEST:
        return 1.0
    return 1 - (1 - _SILENT) * min(len(says), _MANY) / _MANY


def _chosen(around: Around, suspicion: Lines, seen: Mapping[str, Any]) -> list[list[Candidate]]:
    """The likeliest slips of the most suspicious lines, by line, the worst first."""
    by_line: dict[Place, list[Candidate]] = {}
    readable = {path: lines for path, lines in suspicion.items() if path in around.sources}
    for path, lines in _worst(readable).items():
        known = Seen(**seen.get(path, {}))
        drafts = Drafts(around.sources[path], lines, known, around.request["error"])
        for each in sorted(templates(drafts), key=lambda one: -one.score):
            if each.hot:
                by_line.setdefault((path, each.line), []).append(each)
    order = sorted(by_line, key=lambda place: (-suspicion[place[0]].get(place[1], 0.0), place))
    return [list(_in_turns(by_line[place]))[:_EACH] for place in order]


def _worst(suspicion: Lines) -> Lines:
    every = [(-ppm, path, line) for path, each in suspicion.items() for line, ppm in each.items()]
    kept: Lines = {}
    for value, path, line in sorted(every)[:MOST_LINES]:
        kept.setdefault(path, {})[line] = -value
    return kept


def _in_turns(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """One of each kind of slip, as far as there are kinds, then another of each."""
    kinds: dict[str, list[Candidate]] = {}
    for each in candidates:
        kinds.setdefault(each.label, []).append(each)
    longest = max(map(len, kinds.values()), default=0)
    for turn in range(longest):
        yield from (those[turn] for those in kinds.values() if turn < len(those))
