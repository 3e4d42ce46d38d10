"""What a step of a pipeline is for."""

from enum import StrEnum


class StepKind(StrEnum):
    """What a step is for. It is the first word of the step's id, so that a file that is read back still tells it."""

    CHECKOUT = "checkout"
    SETUP = "setup"
    CACHE = "cache"
    INSTALL = "install"
    CHANGES = "changes"
    LINT = "lint"
    FORMAT = "format"
    TYPECHECK = "typecheck"
    TEST = "test"
    INTEGRATION = "integration"
    E2E = "e2e"
    BUILD = "build"
    SCAN = "scan"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    COVERAGE = "coverage"
    DEPLOY = "deploy"
    VERIFY = "verify"
    NOTIFY = "notify"
    GATE = "gate"
    OTHER = "other"

    @classmethod
    def of(cls, step_id: str) -> "StepKind":
        """The kind that a step's id tells, `OTHER` where it tells none."""
        first = step_id.partition("-")[0]
        return cls(first) if first in set(cls) else cls.OTHER
