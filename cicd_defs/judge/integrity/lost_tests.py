"""The tests that a change takes away, skips or empties."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from cicd_defs.facts.changes.diff import ChangedFile
from cicd_defs.facts.reports.verdicts import Finding
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.integrity.places import is_collected, is_test_file
from cicd_defs.judge.integrity.suite import Suite, Test
from cicd_defs.judge.integrity.suites import suite_of


@dataclass(frozen=True)
class Touched:
    """One changed file with its tests before and after. `file` is the change of it."""

    file: ChangedFile
    before: Suite
    after: Suite
    text: str

    @cached_property
    def emptied(self) -> bool:
        """Whether nothing in it is asserted any more, where something was."""
        return bool(self.before.claims and self.after.tests and not self.after.claims)


def lost_tests(files: Sequence[ChangedFile], before: Tree, after: Tree) -> Iterator[Finding]:
    """What the change takes of the tests. Tests that move or are called otherwise, with what they assert, are kept."""
    touched = [_touched(file, before, after) for file in files if _may_hold_tests(file)]
    there = Counter(_leaf(test) for one in touched for test in one.after.active)
    was = Counter(_leaf(test) for one in touched for test in one.before.active)
    gone, come = was - there, there - was
    for one in touched:
        yield from _unreadable(one.file, before, after)
        lost = tuple(_gone(one, gone, come))
        yield from lost
        if not any(finding.kind == "skipped_test" for finding in lost):
            yield from _skipping(one)
        yield from _weaker(one)


def _may_hold_tests(file: ChangedFile) -> bool:
    rust = (".rs",)  # its tests are beside the code
    return any(is_test_file(path) or path.endswith(rust) for path in (file.path, file.old_path))


def _touched(file: ChangedFile, before: Tree, after: Tree) -> Touched:
    """A file with its tests. A new name counts only where runners look for tests by themselves."""
    old = before.text(file.old_path) if file.status != "added" else None
    new = after.text(file.path) if file.status != "deleted" and file.mode != "120000" else None
    stays = file.path == file.old_path and file.status != "added"
    found = stays or is_collected(file.path) or file.path.endswith(".rs")
    return Touched(
        file,
        suite_of(file.old_path, old) if old else Suite(),
        suite_of(file.path, new) if new and found else Suite(),
        new or "",
    )


def _unreadable(file: ChangedFile, before: Tree, after: Tree) -> Iterator[Finding]:
    """A test file of which one side is not at hand: nobody can say what became of its tests."""
    sides = [] if file.status == "added" else [(before, file.old_path)]
    sides += [] if file.status == "deleted" or file.mode in ("120000", "160000") else [(after, file.path)]
    if is_test_file(file.path) and any(tree.read(path) is None for tree, path in sides):
        yield Finding(
            kind="unreadable_test", message=f"`{file.path}` is too large to be compared", path=file.path
        )


def _gone(one: Touched, gone: Counter[str], come: Counter[str]) -> Iterator[Finding]:
    """Tests that ran before and do not any more. `gone` and `come` are used up as they are told of."""
    lost = [test for test in one.before.active if gone[_leaf(test)] > 0]
    gained = [test for test in one.after.active if come[_leaf(test)] > 0]
    if lost and len(gained) >= len(lost) and one.after.claims >= one.before.claims:
        gone.subtract(map(_leaf, lost))  # called otherwise
        return
    whole_file = one.file.status == "deleted" and len(lost) == len(one.before.active)
    if lost and whole_file:
        gone.subtract(map(_leaf, lost))
        message = f"the test file `{one.file.old_path}` is deleted, with {_counted(len(lost))}"
        yield Finding(kind="deleted_test_file", message=message, path=one.file.old_path)
        return
    for test in lost:
        gone[_leaf(test)] -= 1
        skipped = any(_leaf(other) == _leaf(test) for other in one.after.tests) or _leaf(test) in one.text
        kind, what = ("skipped_test", "does not run any more") if skipped else ("deleted_test", "is deleted")
        message = f"the test `{test.name}` of `{one.file.old_path}` {what}"
        yield Finding(kind=kind, message=message, path=one.file.path, line=_line(one, test))


def _skipping(one: Touched) -> Iterator[Finding]:
    """Marks and calls that skip, in a file that had tests before."""
    path = one.file.path
    if one.before.tests and one.after.skips > one.before.skips and one.file.status != "deleted":
        message = f"`{path}` skips more than before"
        yield Finding(kind="skipped_test", message=message, path=path, line=_marked(one))


def _weaker(one: Touched) -> Iterator[Finding]:
    """Tests that assert nothing any more, and tests that make all others not run."""
    path = one.file.path
    before, after = one.before, one.after
    if after.focused > before.focused:
        message = f"`{path}` focuses on some tests, so that the others do not run"
        yield Finding(kind="focused_test", message=message, path=path, line=_marked(one))
    old = {test.name: test for test in before.active}
    empty = [test for test in after.active if test.claims == 0 and (old.get(test.name, test).claims or 0) > 0]
    for test in empty:
        message = f"the test `{test.name}` of `{path}` asserts nothing any more"
        yield Finding(kind="emptied_test", message=message, path=path, line=test.line)
    if one.emptied and not empty:
        yield Finding(kind="emptied_test", message=f"`{path}` asserts nothing any more", path=path)


def _leaf(test: Test) -> str:
    return test.name.rpartition(".")[2] if test.claims is not None else test.name


def _line(one: Touched, test: Test) -> int:
    """Where a test is now; of a deleted one, where it was."""
    now = (other.line for other in one.after.tests if _leaf(other) == _leaf(test))
    return next(now, test.line)


def _marked(one: Touched) -> int:
    """The first added line that says so."""
    words = ("skip", "only", "ignore", "xfail", "xit", "Disabled", "focus", "fit(", "build")
    return next((line.number for line in one.file.added if any(word in line.text for word in words)), 0)


def _counted(count: int) -> str:
    return "1 test" if count == 1 else f"{count} tests"
