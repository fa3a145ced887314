"""Applying hunks, also backwards."""


class Conflict(ValueError):
    pass


def apply(lines, hunks):
    """The changed lines. Raises Conflict when a hunk does not fit."""
    result, shift = list(lines), 0
    for place, removed, added in hunks:
        start = place + shift
        if result[start : start + len(removed)] != removed:
            raise Conflict(f"line {place + 1} is another")
        result[start : start + len(removed)] = added
        shift = len(added) - len(removed)
    return result


def reverse(hunks):
    """Hunks that undo these."""
    turned, shift = [], 0
    for place, removed, added in hunks:
        turned.append((place, added, removed))
        shift += len(added) - len(removed)
    return turned
