"""The contract and the repository in words: the opening, which stays as it is to the end.

What people asked for is told as the task. What comes from files and test runs stands in an envelope
that says where it comes from, and cannot end it.
"""

import re
from collections.abc import Mapping
from importlib import resources

from swarm.domain.tasks import Contract, Finding
from swarm.engines.model.trimming import trimmed
from swarm.engines.port import Assignment

PROMPT = "writer.1"
MOST_GUIDE = 6_000
MOST_FINDING = 2_000
_BORDER = re.compile(r"<(?=\s*/?\s*data)", re.IGNORECASE)
"""What a reader might take for an envelope's begin or end."""


def system() -> str:
    file = resources.files("swarm.engines.model.prompts").joinpath(f"{PROMPT}.md")
    return file.read_text(encoding="utf-8")


def opening(
    assignment: Assignment,
    listing: str,
    guides: Mapping[str, str],
    drawn: str = "",
    examples: str = "",
    skills: str = "",
) -> str:
    """`drawn`: the map of the repository."""
    contract, environment = assignment.contract, assignment.environment
    parts = [
        f"# Task\n{contract.title}",
        envelope("description", contract.description) if contract.description else "",
        done_when(assignment),
        "# Repository\nIts root is " + environment.mount_point,
        f"Tests run with: {' '.join(environment.command)} (or the tool `test`)",
        suite_before(assignment),
        envelope("files", listing),
        envelope("map", drawn) if drawn else "",
        envelope("tests of what the task is about", examples) if examples else "",
        envelope("skills: read the file of one that fits", skills) if skills else "",
        *(envelope(name, trimmed(text, MOST_GUIDE)) for name, text in sorted(guides.items())),
        sent_back(assignment.findings),
    ]
    return "\n\n".join(part for part in parts if part)


def done_when(assignment: Assignment) -> str:
    contract = assignment.contract
    lines = ["# Done when"]
    if contract.targets:
        lines.append("these tests pass, in company and alone:")
        lines += [f"- {target}" for target in contract.targets]
    else:
        lines.append("- what the task asks for is there, in every place that needs it")
    if contract.features.get("needs_test"):
        lines.append("- a new test fails without your change and passes with it")
    lines.append("- every test that passed before still passes, unchanged")
    if contract.touch:
        lines.append(f"- only these files were changed: {', '.join(contract.touch)}")
    return "\n".join(lines)


def suite_before(assignment: Assignment) -> str:
    run = assignment.base_run
    if run.broken:
        return f"The suite gave no results before your work: {run.broken.splitlines()[0]}"
    red = [row.test for row in run.outcomes if row.outcome in ("failed", "error", "crashed")]
    told = f"Before your work {len(run.outcomes) - len(red)} of {len(run.outcomes)} tests passed."
    return told + (f" Failing then: {', '.join(red[:20])}" if red else "")


def indivisible(contract: Contract) -> str:
    """Why a task is not split; empty where it may be."""
    if contract.targets:
        return "tests have to pass for this task; it is not split"
    return "this is a part already; it is not split further" if "part" in contract.features else ""


def sent_back(findings: tuple[Finding, ...]) -> str:
    """What checks found in a submission for this task; nothing where there was none."""
    if not findings:
        return ""
    told = ["# A submission for this task was sent back; do not submit the same again"]
    for each in findings[:12]:
        where = f"{each.path}:{each.line}" if each.path else (each.test or "")
        told.append(envelope(f"{each.rule} {where}".strip(), trimmed(each.message, MOST_FINDING)))
    return "\n".join(told)


def envelope(source: str, text: str) -> str:
    """Text that is data, with where it comes from."""
    name = "".join(sign for sign in source if sign.isprintable() and sign not in '"<>')[:200]
    inside = _BORDER.sub(r"<\\", text)
    return f'<data source="{name}">\n{inside}\n</data>'
