"""The rooms: from a project file to its files, and how fast the doors open; beside projen in the same run."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from cicd_defs.adapters.git import local_tree
from cicd_defs.facts.detect import detect
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.lift import lift_workflow
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.files import render_files
from cicd_defs.spec.read import read_project
from tests.bench import Measure, measured
from tests.spec.samples import FULL

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shop"
PROJEN = ROOT / ".cache" / "bench" / "projen"
ROOMS = "import cicd_defs.spec.read, cicd_defs.facts.detect, cicd_defs.plan.compile, cicd_defs.render.files"


def compile_measures() -> list[Measure]:
    """One full compile, its parts, and beside it a plain dump of the same data by PyYAML's C dumper."""
    tree = local_tree(SHOP)
    stacks = detect(tree)
    project = read_project(FULL, "shop.yaml")
    pipeline = compile_pipeline(project, stacks, Written())
    data = [yaml.safe_load(file.text) for file in render_files(pipeline) if file.kind == "workflow"]
    workflows = [(file.path, file.text) for file in render_files(pipeline) if file.kind == "workflow"]

    def whole() -> object:
        return render_files(compile_pipeline(read_project(FULL, "shop.yaml"), stacks, Written()))

    return [
        measured(f"compile of one spec to {_counted(pipeline)}: read, plan, render", whole, target=50),
        measured("  read", lambda: read_project(FULL, "shop.yaml"), target=25),
        measured("  plan", lambda: compile_pipeline(project, stacks, Written())),
        measured("  render", lambda: render_files(pipeline)),
        measured("  floor: the same workflows dumped by PyYAML in C", lambda: [_dump(item) for item in data]),
        measured("read the workflows back", lambda: [lift_workflow(text, path) for path, text in workflows]),
        measured("detect the sample", lambda: detect(tree)),
    ]


def _dump(data: object) -> str:
    return yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False)


def _counted(pipeline: Pipeline) -> str:
    """How many files a pipeline has, and how many jobs are in them."""
    jobs = sum(len(workflow.jobs) for workflow in pipeline.workflows)
    return f"{len(pipeline.applied)} files with {jobs} jobs"


def start_measures() -> list[Measure]:
    """Whole processes, beside a Python that does nothing."""
    python = sys.executable
    return [
        _process("`cicd --help`", [_cicd(), "--help"], target=300),
        _process("import of all rooms", [python, "-c", ROOMS], target=250),
        _process("  floor: python that imports pydantic and yaml", [python, "-c", "import pydantic, yaml"]),
        _process("  floor: python that does nothing", [python, "-c", "pass"]),
    ]


def cold_measures() -> list[Measure]:
    """Whole processes that write files: all of ours from a full spec, and one workflow of projen's."""
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder:
        spec, out, rendered = (Path(folder, name) for name in ("shop.yaml", "out", "rendered"))
        spec.write_text(FULL)
        rendered.mkdir()
        cold = [sys.executable, "-m", "tests.bench.cold", str(spec), str(SHOP), str(out)]
        compiled = _process("one full spec, from nothing to its files", cold, target=500)
        written = sum(1 for path in out.rglob("*") if path.is_file())
        render = [_cicd(), "render", str(spec), "--repo", str(SHOP), "--out", str(rendered)]
        by_command = _process("the same by `cicd render`, which keeps people's changes", render)
    print(f"({written} files were written each time)")
    return [compiled, by_command, *_projen()]


def _projen() -> list[Measure]:
    """projen's synth, which writes one workflow of four jobs and its own few files; it installs nothing after it."""
    node = shutil.which("node")
    if node is None or not (PROJEN / ".ready").exists():
        print("(projen is left out: node is not there, or `make bench` could not install it)")
        return []
    environment = {**os.environ, "PROJEN_DISABLE_POST": "1"}
    return [
        _process("  peer: projen, one workflow of four jobs", [node, ".projenrc.js"], PROJEN, environment)
    ]


def _cicd() -> str:
    return str(Path(sys.executable).parent / "cicd")


def _process(
    what: str,
    command: list[str],
    folder: Path = ROOT,
    environment: dict[str, str] | None = None,
    target: float | None = None,
) -> Measure:
    def run() -> object:
        return subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)

    return measured(what, run, times=11, target=target)
