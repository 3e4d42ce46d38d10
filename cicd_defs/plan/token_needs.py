"""What each action needs of the job's token, as its documentation says: data, which costs nothing to load."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cicd_defs.plan.pipeline import Access, Scope

Need = tuple["Scope", "Access", str]
"""A scope, how it is used, and the reason that is written beside it."""

NEEDS: dict[str, tuple[Need, ...]] = {
    # They use the runner's own services for caches and artefacts, which the job's token does not open.
    # https://docs.github.com/actions/reference/workflows-and-actions/dependency-caching
    "actions/cache": (),
    "actions/upload-artifact": (),
    "actions/download-artifact": (),  # of the same run; of another one see NEEDS_WHERE in `permissions`
    "Swatinem/rust-cache": (),
    # https://github.com/actions/checkout#recommended-permissions
    "actions/checkout": (("contents", "read", "check out the code"),),
    # They read public releases; the token only raises the rate limit.
    "actions/setup-go": (),
    "actions/setup-java": (),
    "actions/setup-node": (),
    "actions/setup-python": (),
    "astral-sh/setup-uv": (),
    "Azure/setup-helm": (),
    "Azure/setup-kubectl": (),
    "oven-sh/setup-bun": (),
    "prefix-dev/setup-pixi": (),
    # https://github.com/actions/attest-build-provenance#usage; the storage record is optional
    "actions/attest-build-provenance": (
        ("attestations", "write", "keep the proof of how it was built"),
        ("id-token", "write", "sign the proof of how it was built"),
    ),
    # https://github.com/aquasecurity/trivy-action: it reads files or an image, and reports through its exit code
    "aquasecurity/trivy-action": (),
    "codecov/codecov-action": (),  # by the run's identity; see NEEDS_WHERE in `permissions`
    # https://github.com/coverallsapp/github-action: the token only shows to Coveralls whose run it is
    "coverallsapp/github-action": (),
    # https://github.com/docker/build-push-action: what is pushed is the login's need, see `permissions`
    "docker/build-push-action": (),
    "docker/login-action": (),
    # https://github.com/docker/metadata-action: it asks for the repository's description, which every token may
    "docker/metadata-action": (),
    "docker/setup-buildx-action": (),
    "docker/setup-qemu-action": (),
    # https://github.com/golangci/golangci-lint-action#annotations: reading the code is the checkout's need
    "golangci/golangci-lint-action": (),
    # https://github.com/slackapi/slack-github-action: it talks to Slack alone
    "slackapi/slack-github-action": (),
    # https://github.com/trufflesecurity/trufflehog: it reads what was checked out
    "trufflesecurity/trufflehog": (),
}
"""Action to what it uses of the token, however it is called."""
