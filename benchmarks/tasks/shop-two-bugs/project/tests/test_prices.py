import pytest

from shop.prices import discount, subtotal, total

PRICES = {"cup": 500, "pen": 100}


def test_subtotal():
    assert subtotal([("cup", 2), ("pen", 3)], PRICES) == 1300


@pytest.mark.parametrize(("count", "off"), [(1, 0), (9, 0), (10, 50), (49, 50), (50, 100)])
def test_discount(count, off):
    assert discount(1000, count) == off


def test_shipping_below_fifty():
    assert total([("cup", 2)], PRICES) == 1490


def test_free_shipping_after_the_discount():
    assert total([("cup", 10)], PRICES) == 4750 + 490
    assert total([("cup", 11)], PRICES) == 5225
