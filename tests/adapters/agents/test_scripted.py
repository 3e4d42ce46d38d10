import pytest

from cicd_defs.adapters.agents.scripted import Scripted, slug
from tests.adapters.agents.test_backends import PATCH, request


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "recordings" / "shop" / "add-it-up"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def ended(tmp_path, place):
    """What comes of an attempt at once."""

    def run(**changes):
        agent = Scripted(tmp_path / "recordings", tmp_path / "runs")
        return agent.get(agent.create(request(**changes), str(changes)))

    return run


def test_without_a_recording_it_says_which_file_to_make(ended, place):
    snapshot = ended(attempt=2)
    assert snapshot.state == "failed"
    assert str(place / "2.patch") in snapshot.error
    assert "fix 1 of the task 'Add it up'" in snapshot.error


def test_a_patch_alone_is_enough(ended, place):
    (place / "1.patch").write_text(PATCH)
    assert (ended().state, ended().patch) == ("completed", PATCH)


def test_every_byte_of_a_patch_is_kept(ended, place):
    (place / "1.patch").write_bytes(PATCH.replace("\n", "\r\n").encode())
    assert ended().patch == PATCH.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ('{"second": 1}', "1.json: second"),
        ('{"seconds": -1}', "1.json: seconds"),
        ("[]", "1.json"),
    ],
)
def test_a_recording_that_makes_no_sense_is_said(ended, place, text, message):
    (place / "1.patch").write_text(PATCH)
    (place / "1.json").write_text(text)
    snapshot = ended()
    assert (snapshot.state, message in snapshot.error) == ("failed", True)


def test_a_patch_that_is_no_text_is_said(ended, place):
    (place / "1.patch").write_bytes(b"\xff\xfe")
    assert "cannot be read" in ended().error


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Add a discount (10 %)", "add-a-discount-10"),
        ("../../etc/passwd", "etc-passwd"),
        ("日本語", "untitled"),
        ("x" * 200, "x" * 60),
        ("my_shop", "my_shop"),
    ],
)
def test_titles_become_names_of_folders(text, name):
    assert slug(text) == name
