"""The names that a finding can have: of our own rules, and of the rules of the programs whose findings join ours."""

import re

from cicd_defs.judge.rules import rules_by_name

_HADOLINT = re.compile(r"(?:DL|SC)\d{4}")


def is_rule(name: str) -> bool:
    """Whether a rule has this name."""
    return name in rules_by_name() or bool(_HADOLINT.fullmatch(name))
