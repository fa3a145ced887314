"""Run a test suite in a sandbox, and read what came of it.

The code that does so inside (`swarm.tools.inside`) comes in over standard input, never as a file in
the tree. What comes back is one line that begins with the nonce of this run. A run counts as broken,
with no outcomes at all, when it collected nothing, hung or died outside of any test, or when its
report contradicts what was seen from outside: a canary that must fail and did not, an exit status
that does not fit.

What this cannot show: code that knows this very protocol can, from inside the tests' interpreter,
still find the channel's nonce in memory and speak for it. The tester therefore also reads the patch.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

from pydantic import BaseModel, ValidationError

from swarm.domain.errors import Transient
from swarm.domain.evidence import Outcome, SuiteRun, TestOutcome
from swarm.domain.goals import Environment, Runner
from swarm.domain.names import TestId, TreeHash
from swarm.sandbox.public_api import ExecResult, KilledBy, Sandbox
from swarm.tools.commands import split_settings
from swarm.tools.printed import read_printed

TEST_SECONDS = 60.0
"""The most for one test; a longer one is a `timeout`, and the rest goes on."""

PATIENCE_SECONDS = 20.0
"""For a test that takes more than twenty times as long as any that passed before; after the first
timeout of a run it is two seconds."""

COMMAND = TestId("command")
"""The one id of a test command that is neither pytest nor unittest."""

_TAIL_BYTES = 16_384
"""Kept of what tests print, to explain a run that broke."""

_PRINTED_BYTES = 512 << 10
"""Kept of what a plain command prints: what it says of its tests is read."""

_MARGIN_SECONDS = 20.0
"""What the supervisor has beyond the suite's time to say that it is over."""

_BOOT = (
    "import json,sys;j=json.loads(sys.stdin.buffer.read());"
    "n={'__name__':'supervisor'};exec(compile(j['supervisor'],'<swarm supervisor>','exec'),n);"
    "n['main'](j,sys.stdout.buffer)"
)
_OURS = ("-I", "-S", "-B", "-c", _BOOT)
_SCRIPTS: dict[Runner, str] = {"pytest": "pytest_run.py", "unittest": "unittest_run.py"}
_STEADY = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUNBUFFERED": "1",
}
_NO_TESTS = 5
"""pytest's exit status when it collected nothing."""


@dataclass(frozen=True, slots=True)
class Execution:
    """A run, and what is beside its outcomes: none of it reproducible."""

    run: SuiteRun
    seconds: Mapping[TestId, float]
    failures: Mapping[TestId, str]
    """The end of each failure's text."""

    exit_status: int | None
    """Of the tests' process, as its parent saw it. None: it had to be killed."""

    killed_by: KilledBy
    """The sandbox ended it; not the tests' own doing."""

    output: str
    """The last that was printed."""

    extra: tuple[object, ...] = field(default=())


class _Told(BaseModel):
    """The supervisor's report."""

    outcomes: dict[str, tuple[Outcome, int, str]]
    collected: list[str] | None
    errors: dict[str, str]
    canary: str
    status: int | None
    finished: bool
    reported: int | None
    foreign: int
    lives: int
    stopped: str
    running: str | None
    tail: str
    extra: list[object]


async def run_suite(
    sandbox: Sandbox,
    environment: Environment,
    tree: TreeHash,
    *,
    ids: Sequence[TestId] | None = None,
    wall_seconds: float,
    nonce: str,
) -> SuiteRun:
    """The outcomes alone. See `execute_suite`."""
    execution = await execute_suite(
        sandbox, environment, tree, ids=ids, wall_seconds=wall_seconds, nonce=nonce
    )
    return execution.run


async def execute_suite(
    sandbox: Sandbox,
    environment: Environment,
    tree: TreeHash,
    *,
    ids: Sequence[TestId] | None = None,
    wall_seconds: float,
    nonce: str,
    test_seconds: float = TEST_SECONDS,
    patience: float = PATIENCE_SECONDS,
    canary: bool = True,
    script: str = "",
    extra: object = None,
) -> Execution:
    """Run everything, or only `ids`, in the sandbox as it stands.

    `nonce` is new for every run and secret until it has ended. `script` replaces the runner's own
    (see `swarm.tools.inside`) and is given `extra`. Without the canary, the exit status of a green
    run is 0. Raises Transient when the supervisor itself was ended from outside.
    """
    job = _job(environment, ids, wall_seconds, nonce, test_seconds)
    job |= {"patience": patience}
    job |= {"canary": canary and bool(job["script"]), "extra": extra}
    if script:
        job["script"] = script
    result = await sandbox.exec(
        (environment.python, *_OURS),
        stdin=json.dumps(job).encode(),
        wall_seconds=wall_seconds + _MARGIN_SECONDS,
    )
    told = _read(result, nonce)
    if told is None:
        return _lost(result, tree, wall_seconds)
    if environment.runner == "command":
        return _command_execution(told, tree)
    return _execution(told, tree, canary=canary, whole=ids is None, wall_seconds=wall_seconds)


def meant_by(command: str, environment: Environment) -> str:
    """The project's own test command, for the beginning of the line of ours that ran it; else the line itself."""
    ours = " ".join((environment.python, *_OURS))
    begins = f"{environment.python} {' '.join(_OURS[:-1])} "
    is_ours = command.startswith(begins) and ours.startswith(command)
    return " ".join(environment.command) if is_ours else command


def inside(name: str) -> str:
    """The source of one of the scripts that travel into the sandbox."""
    return resources.files("swarm.tools.inside").joinpath(name).read_text(encoding="utf-8")


def _job(
    environment: Environment,
    ids: Sequence[TestId] | None,
    wall_seconds: float,
    nonce: str,
    test_seconds: float,
) -> dict[str, object]:
    settings, command = split_settings(environment.command)
    script = _SCRIPTS.get(environment.runner)
    return {
        "nonce": nonce,
        "supervisor": inside("supervisor.py"),
        "channel": inside("channel.py"),
        "script": inside(script) if script else "",
        "tail_bytes": _TAIL_BYTES if script else _PRINTED_BYTES,
        "python": environment.python,
        "argv": list(command),
        "args": list(command[3:]),
        "env": _STEADY | settings,
        "ids": None if ids is None else list(ids),
        "wall_seconds": wall_seconds,
        "test_seconds": test_seconds,
    }


def _read(result: ExecResult, nonce: str) -> _Told | None:
    """The one line that is ours, or None: the supervisor was ended before it could say it."""
    for line in result.stdout.splitlines():
        if line.startswith(nonce.encode() + b" "):
            packed = line[len(nonce) + 1 :]
            try:
                return _Told.model_validate_json(zlib.decompress(base64.b64decode(packed)))
            except (binascii.Error, zlib.error, ValidationError) as error:
                raise Transient(f"the report of a test run arrived damaged: {error}") from error
    return None


def _lost(result: ExecResult, tree: TreeHash, wall_seconds: float) -> Execution:
    tail = result.stderr.decode("utf-8", "replace")[-2_000:]
    if result.killed_by == "time":
        why = f"the suite did not end within {wall_seconds:.0f} s"
    else:
        why = f"the process that watches the tests ended (status {result.returncode})"
    return Execution(_broken(tree, why, tail), {}, {}, None, result.killed_by, tail)


def _execution(
    told: _Told, tree: TreeHash, *, canary: bool, whole: bool, wall_seconds: float
) -> Execution:
    why = _why_broken(told, canary=canary, whole=whole, wall_seconds=wall_seconds)
    tail = told.tail[-4_000:]
    outcomes = dict(told.outcomes)
    outcomes |= {test: ("error", 0, text) for test, text in told.errors.items()}
    run = _run(tree, outcomes, len(told.collected or ())) if not why else _broken(tree, why, tail)
    return Execution(
        run=run,
        seconds={TestId(test): ms / 1000 for test, (_, ms, _) in outcomes.items()},
        failures={TestId(test): text for test, (_, _, text) in outcomes.items() if text},
        exit_status=told.status,
        killed_by="",
        output=tail,
        extra=tuple(told.extra),
    )


def _run(
    tree: TreeHash, outcomes: Mapping[str, tuple[Outcome, int, str]], collected: int
) -> SuiteRun:
    rows = (
        TestOutcome(test=TestId(test), outcome=outcomes[test][0])
        for test in sorted(outcomes)
    )  # fmt: skip
    return SuiteRun(tree=tree, outcomes=tuple(rows), collected=collected)


def _why_broken(told: _Told, *, canary: bool, whole: bool, wall_seconds: float) -> str:
    """One sentence, or nothing when the outcomes can be used."""
    if told.stopped == "suite":
        return f"the suite did not end within {wall_seconds:.0f} s"
    if told.stopped == "lives":
        return f"tests ended their process {told.lives} times"
    if told.foreign:
        return "something other than the test runner wrote into its report"
    if told.collected is None:
        return f"the test runner ended before it had collected anything (status {told.status})"
    if whole and not told.collected and not told.errors:
        return "no tests were collected"
    if not told.finished and told.running is None:
        return f"the tests' process ended before its report did (status {told.status})"
    return _contradiction(told, canary=canary)


def _contradiction(told: _Told, *, canary: bool) -> str:
    """What was reported against what was seen from outside; a process that hung has no status."""
    if canary and told.canary in {"passed", "xpassed", ""}:
        return f"a test that must fail was reported as {told.canary or 'not run'}"
    if told.finished and told.status not in {told.reported, None}:
        return f"the runner reported exit status {told.reported}; it was {told.status}"
    if told.canary in {"failed", "error"} and told.status in {0, _NO_TESTS}:
        return f"the runner ended with status {told.status} although a test failed"
    return ""


def _broken(tree: TreeHash, why: str, tail: str) -> SuiteRun:
    last = "\n".join(tail.strip().splitlines()[-15:])
    return SuiteRun(
        tree=tree, outcomes=(), collected=0, broken=f"{why}\n{last}" if last else why
    )  # fmt: skip


def _command_execution(told: _Told, tree: TreeHash) -> Execution:
    outcome: Outcome = "passed" if told.status == 0 else "failed"
    if told.status is None:
        outcome = "timeout"
    run = SuiteRun(
        tree=tree,
        outcomes=(TestOutcome(test=COMMAND, outcome=outcome),),
        collected=1,
        printed=read_printed(told.tail),
    )
    failures = {} if outcome == "passed" else {COMMAND: told.tail[-2_000:]}
    return Execution(run, {}, failures, told.status, "", told.tail[-_TAIL_BYTES:])
