"""Fresh processes are slow: where functions run as well, they do not take the time of all other strategies."""

from swarm.engines.repair.progress import Phase, Progress, Searched, Spectrum, after

ROUND = Searched(
    tried=1, invalid=0, same=0, plausible=(), slow=(), partial=(), seen=(), behind=1, total=100
)


def stages(phases: tuple[Phase, ...]) -> int:
    spectrum = Spectrum(suspicion={}, targets=(), covering={}, limits_ms={}, files=())
    progress = Progress(spectrum=spectrum, phases=phases, phase="cold")
    count = 0
    while progress.phase == "cold" and count < 200:
        progress = after(progress, ROUND)
        count += 1
    return count


def test_candidates_in_fresh_processes_get_some_stages_only() -> None:
    found = stages(("first", "slow", "cold", "over"))
    assert found == Progress.model_fields["cold_stages"].default < 100


def test_where_nothing_else_can_be_tried_they_get_all_they_need() -> None:
    assert stages(("cold", "over")) == 100
