"""Does the target's own interpreter accept the changed files? Compiled in a sandbox, never run."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from swarm.agents.checks.lint import Source
from swarm.domain.goals import Environment
from swarm.domain.tasks import Finding
from swarm.sandbox.public_api import Sandbox

_SCRIPT = """
import base64, json, sys, warnings
warnings.simplefilter("ignore")
def fault(data):
    try:
        compile(base64.b64decode(data), "file", "exec", dont_inherit=True)
    except SyntaxError as error:
        return [error.msg or "invalid syntax", error.lineno or 0]
    except (ValueError, RecursionError, MemoryError) as error:
        return [str(error) or type(error).__name__, 0]
    return None
print(json.dumps([[fault(each) for each in pair] for pair in json.load(sys.stdin)]))
"""
_SECONDS = 60.0
_Fault = tuple[str, int] | None
_FAULTS = TypeAdapter(list[tuple[_Fault, _Fault]])


@dataclass(frozen=True, slots=True)
class Compiled:
    findings: tuple[Finding, ...]
    interrupted: bool = False
    """The sandbox ended it; nothing is known."""


async def compiled(
    sandbox: Sandbox, environment: Environment, sources: Sequence[Source]
) -> Compiled:
    """Findings for files that compile no more; what never compiled (test data) is passed over."""
    pairs = [[base64.b64encode(side).decode() for side in (s.before, s.after)] for s in sources]
    result = await sandbox.exec(
        (environment.python, "-I", "-S", "-B", "-c", _SCRIPT),
        stdin=json.dumps(pairs).encode(),
        wall_seconds=_SECONDS,
    )
    if result.killed_by or result.returncode != 0:
        return Compiled((), interrupted=True)
    faults = _FAULTS.validate_json(result.stdout)
    return Compiled(tuple(_findings(sources, faults)))


def _findings(sources: Sequence[Source], faults: list[tuple[_Fault, _Fault]]) -> Iterator[Finding]:
    for source, (before, after) in zip(sources, faults, strict=True):
        if after is not None and before is None:
            message, line = after
            yield Finding(rule="does-not-compile", message=message, path=source.path, line=line)
