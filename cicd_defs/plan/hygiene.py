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


class Owned(Value):
    """Files by a pattern, and who is asked to review them. Of the patterns that match a file the last one decides."""

    pattern: str
    owners: tuple[str, ...]


class Ruleset(Value):
    """What one branch asks of a change before it takes it.

    `checks` are names of jobs as GitHub shows them. `methods` is how a pull request may be merged. `admin_override`:
    an administrator may merge a pull request that does not fulfil this.
    """

    branch: str
    approvals: int
    code_owner_review: bool
    methods: tuple[str, ...]
    checks: tuple[str, ...]
    admin_override: bool


class Coverage(Value):
    """How one folder's coverage is measured: the folders of its code, all of it where there are none named.

    `otherwise` says why no file of ours says so, where none does.
    """

    path: str
    sources: tuple[str, ...] = ()
    otherwise: str = ""


class Hygiene(Value):
    """All files of this sort that a pipeline calls for. `has_commands`: there is something to tell contributors."""

    updates: tuple[Update, ...] = ()
    owned: tuple[Owned, ...] = ()
    ruleset: Ruleset | None = None
    has_commands: bool = False
    coverage: tuple[Coverage, ...] = ()

    def coverage_at(self, path: str) -> Coverage:
        """How coverage is measured by the file at that path. Raises `KeyError` for one that is not planned."""
        return {coverage.path: coverage for coverage in self.coverage}[path]
