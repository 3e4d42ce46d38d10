"""The form of the files that keep a repository in order: updates, owners, branch rules, words for contributors."""

from cicd_defs.facts.value import Value


class Hygiene(Value):
    """All files of this sort that a pipeline calls for."""
