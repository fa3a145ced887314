"""What a rebuild costs: decode 100,000 events and fold them. `python -m benchmarks.coordination`.

The events are whole lives of goals under faults, from the simulation, so that every kind of event occurs
as often as in life; then one goal with very many steps, which is what a long night looks like.
"""

import time
from collections.abc import Iterator
from itertools import count

from swarm.coordination.public_api import rebuild
from swarm.domain.events import EVENT, Event, LeaseGranted, StepRecorded
from swarm.testing.coordination import a_step, a_world, drive
from swarm.testing.simulation import Faults, simulated

EVENTS = 100_000
LIVES = 40
STEPS = 2_000
"""By one attempt: about three hours of search."""


def main() -> dict[str, float]:
    """Measure, print a table, return the figures: seconds, goals, microseconds."""
    lives = _timed(_lives())
    steps = _timed(_one_long_attempt())
    figures = {
        "events": EVENTS,
        "goals": lives[0],
        "rebuild_seconds": round(lives[1], 2),
        "us_per_event": round(lives[1] / EVENTS * 1e6, 1),
        "steps_in_one_attempt": STEPS,
        "us_per_step": round(steps[1] / STEPS * 1e6, 1),
    }
    for key, value in figures.items():
        print(f"{key:<24} {value:>10}")
    return figures


def _timed(records: list[bytes]) -> tuple[int, float]:
    """Goals, and CPU seconds to make them of these bytes."""
    begun = time.process_time()
    goals = rebuild(EVENT.validate_json(record) for record in records)
    return len(goals), time.process_time() - begun


def _lives() -> list[bytes]:
    """Some simulated lives, told again and again under other goals' names."""
    told = [simulated(seed, Faults()).world.events for seed in range(LIVES)]
    return [record for record, _ in zip(_renamed(told), range(EVENTS), strict=False)]


def _renamed(told: list[list[Event]]) -> Iterator[bytes]:
    for number in count():
        life = told[number % LIVES]
        old, new = str(life[0].goal_id).encode(), f"g-{number:06d}".encode()
        for event in life:
            yield EVENT.dump_json(event).replace(old, new)


def _one_long_attempt() -> list[bytes]:
    world = a_world()
    drive(world, until=lambda state: any(state.live()))
    granted = next(e for e in reversed(world.events) if isinstance(e, LeaseGranted))
    steps = (
        StepRecorded(
            at=world.at,
            goal_id=granted.goal_id,
            attempt_id=granted.attempt_id,
            step=a_step(number, 0),
        )
        for number in range(1, STEPS + 1)
    )
    return [EVENT.dump_json(event) for event in (*world.events, *steps)]


if __name__ == "__main__":
    main()
