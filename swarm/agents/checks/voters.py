"""Who answers for each check, as a ballot names it: one implementation, one principal."""

from swarm.domain.names import Principal

TESTER_SUITE = Principal("local/tester-suite")
REVIEWER_STATIC = Principal("local/reviewer-static")
REVIEWER_BEHAVIOUR = Principal("local/reviewer-behaviour")
REVIEWER_OPINION = Principal("local/reviewer-opinion")
REVIEWER_CASES = Principal("local/reviewer-cases")

PRINCIPALS = {
    "suite": TESTER_SUITE,
    "static": REVIEWER_STATIC,
    "behaviour": REVIEWER_BEHAVIOUR,
    "opinion": REVIEWER_OPINION,
    "cases": REVIEWER_CASES,
}
"""By aspect."""
