"""What the shop sells."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """One article. `price` is in cents, tax included; `hue` colours its picture (0 to 359)."""

    sku: str
    name: str
    origin: str
    note: str
    price: int
    hue: int


PRODUCTS: tuple[Product, ...] = (
    Product("sencha", "Sencha", "Uji, Japan", "Grassy and bright, a touch of sea air.", 1290, 130),
    Product(
        "darjeeling", "Darjeeling", "West Bengal, India", "Muscatel, light, late spring.", 1540, 32
    ),
    Product("oolong", "Tie Guan Yin", "Anxi, China", "Orchid first, then warm butter.", 1890, 168),
    Product("lapsang", "Lapsang Souchong", "Wuyi, China", "Pine smoke over dark sugar.", 1180, 14),
    Product(
        "rooibos", "Rooibos", "Cederberg, South Africa", "Honey and vanilla, no caffeine.", 790, 4
    ),
    Product(
        "mint", "Moroccan Mint", "Meknes, Morocco", "Gunpowder green with spearmint.", 860, 152
    ),
)


def find_product(sku: str) -> Product | None:
    """The product with this stock-keeping unit, or None where the shop has none."""
    return next((product for product in PRODUCTS if product.sku == sku), None)
