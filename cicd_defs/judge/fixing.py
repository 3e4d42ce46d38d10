"""Apply fixes until nothing is left to apply, and prove each: its finding is gone, and nothing new has come."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from cicd_defs.facts.findings import Edit, Finding
from cicd_defs.judge.readable import flaw

MOST_ROUNDS = 50
"""Fixes that touch each other wait for the next round."""

Audit = Callable[[Mapping[str, str]], tuple[Finding, ...]]
"""Audits the repository with some files in another state: path to text."""


@dataclass(frozen=True)
class Fixed:
    """The files that were changed, by path, with their new text; what was mended, and what is left.

    `refused` are fixes that were tried and taken back, since their finding stayed or another came.
    """

    files: Mapping[str, str]
    mended: tuple[Finding, ...]
    left: tuple[Finding, ...]
    refused: tuple[Finding, ...] = ()


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits made in it. They must not overlap."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join((*parts, text[at:]))


def everything(_: Finding) -> bool:
    """Whatever is found."""
    return True


def fix_all(
    read: Callable[[str], str | None],
    audit: Audit,
    *,
    unsafe: bool,
    wanted: Callable[[Finding], bool] = everything,
) -> Fixed:
    """Fix what can be fixed and is `wanted`. `read` gives a file's text as it is, None where it is not there.

    Each round makes the edits of all fixes that do not touch each other; those of one fix are all made, or none. Fixes
    that only together make a file unreadable, as where two put the same key into one map, wait for each other: the
    next round's are made for what the first one left. Where a round brings something new in a file, that file's fixes
    are halved until those that bring it are found, which are refused.
    """
    state: dict[str, str] = {}
    refused: dict[str, Finding] = {}
    mended: list[Finding] = []

    def text_of(path: str) -> str:
        return state[path] if path in state else read(path) or ""

    findings = audit(state)
    for _ in range(MOST_ROUNDS):
        batch = _batch(
            [
                one
                for one in findings
                if _can_be_fixed(one, unsafe) and wanted(one) and one.fingerprint not in refused
            ]
        )
        batch, unfit = _readable_together(batch, text_of)
        refused |= {one.fingerprint: one for one in unfit}
        if not batch:
            if unfit:
                continue
            break
        trial, after = _tried(batch, state, text_of, audit)
        wrong = _files_gone_wrong(batch, findings, after)
        if wrong:
            # What comes up in a file that no fix touches can be any one's doing.
            suspects = [one for one in batch if _touches(one, wrong)] or batch
            good = [one for one in batch if one not in suspects]
            groups = [suspects]
            while groups:
                group = groups.pop()
                _, alone = _tried([*good, *group], state, text_of, audit)
                if not _files_gone_wrong([*good, *group], findings, alone):
                    good += group
                elif len(group) == 1:
                    refused[group[0].fingerprint] = group[0]
                else:
                    half = len(group) // 2
                    groups += (group[half:], group[:half])
            batch = good
            trial, after = _tried(batch, state, text_of, audit)
        state, findings = trial, after
        mended += batch
    changed = {path: text for path, text in state.items() if text != (read(path) or "")}
    return Fixed(changed, tuple(mended), findings, tuple(refused.values()))


def _can_be_fixed(finding: Finding, unsafe: bool) -> bool:
    return finding.fix is not None and (unsafe or finding.fix.safe)


def _touches(finding: Finding, files: Collection[str]) -> bool:
    assert finding.fix is not None
    return any(edit.file in files for edit in finding.fix.edits)


def _batch(findings: Iterable[Finding]) -> list[Finding]:
    """Fixes that do not touch each other: of two that do, the first one."""
    taken: dict[str, list[tuple[int, int]]] = {}
    batch: list[Finding] = []
    for finding in findings:
        assert finding.fix is not None
        edits = finding.fix.edits
        if any(_overlaps(edit, taken.get(edit.file, [])) for edit in edits):
            continue
        for edit in edits:
            insort(taken.setdefault(edit.file, []), (edit.start, edit.end))
        batch.append(finding)
    return batch


def _overlaps(edit: Edit, taken: list[tuple[int, int]]) -> bool:
    """Also two insertions at one place, of which the order would be a matter of chance. `taken` is in order."""
    at = bisect_left(taken, (edit.start, edit.start))
    before, after = taken[max(0, at - 1) : at], taken[at : at + 1]
    return any(edit.start <= end and begin <= edit.end for begin, end in (*before, *after))


def _tried(
    batch: Iterable[Finding], state: Mapping[str, str], text_of: Callable[[str], str], audit: Audit
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    trial = {**state, **_edited(batch, text_of)}
    return trial, audit(trial)


def _edited(batch: Iterable[Finding], text_of: Callable[[str], str]) -> dict[str, str]:
    """The files that some fixes change, as they leave them."""
    edits: dict[str, list[Edit]] = {}
    for finding in batch:
        for edit in finding.fix.edits if finding.fix else ():
            edits.setdefault(edit.file, []).append(edit)
    return {path: apply_edits(text_of(path), made) for path, made in edits.items()}


def _readable_together(
    batch: list[Finding], text_of: Callable[[str], str]
) -> tuple[list[Finding], list[Finding]]:
    """Fixes that leave every file readable when they are made at once, the first ones first; then those that do not
    so much as alone.
    """

    def broken_by(fixes: Iterable[Finding]) -> set[str]:
        changed = _edited(fixes, text_of)
        return {path for path, text in changed.items() if flaw(path, text) and not flaw(path, text_of(path))}

    broken = broken_by(batch)
    if not broken:
        return batch, []
    kept = [one for one in batch if not _touches(one, broken)]
    unfit: list[Finding] = []
    for one in batch:
        if _touches(one, broken):
            if not broken_by([*(held for held in kept if _touches(held, broken)), one]):
                kept.append(one)
            elif broken_by([one]):
                unfit.append(one)
    return kept, unfit


def _files_gone_wrong(
    batch: Iterable[Finding], before: Iterable[Finding], after: Iterable[Finding]
) -> set[str]:
    """The files in which a finding stayed that was to go, or one came that was not there."""
    was, now, went = Counter(map(_kind, before)), Counter(map(_kind, after)), Counter(map(_kind, batch))
    return {
        file
        for (tool, rule, file), count in now.items()
        if count > was[tool, rule, file] - went[tool, rule, file]
    }


def _kind(finding: Finding) -> tuple[str, str, str]:
    return finding.tool, finding.rule, finding.file
