"""Dependencies between jobs."""


class Cycle(ValueError):
    """Jobs that wait for one another."""


def order(needs):
    """Names so that each comes after what it needs; ties in order of name.

    `needs` maps a name to the names it needs; names that are only needed count too. Raises Cycle.
    """
    waiting = {name: set(before) for name, before in needs.items()}
    for before in needs.values():
        for name in before:
            waiting.setdefault(name, set())
    done = []
    while waiting:
        ready = sorted(name for name, before in waiting.items() if not before or before & set(done))
        if not ready:
            raise Cycle(", ".join(sorted(waiting)))
        done.append(ready[0])
        del waiting[ready[0]]
    return done


def needed_by(needs, name):
    """Everything that directly or indirectly needs `name`."""
    found, todo = set(), [name]
    while todo:
        current = todo.pop()
        for other, before in needs.items():
            if current in before and other not in found:
                found.add(other)
                todo.append(other)
    return found
