"""Orders are kept."""

from pathlib import Path

import pytest

from shop.basket import price_basket
from shop.orders import open_orders


def test_an_order_is_found_again(tmp_path: Path) -> None:
    orders = open_orders(f"sqlite:///{tmp_path}/shop.db")
    number = orders.place("Ada", price_basket({"mint": 2}))
    found = open_orders(f"sqlite:///{tmp_path}/shop.db").find(number)
    assert found is not None
    assert (found.customer, found.total) == ("Ada", 2210)
    assert found.lines[0]["quantity"] == 2


def test_numbers_go_up(tmp_path: Path) -> None:
    orders = open_orders(f"sqlite:///{tmp_path}/shop.db")
    quote = price_basket({"mint": 1})
    assert [orders.place("Ada", quote) for _ in range(3)] == [1, 2, 3]
    assert orders.find(4) is None


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(ValueError, match="DATABASE_URL must start with"):
        open_orders("mysql://localhost/shop")
