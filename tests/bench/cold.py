"""`python -m tests.bench.cold SPEC FOLDER OUT`: from a project file and a repository to its files, in one process."""

import sys
from pathlib import Path

from cicd_defs.adapters.git import local_tree
from cicd_defs.facts.detect import detect
from cicd_defs.facts.written import written_files
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import looked_at
from cicd_defs.render.files import render_files
from cicd_defs.spec.read import read_project


def main(spec: Path, folder: Path, out: Path) -> None:
    """Everything that `cicd render` does, but for the command line and what people changed in the files."""
    project, tree = read_project(spec.read_bytes(), str(spec)), local_tree(folder)
    pipeline = compile_pipeline(project, detect(tree), written_files(tree, looked_at(project)))
    for file in render_files(pipeline):
        target = out / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
