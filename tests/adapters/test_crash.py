"""A point at which a process kills itself, when it is told to and only then."""

import subprocess
import sys

import pytest

from cicd_defs.adapters.crash import arm

PROGRAM = """
import sys
from cicd_defs.adapters.crash import arm, crashpoint
arm(sys.argv[1])
for number in range(1, 5):
    crashpoint("other")
    crashpoint("here")
    print(number, flush=True)
"""


def run(point):
    done = subprocess.run([sys.executable, "-c", PROGRAM, point], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize(
    ("point", "lived"),
    [
        ("here", 0),
        ("here@1", 0),
        ("here@3", 2),
        ("here@5", 4),
        ("", 4),
        ("elsewhere", 4),
        ("her", 4),
        ("a,here@2,b@9", 1),
    ],
)
def test_a_process_dies_at_its_point_only(point, lived):
    code, printed = run(point)
    assert (code, len(printed)) == (0 if lived == 4 else -9, lived)


def test_with_a_marker_a_process_dies_once(tmp_path):
    point = f"here@2:{tmp_path / 'marker'}"
    assert run(point) == (-9, ["1"])
    assert run(point) == (0, ["1", "2", "3", "4"])


@pytest.mark.parametrize("point", ["here@", "here@0", "here@x", "here@-1", "here@:/m"])
def test_a_count_that_is_none_is_refused(point):
    with pytest.raises(ValueError, match="a count from 1"):
        arm(point)
