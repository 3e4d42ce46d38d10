"""Checks that cannot fail."""

from cicd_defs.judge.rules.cannot_fail import (
    errexit_off,
    or_echo,
    or_exit_zero,
    or_true,
    pipe_hides_failure,
    then_true,
)

RULES = (or_true, or_echo, or_exit_zero, then_true, errexit_off, pipe_hides_failure)
