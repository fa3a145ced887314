"""Who answers for each check, as a ballot names it: one implementation, one principal."""

from swarm.domain.names import Principal

TESTER_SUITE = Principal("local/tester-suite")
REVIEWER_STATIC = Principal("local/reviewer-static")
REVIEWER_BEHAVIOUR = Principal("local/reviewer-behaviour")

PRINCIPALS = {
    "suite": TESTER_SUITE,
    "static": REVIEWER_STATIC,
    "behaviour": REVIEWER_BEHAVIOUR,
}
"""By aspect."""
