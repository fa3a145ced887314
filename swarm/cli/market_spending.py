"""What checks cost: their share of what was spent, and what a worse check would cost."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rich.console import RenderableType

from swarm.cli.documents import Json
from swarm.cli.page import section
from swarm.cli.words import lines, money
from swarm.coordination.public_api import GoalState
from swarm.domain.money import CERTAIN, MicroUsd, Ppm
from swarm.domain.purchases import Purchase
from swarm.domain.tasks import TaskKind

CHECKING = frozenset({TaskKind.TEST, TaskKind.REVIEW})


@dataclass(frozen=True, slots=True)
class CheckSpending:
    spent: MicroUsd
    """On all work."""

    on_checks: MicroUsd
    submissions: int
    """Of which checks were bought."""

    checks: int
    point: MicroUsd
    """What a point of alpha more would have cost, on the average of those submissions."""

    canaries: int
    on_canaries: MicroUsd
    """Not in what was spent: no goal pays for them."""

    @property
    def share(self) -> Ppm:
        return self.on_checks * CERTAIN // self.spent if self.spent else 0


def check_spending(
    goals: Sequence[GoalState], canaries: int, on_canaries: MicroUsd
) -> CheckSpending:
    purchases = tuple(_purchases(goals))
    points = sum(each.point for each in purchases)
    return CheckSpending(
        spent=sum(state.spent for state in goals),
        on_checks=sum(
            attempt.spent
            for state in goals
            for attempt in state.attempts.values()
            if state.tasks[attempt.task_id].contract.kind in CHECKING
        ),
        submissions=len(purchases),
        checks=sum(offer.bought for each in purchases for offer in each.offers),
        point=points // len(purchases) if purchases else 0,
        canaries=canaries,
        on_canaries=on_canaries,
    )


def _purchases(goals: Sequence[GoalState]) -> Iterator[Purchase]:
    for state in goals:
        for task in state.tasks.values():
            if task.purchase is not None:
                yield task.purchase


def spending_view(told: CheckSpending) -> RenderableType:
    said = [
        f"{money(told.on_checks)} of {money(told.spent)} went to checks ({told.share / 10_000:.1f} %)"
    ]
    if told.submissions:
        said.append(
            f"{told.checks} checks of {told.submissions} submissions were bought; one point of alpha more would cost "
            f"{money(told.point)} a submission"
        )
    if told.canaries:
        said.append(f"{told.canaries} canaries cost {money(told.on_canaries)}, which no goal pays")
    return section("What checks cost", lines(said))


def spending_document(told: CheckSpending) -> Json:
    return {**asdict(told), "share_ppm": told.share}
