import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.plan.lift import NotOurForm, differences, lift_workflow, visible
from cicd_defs.plan.pipeline import Action, Environment, Input, Job, Matrix, Service, Step, Triggers, Workflow
from cicd_defs.render.github import render_workflow
from tests.samples import claims, commands, component, plan

HOSTILE = [
    "${{ github.token }}",
    "a ${{ secrets.X }} b",
    "${{",
    "}}",
    "${{ '${{' }}",
    "x: y",
    "- x",
    "# x",
    "a #b",
    "on",
    "no",
    "3.10",
    "1:30",
    "0x1f",
    "~",
    "null",
    "",
    " ",
    "'",
    '"',
    "\"'",
    "a\nb: c",
    "a\n\n",
    "\n",
    "  lead",
    "trail ",
    "\t",
    "*x",
    "&x",
    "!x",
    "%x",
    "@x",
    "`x`",
    "{a: b}",
    "[a]",
    "| x",
    "> x",
    "? x",
    "---",
    "...",
    "<<",
    "=",
    "\u2028",
    "\u0085",
    "\ufeff",
    "é",
    "😀",
    "\\",
    "$(id)",
    "`id`",
    "; id",
    "\x7f",
]
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40),
    st.text(alphabet=string.printable + "${}'\"", max_size=40),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join),
)
SCRIPTS = TEXTS.filter(lambda text: "${{" not in text)


def workflow_around(text: str, script: str) -> Workflow:
    """A workflow that holds the text in every place that takes a literal."""
    steps = (
        Step(id="lint", name=text, run=script or "true", env={"A": text}, working_directory=text),
        Step(id="setup-x", name="x", uses=Action(name="a/b", commit="0" * 40), inputs={"key": text}),
    )
    job = Job(
        id="job",
        name=text,
        runs_on=text,
        timeout_minutes=5,
        env={"B": text},
        environment=Environment(name=text, url=text),
        matrix=Matrix(axes={"axis": (text, "b")}, include=({"axis": text},)),
        services=(Service(name="db", image=text, env={"C": text}, ports=(text,), options=text),),
        steps=steps,
    )
    manual = (Input(name="ask", description=text, default=text),)
    return Workflow(
        file="ci.yml", name=text, triggers=Triggers(manual=True, inputs=manual), env={"D": text}, jobs=(job,)
    )


@given(text=TEXTS, script=SCRIPTS)
def test_any_literal_comes_back_as_itself(text, script):
    planned = workflow_around(text, script)
    found = lift_workflow(render_workflow(planned, ("header",)), "ci.yml")
    assert differences(planned, found) == ()


@given(text=TEXTS, script=SCRIPTS)
def test_no_literal_becomes_a_key_or_an_expression(text, script):
    """The file's shape, and what GitHub evaluates in it, are those of the same workflow around harmless text."""
    hostile = yaml.load(render_workflow(workflow_around(text, script), ()), yaml.CSafeLoader)
    harmless = yaml.load(render_workflow(workflow_around("plain", "true"), ()), yaml.CSafeLoader)
    assert shape(hostile) == shape(harmless)
    assert not [value for value in scalars(hostile) if "${{" in value.replace("${{ '${{' }}", "")]


def shape(data):
    if isinstance(data, dict):
        return {key: shape(value) for key, value in data.items() if key != "options"}  # no options, no key
    return [shape(value) for value in data] if isinstance(data, list) else None


def scalars(data):
    if isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from scalars(value)
    else:
        yield str(data)


MANY = (
    component(
        "python",
        commands=commands(install="a", lint="b", format="c", typecheck="d", test="e", integration="f"),
    ),
    component(
        "node", "web", lock_file="web/pnpm-lock.yaml", package_managers=claims("pnpm"), versions=("20", "22")
    ),
    component("go", "tools/go", lock_file="tools/go/go.sum", services=claims("postgres", "redis")),
    component("rust", "core", versions=("1.80", "stable")),
    component("java", "app", versions=("17", "21")),
)


@pytest.mark.parametrize("layout", ["split", "unified"])
def test_a_file_read_back_is_its_plan(layout):
    pipeline = plan(*MANY, layout=layout, images=("Dockerfile", "web/Dockerfile"))
    for workflow in pipeline.workflows:
        found = lift_workflow(render_workflow(workflow, ("header",)), workflow.file)
        assert found == visible(workflow)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("a: [", "not YAML", id="not-yaml"),
        pytest.param("- a", "expected a map", id="a-list"),
        pytest.param("name: x\njobs: {}", "`on` is missing", id="no-trigger"),
        pytest.param(
            "name: x\non: {push: {paths: [a]}}\njobs: {}", "no place for paths", id="unknown-trigger-key"
        ),
        pytest.param(
            "name: x\non: {}\npermissions: {contents: read}\njobs: {}", "permissions on top", id="permissions"
        ),
        pytest.param("name: x\non: {}\njobs: {a: {name: a}}", "`runs-on` is missing", id="no-runner"),
    ],
)
def test_what_the_form_cannot_hold_is_refused(text, place):
    with pytest.raises(NotOurForm, match=place):
        lift_workflow(text, "other.yml")


def test_differences_name_the_place():
    workflow = plan(component()).workflows[0]
    changed = workflow.model_copy(update={"name": "Other"})
    assert [(item.where, item.planned, item.found) for item in differences(workflow, changed)] == [
        ("name", "'CI'", "'Other'")
    ]
