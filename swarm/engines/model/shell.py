"""A shell whose folder and exported variables stay from one command to the next.

Each command is a process of its own, so that nothing it starts outlives it and its limits hold; what
one expects to stay is told at its end and set at the next one's beginning. As it is text, it is kept
with the step, and whoever goes on after a crash stands in the same folder.
"""

from dataclasses import dataclass
from pathlib import Path

from swarm.domain.frozen import Frozen
from swarm.sandbox.public_api import ExecResult, Sandbox

_LAUNCH = 'if [ -x /bin/bash ]; then exec /bin/bash -c "$@"; else exec /bin/sh -c "$@"; fi'
_BODY = """
_tell() { status=$?; trap - EXIT; { printf '\\n%s\\n' "$sign"; pwd; export -p; } >&2; exit $status; }
sign=$2; command=$1
eval "$4" 2>/dev/null
cd -- "$3" 2>/dev/null
trap _tell EXIT
set --
eval "$command"
"""
MOST_STATE = 16_000
"""Characters of exported variables that are kept."""

_OURS = ("sign=", "PWD=", "OLDPWD=", "SHLVL=", "_=")


class ShellState(Frozen):
    folder: str = ""
    exports: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    result: ExecResult
    errors: bytes
    """Standard error, without what the shell told us."""

    state: ShellState


async def run(
    sandbox: Sandbox, command: str, state: ShellState, *, sign: str, seconds: float
) -> Ran:
    """`sign` stands before what the shell tells of itself. A command that lies about that only
    deceives the command after it.
    """
    folder = state.folder or str(sandbox.root)
    argv = ("/bin/sh", "-c", _LAUNCH, "sh", _BODY, "sh", command, sign, folder, state.exports)
    result = await sandbox.exec(argv, cwd=Path(sandbox.root), wall_seconds=seconds)
    errors, found, told = result.stderr.rpartition(b"\n" + sign.encode() + b"\n")
    if not found:
        return Ran(result, result.stderr, state)
    return Ran(result, errors, _read(told.decode("utf-8", "replace"), state))


def _read(told: str, before: ShellState) -> ShellState:
    folder, _, exports = told.partition("\n")
    kept = "\n".join(line for line in exports.splitlines() if not _is_ours(line))
    if len(kept) > MOST_STATE:
        kept = before.exports
    return ShellState(folder=folder.strip() or before.folder, exports=kept)


def _is_ours(line: str) -> bool:
    name = line.removeprefix("declare -x ").removeprefix("export ")
    return name.startswith(_OURS)
