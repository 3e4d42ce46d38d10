"""Checks that cannot fail."""

from cicd_defs.judge.rules.cannot_fail import (
    constant_condition,
    continue_on_error_check,
    continue_on_error_job,
    empty_test_selection,
    errexit_off,
    exit_zero_flag,
    only_reports,
    or_echo,
    or_exit_zero,
    or_true,
    pipe_hides_failure,
    report_hides_failure,
    scanner_without_target,
    swallowed_in_script,
    then_true,
)

RULES = (
    or_true,
    or_echo,
    or_exit_zero,
    then_true,
    errexit_off,
    pipe_hides_failure,
    exit_zero_flag,
    only_reports,
    continue_on_error_check,
    continue_on_error_job,
    scanner_without_target,
    swallowed_in_script,
    empty_test_selection,
    constant_condition,
    report_hides_failure,
)
