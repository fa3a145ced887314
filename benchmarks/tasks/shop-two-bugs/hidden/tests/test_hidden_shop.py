from shop.prices import discount, total
from shop.stock import Stock


def test_many_reservations():
    stock = Stock(a=6)
    for _ in range(6):
        stock.reserve("a", 1)
    assert stock.available("a") == 0
    stock.ship("a", 6)
    assert stock.amounts == {"a": 0}


def test_large_orders():
    assert discount(20_000, 200) == 2000
    assert discount(999, 12) == 49
    assert total([("a", 60)], {"a": 100}) == 5400
