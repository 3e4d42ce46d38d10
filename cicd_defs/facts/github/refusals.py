"""Why a forge does not do what it is asked for."""


class ForgeError(Exception):
    """A forge cannot do what it is asked for: where, what, and what to do next."""


class MergeRefused(Exception):
    """A forge did not merge. `reason`: head_moved, base_moved, conflict, closed or refused; the text is for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
