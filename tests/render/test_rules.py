"""The manuals of the rules: of ours, of those that we adopt, and of the audit itself; on the terminal and as a page."""

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from cicd_defs.cli import app
from cicd_defs.judge.engine import MANUALS
from cicd_defs.judge.rules import all_rules
from cicd_defs.judge.rules_known import adopted_manuals, closest_rule, is_rule, rule_names
from cicd_defs.render.rules import manual_of, overview_of_rules, rules_page
from tests.checkers import NODE_HOME

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date():
    written = (ROOT / "docs" / "rules.md").read_text("utf-8")
    assert written == rules_page(), "docs/rules.md is stale; run: make generate"


@pytest.mark.parametrize("name", [*(rule.name for rule in all_rules()), *adopted_manuals(), *MANUALS])
def test_every_rule_has_a_manual_and_a_place_on_the_page(name):
    manual = manual_of(name)
    assert manual is not None
    assert manual.startswith(f"{name}\n{'=' * len(name)}\n")
    assert f"\n### {name}\n" in rules_page()
    assert f"  {name} " in overview_of_rules()
    assert is_rule(name)


def test_no_two_rules_have_one_name():
    assert len(set(rule_names())) == len(rule_names())


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DL3008", "github.com/hadolint/hadolint/wiki/DL3008"),
        ("SC2086", "www.shellcheck.net/wiki/SC2086"),
    ],
)
def test_rules_of_hadolint_lead_to_their_manual(name, address):
    assert address in (manual_of(name) or "")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("or-treu", "or-true"), ("or_true", "or-true"), ("unpined-uses", "unpinned-uses"), ("qqqq", None)],
)
def test_a_word_that_is_no_rule_is_set_right(word, meant):
    assert manual_of(word) is None
    assert closest_rule(word) == meant


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("or-true", "**Why it matters**"),
        ("unpinned-uses", "Found by zizmor"),
        ("DL3008", "Found by hadolint"),
        ("bad-suppression", "always heard"),
        ("rules", "cannot fail\n"),
    ],
)
def test_explain_tells_of_rules(word, says):
    result = CliRunner().invoke(app, ["explain", word])
    assert result.exit_code == 0
    assert says in result.output


@pytest.mark.parametrize(
    ("word", "meant"), [("or-treu", "or-true"), ("verions", "pipeline.components.versions")]
)
def test_explain_s_hint_knows_keys_and_rules(word, meant):
    result = CliRunner().invoke(app, ["explain", word])
    assert f"Did you mean `{meant}`?" in str(result.exception)


@pytest.mark.system
def test_the_page_is_as_prettier_has_it(tmp_path):
    prettier = NODE_HOME / "node_modules/prettier/bin/prettier.cjs"
    if shutil.which("node") is None or not prettier.exists():
        pytest.skip("prettier is not installed; run: make checkers")
    file = tmp_path / "rules.md"
    file.write_text(rules_page(), "utf-8")
    told = subprocess.run(["node", prettier, file], capture_output=True, check=True).stdout.decode()
    assert rules_page() == told
