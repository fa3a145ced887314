"""The form in which every check answers: a report, and the evidence it refers to."""

from swarm.agents.port import Checked
from swarm.domain.evidence import CheckReport, Evidence
from swarm.domain.tasks import Finding


def answered(evidence: Evidence, findings: tuple[Finding, ...], summary: str) -> Checked:
    """`findings` may say more than the evidence's own, which must come out the same again."""
    report = CheckReport(
        verdict=evidence.verdict, findings=findings, evidence=evidence.hash, summary=summary
    )
    return Checked(report, evidence)
