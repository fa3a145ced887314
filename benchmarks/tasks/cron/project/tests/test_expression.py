from datetime import datetime

import pytest

from cron.expression import Expression

WEDNESDAY = datetime(2024, 3, 6, 12, 30)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("* * * * *", datetime(2024, 3, 6, 12, 31)),
        ("30 12 * * *", datetime(2024, 3, 7, 12, 30)),
        ("0 9 * * mon", datetime(2024, 3, 11, 9, 0)),
        ("15 8 1 * *", datetime(2024, 4, 1, 8, 15)),
        ("0 0 29 2 *", datetime(2028, 2, 29, 0, 0)),
        ("0 6 13 * fri", datetime(2024, 3, 8, 6, 0)),
        ("0 6 7 * sun", datetime(2024, 3, 7, 6, 0)),
    ],
)
def test_following(text, moment):
    assert Expression(text).following(WEDNESDAY) == moment


def test_never():
    with pytest.raises(ValueError):
        Expression("0 0 31 2 *").following(WEDNESDAY)


def test_five_fields():
    with pytest.raises(ValueError):
        Expression("* * * *")
