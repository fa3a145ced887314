from datetime import date

import pytest

from timebook.entries import Entry
from timebook.invoices import (
    Invoice,
    Line,
    lines_for,
    next_number,
    outstanding,
    reminder_level,
)
from timebook.rates import Rate, RateCard

DAY = date(2024, 3, 6)
CARD = RateCard([Rate("*", 6000, date(2020, 1, 1))])


def invoice(number="2024-001", cents=(10_000, 5000), **more):
    lines = tuple(Line("work", 60, each) for each in cents)
    return Invoice(number, more.pop("issued", date(2024, 3, 1)), lines, **more)


def test_net_is_the_sum_of_the_lines():
    assert invoice().net == 15_000


def test_discount_is_taken_off():
    assert invoice(discount=10).net == 13_500


def test_discount_and_tax_may_be_anything():
    assert invoice(discount=0, tax=0).gross == 15_000
    assert invoice(discount=50, tax=7).gross == 8025
    assert invoice(cents=(333,), discount=12.5, tax=7.5).gross == 313


def test_tax_is_on_what_is_left_after_the_discount():
    assert invoice().gross == 17_850
    assert invoice(discount=10).gross == 16_065


def test_due_after_two_weeks():
    assert invoice().due == date(2024, 3, 15)


def test_due_day_is_a_working_day():
    assert invoice(issued=date(2024, 3, 2)).due == date(2024, 3, 18)
    assert invoice(issued=date(2024, 3, 15)).due == date(2024, 4, 2)


def test_lines_by_project():
    entries = [
        Entry(DAY, 540, 560, "globex"),
        Entry(DAY, 600, 660, "acme"),
        Entry(DAY, 660, 680, "globex"),
    ]
    assert lines_for(entries, CARD) == (Line("acme", 60, 6000), Line("globex", 45, 4000))


def test_minutes_are_rounded_up_once_for_each_project():
    short = [Entry(DAY, 540, 545, "a"), Entry(DAY, 550, 557, "a"), Entry(DAY, 560, 590, "b")]
    assert [(line.text, line.minutes) for line in lines_for(short, CARD)] == [("a", 15), ("b", 30)]
    assert [line.minutes for line in lines_for(short, CARD, step=10)] == [20, 30]


def test_unbillable_work_is_not_on_the_invoice():
    assert lines_for([Entry(DAY, 540, 600, "office", billable=False)], CARD) == ()


def test_next_number():
    assert next_number([], 2024) == "2024-001"
    assert next_number(["2024-001", "2024-009", "2023-120"], 2024) == "2024-010"
    assert next_number(["2023-120"], 2024) == "2024-001"
    assert next_number(["2024-012", "2024-003"], 2024) == "2024-013"


@pytest.mark.parametrize(
    ("today", "level"),
    [
        (date(2024, 3, 15), 0),
        (date(2024, 3, 16), 1),
        (date(2024, 3, 28), 1),
        (date(2024, 3, 29), 2),
        (date(2024, 4, 11), 2),
        (date(2024, 4, 12), 3),
        (date(2024, 4, 30), 3),
        (date(2024, 12, 1), 3),
    ],
)
def test_reminders(today, level):
    assert reminder_level(invoice(), today) == level


def test_no_reminder_for_a_paid_invoice():
    assert reminder_level(invoice(), date(2024, 6, 1), paid=True) == 0


def test_outstanding_invoices():
    both = [invoice("2024-001"), invoice("2024-002")]
    assert outstanding(both, [("2024-001", 17_850)]) == {"2024-002": 17_850}


def test_payment_in_parts():
    paid = [("2024-001", 10_000), ("2024-001", 7000)]
    assert outstanding([invoice()], paid) == {"2024-001": 850}
    assert outstanding([invoice()], [*paid, ("2024-001", 850)]) == {}
    assert outstanding([invoice()], [*paid, ("2024-001", 900)]) == {}


def test_payment_for_an_unknown_invoice():
    with pytest.raises(LookupError):
        outstanding([invoice()], [("2024-007", 100)])
