"""What is known of the tests of one file."""

from cicd_defs.facts.value import Value


class Test(Value):
    """One test. `claims` counts what it asserts and can fail by; None where that is not known for each test."""

    __test__ = False  # not a test of ours

    name: str
    line: int = 0
    claims: int | None = None
    skipped: bool = False


class Suite(Value):
    """The tests of a file; how much it asserts in all; how often it skips beside its tests; how often it focuses."""

    tests: tuple[Test, ...] = ()
    claims: int = 0
    skips: int = 0
    focused: int = 0

    @property
    def active(self) -> tuple[Test, ...]:
        """The tests that run."""
        return tuple(test for test in self.tests if not test.skipped)
