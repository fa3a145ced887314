"""Errors as three short lines, what happened, why, what to do, and as exit codes.

0 done    1 failed    2 usage    3 waits for a human    4 budget or time spent
5 the environment lacks something    130 interrupted
"""

import json
import sys

from swarm.domain.errors import Exhausted, Lacking, NeedsHuman, Rejected, SwarmError, Transient

DONE, FAILED, USAGE, WAITS, SPENT, LACKS, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

_CODES: dict[type[SwarmError], int] = {
    Rejected: USAGE,
    NeedsHuman: WAITS,
    Exhausted: SPENT,
    Lacking: LACKS,
    Transient: FAILED,
}
_WHAT: dict[type[SwarmError], str] = {
    Rejected: "this cannot be done",
    NeedsHuman: "a person is needed",
    Exhausted: "a limit is reached",
    Lacking: "this machine lacks something",
    Transient: "that did not work this time",
}
_ADVICE: dict[type[SwarmError], str] = {
    Transient: "try again in a moment",
    Exhausted: "allow more money or time",
}


def exit_code(error: SwarmError) -> int:
    return _CODES.get(type(error), FAILED)


def report(error: SwarmError, *, as_json: bool) -> int:
    """Tell the user; return the exit code."""
    # Only here: what shows errors need not be loaded while there are none.
    from swarm.cli.documents import error_document

    code = exit_code(error)
    if as_json:
        sys.stdout.write(json.dumps(error_document(error, code), indent=2) + "\n")
    else:
        sys.stderr.write("\n".join(told(error)) + "\n")
    return code


def told(error: SwarmError) -> tuple[str, ...]:
    """What happened, why, what to do: the last only where something can be done."""
    from swarm.cli.words import legible

    what = _WHAT.get(type(error), "that failed")
    advice = error.advice or _ADVICE.get(type(error), "")
    lines = (f"swarm: {what}", f"  why: {legible(str(error), 600)}")
    return (*lines, f"  do:  {legible(advice, 600)}") if advice else lines
