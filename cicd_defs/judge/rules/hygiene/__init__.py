"""What a repository has beside its workflows."""

from types import ModuleType

from cicd_defs.judge.rules.hygiene import (
    no_coverage_configuration,
    no_dockerignore,
    no_local_command,
    no_lock_file,
    no_pre_commit,
    no_test_markers,
    pre_commit_disagrees,
    pre_commit_incomplete,
    root_dockerfile,
    single_stage_dockerfile,
    type_check_overlooks_errors,
    type_checker_neutered,
)

RULES: tuple[ModuleType, ...] = (
    no_pre_commit,
    pre_commit_disagrees,
    pre_commit_incomplete,
    no_lock_file,
    no_dockerignore,
    single_stage_dockerfile,
    root_dockerfile,
    no_local_command,
    no_test_markers,
    no_coverage_configuration,
    type_checker_neutered,
    type_check_overlooks_errors,
)
