"""Checks that cannot fail."""

from cicd_defs.judge.rules.cannot_fail import or_true

RULES = (or_true,)
