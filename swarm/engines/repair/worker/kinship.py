"""Functions, methods and exceptions that are taken for one another."""

from __future__ import annotations

_FAMILIES = (
    ("min", "max"),
    ("any", "all"),
    ("sum", "len", "max", "min"),
    ("append", "extend", "add", "insert", "appendleft"),
    ("sorted", "list", "reversed", "set", "tuple"),
    ("pop", "popleft", "get", "remove", "discard", "popitem"),
    ("startswith", "endswith"),
    ("lower", "upper", "title", "capitalize", "casefold"),
    ("find", "index", "rfind", "rindex", "count"),
    ("strip", "lstrip", "rstrip"),
    ("removeprefix", "removesuffix"),
    ("keys", "values", "items"),
    ("int", "float", "str", "round", "bool"),
    ("floor", "ceil", "round", "trunc"),
    ("update", "add", "extend", "setdefault"),
    ("isalpha", "isdigit", "isalnum", "isupper", "islower", "isspace"),
    ("ord", "chr"),
    ("encode", "decode"),
    ("split", "rsplit", "splitlines", "partition", "rpartition"),
    ("issuperset", "issubset", "isdisjoint"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("isinstance", "issubclass"),
    ("enumerate", "zip", "range", "list"),
    ("read", "readline", "readlines"),
    ("loads", "load"),
    ("dumps", "dump"),
    ("match", "search", "fullmatch", "findall"),
    ("heappush", "heappop", "heappushpop", "heapreplace"),
    ("nlargest", "nsmallest"),
    ("bisect_left", "bisect_right"),
    ("days", "seconds", "total_seconds"),
)

KIN: dict[str, tuple[str, ...]] = {}
for _family in _FAMILIES:
    for _member in _family:
        _others = tuple(each for each in _family if each not in (_member, *KIN.get(_member, ())))
        KIN[_member] = KIN.get(_member, ()) + _others

EXCEPTIONS = (
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "LookupError",
    "ZeroDivisionError",
    "StopIteration",
    "OSError",
    "Exception",
)
