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
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
            held = copies(Path(folder), size)
            print(
                whole(
                    f"our own rules over {size:,} files of one repository",
                    [*cicd, "--own-rules", *held],
                    times=3,
                )
            )


def corpus_files() -> list[str]:
    """The workflow files of the repositories that are laid out, if any are."""
    folder = os.environ.get("CICD_CORPUS")
    return sorted(map(str, Path(folder).glob("*/.github/workflows/*.y*ml"))) if folder else []


def copies(folder: Path, count: int) -> list[str]:
    """So many workflow files below a folder, copied from this project's own."""
    sources = sorted((ROOT / "tests/golden").glob("*/.github/workflows/*.yml"))
    target = folder / ".github" / "workflows"
    target.mkdir(parents=True)
    made: list[str] = []
    for number, source in enumerate(islice(cycle(sources), count)):
        made.append(str(shutil.copy(source, target / f"{number}.yml")))
    return made


def program(name: str) -> str:
    """A program of this Python's environment."""
    return str(Path(sys.executable).parent / name)


def whole(what: str, command: Sequence[str], times: int = 5, target: float | None = None) -> Measure:
    """How long a process takes. Findings are no failure."""
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        ended = subprocess.run(command, capture_output=True, check=False, env=environ)
        assert ended.returncode in {0, 1}, ended.stderr.decode()[-500:]

    return measured(what, run, times=times, target=target)


if __name__ == "__main__":
    main()
