"""Which plausible patch comes first, and what is said about the one that is submitted.

Passing the tests does not make a patch right. Small and general ones come first: a deletion or a
constant that stands in the tests is more often a way around the tests than a repair.
"""

from swarm.domain.changes import Changes
from swarm.engines.port import Submission
from swarm.engines.repair.patches import difference
from swarm.engines.repair.prior import doubt
from swarm.engines.repair.progress import Plausible, Progress

MOST_ALTERNATIVES = 8


def ranked(progress: Progress) -> list[int]:
    """Positions in `plausible`, best first."""
    return sorted(range(len(progress.plausible)), key=lambda k: (_doubt(progress.plausible[k]), k))


def _doubt(plausible: Plausible) -> int:
    late = min(plausible.index // 50, 20)
    return 10 * doubt(plausible.label) + 2 * min(plausible.size, 30) + 60 * plausible.special + late


def next_to_confirm(progress: Progress, *, hurry: bool = False) -> int | None:
    """The next patch to run whole, once looking for a better one has had its time."""
    if progress.patience > 0 and progress.phase != "over" and not hurry:
        return None
    settled = {*progress.confirmed, *progress.unconfirmed}
    return next((k for k in ranked(progress) if k not in settled), None)


def submission(progress: Progress, position: int, changes: Changes, data: bytes) -> Submission:
    chosen = progress.plausible[position]
    others = [progress.plausible[k] for k in ranked(progress) if k != position]
    return Submission(
        changes,
        title=f"Fix {chosen.path}, line {chosen.line}: {chosen.label}",
        why=_why(progress, chosen, data),
        alternatives=tuple(_briefly(each) for each in others[:MOST_ALTERNATIVES]),
    )


def _briefly(plausible: Plausible) -> str:
    new = " ... ".join(edit.text.strip() for edit in plausible.edits)
    return f"{plausible.path}:{plausible.line} ({plausible.label}): {new or 'taken away'}"


def _why(progress: Progress, chosen: Plausible, data: bytes) -> str:
    count = len(progress.spectrum.targets)
    return (
        f"The failing tests said: {progress.spectrum.error or 'nothing but that they failed'}. "
        f"Of {progress.tried} small changes tried, this one turns {count} failing test(s) green and "
        f"leaves the tests that run the same code as they were, in a fresh process:\n\n"
        f"{difference(data, chosen)}\n\n"
        f"Not sure: it was found by search, so the tests are all that speaks for it; "
        f"{len(progress.plausible) - 1} other change(s) pass them too."
    )


def in_vain(strategy: str, progress: Progress) -> str:
    lines = sum(len(numbers) for numbers in progress.spectrum.suspicion.values())
    return (
        f"the search by {strategy} is over: {progress.tried} changes tried at {lines} suspicious "
        f"lines, {len(progress.plausible)} passed, none was confirmed and free to submit"
    )
