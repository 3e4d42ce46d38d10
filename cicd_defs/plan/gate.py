"""The one job that branch rules require: it always reports, and is red exactly when something it needs went wrong."""

from collections.abc import Sequence

from cicd_defs.plan.pipeline import Expression, Job, Step

SCRIPT = """\
case " $RESULTS " in
  *" failure "* | *" cancelled "*)
    echo "Not everything that had to run went well: $RESULTS" >&2
    exit 1
    ;;
esac
echo "Everything that had to run went well."
"""
"""The gate's own decision. A skipped job did not have to run: its area did not change."""


def gate_job(needs: Sequence[str], runs_on: str) -> Job:
    """The gate over these jobs.

    `always()` makes it run, and so report, whatever became of the others; a required check that is skipped by a path
    filter would stay pending for ever.
    """
    step = Step(
        id="gate",
        name="Look at every result",
        env={"RESULTS": Expression(text="${{ join(needs.*.result, ' ') }}")},
        run=SCRIPT,
    )
    return Job(
        id="gate",
        name="Gate",
        runs_on=runs_on,
        needs=tuple(needs),
        condition="always()",
        timeout_minutes=5,
        steps=(step,),
    )
