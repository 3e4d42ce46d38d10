"""An action is used by a name that can move.

**Why it matters** A tag or a branch can be pointed at other code tomorrow, by whoever gets hold of the action's
repository. That code runs with the job's token and its secrets. What the repository's own owner keeps, where its files
say who that is, is told in the strict profile only.
**How to fix** Pin the commit, and keep the version behind it as a comment, so that Dependabot or Renovate can move
both. The commit is that of the dated table that comes with this program; an action or a version that is not in it, and
a branch, are reported and never guessed.
**Example** `actions/checkout@v7` becomes `actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1`.
"""

import re

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.adopted.unpinned_images import pinned_image
from cicd_defs.judge.edits import comment_gap, replace_scalar, set_input, with_all
from cicd_defs.plan.known_commits import Known, commit_of

_TOOLCHAIN = "dtolnay/rust-toolchain"
_CHANNEL = regex(r"stable|beta|nightly(?:-\d{4}-\d\d-\d\d)?|1\.\d{1,3}(?:\.\d{1,2})?")


def fix(place: Place) -> Fix | None:
    """The commit of the same version, where it is known."""
    uses = place.node
    if not isinstance(uses, Scalar) or uses.aliased:
        return None
    if uses.text.startswith("docker://"):
        return pinned_image(place.source, uses, "docker://")
    name, _, version = uses.text.strip().partition("@")
    if name.lower() == _TOOLCHAIN and place.step is not None:
        return _toolchain(place.step, uses, version)
    known = commit_of(name, version)
    if known is None:
        return None
    edits = with_version(place.source, uses, f"{name}@{known.commit}", known.version)
    return Fix(f"Pin {name} to the commit of {known.version}", edits, safe=known.exact) if edits else None


def with_version(source: Source, uses: Scalar, pinned: str, version: str) -> tuple[Edit, ...] | None:
    """A pin in place of what was used, and its version as a comment behind it, before a comment that is there."""
    replaced = replace_scalar(source, uses, pinned)
    if replaced is None:
        return None
    end = source.line_end(uses.end)
    rest = source.text[uses.end : end]
    comment = rest.find("#")
    behind = rest if comment < 0 else rest[:comment]
    if comment >= 0 and re.match(rf"#\s*(?:tag=)?{re.escape(version)}(?:\s|$)", rest[comment:]):
        return (replaced,)
    if behind.strip() in {"", "}", "]", "}]", "}}", "]}"}:
        at, gap = uses.end + len(behind.rstrip()), comment_gap(source)
        return (
            with_all(replaced, Edit(source.path, at, at, f"{gap}# {version}"))
            if at > uses.end
            else _one(source, uses, replaced.text, version)
        )
    return (replaced,)


def _one(source: Source, uses: Scalar, text: str, version: str) -> tuple[Edit, ...]:
    return (Edit(source.path, uses.start, uses.end, f"{text}{comment_gap(source)}# {version}"),)


def _toolchain(step: WrittenStep, uses: Scalar, version: str) -> Fix | None:
    """Rust's toolchain is named by the branch: pinned, it has to be named as an input."""
    known: Known | None = commit_of(_TOOLCHAIN, "v1")
    if known is None:
        return None
    edits = with_version(step.source, uses, f"{_TOOLCHAIN}@{known.commit}", known.version)
    if edits is None:
        return None
    if version not in {"master", "v1"} and "toolchain" not in step.inputs:
        if not _CHANNEL.fullmatch(version):
            return None
        named = set_input(step, "toolchain", version)
        if named is None:
            return None
        if named.start <= edits[-1].end and named.start >= edits[0].start:
            return None
        edits = (*edits, named)
    elif "toolchain" not in step.inputs:
        return None
    return Fix(f"Pin {_TOOLCHAIN} to a commit, and name the toolchain", edits)
