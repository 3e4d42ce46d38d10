"""The written list of gates, in the order in which reports show them."""

from cicd_defs.judge.merge.gates import (
    approvals,
    auto_merge,
    build_success,
    closed,
    conflicts,
    deployment_success,
    draft,
    evaluated,
    forge_checks,
    freeze,
    gate_integrity,
    hold_labels,
    moved,
    protected_paths,
    stranger,
    web_evaluation_pass,
)
from cicd_defs.judge.merge.votes import Gate

GATES: tuple[Gate, ...] = (
    closed.GATE,
    draft.GATE,
    hold_labels.GATE,
    conflicts.GATE,
    moved.GATE,
    evaluated.GATE,
    build_success.GATE,
    deployment_success.GATE,
    web_evaluation_pass.GATE,
    forge_checks.GATE,
    gate_integrity.GATE,
    protected_paths.GATE,
    stranger.GATE,
    approvals.GATE,
    freeze.GATE,
    auto_merge.GATE,
)
