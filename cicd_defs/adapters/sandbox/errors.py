"""What goes wrong with a sandbox itself, and not with what runs in it."""


class SandboxError(Exception):
    """A sandbox cannot be had or would not hold: what is the matter, and what to do."""
