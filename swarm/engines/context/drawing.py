"""The map in words, within a budget: files in the order in which they matter, with what they define."""

from collections.abc import Iterator, Mapping, Sequence

from swarm.engines.context.atlas import Found
from swarm.engines.context.entries import Definition, Entry

CHARACTERS = 4
"""Of one token, about."""

MOST_DEFS = 14
"""Of one file; a longer one says how many more."""

WIDTH = 100
MOST_UNREAD = 5


def drawn(entries: Mapping[str, Entry], order: Sequence[str], tokens: int) -> str:
    """At most about so many tokens; whole files, and then how many are left out."""
    left, parts = tokens * CHARACTERS, list[str]()
    for path in order:
        if not entries[path].defs:
            continue
        part = "\n".join(_file(path, entries[path]))
        if len(part) + 1 > left:
            break
        parts.append(part)
        left -= len(part) + 1
    count = sum(bool(entry.defs) for entry in entries.values()) - len(parts)
    more = (
        [f"[{count} more files; `symbols` finds names in all of them]"] if parts and count else []
    )
    return "\n".join([*parts, *more, *_unread(entries)])


def _unread(entries: Mapping[str, Entry]) -> Iterator[str]:
    """Files that the map says nothing of, and why: whoever works here may have to read them."""
    given_up = [path for path, entry in entries.items() if entry.unread]
    for path in given_up[:MOST_UNREAD]:
        yield f"[{path[:WIDTH]} is not in this map: it {entries[path].unread}]"
    if len(given_up) > MOST_UNREAD:
        yield f"[{len(given_up) - MOST_UNREAD} more are not]"


def _file(path: str, entry: Entry) -> Iterator[str]:
    yield f"{path}:"
    for each in telling(entry.defs):
        yield f"{each.line:>5} {each.text[:WIDTH]}"
    if len(entry.defs) > MOST_DEFS:
        yield f"      [{len(entry.defs) - MOST_DEFS} more]"


def telling(defs: Sequence[Definition]) -> list[Definition]:
    """Those that are drawn, by line: what does something goes before what merely is."""
    chosen = sorted(defs, key=lambda each: (each.is_value, each.line))[:MOST_DEFS]
    return sorted(chosen, key=lambda each: each.line)


def told(name: str, found: Sequence[Found]) -> str:
    """Where a name is defined and used."""
    if not found:
        return f"{name} is defined nowhere here, as far as can be seen; try search"
    lines = []
    for each in found:
        lines.append(f"{each.path}:{each.definition.line} {each.definition.text[:WIDTH]}")
        if each.used_in:
            more = f" and {len(each.used_in) - 20} more" if len(each.used_in) > 20 else ""
            lines.append(f"      used in {', '.join(each.used_in[:20])}{more}")
    return "\n".join(lines)
