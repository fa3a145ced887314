"""What another rule would have been worth, by the market's own model."""

from random import Random

import pytest

from swarm.domain.clearings import ScoredBid
from swarm.domain.errors import Rejected
from swarm.domain.money import CERTAIN
from swarm.domain.names import AgentId, TaskId
from swarm.market.replay import foreseen, in_order, replay

T1, T2 = TaskId("g-000001.t2"), TaskId("g-000001.t3")


def a_bid(name: str, *, accept: int, cost: int, claimed: int = 500_000) -> ScoredBid:
    return ScoredBid(
        task_id=T1,
        agent_id=AgentId(name),
        strategy=name,
        family=name,
        price=cost,
        seconds=1,
        probability_claimed=claimed,
        probability_used=accept,
        accept=accept,
        reward=1_000_000,
        cost=cost,
        index=1_000_000 - cost * CERTAIN // accept,
    )


CHEAP = a_bid("b-cheap", accept=500_000, cost=100_000)
DEAR = a_bid("a-dear", accept=900_000, cost=400_000, claimed=990_000)
HOPELESS = a_bid("c-hopeless", accept=100_000, cost=200_000)
BIDS = (CHEAP, DEAR, HOPELESS)


def names(rule: str) -> list[str]:
    return [bid.agent_id for bid in in_order(BIDS, rule)]


def test_each_rule_tries_in_its_own_order() -> None:
    assert names("market") == ["b-cheap", "a-dear"]
    assert names("single:a-dear") == ["a-dear"]
    assert names("cascade:c-hopeless,b-cheap") == ["c-hopeless", "b-cheap"]
    assert names("best-of-2") == ["a-dear", "b-cheap"]
    assert names("confidence-per-cost") == ["b-cheap"]
    assert names("fifo") == ["a-dear"]


def test_a_later_try_counts_as_far_as_it_is_reached() -> None:
    told = foreseen((CHEAP, DEAR))
    assert (told.accepted, told.tries) == (950_000, 1_500_000)
    assert told.cost == 100_000 + 400_000 // 2
    assert told.utility == 400_000 + 500_000 // 2


def test_nothing_tried_is_worth_nothing() -> None:
    told = foreseen(())
    assert (told.utility, told.cost, told.accepted) == (0, 0, 0)


def test_the_interval_holds_the_mean_and_is_a_point_where_tasks_are_alike() -> None:
    alike = replay({T1: BIDS, T2: BIDS}, "market", Random(1))
    assert alike.low == alike.utility == alike.high
    unlike = replay({T1: BIDS, T2: (HOPELESS,)}, "market", Random(1))
    assert unlike.low < unlike.utility < unlike.high


def test_a_rule_that_is_none_and_a_record_without_tasks_are_refused() -> None:
    with pytest.raises(Rejected, match="not a rule"):
        replay({T1: BIDS}, "luck", Random(1))
    with pytest.raises(Rejected, match="nothing to replay"):
        replay({}, "market", Random(1))
