"""Node, Go and Rust: recognised by their files, with command and toolchain, so that one can see it."""

import json
import re
from collections.abc import Callable, Iterator

from swarm.recipes.reading import Files, table
from swarm.recipes.recipe import Language, Reason

NOT_WORKED_ON = "recognised; no engine without a model works on it"
_CHANNEL = re.compile(r"channel\s*=\s*\"([^\"]+)\"|^\s*(\d\S*|stable|nightly\S*)")
_NODE_LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lockb": "bun",
    "bun.lock": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}


def said_of_toolchains(files: Files) -> Iterator[tuple[Language, tuple[Reason, ...]]]:
    """Each language that is there, with its reasons."""
    for language, (path, read) in _READERS.items():
        if files.has(path):
            reasons = (files.reason("language", language, path), *read(files))
            yield language, (*reasons, files.reason("note", f"{language}: {NOT_WORKED_ON}", path))


def _node(files: Files) -> Iterator[Reason]:
    path = "package.json"
    try:
        read = table(json.loads(files.text(path) or ""))
    except (ValueError, RecursionError):
        return
    if isinstance(wanted := table(read.get("engines")).get("node"), str):
        yield files.reason("interpreter", wanted, path, r'"node"\s*:')
    for name in (".nvmrc", ".node-version"):
        if text := files.text(name):
            yield files.reason("interpreter", text.strip(), name, r"\S")
    manager = str(read.get("packageManager", "")).partition("@")[0]
    for lock, by in _NODE_LOCKS.items():
        if files.data(lock) is not None:
            yield files.reason("lock", lock, lock, said=f"{by} pins every version")
            manager = manager or by
    script = table(read.get("scripts")).get("test")
    if isinstance(script, str) and "no test specified" not in script:
        yield files.reason("test", f"{manager or 'npm'} test", path, r'"test"\s*:')


def _go(files: Files) -> Iterator[Reason]:
    match = re.search(r"^go\s+(\S+)", files.text("go.mod") or "", re.MULTILINE)
    if match:
        yield files.reason("interpreter", match.group(1), "go.mod", r"^go\s")
    if files.has("go.sum"):
        yield files.reason("lock", "go.sum", "go.sum", said="pins every version")
    yield files.reason("test", "go test ./...", "go.mod", said="what Go projects are tested with")


def _rust(files: Files) -> Iterator[Reason]:
    read = files.toml("Cargo.toml")
    for name in ("rust-toolchain.toml", "rust-toolchain"):
        if match := _CHANNEL.search(files.text(name) or ""):
            wanted = match.group(1) or match.group(2)
            yield files.reason("interpreter", wanted, name, re.escape(wanted))
    if isinstance(wanted := table(read.get("package")).get("rust-version"), str):
        yield files.reason("interpreter", wanted, "Cargo.toml", r"^rust-version")
    if files.has("Cargo.lock"):
        yield files.reason("lock", "Cargo.lock", "Cargo.lock", said="pins every version")
    text = "cargo test --workspace" if "workspace" in read else "cargo test"
    yield files.reason("test", text, "Cargo.toml", said="what Rust projects are tested with")


_READERS: dict[Language, tuple[str, Callable[[Files], Iterator[Reason]]]] = {
    "node": ("package.json", _node),
    "go": ("go.mod", _go),
    "rust": ("Cargo.toml", _rust),
}
