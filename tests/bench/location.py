"""How long the location `projects` takes to load, and how much memory, with very many project files.

    python -m tests.bench.location            # 10, 100 and 1,000 projects
    python -m tests.bench.location 50 500

Each size is loaded and validated in a process of its own (`dagster definitions validate`). A project has five assets,
sixteen files and four scans, so that it has 25 keys, and twelve checks: seven families, one for each scan, and its
project file's own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (10, 100, 1000)
MODULE = "tests.bench.location"
EXTRA_PATHS = tuple(f".github/workflows/extra-{number}.yml" for number in range(11))

PROJECT = """\
# A project with much of what a project file can say.
repository: acme/{name}
branch: main

pipeline:
  trigger_type: [push, pr, manual, schedule]
  schedule: "{minute} 2 * * *"
  env_vars: {{APP_ENV: test}}
  concurrency_group: ci-${{{{ github.ref }}}}
  timeout_minutes: 20
  components:
    - path: services/api
      stack: python
      versions: ["3.11", "3.12"]
      services: [postgres:16-alpine, redis:7-alpine]
      typecheck_cmd: mypy --strict src
    - {{path: web, stack: node}}

environments:
  - {{name: staging, branch: develop, deploy: {{kubectl: k8s/}}, secrets: [KUBECONFIG_STAGING]}}
"""


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print the table. Seconds on the clock, and of a processor, which others' work on the machine disturbs less."""
    columns = (
        f"{'projects':>9} {'keys':>7} {'checks':>7} {'validated in':>13} {'processor':>10} {'memory':>8}"
    )
    print(f"{columns}   promised: 1,000 in 20 s")
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
            home = Path(folder)
            write_projects(home / "projects", size)
            keys, checks = count(home)
            seconds, processor, memory = validate(home)
        print(
            f"{size:>9,} {keys:>7,} {checks:>7,} {seconds:>11.1f} s {processor:>8.1f} s {memory:>5,} MB",
            flush=True,
        )


def write_projects(folder: Path, size: int) -> None:
    """So many project files, all different."""
    folder.mkdir()
    for number in range(size):
        name = f"project-{number:04}"
        (folder / f"{name}.yaml").write_text(PROJECT.format(name=name, minute=number % 60))


def validate(home: Path) -> tuple[float, float, int]:
    """Seconds, processor seconds, and MB that `dagster definitions validate` takes for them."""
    dagster = str(Path(sys.executable).with_name("dagster"))
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [dagster, "definitions", "validate", "-m", MODULE],
        env=environment(home),
        check=True,
        capture_output=True,
    )
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, processor, after.ru_maxrss // 1024  # of the largest process so far: sizes go up


def count(home: Path) -> tuple[int, int]:
    """How many keys and checks the definitions have."""
    script = f"import {MODULE} as bench; bench.report()"
    answer = subprocess.run(
        [sys.executable, "-c", script], env=environment(home), check=True, capture_output=True, text=True
    )
    keys, checks = map(int, answer.stdout.split())
    return keys, checks


def report() -> None:
    """Run in a process of its own: what `count` returns."""
    graph = defs.resolve_asset_graph()
    print(len(graph.get_all_asset_keys()), len(graph.asset_check_keys))


def environment(home: Path) -> dict[str, str]:
    """An instance of their own, so that nobody's runs are touched."""
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "CICD_PROJECTS": str(home / "projects"),
        "CICD_BENCH": "1",
    }


if os.environ.get("CICD_BENCH"):
    # What Dagster loads when it validates this module: the location, with files added until a project has sixteen.
    import cicd_defs.plan.files

    known = cicd_defs.plan.files.known_paths
    cicd_defs.plan.files.known_paths = lambda project: (*known(project), *EXTRA_PATHS)[:16]
    from cicd_defs.definitions.projects import defs

if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
