from datetime import datetime, timedelta

import pytest

from cron.expression import Expression


@pytest.mark.parametrize("text", ["5 4 */9 * *", "0 22 1,15 * 3", "59 23 * 12 sat", "7 */6 31 * *"])
def test_as_trying_every_minute(text):
    expression = Expression(text)
    moment = datetime(2024, 11, 20, 17, 45, 12)
    slow = moment.replace(second=0) + timedelta(minutes=1)
    while not expression.matches(slow):
        slow += timedelta(minutes=1)
    assert expression.following(moment) == slow


def test_either_day_is_enough():
    days = [n for n in range(1, 32) if Expression("0 0 10 3 mon").matches(datetime(2024, 3, n))]
    assert days == [4, 10, 11, 18, 25]


def test_a_stepped_star_counts_as_unrestricted():
    days = [n for n in range(1, 32) if Expression("0 0 */10 3 mon").matches(datetime(2024, 3, n))]
    assert days == [11]
