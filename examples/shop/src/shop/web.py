"""The shop's web application, as one WSGI callable."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

from shop import __version__
from shop.basket import BasketError, Quote, price_basket
from shop.catalogue import PRODUCTS
from shop.orders import Orders
from shop.visits import Visits

MOST_BYTES = 16_384
LONGEST_NAME = 80
PAGES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
}
HEADERS = [
    ("Content-Security-Policy", "default-src 'self'; img-src 'self' data:"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(frozen=True)
class Response:
    """What is sent back."""

    status: str
    body: bytes
    content_type: str = "application/json"

    @classmethod
    def of(cls, value: object, status: str = "200 OK") -> "Response":
        """A value as JSON."""
        return cls(status, json.dumps(value).encode())


class BadRequestError(ValueError):
    """The client sent something that cannot be read."""


class Shop:
    """The shop: `GET /`, `/health`, `/api/products`; `POST /api/quote`, `/api/orders`."""

    def __init__(self, orders: Orders, visits: Visits) -> None:
        self._orders = orders
        self._visits = visits
        self._routes: dict[tuple[str, str], Callable[[Any], Response]] = {
            ("GET", "/health"): self.health,
            ("GET", "/api/products"): self.products,
            ("POST", "/api/quote"): self.quote,
            ("POST", "/api/orders"): self.order,
        }

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        response = self.answer(environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"), environ)
        length = ("Content-Length", str(len(response.body)))
        start_response(response.status, [("Content-Type", response.content_type), length, *HEADERS])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def answer(self, method: str, path: str, environ: dict[str, Any]) -> Response:
        """Find who answers a request, and say plainly why nobody does."""
        method = "GET" if method == "HEAD" else method
        if method == "GET" and path in PAGES:
            return self.page(*PAGES[path])
        route = self._routes.get((method, path))
        if route is None:
            return Response.of({"error": f"There is no {method} {path}."}, "404 Not Found")
        try:
            return route(read_json(environ) if method == "POST" else None)
        except (BadRequestError, BasketError) as error:
            return Response.of({"error": str(error)}, "400 Bad Request")

    def page(self, name: str, content_type: str) -> Response:
        """A file of the front end."""
        body = files("shop").joinpath("static", name).read_bytes()
        return Response("200 OK", body, content_type)

    def health(self, _: object) -> Response:
        """Whether the shop is open, and what it keeps its things in."""
        kinds = {"orders": self._orders.kind, "visits": self._visits.kind}
        return Response.of({"status": "ok", "version": __version__, **kinds})

    def products(self, _: object) -> Response:
        """The catalogue, and the number of this visit."""
        products = [asdict(product) for product in PRODUCTS]
        return Response.of({"products": products, "visit": self._visits.count()})

    def quote(self, request: Any) -> Response:
        """What a basket costs."""
        return Response.of(quote_as_json(price_basket(read_basket(request))))

    def order(self, request: Any) -> Response:
        """Place an order."""
        customer = request.get("customer") if isinstance(request, dict) else None
        if not isinstance(customer, str) or not 1 <= len(customer.strip()) <= LONGEST_NAME:
            raise BadRequestError("Please tell us your name.")
        quote = price_basket(read_basket(request))
        number = self._orders.place(customer.strip(), quote)
        return Response.of({"number": number, **quote_as_json(quote)}, "201 Created")


def read_json(environ: dict[str, Any]) -> Any:
    """The body of a request as JSON; refuses what is too long or not JSON."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise BadRequestError("The length of the request is not a number.") from error
    if not 0 <= length <= MOST_BYTES:
        raise BadRequestError(f"The request is longer than {MOST_BYTES} bytes.")
    try:
        return json.loads(environ["wsgi.input"].read(length))
    except (ValueError, RecursionError) as error:
        raise BadRequestError("The request is not JSON.") from error


def read_basket(request: Any) -> dict[str, int]:
    """The quantities in a request; refuses anything that is not a whole number."""
    basket = request.get("basket") if isinstance(request, dict) else None
    if not isinstance(basket, dict):
        raise BadRequestError("The request has no basket.")
    if any(type(quantity) is not int for quantity in basket.values()):
        raise BadRequestError("A quantity must be a whole number.")
    return basket


def quote_as_json(quote: Quote) -> dict[str, Any]:
    """A quote as the front end reads it."""
    return {**asdict(quote), "total": quote.total}
