"""An owner has approved a change of protected files (`merge.protected_paths`).

Patterns are read as CODEOWNERS reads them: without `/` a file's name anywhere, with one a path from the top. Upper and
lower case count as the same. A change with more paths than could be read counts as one of protected files.
"""

import re
from functools import lru_cache

from cicd_defs.facts.globs import MOST_WILDCARDS, pattern_of
from cicd_defs.judge.merge.evidence import MergeEvidence, approvers
from cicd_defs.judge.merge.gates.parts import named, with_owner
from cicd_defs.judge.merge.votes import Gate, Vote, holds, passes

NAME = "protected_paths"
LONGEST = 300


@lru_cache(maxsize=512)
def _pattern(glob: str) -> re.Pattern[str]:
    """A pattern for whole paths. One that is too long or too wild to be matched protects everything."""
    if len(glob) > LONGEST or len(re.findall(r"\*+", glob)) > MOST_WILDCARDS:
        return re.compile(".*", re.DOTALL)
    inner = glob.removeprefix("/")
    anywhere = "" if "/" in inner.rstrip("/") else "(?:.*/)?"
    below = pattern_of(inner).pattern
    return re.compile(f"{anywhere}{below}(?:/.*)?", re.DOTALL | re.IGNORECASE)


def protected(evidence: MergeEvidence) -> list[str]:
    """The protected paths that the change touches."""
    patterns = [_pattern(glob) for glob in evidence.policy.protected_paths]
    return [change.path for change in evidence.changes if any(p.fullmatch(change.path) for p in patterns)]


def judge(evidence: MergeEvidence) -> Vote:
    """Vote on the paths that are touched."""
    found = protected(evidence)
    many = evidence.changes_cut and bool(evidence.policy.protected_paths)
    if not found and not many:
        return passes(NAME, "no protected file is touched")
    owners = approvers(evidence, ("owner",))
    if owners:
        return passes(NAME, f"{owners[0]}, an owner, approved this head")
    reason = (
        f"it changes the protected {named(found)}" if found else "it changes more files than could be read"
    )
    return holds(NAME, reason, "an owner approves this head")


def turned(evidence: MergeEvidence) -> MergeEvidence:
    """The same with an owner's approval."""
    return with_owner(evidence)


GATE = Gate(NAME, judge, turned)
