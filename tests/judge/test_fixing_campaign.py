"""Mending a repository breaks nothing, and mends what it must.

The short form plants defects in this project's own examples and mends them. The long form (`make soak`) mends the
repositories below the folder that CICD_CORPUS names, a folder each, with zizmor and hadolint beside our own rules, in
the profile that CICD_PROFILE names, side by side in as many processes as CICD_JOBS says, and prints for each
repository and rule what was found before and after. Where CICD_MENDED names a folder, each changed file is put there
twice, below `before` and `after`, for other programs and for people to look at.
"""

import os
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from cicd_defs.cli.reading import tree_of
from cicd_defs.facts.findings import Edit, Finding
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import Settings
from tests.judge.mended import fix_problems, mend
from tests.judge.planting import PLANTERS
from tests.judge.planting.places import GONE
from tests.judge.test_planted import is_left_behind

ROOT = Path(__file__).parents[2]
CORPUS = os.environ.get("CICD_CORPUS")
PROFILE = os.environ.get("CICD_PROFILE", "default")
JOBS = int(os.environ.get("CICD_JOBS", "2"))
KEPT = os.environ.get("CICD_MENDED")
GOLDEN = [path for path in sorted((ROOT / "tests/golden").iterdir()) if (path / ".github").is_dir()]
PLANTED = 6
SHARE = 0.9
"""Of ten findings, nine are mended."""

CI = ".github/workflows/ci.yml"
LAST = """\
      - run: make
        # It is not always there.
        if: always()
"""
WORKFLOW = (
    """\
on: push
jobs:
  test:
    runs-on: ubuntu-24.04
    # The tests take long.
    steps:
      - run: make test  # all of them
"""
    + LAST
    + """\
      - run: make done
    outputs: {}  # none yet
"""
)


def with_defects(folder: Path, chance: random.Random) -> dict[str, str]:
    """The files of an example into which some defects were put."""
    files = {
        str(path.relative_to(folder)): path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not is_left_behind(path.relative_to(folder))
    }
    for rule in chance.sample(sorted(PLANTERS), PLANTED):
        planted = chance.choice(PLANTERS[rule])(files, chance)
        files |= planted.files if planted else {}
        files = {path: text for path, text in files.items() if text != GONE}
    return files


def with_crlf(files: dict[str, str]) -> dict[str, str]:
    """The same as an editor of another system leaves it: CRLF at the ends of lines, a byte order mark before all."""
    return {
        path: "\ufeff" + text.replace("\r\n", "\n").replace("\n", "\r\n")
        if path.startswith(".github/")
        else text
        for path, text in files.items()
    }


@pytest.mark.parametrize("windows", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_mending_planted_defects_breaks_nothing(folder, windows):
    files = with_defects(folder, random.Random(f"{folder.name} {windows}"))
    tree = Tree.of(with_crlf(files) if windows else files)
    mended = mend(folder.name, folder, tree, Settings("strict"), others=False)
    assert mended.first
    assert not mended.problems, "\n".join(mended.problems)


@pytest.mark.parametrize("number", range(4))
def test_any_fixes_can_be_made_together(number):
    chance = random.Random(number)
    folder = GOLDEN[number % len(GOLDEN)]
    chosen: dict[str, bool] = {}

    def wanted(finding: Finding) -> bool:
        return chosen.setdefault(f"{finding.rule} {finding.file} {finding.occurrence}", chance.random() < 0.5)

    tree = Tree.of(with_defects(folder, chance))
    mended = mend(folder.name, folder, tree, Settings("strict"), others=False, wanted=wanted)
    assert mended.fixed.mended
    assert not mended.problems, "\n".join(mended.problems)


def put(before: str, text: str) -> Edit:
    at = WORKFLOW.index(before)
    return Edit(CI, at, at, text)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("runs-on: ubuntu-24.04", "runs-on: [", "cannot be read", id="no-yaml"),
        pytest.param("    # The tests take long.\n", "", "is lost", id="comment-taken"),
        pytest.param("# The tests take", "# Tests take", "is lost", id="comment-changed"),
        pytest.param(
            "    # The tests take long.\n    steps:", "    steps:", "is lost", id="comment-before-taken"
        ),
        pytest.param("make test  # all of them", "make check", "is lost", id="comment-behind-taken"),
        pytest.param("all of them", "all of them, always", "is lost", id="comment-gone-on"),
        pytest.param("# all of them", "#", "is lost", id="comment-emptied"),
        pytest.param(
            "run: make test  #", "run: |\n          make test  #", "is lost", id="comment-made-script"
        ),
        pytest.param(
            "      - run: make test  # all of them\n",
            "      - run: make check\n",
            "is lost",
            id="line-replaced",
        ),
        pytest.param("    runs-on:", "  lint:\n    runs-on:", "differs", id="other-keys-moved"),
        pytest.param("on: push", "on: push\non: {}", "twice", id="key-twice"),
        pytest.param("push\n", "push\r\n", "ends of lines", id="ends-mixed"),
        pytest.param("on: push", "\ufeffon: push", "byte order mark", id="mark-put-before"),
        pytest.param("# none yet\n", "# none yet", "last line", id="last-end-taken"),
    ],
)
def test_what_a_wrong_fix_breaks_is_told(old, new, told):
    at = WORKFLOW.index(old)
    edit = Edit(CI, at, at + len(old), new)
    assert any(told in problem for problem in fix_problems(edit.file, WORKFLOW, [edit]))


def taken(text: str) -> Edit:
    at = WORKFLOW.index(text)
    return Edit(CI, at, at + len(text), "")


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([put("    steps:", "    timeout-minutes: 10\n")], id="key-put-in"),
        pytest.param([put("# all of them", "# v1 ")], id="comment-before-another"),
        pytest.param([put("  # all of them", " # v1")], id="comment-closer-than-another"),
        pytest.param([taken("      - run: make test  # all of them\n")], id="line-with-its-comment"),
        pytest.param([taken(LAST)], id="lines-with-a-comment-between"),
        pytest.param([taken(LAST), put("      - run: make test", LAST)], id="lines-moved"),
    ],
)
def test_a_right_fix_is_told_nothing_of(edits):
    assert not list(fix_problems(CI, WORKFLOW, edits))


def real(folder: Path) -> tuple[str, list[str], dict[str, Counter[str]]]:
    """What mending a real repository broke, and its findings, counted."""
    mended = mend(folder.name, folder, tree_of(folder), Settings(PROFILE), others=True)  # type: ignore[arg-type]
    if KEPT:
        for path, text in mended.fixed.files.items():
            keep(Path(KEPT, "before", folder.name, path), mended.read(path))
            keep(Path(KEPT, "after", folder.name, path), text)
    return folder.name, mended.problems, mended.count()


def keep(path: Path, text: str | None) -> None:
    if text is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def line(name: str, counted: dict[str, Counter[str]]) -> str:
    return f"{name:40}" + "".join(f"{rules.total():12}" for rules in counted.values())


@pytest.mark.soak
@pytest.mark.skipif(not CORPUS, reason="CICD_CORPUS names no folder of repositories")
def test_mending_real_repositories_breaks_nothing_and_mends_nine_findings_in_ten():
    folders = [path for path in sorted(Path(CORPUS or ".").iterdir()) if path.is_dir() and "__" in path.name]
    broken: list[str] = []
    counts: dict[str, Counter[str]] = {}
    with ProcessPoolExecutor(JOBS, max_tasks_per_child=1) as pool:
        for name, problems, counted in pool.map(real, folders):
            broken += problems
            for what, rules in counted.items():
                counts.setdefault(what, Counter()).update(rules)
            print("\n".join([line(name, counted), *(f"    {problem}" for problem in problems)]), flush=True)
    print(f"{'':40}" + "".join(f"{what:>12}" for what in counts))
    for rule, _ in counts["before"].most_common():
        print(f"{rule:40}" + "".join(f"{held[rule]:12}" for held in counts.values()))
    print(line("all", counts))
    assert not broken, "\n".join(broken)
    assert counts["after"].total() <= (1 - SHARE) * counts["before"].total()
