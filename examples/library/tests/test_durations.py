import pytest

from durations import NotADurationError, parse, spoken


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1h30m", 5400), ("1H 30M", 5400), ("1w 2d", 777_600), ("0s", 0)],
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert parse(text) == seconds


@pytest.mark.parametrize("text", ["", "   ", "soon", "1h 1h", "1.5h", "-1h", "1h?"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NotADurationError):
        parse(text)


@pytest.mark.parametrize("seconds", [1, 59, 3600, 90_061, 604_800])
def test_what_is_written_can_be_read_again(seconds: int) -> None:
    initials = "".join(word if word.isdigit() else word[0] for word in spoken(seconds).split())
    assert parse(initials) == seconds


def test_no_time_at_all_has_words_too() -> None:
    assert spoken(0) == "0 seconds"


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        spoken(-1)
