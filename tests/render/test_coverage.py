"""What is written is what coverage.py reads, and what it then measures."""

import subprocess
import sys

import pytest
from coverage.config import read_coverage_config

from cicd_defs.plan.hygiene import Coverage
from cicd_defs.render.coverage import render_coverage

MODULE = """\
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


def sign(x: int) -> str:
    if x > 0:
        return "+"
    return "-"


def later() -> "os.PathLike[str]":
    raise NotImplementedError
"""


def test_coverage_reads_the_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".coveragerc").write_text(
        render_coverage(Coverage(path="", sources=("src", "lib")), ("Ours",))
    )
    read = read_coverage_config(config_file=True, warn=lambda *_: None)
    assert (read.branch, read.source, read.fail_under) == (True, ["src", "lib"], 0)
    assert "raise NotImplementedError" in read.exclude_also


@pytest.mark.parametrize(("sources", "beside"), [(("src",), "src/"), ((), "")])
def test_branches_and_files_that_nothing_imports_count_and_tests_do_not(tmp_path, sources, beside):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "thing.py").write_text(MODULE)
    (tmp_path / f"{beside}forgotten.py").write_text("x = 1\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_thing.py").write_text(
        "import sys\nsys.path.insert(0, 'src')\nfrom thing import sign\n\n\ndef test_x():\n    assert sign(1)\n"
    )
    (tmp_path / ".coveragerc").write_text(render_coverage(Coverage(path="", sources=sources), ("Ours",)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--cov", "--cov-report=term"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    rows = {
        line.split()[0]: line.split()
        for line in told.splitlines()
        if line.startswith(("src", "tests", "forgotten"))
    }
    assert rows[f"{beside}forgotten.py"][-1] == "0%"
    assert rows["src/thing.py"][2:5] == [
        "1",
        "2",
        "1",
    ]  # missed lines, branches, branches taken one way alone
    assert not [name for name in rows if name.startswith("tests")]
