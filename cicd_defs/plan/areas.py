"""Which part of a repository a change touches, and which components it concerns.

The changed areas are found by git itself: it is asked with pathspecs whether a path differs from the merge base, so no
list of changed files is ever parsed. Pathspec magic: https://git-scm.com/docs/gitglossary#def_pathspec
"""

import json
import re
import shlex
from collections.abc import Sequence

from cicd_defs.plan.links import built_on
from cicd_defs.plan.pipeline import Area, Chosen, Expression, Job, Step, Workflow
from cicd_defs.plan.units import Unit

DOCUMENTATION = ("**/*.md", "**/*.rst", "docs/**", "LICENSE*", ".gitignore", ".github/ISSUE_TEMPLATE/**")
"""What nothing is built from; a change of these alone runs no check of the component around them."""


def areas_of(units: Sequence[Unit]) -> tuple[Area, ...]:
    """One area a component: its folder and what it depends on, without the folders of other components inside it."""
    return tuple(_area(unit, units) for unit in units)


def _area(unit: Unit, units: Sequence[Unit]) -> Area:
    concerned = [unit, *built_on(unit, units)]
    named = [path for part in concerned for path in (*part.paths, *part.shared_files)]
    include = tuple(dict.fromkeys([*(part.path for part in concerned), *named]))
    others = {other.path for other in units if _within(other.path, unit.path)} - set(include)
    # git's excludes always win, so a folder that is named, or named into, is not excluded.
    excluded = {folder for folder in others if not any(path.startswith(f"{folder}/") for path in include)}
    return Area(
        id=unit.name, include=include, exclude=tuple(sorted(excluded)), exclude_globs=left_out_of(include)
    )


def left_out_of(include: Sequence[str]) -> tuple[str, ...]:
    """The documentation that does not concern an area: all but what may lie where the area itself does."""
    return tuple(glob for glob in DOCUMENTATION if not any(_may_meet(path, glob) for path in include))


def _may_meet(path: str, glob: str) -> bool:
    """Whether a path that was named may lie in what a glob speaks of. A folder around that does not count."""
    if _is_glob(path.partition("/")[0]):
        return True
    if glob.startswith("**/*"):
        return path.endswith((glob.removeprefix("**/*"), "*"))
    return path.startswith(glob.rstrip("*/"))


def _within(path: str, folder: str) -> bool:
    return path != folder and (folder == "." or path.startswith(f"{folder}/"))


def changes_step(areas: Sequence[Area], workflow_path: str, groups: Sequence[Chosen] = ()) -> Step:
    """The step that says of each area whether it changed.

    Only a pull request is compared, with where it branched off. A push runs everything: the run of the push before it
    may have been cancelled by this one, and then nobody would ever check what that one changed. A change of the
    workflow itself concerns every area. git answers 0 for no difference, 1 for one; any other answer is a
    failure to tell, and counts as changed.

    Of each of `groups` it says which of its parts changed, as a list in JSON.
    """
    lines = [_HEAD, *(f"area {area.id} {_pathspecs(area, workflow_path)}" for area in areas)]
    lines += [_GROUP, *map(_group_line, groups)] if groups else []
    return Step(
        id="changes",
        name="Find the changed areas",
        env={"BASE": Expression(text="${{ github.event.pull_request.base.sha }}")},
        run="\n".join(lines) + "\n",
        timeout_minutes=5,
    )


_HEAD = """\
base=$(git merge-base "${BASE:-none}" HEAD 2>/dev/null) || base=""
area() {
  local id=$1 changed=true
  shift
  if [ -n "$base" ] && git diff --quiet --no-renames "$base" HEAD -- "$@"; then changed=false; fi
  echo "$id=$changed" | tee -a "$GITHUB_OUTPUT"
}"""


_GROUP = """\
group() {
  local id=$1 parts=""
  shift
  while [ $# -gt 0 ]; do
    if grep -qxF "$1=true" "$GITHUB_OUTPUT"; then parts="$parts${parts:+,}$2"; fi
    shift 2
  done
  echo "$id=[$parts]" | tee -a "$GITHUB_OUTPUT"
}"""


def _group_line(group: Chosen) -> str:
    parts = (f"{part.name} {quoted(json.dumps(part.model_dump()))}" for part in group.parts)
    return f"group {group.output} {' '.join(parts)}"


def _pathspecs(area: Area, workflow_path: str) -> str:
    """The area as git's pathspecs: shell-quoted, anchored at the top, and literal but for what is a glob by design."""
    included = [f":(top,{'glob' if _is_glob(path) else 'literal'}){path}" for path in area.include]
    excluded = [f":(top,exclude,literal){path}" for path in area.exclude]
    globs = [f":(top,exclude,glob){glob}" for glob in area.exclude_globs]
    # `.` is the whole tree; git takes it as such only without `literal`.
    everything = [":(top)" if spec == ":(top,literal)." else spec for spec in included]
    return " ".join(
        quoted(spec) for spec in [*everything, f":(top,literal){workflow_path}", *excluded, *globs]
    )


def quoted(text: str) -> str:
    """One word, quoted for the shell, with nothing in it that GitHub would evaluate before the shell sees it."""
    if "$" not in text and "`" not in text:
        return shlex.quote(text)
    # In single quotes these would look like a mistake, to people and to shellcheck.
    escaped = re.sub(r'[$`"\\]', lambda letter: "\\" + letter[0], text)
    return f'"{escaped}"'.replace("${{", '$""{{')


def _is_glob(path: str) -> bool:
    return any(letter in path for letter in "*?[")


def output_of(area: str) -> Expression:
    """The job output that carries an area's answer."""
    return Expression(text=f"${{{{ steps.changes.outputs.{area} }}}}")


def condition_for(area: str, *others: str) -> str:
    """The condition of a job that belongs to an area, or is needed by the jobs of others."""
    return " || ".join(f"needs.changes.outputs.{one} == 'true'" for one in (area, *others))


_CONDITION = re.compile(r"needs\.changes\.outputs\.([a-z][a-z0-9_-]*) == 'true'")


def areas_in(condition: str | None) -> tuple[str, ...]:
    """The areas of which one has to be changed for a job to run; empty for a condition that asks for something else."""
    asked = [_CONDITION.fullmatch(part) for part in (condition or "").split(" || ")]
    return tuple(match[1] for match in asked if match) if all(asked) else ()


def without_areas(workflow: Workflow) -> Workflow:
    """The same workflow where every job runs of every change."""
    jobs = (_whole(job) for job in workflow.jobs if job.id != "changes")
    return workflow.model_copy(update={"jobs": tuple(jobs)})


def _whole(job: Job) -> Job:
    condition = None if areas_in(job.condition) else job.condition
    needs = tuple(need for need in job.needs if need != "changes")
    return job.model_copy(update={"needs": needs, "condition": condition, "area": None})
