"""The form of the files that keep a repository in order: updates, owners, branch rules, words for contributors."""

from cicd_defs.facts.value import Value


class Update(Value):
    """What Dependabot keeps up to date: one ecosystem, in these folders, each `/` or `/` and a plain path.

    `prefix` begins the titles of its pull requests; they go to `branch`, or to the default branch where it is None.
    """

    ecosystem: str
    directories: tuple[str, ...]
    prefix: str
    branch: str | None = None


class Hygiene(Value):
    """All files of this sort that a pipeline calls for."""

    updates: tuple[Update, ...] = ()
