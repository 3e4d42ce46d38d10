"""Nothing goes out unchecked: the job that waits for the gate of CI on the same commit."""

from cicd_defs.plan.permissions import permissions_for
from cicd_defs.plan.pipeline import Expression, Job, Permission, Step, Workflow
from cicd_defs.spec.model import Project

JOB = "checked"
QUEUED = 15
"""Minutes that CI may wait for a runner, beside the time that its jobs may take."""

WAIT = """\
until_then=$((SECONDS + 60 * MINUTES))
while :; do
  # What is newest counts: a check may have been run again. One that is not reported yet may still come.
  state="$(gh api --method GET "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/check-runs" \\
    --raw-field check_name="$CHECK" --raw-field per_page=100 --jq '
      [.check_runs[] | select(.app.slug == "github-actions")]
      | if length == 0 then "none"
        elif any(.status != "completed") then "running"
        else sort_by(.started_at) | last | .conclusion end')" || state=unknown
  case "$state" in
    success)
      echo "$CHECK is green for $GITHUB_SHA."
      exit 0
      ;;
    none | running | unknown) ;;
    *)
      echo "$CHECK ended as $state for $GITHUB_SHA, so nothing of it goes out." >&2
      exit 1
      ;;
  esac
  if [ "$SECONDS" -ge "$until_then" ]; then
    echo "$CHECK did not report on $GITHUB_SHA within $MINUTES minutes (last seen: $state)." >&2
    echo "Run CI on this commit, then run this again." >&2
    exit 1
  fi
  sleep 15
done
"""


def checked_job(project: Project, ci: Workflow) -> Job:
    """Wait until the gate of `ci` has reported on this commit. Red where the gate is, or where it stays away."""
    gate = next(job for job in ci.jobs if job.id == "gate")
    minutes = min(350, longest_minutes(ci, gate) + QUEUED)
    step = Step(
        id="verify-gate",
        name="Wait for the gate of CI",
        env={
            "CHECK": str(gate.name),
            "MINUTES": str(minutes),
            "GH_TOKEN": Expression(text="${{ github.token }}"),
        },
        run=WAIT,
        timeout_minutes=minutes + 2,
        token_needs=(Permission(scope="checks", access="read", reason="read what the gate of CI says"),),
    )
    return Job(
        id=JOB,
        name="Wait until it is checked",
        runs_on=project.pipeline.runs_on,
        permissions=permissions_for((step,)),
        timeout_minutes=minutes + 5,
        steps=(step,),
    )


def longest_minutes(workflow: Workflow, job: Job) -> int:
    """The longest that a job may take together with all that it waits for, in minutes."""
    before = (needed for need in job.needs if (needed := workflow.job(need)))
    return job.timeout_minutes + max((longest_minutes(workflow, needed) for needed in before), default=0)
