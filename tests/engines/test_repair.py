"""Small repositories with one mistake each, real sandboxes, real test runs."""

from tests.engines.conftest import Builder

PRICES = {
    "price.py": "def discount(amount, count):\n    if count > 10:\n        return amount * 9 // 10\n    return amount\n",
    "test_price.py": (
        "from price import discount\n"
        "def test_few(): assert discount(100, 3) == 100\n"
        "def test_ten(): assert discount(100, 10) == 90\n"
        "def test_many(): assert discount(100, 30) == 90\n"
    ),
}


def test_a_wrong_comparison_is_repaired(workshop: Builder) -> None:
    shop = workshop(
        PRICES,
        {
            "test_price.py::test_few": "passed",
            "test_price.py::test_many": "passed",
            "test_price.py::test_ten": "failed",
        },
    )
    assert "if count >= 10:" in shop.repaired("templates")
