import pytest

from shop.stock import OutOfStock, Stock


def test_reserved_goods_are_not_available():
    stock = Stock(cup=10)
    stock.reserve("cup", 4)
    assert stock.available("cup") == 6


def test_reservations_add_up():
    stock = Stock(cup=10)
    stock.reserve("cup", 4)
    stock.reserve("cup", 5)
    assert stock.available("cup") == 1
    with pytest.raises(OutOfStock):
        stock.reserve("cup", 2)


def test_ship():
    stock = Stock(cup=10)
    stock.reserve("cup", 4)
    stock.ship("cup", 3)
    assert (stock.amounts["cup"], stock.available("cup")) == (7, 6)
    with pytest.raises(OutOfStock):
        stock.ship("cup", 2)


def test_low():
    assert Stock(cup=5, pot=4, pan=0).low() == ["pan", "pot"]
