from cicd_defs.facts.stacks import ImageSource, Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.images import images_of, unbuilt
from tests.samples import claims, component, project


def test_the_context_is_the_detected_one():
    source = ImageSource(dockerfile="backend/Dockerfile", context=".")
    stacks = Stacks(dockerfiles=claims("backend/Dockerfile"), images=(source,))
    assert [(image.name, image.context) for image in images_of(stacks)] == [("image", ".")]
    assert unbuilt(stacks) == ()


def test_without_one_it_is_the_usual_one():
    stacks = Stacks(dockerfiles=claims("Dockerfile", "web/docker/Dockerfile"))
    assert {image.name: image.context for image in images_of(stacks)} == {"root": ".", "web-docker": "web"}


def test_what_cannot_be_built_is_not_built_and_said():
    sources = (
        ImageSource(dockerfile="Dockerfile", missing=(".build/app", "dist")),
        ImageSource(dockerfile="web/Dockerfile", context="web"),
    )
    stacks = Stacks(dockerfiles=claims("Dockerfile", "web/Dockerfile"), images=sources)
    assert [image.dockerfile for image in images_of(stacks)] == ["web/Dockerfile"]
    (note,) = unbuilt(stacks)
    assert note.where == "Dockerfile"
    assert "`.build/app`, `dist`" in note.message
    assert "a workflow of your own" in note.message


def test_the_plan_tells_of_it_and_has_no_job_for_it():
    source = ImageSource(dockerfile="Dockerfile", missing=("dist",))
    stacks = Stacks(components=(component(),), dockerfiles=claims("Dockerfile"), images=(source,))
    pipeline = compile_pipeline(project(), stacks, Written())
    assert "Dockerfile" in {note.where for note in pipeline.notes}
    assert not [job.id for workflow in pipeline.workflows for job in workflow.jobs if "image" in job.id]
