import pytest

from pricing import PLACES, STEPS, TooHeavyError, price


@pytest.mark.parametrize(("grams", "cents"), [(1, 390), (500, 390), (501, 590), (10_000, 1_090)])
def test_the_price_follows_the_weight(grams, cents):
    assert price(grams) == cents


def test_abroad_costs_more():
    assert PLACES == ("inland", "abroad")
    assert price(500, "abroad") == 975


@pytest.mark.parametrize("grams", [0, -1])
def test_a_parcel_weighs_something(grams):
    with pytest.raises(ValueError, match="weighs something"):
        price(grams)


def test_nobody_carries_a_piano():
    with pytest.raises(TooHeavyError):
        price(STEPS[-1][0] + 1)
