"""What hadolint says is taken over where it is right, and every rule of the default profile has a manual of ours."""

import re

import pytest

from cicd_defs.facts.reported import Reported
from cicd_defs.facts.source import Source
from cicd_defs.judge.adopted.hadolint import STYLE, VERSIONS, adopted, manual
from cicd_defs.judge.adopted.hadolint_fixes import FIXERS
from cicd_defs.judge.adopted.hadolint_manuals import MANUALS

ADVICE = {"DL3009", "DL3015", "DL3019", "DL3060"}
"""Rules with a fix that hadolint itself only advises."""


def reported(rule: str, text: str) -> list[str]:
    source = Source("Dockerfile", text)
    start = text.index("RUN")
    report = Reported(source.path, 2, rule, "warning", "x", start=start, end=start)
    return [one.rule for one in adopted(source, (report,))]


@pytest.mark.parametrize(
    ("rule", "script", "right"),
    [
        ("DL3027", "apt update", True),
        ("DL3027", "true && DEBIAN_FRONTEND=noninteractive apt install -y curl", True),
        ("DL3027", "sudo -E apt install -y curl", True),
        ("DL3027", "if true; then apt-get update && apt install curl; fi", True),
        ("DL3027", "snapshot --format apt --out x", False),
        ("DL3027", "echo apt > /etc/tools", False),
        ("DL3046", "useradd -u 1000000 app", True),
        ("DL3046", "useradd --uid=1000000 app", True),
        ("DL3046", "useradd -r -u $APPLICATION_USER_ID app", False),
        ("DL4006", "curl https://a.example | sh", True),
        ("DL4006", "echo a | tee b && curl https://a.example | sh", True),
        ("DL4006", "echo 'deb x' | tee /etc/apt/sources.list && apt-get update", False),
        ("DL4006", "echo $(curl https://a.example | sh)", True),
        ("DL4006", "case $(uname -m) in a) echo 1 ;; *) echo 2 ;; esac | sha256sum -c", False),
    ],
)
def test_a_word_is_taken_for_what_it_is(rule, script, right):
    assert reported(rule, f"FROM debian:12\nRUN {script}\n") == ([rule] if right else [])


@pytest.mark.parametrize("rule", sorted(set(FIXERS) - VERSIONS - STYLE - ADVICE))
def test_what_we_mend_has_a_manual(rule):
    assert rule in MANUALS


@pytest.mark.parametrize("rule", MANUALS)
def test_a_manual_has_all_parts(rule):
    text = manual(rule) or ""
    parts = re.findall(r"^\*\*([\w ]+)\*\* \S", text, re.MULTILINE)
    assert parts == ["Why it matters", "How to fix", "Example"]
    assert text.partition("\n")[0].endswith(".")
    assert f"/{rule}" in text


def test_a_rule_without_a_manual_leads_to_hadolints():
    assert manual("DL3008") == "Found by hadolint: https://github.com/hadolint/hadolint/wiki/DL3008"
    assert manual("or-true") is None
