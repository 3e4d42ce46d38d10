"""The audit: our own rules and all of it, beside zizmor alone over the same workflow files in the same run.

The files are those of the repositories below the folder that CICD_CORPUS names; without it, copies of this project's
own. Whole processes, from start to end.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from tests.bench import HEADER, Measure, measured

ROOT = Path(__file__).parents[2]
OWN_COPIES = 394
"""As many files as the forty repositories have that the promises speak of."""
SIZES = (10, 100, 1_000, 10_000)
MOST_STEPS = 10_000
STEPS = ("run: pytest tests", "uses: actions/checkout@v4", "run: docker build -t shop .")
LONGEST = 20_000
"""Milliseconds in which so many steps are to be judged."""
_ZIZMOR = ("--offline", "-q", "--no-progress", "--persona=auditor", "--no-exit-codes", "--format=json-v1")


def main() -> None:
    """Print what the audit takes."""
    print(HEADER)
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
        files = corpus_files() or copies(Path(folder), OWN_COPIES)
        zizmor = whole(
            f"zizmor alone over {len(files)} workflow files", [program("zizmor"), *_ZIZMOR, *files]
        )
        print(zizmor)
        cicd = [program("cicd"), "audit", "--profile", "strict", "--format", "json"]
        print(whole("  our own rules over the same", [*cicd, "--own-rules", *files], target=zizmor.median))
        print(whole("  our own rules and zizmor within", [*cicd, *files], target=2 * zizmor.median))
        print(whole("one file, our own rules", [*cicd, "--own-rules", files[0]], target=500))
        print(whole("one file, everything", [*cicd, files[0]], target=500))
        print(whole("one file as people ask", [program("cicd"), "audit", files[0]], target=500))
    print(whole("cicd --help", [program("cicd"), "--help"], target=300))
    print(whole("cicd audit --help", [program("cicd"), "audit", "--help"], target=300))
    own = [*cicd, "--own-rules"]
    smaller: Measure | None = None
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
            held = copies(Path(folder), size)
            smaller = whole(
                f"our own rules over {size:,} files of one repository",
                [*own, *held],
                times=3 if size <= 1_000 else 1,
                target=10 * smaller.median if smaller else None,
            )
            print(smaller)
    for step in STEPS:
        with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
            file = long_job(Path(folder), step, MOST_STEPS)
            print(whole(f"{MOST_STEPS:,} times `{step}` in one job", [*own, file], times=1, target=LONGEST))


def corpus_files() -> list[str]:
    """The workflow files of the repositories that are laid out, if any are."""
    folder = os.environ.get("CICD_CORPUS")
    return sorted(map(str, Path(folder).glob("*/.github/workflows/*.y*ml"))) if folder else []


def copies(folder: Path, count: int) -> list[str]:
    """So many workflow files below a folder, copied from the repositories' or this project's own."""
    own = sorted((ROOT / "tests/golden").glob("*/.github/workflows/*.yml"))
    sources = list(map(Path, corpus_files())) or own
    target = folder / ".github" / "workflows"
    target.mkdir(parents=True)
    made: list[str] = []
    for number, source in enumerate(islice(cycle(sources), count)):
        made.append(str(shutil.copy(source, target / f"{number}.yml")))
    return made


def long_job(folder: Path, step: str, count: int) -> str:
    """A workflow file below a folder with so many equal steps in one job."""
    head = "name: Long\non: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"
    file = folder / ".github" / "workflows" / "long.yml"
    file.parent.mkdir(parents=True)
    file.write_text(f"{head}      - uses: actions/checkout@v4\n" + f"      - {step}\n" * count)
    return str(file)


def program(name: str) -> str:
    """A program of this Python's environment."""
    return str(Path(sys.executable).parent / name)


def whole(what: str, command: Sequence[str], times: int = 5, target: float | None = None) -> Measure:
    """How long a process takes. Findings are no failure. What is run once is long, and needs no warming up."""
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        ended = subprocess.run(command, capture_output=True, check=False, env=environ)
        assert ended.returncode in {0, 1}, ended.stderr.decode()[-500:]

    return measured(what, run, times=times, target=target, warm=times > 1)


if __name__ == "__main__":
    main()
