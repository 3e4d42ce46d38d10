"""What a basket costs. Every amount is in cents."""

from collections.abc import Mapping
from dataclasses import dataclass

from shop.catalogue import find_product

FREE_SHIPPING_FROM = 4000
SHIPPING = 490
BULK_FROM = 3
BULK_PERCENT = 10
MOST_OF_ONE = 20


class BasketError(ValueError):
    """The basket cannot be priced. The message is meant for the customer."""


@dataclass(frozen=True)
class Line:
    """One article of a basket, with its price after discount."""

    sku: str
    name: str
    quantity: int
    price: int


@dataclass(frozen=True)
class Quote:
    """A priced basket."""

    lines: tuple[Line, ...]
    subtotal: int
    shipping: int

    @property
    def total(self) -> int:
        """What the customer pays."""
        return self.subtotal + self.shipping


def price_line(sku: str, quantity: int) -> Line:
    """Three or more of one tea are ten per cent cheaper, rounded in the customer's favour."""
    product = find_product(sku)
    if product is None:
        raise BasketError(f"We have no tea called {sku!r}.")
    if not 1 <= quantity <= MOST_OF_ONE:
        raise BasketError(f"{product.name}: choose between 1 and {MOST_OF_ONE}, not {quantity}.")
    full = product.price * quantity
    discount = -(-full * BULK_PERCENT // 100) if quantity >= BULK_FROM else 0
    return Line(sku, product.name, quantity, full - discount)


def price_basket(quantities: Mapping[str, int]) -> Quote:
    """Price a basket: SKU to quantity. Raises `BasketError` where something is not for sale."""
    if not quantities:
        raise BasketError("Your basket is empty.")
    lines = tuple(price_line(sku, quantity) for sku, quantity in sorted(quantities.items()))
    subtotal = sum(line.price for line in lines)
    return Quote(lines, subtotal, 0 if subtotal >= FREE_SHIPPING_FROM else SHIPPING)
