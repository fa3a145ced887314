"""What a clearing makes of claims and quotes, by experience."""

from swarm.domain.experience import Experience
from swarm.domain.money import CERTAIN, USD, Ppm
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.market.announced import Terms
from swarm.market.clearing import clear
from swarm.market.learning import Key, Ruling, Tried, class_of, handed_in, lessons
from swarm.testing.bids import a_bid, a_failure, an_open_task

WRITE = TaskKind.WRITE
TERMS = Terms(slots=5, budget=100 * USD)


def learned(
    agent: str, accepted: int, refused: int, *, quoted: int = 0, spent: int = 0
) -> dict[Key, Experience]:
    table: dict[Key, Experience] = {}
    for number in range(accepted + refused):
        ruling: Ruling = "accepted" if number < accepted else "refused"
        tried = Tried(
            AgentId(agent),
            "f",
            "model",
            500_000,
            500_000,
            ruling,
            quoted=quoted,
            spent=spent,
        )
        for name, each in lessons([tried], table, WRITE, 0, 0).items():
            table[name, WRITE] = each
    return table


def used(table: dict[Key, Experience], *agents: str, **task: object) -> dict[str, int]:
    bids = [a_bid(agent, price=USD // 100, family="model") for agent in agents]
    capacities = {AgentId(agent): 1 for agent in agents}
    opened = an_open_task(value=10 * USD, remaining=10 * USD, **task)  # type: ignore[arg-type]
    clearing = clear([opened], bids, capacities, TERMS, "seed", table)
    return {score.agent_id: score.probability_used for score in clearing.scores}


def test_without_experience_claims_are_taken_at_their_word() -> None:
    assert used({}, "a") == {"a": 500_000}


def test_who_did_better_is_believed_more_than_who_claims_the_same() -> None:
    table = learned("good", 8, 0) | learned("bad", 0, 8)
    chances = used(table, "good", "bad")
    assert chances["bad"] < 300_000 < chances["good"]


def test_failures_at_the_task_count_on_top_of_experience() -> None:
    table = learned("good", 8, 0)
    fresh = used(table, "good")["good"]
    hard = used(table, "good", failures=(a_failure("x"),))["good"]
    assert hard < fresh


def test_work_that_costs_more_than_quoted_has_a_lower_index() -> None:
    def index(spent: int) -> int:
        table = learned("a", 4, 4, quoted=USD, spent=spent)
        bid = a_bid("a", price=USD, family="model")
        task = an_open_task(value=20 * USD, remaining=20 * USD)
        return clear([task], [bid], {AgentId("a"): 1}, TERMS, "seed", table).scores[0].index

    assert index(3 * USD) < index(USD)


def indices(family: str, table: dict[Key, Experience], claims: int = 50_000) -> int:
    bid = a_bid("a", price=USD // 1000, chance=claims, family=family)
    opened = an_open_task(value=10 * USD, remaining=10 * USD, wrong_cost=20 * USD)
    terms = Terms(slots=5, budget=100 * USD, alpha=50_000, beta=50_000)
    (score,) = clear([opened], [bid], {AgentId("a"): 1}, terms, "seed", table).scores
    return score.index


def test_who_gives_up_when_it_finds_nothing_is_worth_a_small_chance() -> None:
    assert indices("repair", {}) > 0 > indices("model", {})


def habits(ruling: Ruling) -> Ppm:
    table: dict[Key, Experience] = {}
    for _ in range(30):
        tried = Tried(AgentId("a"), "model", "model", 500_000, 500_000, ruling)
        table |= {(n, WRITE): each for n, each in lessons([tried], table, WRITE, 0, 0).items()}
    return handed_in(table[class_of("model"), WRITE], "model")


def test_an_engine_that_gives_up_is_feared_less_and_one_that_is_refused_is_not() -> None:
    assert habits("nothing") < CERTAIN // 5
    assert habits("refused") == CERTAIN
