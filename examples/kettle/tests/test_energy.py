import pytest

from kettle import energy_to_heat


def test_a_litre_by_one_degree():
    assert energy_to_heat(1, 1) == 4186


def test_twice_the_water_takes_twice_the_energy():
    assert energy_to_heat(2, 10) == 2 * energy_to_heat(1, 10)


def test_negative_amounts_are_refused():
    with pytest.raises(ValueError, match="negative"):
        energy_to_heat(-1, 10)
