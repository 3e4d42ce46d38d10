"""The shop against a real PostgreSQL and a real Redis."""

import os

import pytest

from shop.basket import price_basket
from shop.orders import open_orders
from shop.visits import open_visits

pytestmark = pytest.mark.integration

needs_postgres = pytest.mark.skipif(
    "DATABASE_URL" not in os.environ, reason="DATABASE_URL is not set"
)
needs_redis = pytest.mark.skipif("REDIS_URL" not in os.environ, reason="REDIS_URL is not set")


@needs_postgres
def test_an_order_is_kept_in_postgres() -> None:
    url = os.environ["DATABASE_URL"]
    orders = open_orders(url)
    assert orders.kind == "postgresql"
    number = orders.place("Ada", price_basket({"darjeeling": 3}))
    found = open_orders(url).find(number)
    assert found is not None
    assert (found.customer, found.total) == ("Ada", 4158)


@needs_redis
def test_visits_outlive_the_connection() -> None:
    url = os.environ["REDIS_URL"]
    assert open_visits(url).kind == "redis"
    first = open_visits(url).count()
    assert open_visits(url).count() > first
