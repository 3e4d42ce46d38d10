import pytest

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


@pytest.mark.parametrize(
    ("paths", "names", "expected"),
    [
        pytest.param(
            ("services/api/Dockerfile", "web/Dockerfile"),
            {"services/api": "api"},
            ["api", "web"],
            id="component",
        ),
        pytest.param(
            ("api/Dockerfile", "services/api/Dockerfile"),
            {"services/api": "api"},
            ["api-2", "api"],
            id="the-component-has-its-name",
        ),
        pytest.param(
            ("api/Dockerfile", "api/dev.Dockerfile"),
            {"api": "core"},
            ["api", "api-dev"],
            id="two-in-one-folder",
        ),
        pytest.param(
            ("Dockerfile", "api/docker/Dockerfile"), {"api": "core"}, ["root", "api-docker"], id="deeper"
        ),
        pytest.param(("api/Dockerfile",), {"api": "core"}, ["image"], id="only-one"),
    ],
)
def test_an_image_is_called_like_the_component_whose_folder_holds_its_dockerfile(paths, names, expected):
    stacks = Stacks(dockerfiles=claims(*paths))
    assert [image.name for image in images_of(stacks, names=names)] == expected


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
