"""Which versions of Python a specifier admits (PEP 440, as far as versions of interpreters go)."""

import re

Version = tuple[int, ...]

_CLAUSE = re.compile(r"\s*(===|==|!=|~=|<=|>=|<|>)\s*v?([0-9]+(?:\.[0-9]+)*)(\.\*)?[a-z0-9.+-]*\s*")


def admits(specifier: str, version: Version) -> bool:
    """Clauses that cannot be read admit everything."""
    return all(_holds(clause, version) for clause in specifier.split(",") if clause.strip())


def reads(specifier: str) -> bool:
    """Whether all of it is understood."""
    return all(_CLAUSE.fullmatch(each) for each in specifier.split(",") if each.strip())


def _holds(clause: str, version: Version) -> bool:
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        return True
    operator, digits, star = match.groups()
    wanted = tuple(map(int, digits.split(".")))
    if operator in {"==", "===", "!="}:
        same = version[: len(wanted)] == wanted if star else _full(version) == _full(wanted)
        return same == (operator != "!=")
    if operator == "~=":
        return _full(version) >= _full(wanted) and version[: len(wanted) - 1] == wanted[:-1]
    return _compares(operator, _full(version), _full(wanted))


def _compares(operator: str, left: Version, right: Version) -> bool:
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[
        operator
    ]


def _full(version: Version) -> Version:
    return (*version, 0, 0, 0)[:3]


def of_file(text: str) -> str:
    """A `.python-version`: `3.12`, `3.12.1`, `cpython-3.12`, `>=3.11`. Empty when not understood."""
    line = next((each.strip() for each in text.splitlines() if each.strip()[:1] != "#"), "")
    if reads(line) and line[:1] in "<>=!~":
        return line
    match = re.fullmatch(r"(?:cpython[-@]?|python-?)?(\d+\.\d+)(\.\d+)?", line)
    # A patch release is seldom meant: what matters to tests is the minor version.
    return f"=={match.group(1)}.*" if match else ""


def of_caret(text: str) -> str:
    """Poetry's `^3.9`, `~3.9`, `3.9`, `*` as a specifier."""
    return ",".join(filter(None, map(_of_clause, text.split(","))))


def _of_clause(clause: str) -> str:
    clause = clause.strip()
    if match := re.fullmatch(r"\^\s*(\d+(?:\.\d+)*)", clause):
        return _caret(match.group(1))
    if match := re.fullmatch(r"~\s*(\d+(?:\.\d+)*)", clause):
        parts = match.group(1).split(".")[:2]
        parts[-1] = str(int(parts[-1]) + 1)
        return f">={match.group(1)},<{'.'.join(parts)}"
    if re.fullmatch(r"\d+(\.\d+)*(\.\*)?", clause):
        return f"=={clause}"
    return clause if re.match(r"[<>=!~]", clause) else ""


def _caret(text: str) -> str:
    numbers = [int(each) for each in text.split(".")]
    at = next((n for n, each in enumerate(numbers) if each), len(numbers) - 1)
    above = [*numbers[:at], numbers[at] + 1]
    return f">={text},<{'.'.join(map(str, above))}"
