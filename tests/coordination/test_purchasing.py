"""Which checks a submission gets: the value of what they may find, against their price."""

from hypothesis import given
from hypothesis import strategies as st

from swarm.coordination.purchasing import Stake, Trade, is_passed_over, purchase, turned_down
from swarm.domain.bids import AgentCard, Curve, Role, Row
from swarm.domain.money import USD
from swarm.domain.names import (
    AgentId,
    CommitHash,
    GoalId,
    HostId,
    Principal,
    PublicKey,
    TaskId,
    TreeHash,
)
from swarm.domain.purchases import Purchase
from swarm.domain.tasks import CheckSubject, Contract, TaskKind
from swarm.market.public_api import Joint

RATES = {"suite": (550_000, 0), "static": (700_000, 0), "opinion": (600_000, 100_000)}
AUTHOR = Principal("local/model:big-agent")


def card(name: str, aspect: str, *, price: int = 1_000, family: str = "rules") -> AgentCard:
    kind, role = (TaskKind.TEST, "tester") if aspect == "suite" else (TaskKind.REVIEW, "reviewer")
    checked_role: Role = "tester" if role == "tester" else "reviewer"
    return AgentCard(
        agent_id=AgentId(name),
        role=checked_role,
        engine="rules",
        strategy=aspect,
        family=family,
        principal=Principal(f"local/{name}"),
        public_key=PublicKey(name * 8),
        capacity=1,
        curves=(
            Curve(
                kind=kind, aspect=aspect, rows=(Row(price=price, seconds=1, probability=500_000),)
            ),
        ),
        host=HostId("here"),
    )


def contract(aspect: str, round_: int = 1) -> Contract:
    subject = CheckSubject(
        base=CommitHash("b" * 40),
        base_tree=TreeHash("b" * 40),
        tree=TreeHash("c" * 40),
        targets=(),
        authors=(AUTHOR,),
        of=TaskId("g-7k2m9x.t2"),
        round=round_,
    )
    return Contract(
        task_id=TaskId("g-7k2m9x.t3"),
        goal_id=GoalId("g-7k2m9x"),
        kind=TaskKind.TEST if aspect == "suite" else TaskKind.REVIEW,
        title=aspect,
        value=10 * USD,
        budget=USD,
        seconds=60,
        aspect=aspect,
        subject=subject,
    )


CONTRACTS = tuple(contract(aspect) for aspect in ("suite", "static", "opinion"))


def stake(p: int = 500_000, value: int = 10 * USD, families: tuple[str, ...] = ()) -> Stake:
    return Stake(p, value, value // 2, 0, frozenset(families))


def bought(price: int, at: Stake, family: str = "model:small") -> Purchase:
    cards = (card("suite", "suite"), card("static", "static"))
    critic = card("critic", "opinion", price=price, family=family)
    found = purchase(Trade((*cards, critic), RATES), CONTRACTS, at)
    assert found is not None
    return found


def names(found: Purchase) -> set[str]:
    return {each.aspect for each in found.offers if each.bought}


def test_a_check_is_bought_as_long_as_it_is_worth_its_price() -> None:
    assert names(bought(10_000, stake())) == {"suite", "static", "opinion"}
    assert names(bought(2 * USD, stake())) == {"suite", "static"}
    assert turned_down(bought(2 * USD, stake()), CONTRACTS[2])


def test_little_at_stake_buys_only_what_the_vote_needs() -> None:
    assert names(bought(10_000, stake(value=20_000))) == {"suite", "static"}


def test_a_submission_that_is_surely_right_is_not_looked_at_by_more() -> None:
    assert names(bought(10_000, stake(p=1_000_000))) == {"suite", "static"}


def test_the_authors_own_model_is_reckoned_with_as_half_of_an_opinion() -> None:
    found = bought(10_000, stake(families=("model:big",)), family="model:big")
    (opinion,) = (each for each in found.offers if each.aspect == "opinion")
    assert (opinion.alpha, opinion.kin) == (800_000, "the author")
    other = bought(10_000, stake(families=("model:big",)))
    assert opinion.gain < next(e.gain for e in other.offers if e.aspect == "opinion")


def test_a_check_that_passed_what_another_passed_is_bought_for_less() -> None:
    cards = (card("suite", "suite"), card("static", "static"), card("critic", "opinion"))
    joints = {("static", "opinion"): Joint(wrong=60, passed=30, found=30, found_of_passed=0)}
    before, after = (
        purchase(Trade(cards, RATES, known), CONTRACTS, stake()) for known in ({}, joints)
    )
    assert before is not None
    assert after is not None
    apart, common = (
        next(e for e in found.offers if e.aspect == "opinion") for found in (before, after)
    )
    assert (apart.kin, common.kin, common.shared) == ("", "static", 750_000)
    assert common.gain < apart.gain
    assert before.alpha < after.alpha


def test_who_answers_for_an_author_is_not_asked() -> None:
    kin = card(AUTHOR.removeprefix("local/"), "opinion")
    found = purchase(Trade((card("suite", "suite"), kin), RATES), CONTRACTS, stake())
    assert found is not None
    assert names(found) == {"suite"}


def test_without_anybody_to_offer_nothing_is_decided() -> None:
    assert purchase(Trade(), CONTRACTS, stake()) is None
    assert not turned_down(None, CONTRACTS[2])


def test_what_nobody_offers_yet_is_announced_all_the_same() -> None:
    found = purchase(Trade((card("suite", "suite"),), RATES), CONTRACTS, stake())
    assert not turned_down(found, CONTRACTS[2])


@given(st.integers(0, 1_000_000), st.integers(0, 100 * USD), st.integers(0, 3 * USD))
def test_more_checks_never_accept_more_and_what_was_bought_beyond_the_rule_gains(
    p: int, value: int, price: int
) -> None:
    found = bought(price, stake(p, value))
    assert found.alpha <= 550_000 * 700_000 // 1_000_000
    assert all(each.required or (each.gain > 0) == each.bought for each in found.offers)


def test_one_of_several_reviewers_is_drawn_and_the_order_is_fixed_before_the_patch() -> None:
    """It is drawn by goal, task and round alone: the tree that was submitted does not enter."""
    cards = tuple(card(f"critic-{n}", "opinion") for n in range(5))
    first = [not is_passed_over(each, contract("opinion"), cards) for each in cards]
    assert first.count(True) == 1
    other_tree = contract("opinion").subject
    assert other_tree is not None
    moved = contract("opinion").model_copy(
        update={"subject": other_tree.model_copy(update={"tree": TreeHash("d" * 40)})}
    )
    assert [not is_passed_over(each, moved, cards) for each in cards] == first


def test_whoever_comes_later_does_not_change_the_order_of_the_others() -> None:
    cards = tuple(card(f"critic-{n}", "opinion") for n in range(5))
    (chosen,) = (e for e in cards if not is_passed_over(e, contract("opinion"), cards))
    rest = tuple(each for each in cards if each in {chosen, cards[0], cards[1]})
    assert not is_passed_over(chosen, contract("opinion"), rest)


def test_rounds_are_drawn_anew() -> None:
    cards = tuple(card(f"critic-{n}", "opinion") for n in range(5))
    drawn = {
        next(e.agent_id for e in cards if not is_passed_over(e, contract("opinion", n), cards))
        for n in range(1, 20)
    }
    assert len(drawn) > 1


def test_testers_are_not_drawn_and_authors_do_not_take_part() -> None:
    cards = (card("a", "suite"), card("b", "suite"))
    assert not any(is_passed_over(each, contract("suite"), cards) for each in cards)
    author = card("x", "opinion").model_copy(update={"principal": AUTHOR})
    assert not is_passed_over(
        card("y", "opinion"), contract("opinion"), (author, card("y", "opinion"))
    )
