"""What the diff itself shows, without running or compiling anything. Pure functions over changes.

Findings that block are about what the patch may not be: too large, out of its contract's bounds, in
protected places, binary, or nothing but white space. Leftovers of work are notes for the human.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from swarm.agents.checks.places import is_test, text_of
from swarm.domain.changes import Changes, Removed, Written
from swarm.domain.grants import GRANTED, Grant, is_granted, lies_in
from swarm.domain.tasks import Finding

PROTECTED = (
    ".github/*", ".gitlab-ci.yml", ".circleci/*", ".ci/*", ".pre-commit-config.yaml", ".gitattributes",
    ".gitmodules", "*/.gitattributes", "CODEOWNERS", "*/CODEOWNERS", "LICENSE*", "SECURITY*",
    ".swarm*", ".mcp.json", ".claude/*", ".codex/*", ".vscode/*", ".idea/*", ".envrc",
)  # fmt: skip
"""Places that decide who may do what, or that other programs run by themselves."""

_LEFTOVERS = {
    "merge-marker": re.compile(r"^(<{7}|>{7}|\|{7})( |$)"),
    "breakpoint": re.compile(r"^\s*(breakpoint\(\)|import i?pdb\b|i?pdb\.set_trace\(\))"),
    "print": re.compile(r"^\s*print\("),
    "todo": re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b"),
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest patch that a person can review."""

    files: int = 40
    lines: int = 1_500
    """Added and removed."""

    file_bytes: int = 1 << 20

    def recorded(self) -> dict[str, int]:
        return {"files": self.files, "lines": self.lines, "file_bytes": self.file_bytes}


@dataclass(frozen=True, slots=True)
class File:
    """One changed path; None for what is not there, or is not text."""

    path: str
    before: bytes | None
    after: bytes | None
    mode_changed: bool = False

    @property
    def is_python(self) -> bool:
        return self.path.endswith((".py", ".pyi"))

    @property
    def texts(self) -> tuple[str, str] | None:
        """Both sides as text, an absent one empty; None when a side is binary."""
        try:
            before, after = (self.before or b"").decode(), (self.after or b"").decode()
        except UnicodeDecodeError:
            return None
        return None if "\0" in before + after else (before, after)


def files_changed(changes: Changes, before: Callable[[str], bytes | None]) -> tuple[File, ...]:
    """`before` reads a file of the base, None where there is none."""
    return tuple(_file(item, before(text_of(item.path))) for item in changes.items)


def _file(item: Written | Removed, before: bytes | None) -> File:
    if isinstance(item, Removed):
        return File(text_of(item.path), before, None)
    return File(text_of(item.path), before, item.data, mode_changed=before == item.data)


def review(
    changes: Changes,
    files: tuple[File, ...],
    touch: tuple[str, ...],
    protected: tuple[str, ...],
    bounds: Bounds,
    grants: tuple[Grant, ...] = (),
) -> tuple[Finding, ...]:
    """Everything the diff shows, in the order of its paths. `grants`: protected places that are let
    through, and named.
    """
    found = [
        *_size(files, bounds),
        *(finding for file in files for finding in _one(file, touch, protected, bounds, grants)),
        *(_note("left-out", f"not carried over: {what}", "") for what in changes.left_out),
    ]
    if not files:
        found.append(_block("no-change", "nothing was changed", ""))
    return tuple(found)


def added_lines(before: str, after: str) -> Iterator[tuple[int, str]]:
    """Lines that the second text has and the first has not, with their numbers from 1."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, _, _, start, end in matcher.get_opcodes():
        if tag in {"insert", "replace"}:
            yield from ((number + 1, new[number]) for number in range(start, end))


def _size(files: tuple[File, ...], bounds: Bounds) -> Iterator[Finding]:
    if len(files) > bounds.files:
        yield _block("too-large", f"{len(files)} files; at most {bounds.files}", "")
    lines = sum(_changed_lines(file) for file in files)
    if lines > bounds.lines:
        yield _block("too-large", f"{lines} changed lines; at most {bounds.lines}", "")


def _changed_lines(file: File) -> int:
    texts = file.texts
    if texts is None:
        return 0
    before, after = (text.splitlines() for text in texts)
    if len(before) + len(after) > 20_000:
        return abs(len(after) - len(before)) or len(after)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return len(before) + len(after) - 2 * same


def _one(
    file: File,
    touch: tuple[str, ...],
    protected: tuple[str, ...],
    bounds: Bounds,
    grants: tuple[Grant, ...],
) -> Iterator[Finding]:
    path = file.path
    if any(lies_in(path, pattern) for pattern in protected):
        if is_granted(path, grants):
            yield _note(GRANTED, "is protected, and was granted for this goal", path)
        else:
            yield _block("protected", "only a person may change this", path)
    if touch and not any(lies_in(path, pattern) for pattern in touch):
        new_test = file.before is None and is_test(path)
        rule = _note if new_test else _block
        yield rule("out-of-bounds", f"the task may change {', '.join(touch)}", path)
    if file.after is not None:
        yield from _content(file, bounds)


def _content(file: File, bounds: Bounds) -> Iterator[Finding]:
    assert file.after is not None
    if len(file.after) > bounds.file_bytes:
        yield _block(
            "too-large", f"{len(file.after)} bytes; at most {bounds.file_bytes}", file.path
        )
        return
    texts = file.texts
    if texts is None:
        yield _block("binary", "is not text", file.path)
        return
    if file.mode_changed:
        yield _note("mode", "only its mode is changed", file.path)
        return
    yield from _white_space(file, *texts)
    yield from _left_over(file, *texts)


def _white_space(file: File, before: str, after: str) -> Iterator[Finding]:
    if file.before is None:
        return
    if _bare(before, python=file.is_python) == _bare(after, python=file.is_python):
        yield _block("white-space", "nothing but white space or line ends is changed", file.path)
    elif ("\r\n" in after) != ("\r\n" in before) and "\n" in before:
        yield _block("line-ends", "the line ends of the file are changed", file.path)


def _bare(text: str, *, python: bool) -> list[str]:
    """What remains when white space does not count; in Python, leading white space does."""
    strip = str.rstrip if python else str.split
    return [str(strip(line)) for line in text.splitlines() if line.strip()]


def _left_over(file: File, before: str, after: str) -> Iterator[Finding]:
    for number, line in added_lines(before, after):
        for rule, pattern in _LEFTOVERS.items():
            if pattern.search(line) and (rule == "merge-marker" or file.is_python):
                yield _note(f"left-over.{rule}", line.strip()[:120], file.path, number)


def _block(rule: str, message: str, path: str, line: int = 0) -> Finding:
    return Finding(rule=rule, message=message, path=path, line=line)


def _note(rule: str, message: str, path: str, line: int = 0) -> Finding:
    return Finding(rule=rule, message=message, path=path, line=line, blocks=False)
