"""What Dependabot reads is what its schema and zizmor hold for right, whatever the folders are called."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.plan.dependabot import ECOSYSTEMS
from cicd_defs.plan.hygiene import Update
from cicd_defs.render.dependabot import COOLDOWN_DAYS, render_dependabot

PROGRAMS = Path(sys.executable).parent
HEADER = ("Generated",)
EVERY = [
    Update(ecosystem=name, directories=("/", f"/it's #{name}: *x"), prefix="build", branch="a b")
    for name in dict.fromkeys(
        (*ECOSYSTEMS.values(), "github-actions", "pre-commit", "docker", "docker-compose")
    )
]


@pytest.fixture
def written(tmp_path):
    file = tmp_path / ".github" / "dependabot.yml"
    file.parent.mkdir()
    file.write_text(render_dependabot(EVERY, HEADER))
    return file


def test_the_schema_accepts_every_ecosystem(written):
    command = [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.dependabot", written]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_zizmor_has_no_finding(written):
    command = [PROGRAMS / "zizmor", "--offline", "--no-config", "--persona=auditor", "-q", written]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_zizmor_would_have_seen_a_shorter_cooldown(written):
    written.write_text(written.read_text().replace(f"default-days: {COOLDOWN_DAYS}", "default-days: 2"))
    command = [PROGRAMS / "zizmor", "--offline", "--no-config", "--persona=auditor", "-q", written]
    assert (
        "dependabot-cooldown" in subprocess.run(command, capture_output=True, text=True, check=False).stdout
    )


@given(folders=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3, unique=True))
def test_folders_are_read_back_as_they_are(folders):
    update = Update(ecosystem="npm", directories=tuple(f"/{folder}" for folder in folders), prefix="build")
    read = yaml.safe_load(render_dependabot([update], HEADER))["updates"][0]
    told = read["directories"] if len(folders) > 1 else [read["directory"]]
    assert tuple(told) == update.directories
