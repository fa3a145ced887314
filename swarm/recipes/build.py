"""Carrying a plan out in a sandbox, and sealing what came of it.

Whoever wrote a package may run programs while it is built: so it is built where nothing of the host can
be reached but the index of packages, and what comes out is data.
"""

import asyncio
import json
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.recipes.bytecode import compiling
from swarm.recipes.indexes import Indexes
from swarm.recipes.interpreters import Installed
from swarm.recipes.plan import NAME, Tools, plan, variables
from swarm.recipes.reading import Files
from swarm.recipes.recipe import Recipe
from swarm.recipes.relaying import relayed
from swarm.recipes.store import Built, find_built, key_of, one_builder, place_of, seal
from swarm.sandbox.public_api import (
    BaseRef,
    Limits,
    Network,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
    interpreter_paths,
)

LIMITS = Limits(
    wall_seconds=1800.0,
    cpu_seconds=3600,
    memory_bytes=8 << 30,
    processes=512,
    file_bytes=4 << 30,
    tmp_bytes=2 << 30,
    disk_bytes=16 << 30,
    inodes=1_000_000,
)
_QUESTION = """
import json, sys
from importlib import metadata
try:
    pytest = metadata.version("pytest")
except metadata.PackageNotFoundError:
    pytest = ""
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "pytest": pytest}))
"""
_PACK = """
import sys, tarfile
tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.GNU_FORMAT)
tar.add(sys.argv[1], ".")
tar.close()
"""
_DEFAULT = """
from pip._internal.models.index import PyPI
print(PyPI.netloc, PyPI.file_storage_domain)
"""
_VERSION = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}")
_PYTEST = re.compile(r"(?:\d{1,4}(?:\.[0-9a-z.+]{1,40})?)?")
_MOST_PACKED = 20 << 30
_TAIL = 1_500
_HTTPS = 443


@dataclass(frozen=True, slots=True)
class Workshop:
    """What building needs of the machine."""

    folder: Path
    """Of built environments."""

    host: SandboxHost
    python: Installed
    uv: Path | None
    indexes: Indexes
    mode: SandboxMode = "namespaces"
    allow: frozenset[str] = frozenset()
    """Hosts beside the index that the user lets builds reach."""

    tell: Callable[[str], None] = field(default=lambda _line: None)


async def build(
    recipe: Recipe, base: BaseRef, tree: Path, shop: Workshop, *, rebuild: bool = False
) -> Built:
    """The environment of a recipe, from the files in `base`, for a repository at `tree`.

    Built once: who asks again gets what is there. Raises NeedsHuman for a host that nobody allowed,
    Lacking with the end of what was said when a step fails.
    """
    key = key_of(recipe, shop.python, tree)
    network = await asyncio.to_thread(_network, recipe, shop)
    with one_builder(shop.folder, key):
        found = None if rebuild else find_built(shop.folder, key)
        return found or await _build(key, recipe, base, tree, shop, network)


async def _build(
    key: str, recipe: Recipe, base: BaseRef, tree: Path, shop: Workshop, network: Network
) -> Built:
    shown = await asyncio.to_thread(interpreter_paths, shop.python.path)
    uv = (shop.uv,) if shop.uv else ()
    needed = (path for path in (*uv, *shop.indexes.shown) if path.exists())
    spec = SandboxSpec(tree, (*shown, *needed), LIMITS, require=shop.mode, network=network)
    sandbox = await shop.host.create(spec, base)
    try:
        async with relayed(sandbox, shop.indexes) as indexes:
            inside = replace(shop, indexes=indexes)
            await _carry_out(sandbox, recipe, Files(base.directory), tree, inside, key)
        built = await _described(sandbox, key, shop, shown)
        with tempfile.TemporaryFile(dir=shop.folder) as file:
            await _pack(sandbox, tree, shop.python.path, file)
            await asyncio.to_thread(seal, shop.folder, built, file, tree / NAME)
    finally:
        await sandbox.destroy()
    return built


async def _carry_out(
    sandbox: Sandbox, recipe: Recipe, files: Files, tree: Path, shop: Workshop, key: str
) -> None:
    env = variables(recipe, tree)
    steps = plan(recipe, files, tree, Tools(shop.python.path, shop.uv), shop.indexes)
    for step in (*steps, *compiling(tree, place_of(shop.folder, key))):
        shop.tell(step.what)
        result = await sandbox.exec(step.argv, env=env, stdin=step.stdin)
        if result.returncode != 0 and step.needed:
            said = (result.stderr or result.stdout).decode("utf-8", "replace")
            why = f" ({result.killed_by} limit)" if result.killed_by else ""
            raise Lacking(
                f"the environment cannot be built: {step.what} failed{why}: {said[-_TAIL:].strip()}",
                advice="see what is installed with `swarm env show`, and say what is right in"
                " [environment] of the repository's swarm.toml",
            )


async def _described(sandbox: Sandbox, key: str, shop: Workshop, shown: tuple[Path, ...]) -> Built:
    """What it says of itself is read as a number of a version, and nothing else."""
    python = sandbox.spec.mount_point / NAME / "bin/python"
    answer = await sandbox.exec((str(python), "-I", "-B", "-c", _QUESTION))
    try:
        said = json.loads(answer.stdout)
        version, pytest = str(said["version"]), str(said["pytest"])
    except (ValueError, KeyError, TypeError) as error:
        raise Lacking("the built interpreter does not run") from error
    if not (_VERSION.fullmatch(version) and _PYTEST.fullmatch(pytest)):
        raise Rejected("the built interpreter has no version that could be read")
    place = place_of(shop.folder, key)
    return Built(
        key=key,
        python=str(place / "bin/python"),
        python_version=version,
        pytest=pytest,
        shown=(*map(str, shown), str(place)),
    )


async def _pack(sandbox: Sandbox, tree: Path, python: Path, file: IO[bytes]) -> None:
    argv = (str(python), "-I", "-S", "-B", "-c", _PACK, str(tree / NAME))
    process = await sandbox.spawn(argv)
    size = 0
    while data := await process.read(1 << 20):
        size += file.write(data)
        if size > _MOST_PACKED:
            await process.kill()
            raise Rejected("the built environment is too large to be kept")
    if await process.wait() != 0:
        raise Lacking("the built environment could not be packed")
    file.seek(0)


# Network ----------------------------------------------------------------------------------------


def _network(recipe: Recipe, shop: Workshop) -> Network:
    unknown = [
        host for host in recipe.hosts if host not in shop.allow and not _is_index(host, shop)
    ]
    if unknown:
        raise NeedsHuman(
            f"the build wants to reach {', '.join(unknown)}, which is no index of packages",
            advice=f"allow it: swarm env build --allow {unknown[0]}",
        )
    default = default_hosts() if shop.indexes.asks_default else ()
    allowed = (_with_port(host) for host in sorted(shop.allow))
    names = tuple(dict.fromkeys((*shop.indexes.hosts, *default, *allowed)))
    return Network((*names, *_addresses(names)))


def _addresses(names: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """Where these names lead. An index of a company's own has a private address: it may be reached,
    for the user named it, and not the repository.
    """
    found: dict[tuple[str, int], None] = {}
    for host, port in names:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:  # the build will say what it cannot reach
            continue
        found |= dict.fromkeys((str(answer[4][0]), port) for answer in answers)
    return tuple(found)


def _is_index(host: str, shop: Workshop) -> bool:
    keyed = ((key.host, key.port) for key in shop.indexes.keys)
    return _with_port(host) in (*shop.indexes.hosts, *keyed, *default_hosts())


def _with_port(host: str) -> tuple[str, int]:
    name, _, port = host.partition(":")
    return name, int(port) if port.isdigit() else _HTTPS


def default_hosts() -> tuple[tuple[str, int], ...]:
    """Of the index that pip asks when nobody says otherwise, by its own word; none without pip."""
    argv = [sys.executable, "-I", "-c", _DEFAULT]
    said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    return tuple((host, _HTTPS) for host in said.stdout.split())
