"""Jobs and steps in an order that cannot hold."""

from cicd_defs.judge.rules.flow import (
    artifact_overwritten,
    deploy_never_tested,
    deploy_without_concurrency,
    deploy_without_health_check,
    deploy_without_manual_start,
    deploy_without_tests,
    file_before_checkout,
    required_check_may_not_report,
    unknown_artifact,
    unknown_need,
    unknown_output,
)

RULES = (
    unknown_need,
    unknown_output,
    unknown_artifact,
    artifact_overwritten,
    file_before_checkout,
    deploy_without_tests,
    deploy_never_tested,
    deploy_without_concurrency,
    deploy_without_health_check,
    deploy_without_manual_start,
    required_check_may_not_report,
)
