"""What a basket costs."""

import pytest

from shop.basket import BasketError, price_basket, price_line
from shop.catalogue import PRODUCTS, find_product


@pytest.mark.parametrize(
    ("sku", "quantity", "price"),
    [
        pytest.param("mint", 1, 860, id="one"),
        pytest.param("mint", 2, 1720, id="two-are-not-cheaper"),
        pytest.param("mint", 3, 2322, id="three-are-ten-per-cent-cheaper"),
        pytest.param("rooibos", 3, 2133, id="round-price"),
    ],
)
def test_price_of_a_line(sku: str, quantity: int, price: int) -> None:
    assert price_line(sku, quantity).price == price


@pytest.mark.parametrize(
    ("basket", "subtotal", "shipping"),
    [
        pytest.param({"mint": 1}, 860, 490, id="small-basket-pays-shipping"),
        pytest.param({"darjeeling": 1, "oolong": 1}, 3430, 490, id="just-under"),
        pytest.param({"darjeeling": 3}, 4158, 0, id="free-shipping"),
    ],
)
def test_price_of_a_basket(basket: dict[str, int], subtotal: int, shipping: int) -> None:
    quote = price_basket(basket)
    assert (quote.subtotal, quote.shipping) == (subtotal, shipping)
    assert quote.total == subtotal + shipping


@pytest.mark.parametrize(
    ("basket", "message"),
    [
        pytest.param({}, "empty", id="empty"),
        pytest.param({"coffee": 1}, "no tea called 'coffee'", id="unknown"),
        pytest.param({"mint": 0}, "between 1 and 20", id="none"),
        pytest.param({"mint": 21}, "between 1 and 20", id="too-many"),
    ],
)
def test_baskets_that_cannot_be_priced(basket: dict[str, int], message: str) -> None:
    with pytest.raises(BasketError, match=message):
        price_basket(basket)


def test_every_product_is_found_by_its_sku() -> None:
    assert [find_product(product.sku) for product in PRODUCTS] == list(PRODUCTS)
    assert find_product("coffee") is None
