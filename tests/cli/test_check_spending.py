"""What checks cost, as `swarm market` tells it."""

from swarm.cli.market_spending import CheckSpending, check_spending, spending_document


def test_without_a_goal_nothing_was_spent() -> None:
    told = check_spending((), 0, 0)
    assert (told.spent, told.share, told.submissions) == (0, 0, 0)


def test_the_share_is_of_all_that_was_spent() -> None:
    told = CheckSpending(200, 50, 1, 3, 10, 2, 7)
    document = spending_document(told)
    assert isinstance(document, dict)
    assert document["share_ppm"] == told.share == 250_000
