"""What is published may be made of what a cache held.

**Why it matters** Caches are shared by all of a repository's runs. Somebody who can write to one, as through another
workflow, gets their files into a release.
**How to fix** Use no cache where something is published: the job gets slower by what it has to fetch.
**Example** `with: {cache: false}` under `actions/setup-go`.
"""

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.commands.outgoing import goes_out
from cicd_defs.judge.edits import remove_pair, set_input
from cicd_defs.judge.workflows.deployments import events_of

OFF: dict[str, str] = {
    "cache": "false",
    "cache-disabled": "true",
    "enable-cache": "false",
    "lookup-only": "true",
    "no-cache": "true",
    "package-manager-cache": "false",
    "setup-cache": "false",
}
"""The input that turns an action's cache off, and what it is set to."""

_NAMED = regex(r"omitting `([\w-]+)` enables caching")
_BY_TOOL = {
    "actions/setup-python",
    "actions/setup-java",
    "actions/setup-node",
    "graalvm/setup-graalvm",
    "ruby/setup-ruby",
}
_UV = "astral-sh/setup-uv"


def fix(place: Place) -> Fix | None:
    """The action without its cache."""
    step = place.step
    if step is None:
        return None
    edit = _edit(place, step)
    safe = step.action not in {"actions/cache", "swatinem/rust-cache"}
    return Fix("Use no cache here", (edit,), safe=safe) if edit else None


def is_elsewhere(place: Place) -> bool:
    """Whether the job itself publishes nothing, or does what it does for every pull request too.

    zizmor holds it against every cache of a file that a release starts, of the jobs that only test as well.
    """
    job = place.job
    if job is None:
        return False
    return "pull_request" in events_of(job) or not goes_out(job)


def _edit(place: Place, step: WrittenStep) -> Edit | None:
    named = _NAMED.search(place.reported.message)
    if named and named[1] in OFF:
        given = step.node.mapping("with")
        written = (
            given.by_key.get("cache") if given and named[1] != "cache" and step.action in _BY_TOOL else None
        )
        if written is None:
            # Only looked up, it says that it was found, and what waits for that finds nothing on the disk.
            asked = named[1] == "lookup-only" and step.id and f"steps.{step.id}.outputs" in place.source.text
            return None if asked else set_input(step, named[1], OFF[named[1]])
        # Asked for by name, it is on whatever the other input says.
        return Edit(place.source.path, written[0].start, written[1].end, f"{named[1]}: {OFF[named[1]]}")
    if step.action == _UV:
        return set_input(step, "enable-cache", "false")
    given = step.node.mapping("with")
    if step.action in _BY_TOOL and given is not None and "cache" in given.by_key:
        if len(given.pairs) > 1:
            return remove_pair(place.source, given, "cache")
        return remove_pair(place.source, step.node, "with")
    return None
