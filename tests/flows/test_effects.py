import pytest

from cicd_defs.flows.effects import CannotBeDone, Deed, once
from tests.flows.memory import START, Crashes, Died
from tests.flows.memory_store import MemoryEffects


class Place:
    """Something in the world that a deed changes. `deeds` says how often."""

    def __init__(self):
        self.deeds, self.fault = [], None

    def look_up(self):
        return self.deeds[-1] if self.deeds else None

    def act(self):
        if self.fault:
            raise self.fault
        self.deeds.append(f"id-{len(self.deeds) + 1}")
        return self.deeds[-1]


@pytest.fixture
def crashes():
    return Crashes()


@pytest.fixture
def effects(crashes):
    return MemoryEffects(crashes)


@pytest.fixture
def place():
    return Place()


def do(effects, place, digest="one", look_up=None):
    return once(effects, Deed("key", "thing", digest), look_up or place.look_up, place.act, lambda: START)


def test_a_deed_is_done_once_and_gives_its_id_again(effects, place):
    assert [do(effects, place), do(effects, place)] == ["id-1", "id-1"]
    assert place.deeds == ["id-1"]
    assert effects.get("key").state == "done"


@pytest.mark.parametrize("moment", ["effect:thing:intended", "effect:thing:unrecorded"])
def test_whatever_moment_it_dies_at_it_is_done_once(effects, place, crashes, moment):
    crashes.at = moment
    with pytest.raises(Died):
        do(effects, place)
    assert do(effects, place) == "id-1"
    assert place.deeds == ["id-1"]


def test_what_is_written_in_place_is_written_again_when_it_says_something_else(effects, place):
    assert do(effects, place, "one", lambda: None) == "id-1"
    assert do(effects, place, "two", lambda: None) == "id-2"
    assert do(effects, place, "two", lambda: None) == "id-2"


def test_a_fault_leaves_the_deed_intended_for_the_next_try(effects, place):
    place.fault = OSError("no network")
    with pytest.raises(OSError, match="no network"):
        do(effects, place)
    place.fault = None
    assert do(effects, place) == "id-1"


def test_what_cannot_be_done_is_not_tried_again(effects, place):
    place.fault = CannotBeDone("The branch is there already.")
    for _ in range(2):
        with pytest.raises(CannotBeDone, match="there already"):
            do(effects, place)
        place.fault = None
    assert (effects.get("key").state, place.deeds) == ("failed", [])
