"""Every plan that we judge: those of the golden files, of each pair of options, and of a file that says everything."""

from functools import cache
from pathlib import Path

from cicd_defs.adapters.git import local_tree
from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.pipeline import Job, Pipeline, Workflow
from cicd_defs.spec.read import read_project
from tests.pairwise import specs
from tests.samples import SAMPLES
from tests.spec.samples import FULL

SHOP = Path(__file__).parents[2] / "examples" / "shop"


@cache
def plans() -> tuple[Pipeline, ...]:
    golden = [(sample.text, f"{name}.yaml", sample.files) for name, sample in SAMPLES.items()]
    pairs = [(case.text, f"{case.name}.yaml", case.files) for case in specs(1)]
    tree = local_tree(SHOP)
    shop = {path: tree.read(path) or b"" for path in tree.paths}
    return tuple(planned(*one) for one in (*golden, *pairs, (FULL, "shop.yaml", shop)))


def planned(text, name, files) -> Pipeline:
    return compile_pipeline(read_project(text, name), detect(Tree.of(files)), Written())


def workflows() -> list[Workflow]:
    return [workflow for pipeline in plans() for workflow in pipeline.workflows]


def alone(workflow: Workflow, job: Job) -> Pipeline:
    """A pipeline of that one job."""
    only = workflow.model_copy(update={"jobs": (job.model_copy(update={"needs": ()}),)})
    return Pipeline(project="x", repository="acme/x", workflows=(only,))
