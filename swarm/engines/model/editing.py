"""Exact replacement of one place in a text, and refusals that help to name the place better."""

import difflib

from swarm.engines.model.places import Refused

NEAR = 6
"""Lines shown of what comes nearest."""


def replaced(text: str, old: str, new: str) -> str:
    """`text` with its one `old` replaced. Raises Refused when there is none, or more than one."""
    if not old:
        raise Refused("`old` is empty; to make a file, use write")
    if old == new:
        raise Refused("`old` and `new` are the same; nothing would change")
    count = text.count(old)
    if count == 1:
        return text.replace(old, new)
    if count > 1:
        raise Refused(f"`old` stands in {count} places; add lines around it until it is one")
    raise Refused(_nearest(text, old))


def _nearest(text: str, old: str) -> str:
    lines, wanted = text.splitlines(), old.splitlines()
    loose = {" ".join(line.split()): at for at, line in reversed([*enumerate(lines)])}
    first = next((" ".join(line.split()) for line in wanted if line.strip()), "")
    at = loose.get(first)
    if at is None:
        near = difflib.get_close_matches(first, list(loose), n=1, cutoff=0.6)
        at = loose[near[0]] if near else None
    if at is None:
        return "`old` is not in the file, nor anything like it; read the file again"
    shown = "\n".join(lines[at : at + max(len(wanted), NEAR)])
    return f"`old` is not in the file exactly; from line {at + 1} on it says:\n{shown}"
