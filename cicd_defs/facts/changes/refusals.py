"""Why a patch is not taken."""


class PatchRefused(Exception):
    """A patch does not apply, is empty, or changes what an agent may not: which, in words."""
