"""Title and body of a pull request, from values. Pure.

Five lines that a person needs to decide, then everything else folded away. Every text that does not
come from this file goes through `wording`.
"""

from collections.abc import Iterable, Iterator, Sequence

from pydantic import Field

from swarm.domain.ballots import Certificate
from swarm.domain.evidence import GREEN, BlockedConnection, Evidence
from swarm.domain.frozen import Frozen
from swarm.domain.money import MicroUsd, Ppm, dollars
from swarm.domain.names import AgentId, AttemptId, TaskId, TestId
from swarm.domain.tasks import DEPENDENCY
from swarm.forge.wording import markdown_line, opening, plain_line

TITLE = 120
BODY = 60_000
"""Characters that we write at most: a title fits on one line of a list."""

MOST_BROUGHT = 8
"""Dependencies that are named at the top."""

MOST_TESTS = 6
"""Tests that are named at the top."""

_NAMES = 53
"""The port of name servers."""

ROWS = 100
"""Of each folded table."""


class AttemptAccount(Frozen):
    attempt_id: AttemptId
    agent_id: AgentId
    strategy: str
    outcome: str
    cost: MicroUsd


class TaskAccount(Frozen):
    task_id: TaskId
    title: str
    outcome: str
    attempts: tuple[AttemptAccount, ...] = ()


class AwardAccount(Frozen):
    """Why this agent tried: its price and chance, as the market counted them."""

    task_id: TaskId
    agent_id: AgentId
    price: MicroUsd
    probability: Ppm
    bids: int
    """So many agents offered."""


class SandboxAccount(Frozen):
    """What the checks ran in."""

    mode: str
    unheld: tuple[str, ...] = ()
    """What that mode does not hold, one sentence each."""

    limits: dict[str, int] = Field(default_factory=dict)
    """By names that end in their unit, as evidence has them."""


class Account(Frozen):
    """Everything that a pull request says."""

    what: str
    why: str
    tested: str
    unsure: str
    cost: MicroUsd
    seconds: int
    partial: bool = False
    still_open: tuple[str, ...] = ()
    """Titles of the tasks that were dropped."""

    tasks: tuple[TaskAccount, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    sandboxes: tuple[SandboxAccount, ...] = ()
    blocked: tuple[BlockedConnection, ...] = ()
    """What tried to reach the network while checks ran. All text is an enemy's."""

    awards: tuple[AwardAccount, ...] = ()
    certificate: Certificate


def title(account: Account) -> str:
    """One line; says so when a part is missing."""
    prefix = "[partial] " if account.partial else ""
    return prefix + (plain_line(account.what, TITLE - len(prefix)) or "Change")


def body(account: Account) -> str:
    """Markdown. Sections that would make it too long are left out and named."""
    parts = [_summary(account)]
    for name, section in _sections(account):
        fits = sum(map(len, parts)) + len(section) < BODY
        parts.append(section if fits else f"*{name}: too long to show here; see `swarm show`.*")
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary(account: Account) -> str:
    lines = [
        ("What", markdown_line(account.what)),
        ("Why", markdown_line(opening(account.why), 600)),
        ("How tested", markdown_line(account.tested, 600)),
        *_tests_added(account.evidence),
        ("Not sure", markdown_line(account.unsure, 600) or "nothing was reported"),
        ("Cost", f"{dollars(account.cost)}, {_lasted(account.seconds)}"),
    ]
    lines += _warnings(account)
    text = "\n".join(f"- **{name}**: {line}" for name, line in lines)
    if not account.partial:
        return text
    left = "".join(f"\n- [ ] {markdown_line(task)}" for task in account.still_open[:ROWS])
    return f"{text}\n\n**Partial.** Still open:{left}"


def _tests_added(evidence: tuple[Evidence, ...]) -> Iterator[tuple[str, str]]:
    """What would notice if the change were lost again, and what would not."""
    brought = dict.fromkeys(test for each in evidence for test in each.brought)
    shows = [each.test for each in brought if each.without not in GREEN]
    idle = [each.test for each in brought if each.without in GREEN]
    told = []
    if shows:
        verbs = ("fails", "passes") if len(shows) == 1 else ("fail", "pass")
        told.append(f"{_named(shows)} {verbs[0]} without the change and {verbs[1]} with it")
    if idle:
        told.append(f"{_named(idle)} {'passes' if len(idle) == 1 else 'pass'} without it too")
    if told:
        yield "Tests added", "; ".join(told)


def _named(tests: list[TestId]) -> str:
    named = ", ".join(markdown_line(each, 160) for each in tests[:MOST_TESTS])
    more = len(tests) - MOST_TESTS
    return f"{named} and {more} more" if more > 0 else named


def _warnings(account: Account) -> Iterator[tuple[str, str]]:
    """What a person should know before the rest: weak walls, protected places, attempts to get out."""
    weak = [each for each in account.sandboxes if each.unheld]
    for each in weak:
        told = " ".join((f"{each.mode} is not a whole one.", *each.unheld))
        yield "Sandbox", markdown_line(told, 600)
    for grant in account.certificate.policy.grants:
        yield "Protected, and granted", f"{markdown_line(grant.path)}, by {markdown_line(grant.by)}"
    brought = tuple(dict.fromkeys(_brought_in(account.evidence)))
    for told in brought[:MOST_BROUGHT]:
        yield "Brings in", told
    if len(brought) > MOST_BROUGHT:
        yield "Brings in", f"{len(brought) - MOST_BROUGHT} more, in the diff"
    if account.blocked:
        first = account.blocked[0]
        port = "" if first.port == _NAMES else f" port {first.port}"
        what = f"{len(account.blocked)} refused, {first.host}{port} first, while this ran: {first.command}"
        yield "Tried to reach the network", markdown_line(what.removesuffix(", while this ran: "))


def _brought_in(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    """What others wrote and this change adds."""
    for each in evidence:
        for finding in each.findings:
            if finding.rule == DEPENDENCY:
                yield f"{markdown_line(finding.message, 300)} ({markdown_line(finding.path)})"


def _lasted(seconds: int) -> str:
    """Minutes, rounded up, where there are at least two."""
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} min"


def _sections(account: Account) -> Sequence[tuple[str, str]]:
    return (
        ("Tasks and attempts", _tasks(account.tasks)),
        ("Evidence", _evidence(account.evidence)),
        ("Sandbox", _sandbox(account)),
        ("Ballots", _ballots(account.certificate)),
        ("Market", _market(account.awards)),
        ("Certificate", _certificate(account.certificate)),
    )


def _tasks(tasks: tuple[TaskAccount, ...]) -> str:
    rows = [
        (task.task_id, task.title, task.outcome, "", "")
        if attempt is None
        else (
            attempt.attempt_id,
            task.title,
            attempt.outcome,
            f"{attempt.agent_id} ({attempt.strategy})",
            dollars(attempt.cost),
        )
        for task in tasks
        for attempt in (task.attempts or (None,))
    ]
    return _folded("Tasks and attempts", _table("attempt|task|outcome|agent|cost", rows))


def _evidence(evidence: tuple[Evidence, ...]) -> str:
    rows = [
        (
            each.kind,
            each.verdict,
            _passed(each),
            str(len(each.targets)),
            each.sandbox_mode,
            each.hash[:16],
        )
        for each in evidence
    ]
    return _folded("Evidence", _table("kind|verdict|passed|targets|sandbox|hash", rows))


def _passed(evidence: Evidence) -> str:
    passed = sum(one.outcome == "passed" for one in evidence.outcomes)
    if (told := evidence.printed) is None:
        return f"{passed} of {len(evidence.outcomes)}"
    return f"{told.passed} of {told.total}, as the command tells"


def _sandbox(account: Account) -> str:
    rows = [row for each in account.sandboxes for row in _held(each)]
    walls = _table("of|value", rows)
    refused = [
        (each.host, _port(each.port), str(each.count), each.command) for each in account.blocked
    ]
    tried = _table("host that was not reached|port|times|while this ran", refused)
    if walls and not tried:
        tried = "Nothing was seen that tried to reach the network."
    return _folded("Sandbox", "\n\n".join(part for part in (walls, tried) if part))


def _port(port: int) -> str:
    """Who is refused a name's address never comes to the port that was meant."""
    return "its address was asked for" if port == _NAMES else str(port)


def _held(sandbox: SandboxAccount) -> Iterator[tuple[str, str]]:
    yield "mode", sandbox.mode
    for each in sandbox.unheld:
        yield "not held", each
    for name, value in sandbox.limits.items():
        yield _limit(name, value)


def _limit(name: str, value: int) -> tuple[str, str]:
    what, _, unit = name.rpartition("_")
    match unit:
        case "bytes":
            return f"limit of {what}", f"{value / (1 << 20):.10g} MiB"
        case "ms":
            return f"limit of {what} time", f"{value / 1000:.10g} s"
        case "seconds":
            return f"limit of {what} time", f"{value} s"
    return f"limit of {name}", str(value)


def _ballots(certificate: Certificate) -> str:
    rows = [
        (ballot.voter, ballot.role, ballot.choice, ballot.evidence[:16])
        for ballot in certificate.ballots
    ]
    return _folded("Ballots", _table("voter|role|choice|evidence", rows))


def _market(awards: tuple[AwardAccount, ...]) -> str:
    rows = [
        (
            award.task_id,
            award.agent_id,
            dollars(award.price),
            f"{award.probability / 10_000:.0f} %",
            str(award.bids),
        )
        for award in awards
    ]
    return _folded("Market", _table("task|agent|price|chance|bids", rows))


def _certificate(certificate: Certificate) -> str:
    subject = certificate.subject
    rows = [
        ("certificate", certificate.hash),
        ("base", subject.base),
        ("tree", subject.tree),
        ("policy", subject.policy),
        ("round", str(subject.round)),
    ]
    return _folded("Certificate", _table("of|hash", rows))


def _folded(name: str, text: str) -> str:
    return f"<details><summary>{name}</summary>\n\n{text}\n\n</details>" if text else ""


def _table(heads: str, rows: Sequence[Iterable[str]]) -> str:
    if not rows:
        return ""
    columns = heads.split("|")
    lines = [columns, ["---"] * len(columns)]
    lines += [[markdown_line(cell, 160) for cell in row] for row in rows[:ROWS]]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return table + (f"\n\nand {len(rows) - ROWS} more" if len(rows) > ROWS else "")
