"""A fix leaves what a maintainer would write: at the right place, and with nothing lost that somebody needs."""

from collections.abc import Mapping

import pytest

from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.fixing import fix_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rules import rules_by_name

CI = ".github/workflows/ci.yml"


def mended(rule: str, files: Mapping[str, str]) -> dict[str, str]:
    """The files that one rule's fixes change. The rule must have found something."""
    begun = Repository(Tree.of(files))

    def judged(state):
        return audit(begun.changed(state), Settings("strict"), rules=[rules_by_name()[rule]]).findings

    assert judged({})
    return dict(fix_all(files.get, judged, unsafe=True).files)


WAITING = """\
import logging

from app.db import engine

TRIES = 300  # 5 minutes


def wait(tries: int) -> None:
    for number in range(tries):
        logging.info("try %s", number)
        if engine.ready():
            return
    raise SystemExit("nothing answers, and we have waited for very long")
"""


@pytest.mark.parametrize("runs", [True, False])
def test_a_copy_that_is_run_as_a_program_stays(runs):
    main = '\n\nif __name__ == "__main__":\n    wait(TRIES)\n'
    text = WAITING + (main if runs else "")
    package = {
        "app/__init__.py": "",
        "pyproject.toml": '[project]\nname = "app"\n',
        "app/db.py": "engine = None\n",
    }
    files = {**package, "app/wait.py": text, "app/waiting.py": text}
    assert bool(mended("duplicate-modules", files)) is not runs


SHARED = """\
import threading
import unittest

import app


class Test(unittest.TestCase):
    def setUp(self):
        # Nothing is known yet.
        app.{name} = set()
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param(
            "KNOWN",
            '        self.addCleanup(setattr, app, "KNOWN", app.KNOWN)\n        # Nothing is known yet.\n',
            id="there",
        ),
        pytest.param("NEW", None, id="not-there"),
    ],
)
def test_what_is_put_back_was_there(name, line):
    files = {"app.py": "KNOWN = set()\n", "tests/test_app.py": SHARED.replace("{name}", name)}
    after = mended("shared-test-state", files).get("tests/test_app.py")
    assert (line in after) if line else after is None


def test_monkeypatch_sets_what_may_not_be_there():
    text = "import app\n\n\ndef test_it():\n    app.NEW = 1\n    app.KNOWN = 2\n"
    after = mended("shared-test-state", {"app.py": "KNOWN = 1\n", "tests/test_app.py": text})
    assert 'monkeypatch.setattr(app, "NEW", 1, raising=False)\n' in after["tests/test_app.py"]
    assert 'monkeypatch.setattr(app, "KNOWN", 2)\n' in after["tests/test_app.py"]
