"""Tell what files define, import and use: by their language's grammar, or line by line where none is known.

Reads a document from standard input:
`{"paths": [...] or null, "known": [blob], "grammars": {suffix: grammar}, "packages": [folder], "apart": whether}`,
and writes one to standard output: `{"files": {path: {"blob": hash, "defs": [[name, line, text, is_value]], "imports": [[module,
name, level]], "uses": [name], "unread": why}}, "left": [path]}`, of a blob that is known already its hash
alone, and `unread` only of a file that was given up. With `null` it walks the folder it is started in. `left`
is what did not fit into one answer. A grammar is `[module,
function, what is defined and imported, what is named]`, the last two in tree-sitter's query language.

Files are an enemy's, and a hundred kilobytes can make a parser take gigabytes, which it cannot be asked to
stop at: so they are read with limits. `apart` is in a child, one for as many files as it survives; otherwise
the script itself falls over one, which is faster where nearly every file is harmless.

It is started for every file that changes, so it imports little: of the grammars' packages their compiled
part alone, and nothing for the sake of types.
"""

# ruff: noqa: PTH112, PTH118, PTH122, PTH123, PTH208 - pathlib takes longer to import
# than most files take to read.

from __future__ import annotations

import json
import os
import re
import resource
import signal
import stat
import sys
import time
from importlib.machinery import ExtensionFileLoader, ModuleSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MOST_FILES = 6_000
MOST_BYTES = 400_000
MOST_SECONDS = 30.0
MOST_PARSING = 3
"""Seconds of the processor for one file: a hundred times what the largest that people write takes."""

MOST_MEMORY = 512 << 20
"""Bytes of the child's addresses; those that people write take a tenth."""

DEEPEST, WIDEST = 1_000, 20_000
"""Of a tree that a person wrote; questions to others can take minutes."""

MOST_TOLD = 600_000
"""Characters of one answer, before the last file: what a command may print is bounded."""

MOST_DEFS = 400
MOST_USES = 3_000
LONGEST = 160
LONGEST_NAME = 200
LONGEST_LINE = 2_000
DENSE = 400
"""Characters of an average line from which on nobody wrote a file by hand."""

PASSED_OVER = {"node_modules", "__pycache__", "venv", "site-packages", "vendor", "dist", "build"}
LINES = {
    ".kt", ".php", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".swift", ".scala", ".lua", ".ex", ".exs",
    ".sh",
}  # fmt: skip
GENERATED = re.compile(rb"Code generated .{0,200}DO NOT EDIT|@generated\b")
DEFINED = (
    r"^\s*(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|internal|static|final|async"
    r"|abstract|override|open|unsafe|inline)\s+)*"
    r"(?:function\*?|class|interface|struct|enum|trait|type|fn|func(?:\s*\([^)]*\))?|fun|def|defmodule"
    r"|module|record|object)\s+([A-Za-z_$][\w$.]*)"
)
IMPORTED = r"""(?:from|require\(|import\(?|#include|use|require_relative)\s*['"]([^'"]+)['"]"""
WORD = r"[A-Za-z_$][\w$]{2,}"


class Seen:
    """What was seen in one file."""

    def __init__(self, text: str) -> None:
        self.rows = text.split("\n")
        self.defs: list[list[Any]] = []
        self.imports: list[list[Any]] = []
        self.uses: dict[str, None] = {}

    def define(self, name: str, line: int, is_value: bool = False) -> None:
        if len(name) <= LONGEST_NAME and len(self.rows[line - 1]) <= LONGEST_LINE:
            self.defs.append([name, line, self.rows[line - 1].strip()[:LONGEST], is_value])

    def bring(self, module: str, name: str = "", level: int = 0) -> None:
        if len(module) <= LONGEST_NAME and len(name) <= LONGEST_NAME:
            self.imports.append([module, name, level])

    def told(self) -> dict[str, Any]:
        return {
            "defs": self.defs[:MOST_DEFS],
            "imports": self.imports[:MOST_DEFS],
            "uses": list(self.uses)[:MOST_USES],
        }


def compiled(package: str) -> Any:
    """A package's `_binding`. Raises ImportError."""
    name = f"{package}._binding"
    if name not in sys.modules:
        for folder in (os.path.join(each, package) for each in sys.path):
            for file in os.listdir(folder) if os.path.isdir(folder) else ():
                if file.startswith("_binding.") and file.endswith(".so"):
                    path = os.path.join(folder, file)
                    loader = ExtensionFileLoader(name, path)
                    module = loader.create_module(ModuleSpec(name, loader, origin=path))
                    loader.exec_module(module)
                    sys.modules[name] = module
                    return module
        raise ImportError(package)
    return sys.modules[name]


def monstrous(tree: Any) -> bool:
    """Deeper or wider than anything written by hand, along its first or its last branches."""
    for step in ("goto_first_child", "goto_last_child"):
        cursor, depth = tree.walk(), 0
        while cursor.node.child_count <= WIDEST and depth <= DEEPEST and getattr(cursor, step)():
            depth += 1
        if depth > DEEPEST or cursor.node.child_count > WIDEST:
            return True
    return False


class Reader:
    """One language. Made when its first file is read: a grammar takes some milliseconds."""

    def __init__(self, module: str, function: str, defined: str, named: str) -> None:
        core = compiled("tree_sitter")
        language = core.Language(getattr(compiled(module), function)())
        self._parser = core.Parser(language)
        self._cursor = core.QueryCursor
        self._defined = core.Query(language, defined)
        self._named = core.Query(language, named)
        self._dots = module == "tree_sitter_python"
        self._spread = module == "tree_sitter_rust"

    def read(self, data: bytes, text: str) -> dict[str, Any]:
        tree = self._parser.parse(data)
        if monstrous(tree):
            return Seen("").told() | {"unread": "is deeper or wider than what people write"}
        seen, root = Seen(text), tree.root_node
        places: dict[int, tuple[str, str, Any, str]] = {}
        for _, match in self._cursor(self._defined).matches(root):
            found = {name: nodes[0] for name, nodes in match.items()}
            kind = next(
                (each for each in ("function", "type", "scope", "value") if each in found), ""
            )
            if kind:
                owner = _text(found["owner"]) if "owner" in found else ""
                place = found["name"].start_byte
                if place not in places or kind == "function":
                    places[place] = (kind, _text(found["name"]), found, owner)
            else:
                self._bring(seen, found)
        for name, line, is_value in _named_in_full([places[each] for each in sorted(places)]):
            seen.define(name, line, is_value)
        for node in self._cursor(self._named).captures(root).get("use", ()):
            if node.start_byte not in places:
                seen.uses[_text(node)] = None
        seen.uses = {name: None for name in seen.uses if 1 < len(name) <= LONGEST_NAME}
        return seen.told()

    def _bring(self, seen: Seen, found: dict[str, Any]) -> None:
        if "beside" in found:
            seen.bring(_text(found["beside"]), level=1)
            return
        module = _text(found["module"]).strip("\"'`")
        name = _text(found["imported"]) if "imported" in found else ""
        level = len(module) - len(module.lstrip(".")) if self._dots else 0
        for each in spread(module[level:]) if self._spread else (module[level:],):
            seen.bring(each, name, level)


def _text(node: Any) -> str:
    return str(node.text.decode("utf-8", "replace"))


def _named_in_full(places: list[tuple[str, str, Any, str]]) -> Iterator[tuple[str, int, bool]]:
    """With the types around them; what stands in a function is its own business."""
    around: list[tuple[int, str, str]] = []
    for kind, name, found, owner in places:
        node = found[kind]
        while around and around[-1][0] <= node.start_byte:
            around.pop()
        prefix = "".join(f"{outer}." for _, _, outer in around)
        if not any(outer == "function" for _, outer, _ in around) and kind != "scope":
            line = found["name"].start_point[0] + 1
            yield f"{prefix}{owner}{'.' if owner else ''}{name}", line, kind == "value"
        around.append((node.end_byte, kind, name))


def spread(text: str) -> Iterator[str]:
    """`a::{b, c::{D, E as F}}` names `a::b`, `a::c::D` and `a::c::E`."""
    head, brace, rest = "".join(text.split("\n")).partition("{")
    if not brace:
        yield text.partition(" as ")[0].strip().removesuffix("::*").removesuffix("::self")
        return
    depth, start = 0, 0
    inner = rest.rpartition("}")[0] + ","
    for at, sign in enumerate(inner):
        depth += (sign == "{") - (sign == "}")
        if sign == "," and depth == 0:
            if piece := inner[start:at].strip():
                yield from spread(head.strip() + piece)
            start = at + 1


class Scanner:
    def __init__(self, asked: dict[str, Any]) -> None:
        self._hashed = asked["paths"] is None
        self._known = frozenset(asked["known"])
        self._grammars: dict[str, list[str]] = asked["grammars"]
        self._readers: dict[str, Reader | None] = {}

    def wanted(self, name: str) -> bool:
        suffix = os.path.splitext(name)[1]
        return suffix in self._grammars or suffix in LINES

    def scan(self, name: str) -> dict[str, Any] | None:
        try:
            found = os.lstat(name)
            if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
                return None
            with open(name, "rb") as file:
                data = file.read()
            text = data.decode("utf-8")
        except (OSError, UnicodeDecodeError, ValueError):
            return None
        blob = self._blob(data)
        if blob in self._known:
            return {"blob": blob}
        if len(text) > DENSE * (text.count("\n") + 1) or GENERATED.search(data[:2_000]):
            return {"blob": blob, **Seen("").told()}
        reader = self._reader(os.path.splitext(name)[1])
        return {"blob": blob, **(reader.read(data, text) if reader else by_lines(text))}

    def unread(self, name: str, why: str) -> dict[str, Any]:
        """Of a file that was given up: its hash alone, so that nobody begins with it again."""
        try:
            with open(name, "rb") as file:
                blob = self._blob(file.read(MOST_BYTES))
        except OSError:
            blob = ""
        return {"blob": blob, **Seen("").told(), "unread": why}

    def _blob(self, data: bytes) -> str:
        """Git's; of single files nothing, because nobody asks for them twice."""
        if not self._hashed:
            return ""
        import hashlib

        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    def _reader(self, suffix: str) -> Reader | None:
        if suffix not in self._readers:
            try:
                self._readers[suffix] = Reader(*self._grammars[suffix])
            except (KeyError, ImportError):
                self._readers[suffix] = None
        return self._readers[suffix]


def by_lines(text: str) -> dict[str, Any]:
    seen = Seen(text)
    for number, row in enumerate(seen.rows, 1):
        if len(row) > LONGEST_LINE:
            continue
        if found := re.match(DEFINED, row):
            seen.define(found.group(1), number)
        for module in re.findall(IMPORTED, row):
            seen.bring(module)
        seen.uses.update(dict.fromkeys(re.findall(WORD, row)))
    return seen.told()


def walk(scanner: Scanner) -> Iterator[str]:
    left = MOST_FILES
    for folder, folders, files in os.walk("."):
        folders[:] = sorted(f for f in folders if f not in PASSED_OVER and not f.startswith("."))
        for name in sorted(filter(scanner.wanted, files)):
            if not left:
                return
            left -= 1
            yield os.path.normpath(os.path.join(folder, name))


def read_apart(scanner: Scanner, paths: list[str], until: float) -> Iterator[tuple[str, str]]:
    """What there is to tell of each file, in order. One at which its reader dies is told as unread."""
    at = 0
    while at < len(paths) and time.monotonic() < until:
        told, into = os.pipe()
        child = os.fork()
        if not child:
            code = 1
            try:
                tell(scanner, paths[at:], into, until)
                code = 0
            finally:
                os._exit(code)
        os.close(into)
        try:
            with os.fdopen(told, "rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        yield paths[at], line[:-1].decode()
                        at += 1
        except GeneratorExit:
            os.kill(child, signal.SIGKILL)
            raise
        finally:
            _, status = os.waitpid(child, 0)
        if status and at < len(paths):
            yield paths[at], json.dumps(scanner.unread(paths[at], why(status)))
            at += 1


def read_here(scanner: Scanner, paths: list[str], until: float) -> Iterator[tuple[str, str]]:
    """The same, in this process, which one of them may end."""
    limit(resource.RLIMIT_AS, MOST_MEMORY)
    limit(resource.RLIMIT_CORE, 0)
    for path in paths:
        if time.monotonic() > until:
            break
        limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + MOST_PARSING)
        yield path, json.dumps(scanner.scan(path))


def tell(scanner: Scanner, paths: list[str], into: int, until: float) -> None:
    """In the child."""
    for _, told in read_here(scanner, paths, until):
        line = told.encode() + b"\n"
        while line:
            line = line[os.write(into, line) :]


def limit(what: int, most: int) -> None:
    """Never above what we were given ourselves."""
    hard = resource.getrlimit(what)[1]
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (soft, hard))


def why(status: int) -> str:
    """A parser that is refused memory falls over, as one does that has a mistake: they look the same."""
    if os.waitstatus_to_exitcode(status) == -signal.SIGXCPU:
        return f"takes more than {MOST_PARSING} s of a processor to read"
    return f"takes more than {MOST_MEMORY >> 20} MB to read, or breaks its grammar"


def main() -> None:
    until = time.monotonic() + MOST_SECONDS
    asked = json.load(sys.stdin)
    sys.path.extend(asked["packages"])
    scanner = Scanner(asked)
    whole = asked["paths"] is None
    paths = list(walk(scanner) if whole else filter(scanner.wanted, asked["paths"]))
    files, size, seen = list[str](), 0, 0
    read = read_apart if asked["apart"] else read_here
    for path, told in read(scanner, paths, until):
        seen += 1
        if told != "null":
            files.append(f"{json.dumps(path)}: {told}")
            size += len(files[-1])
        if size >= MOST_TOLD:
            break
    rest = json.dumps(paths[seen:])
    sys.stdout.write('{"files": {' + ", ".join(files) + '}, "left": ' + rest + "}")


main()
