"""Reading a project file: what is taken, and how each refusal reads."""

import re
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cicd_defs.spec.model import Component, Project
from cicd_defs.spec.problem import Problem
from cicd_defs.spec.read import LARGEST, SpecError, check_names, project_name, read_project
from tests.spec.samples import FULL, MINIMAL

SOURCE = "projects/shop.yaml"


def problems(text: str | bytes, source: str = SOURCE) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        read_project(text, source)
    return caught.value.problems


def test_one_line_is_enough():
    project = read_project(MINIMAL, SOURCE)
    assert (project.name, project.repository, project.branch) == ("shop", "acme/shop", "main")
    assert project.pipeline.scans.secrets
    assert project.environments == ()


def test_the_whole_declaration_is_read():
    project = read_project(FULL, SOURCE)
    api, web = project.pipeline.components
    assert api.versions == ("3.11", "3.12")
    assert web.known_as == "web"
    assert project.docker.registries[1].password_secret == "HUB_TOKEN"
    assert project.environments[0].deploy is not None
    assert project.environments[0].deploy.method == "kubectl"
    assert project.validation.auto_merge


def test_a_project_is_a_value_that_survives_json():
    project = read_project(FULL, SOURCE)
    assert Project.model_validate_json(project.model_dump_json()) == project


@pytest.mark.parametrize(
    ("word", "triggers"),
    [
        ("push-pr", ("push", "pr")),
        ("push", ("push",)),
        ("pr", ("pr",)),
        ("manual", ("manual",)),
        ("schedule", ("schedule",)),
        ("[pr, schedule]", ("pr", "schedule")),
    ],
)
def test_a_trigger_is_a_word_or_a_list(word, triggers):
    project = read_project(f"{MINIMAL}pipeline: {{trigger_type: {word}}}", SOURCE)
    assert project.pipeline.trigger_type == triggers


@pytest.mark.parametrize(
    "text", [MINIMAL, MINIMAL.encode(), MINIMAL.replace("\n", "\r\n"), f"---\n{MINIMAL}"]
)
def test_harmless_differences_are_taken(text):
    assert read_project(text, SOURCE).repository == "acme/shop"


REFUSED = [
    # YAML itself
    pytest.param("", "1:1", "the file is empty", "repository: owner/name", id="empty"),
    pytest.param("# nothing\n", "1:1", "the file is empty", "", id="only-a-comment"),
    pytest.param("~\n", "1:1", "the file is empty", "", id="null-file"),
    pytest.param("[a]\n", "1:1", "takes keys with values, not a list", "key: value", id="list-file"),
    pytest.param("shop\n", "1:1", "takes keys with values, not `shop`", "key: value", id="scalar-file"),
    pytest.param("repository: a/b\nbranch: [\n", "3:1", "this is not YAML", "quotes", id="open-bracket"),
    pytest.param("repository: a/b\npipeline:\n\tlayout: x\n", "3:1", "this is not YAML", "spaces", id="tab"),
    pytest.param("repository: a: b\n", "1:14", "mapping values are not allowed", "Quote text", id="colon"),
    pytest.param(
        "repository: a/b\n---\nbranch: x\n", "2:1", "a second document", "one project", id="two-documents"
    ),
    pytest.param(
        "%YAML 1.1\n---\nrepository: a/b\n", "1:1", "a YAML directive", "Leave it out", id="directive"
    ),
    pytest.param("repository: a/b\nbranch: &x main\n", "2:9", "`&x` is an anchor", "value out", id="anchor"),
    pytest.param(
        "repository: a/b\nbranch: *x\n", "2:9", "`*x` is an anchor or alias", "value out", id="alias"
    ),
    pytest.param("repository: !!str a/b\n", "1:13", "is a tag", "Leave it out", id="tag"),
    pytest.param(
        "repository: a/b\n<<: {branch: x}\n", "2:1", "merge key", "Write the keys out", id="merge-key"
    ),
    pytest.param(
        "repository: a/b\nrepository: a/c\n",
        "2:1",
        "stands here twice, first in line 1",
        "Keep one",
        id="twice",
    ),
    pytest.param("repository: a/b\n3: x\n", "2:1", "this key is not text", 'Quote it: "3"', id="number-key"),
    pytest.param("repository: a/b\n? [a]\n: x\n", "2:3", "this key is not text", "plain word", id="list-key"),
    pytest.param("repository: a/b\nbranch:\n", "2:1", "`branch` has no value", "leave it out", id="no-value"),
    pytest.param(
        "repository: a/b\npipeline: {components: [~]}\n",
        "2:25",
        "this entry has no value",
        "",
        id="null-entry",
    ),
    pytest.param(
        "repository: a/b\nbranch: a\x00b\n", "2:10", "cannot be seen stands here: `\\x00`", "", id="nul"
    ),
    pytest.param("repository: a/b # \u202e\n", "1:19", "cannot be seen", "escape", id="bidi-mark"),
    pytest.param("repository: \ud800\n", "1:13", "cannot be seen", "", id="surrogate"),
    pytest.param("\ufeffrepository: a/b\n", "1:1", "byte order mark", "UTF-8", id="bom"),
    pytest.param(b"repository: a/b\nbranch: \xff\n", "2:9", "not UTF-8", "Save it as UTF-8", id="latin-1"),
    pytest.param("#" * LARGEST + "\n", "1:1", "65,537 bytes", "Shorten", id="too-large"),
    pytest.param("[" * 51, "1:51", "nested deeper than 50", "flatter", id="too-deep-flow"),
    pytest.param(
        "".join(f"{' ' * i}a:\n" for i in range(60)),
        "50:50",
        "nested deeper than 50",
        "",
        id="too-deep-block",
    ),
    # words that YAML 1.1 reads as something else
    pytest.param(
        "repository: a/b\nbranch: on\n", "2:9", "reads `on` without quotes as true", '"on"', id="on"
    ),
    pytest.param(
        "repository: a/b\nbranch: no\n", "2:9", "reads `no` without quotes as false", '"no"', id="no"
    ),
    pytest.param(
        "repository: a/b\nbranch: 1:30\n", "2:9", "as 90", 'meant: "1:30"; otherwise write 90', id="1:30"
    ),
    pytest.param("repository: a/b\nbranch: 2024-01-31\n", "2:9", "as a date", '"2024-01-31"', id="date"),
    pytest.param("repository: a/b\nbranch: 017\n", "2:9", "as 15", '"017"', id="octal"),
    pytest.param("repository: a/b\nbranch: 1e3\n", "2:9", "programs disagree", '"1e3"', id="exponent"),
    pytest.param(
        "repository: a/b\nbranch: true\n", "2:9", "is true or false, and this takes text", '"true"', id="true"
    ),
    pytest.param(
        "repository: a/b\nbranch: 3.10\n",
        "2:9",
        "is a number, and this takes text",
        'Quote it: "3.10"',
        id="3.10",
    ),
    pytest.param("repository: a/b\nbranch: 0x1F\n", "2:9", "is a number", '"0x1F"', id="hex"),
    pytest.param(
        "repository: a/b\nmerge:\n  delete_branch: yes\n",
        "3:18",
        "as true",
        "otherwise write true",
        id="yes-for-true",
    ),
    pytest.param(
        "repository: a/b\non: x\n", "2:1", "reads `on` without quotes as true", '"on"', id="on-as-key"
    ),
    pytest.param(
        "repository: a/b\npipeline: {env_vars: {NO: x}}\n",
        "2:23",
        "`NO` without quotes as false",
        '"NO"',
        id="norway",
    ),
    # keys
    pytest.param(
        "branch: x\n", "1:1", "repository is missing", "cicd explain repository", id="no-repository"
    ),
    pytest.param(
        "repository: a/b\npipline: {}\n",
        "2:1",
        "unknown key `pipline`",
        "Did you mean `pipeline`?",
        id="typo",
    ),
    pytest.param(
        "repository: a/b\nversions: []\n",
        "2:1",
        "unknown key",
        "belongs to `pipeline.components`",
        id="elsewhere",
    ),
    pytest.param(
        "repository: a/b\nmerge: {zzz: 1}\n",
        "2:9",
        "unknown key `zzz` in `merge`",
        "The keys here are",
        id="unknown",
    ),
    pytest.param("repository: a/b\nname: shop\n", "2:1", "unknown key `name`", "like its file", id="name"),
    # types
    pytest.param(
        "repository: a/b\nmerge: {approvals: two}\n",
        "2:20",
        "`two` is not a whole number",
        "digits",
        id="not-a-number",
    ),
    pytest.param(
        "repository: a/b\nmerge: {approvals: 1.5}\n", "2:20", "`1.5` is not a whole number", "", id="fraction"
    ),
    pytest.param(
        "repository: a/b\nmerge: {approvals: 9}\n", "2:20", "`9` is too large", "at most 6", id="too-many"
    ),
    pytest.param(
        f"repository: a/b\nmerge: {{approvals: {'9' * 5000}}}\n",
        "2:20",
        "is too large",
        "at most 6",
        id="huge-number",
    ),
    pytest.param(
        "repository: a/b\npipeline: {timeout_minutes: 0}\n",
        "2:29",
        "`0` is too small",
        "at least 1",
        id="too-few",
    ),
    pytest.param(
        'repository: a/b\nmerge: {delete_branch: "true"}\n',
        "2:24",
        "not true or false",
        "without quotes",
        id="quoted-true",
    ),
    pytest.param(
        "repository: a/b\npipeline: {components: {path: x}}\n",
        "2:12",
        "takes a list, not a group",
        "- ",
        id="no-list",
    ),
    pytest.param(
        "repository: a/b\nmerge: {protected_paths: k8s}\n",
        "2:26",
        "takes a list",
        "in brackets: [k8s]",
        id="bare-entry",
    ),
    pytest.param("repository: a/b\nmerge: squash\n", "2:8", "takes keys with values", "", id="no-table"),
    pytest.param(
        "repository: a/b\nbranch: [main]\n", "2:1", "takes text, not a list", "one value", id="list-for-text"
    ),
    pytest.param(
        "repository: a/b\nmerge: {method: sqash}\n",
        "2:17",
        "`sqash` is not known here",
        "Did you mean `squash`?",
        id="choice",
    ),
    pytest.param(
        "repository: a/b\npipeline: {trigger_type: psh}\n",
        "2:26",
        "`psh` is not known",
        "`push`?",
        id="trigger-word",
    ),
    pytest.param(
        "repository: a/b\npipeline: {trigger_type: []}\n",
        "2:12",
        "the list is empty",
        "at least one",
        id="empty-list",
    ),
    pytest.param(
        "repository: a/b\ndocker: {registries: [{}]}\n",
        "2:23",
        "registries[0].registry is missing",
        "",
        id="inner-missing",
    ),
    # between keys
    pytest.param(
        "repository: a/b\nenvironments:\n- {name: a, after: b}\n- {name: b, after: a}\n",
        "3:20",
        "in a circle: a → b → a",
        "Take one",
        id="circle",
    ),
    pytest.param(
        "repository: a/b\nenvironments:\n- {name: a, after: a}\n", "3:20", "a → a", "", id="circle-of-one"
    ),
    pytest.param(
        "repository: a/b\nenvironments:\n- {name: a, after: b}\n",
        "3:20",
        "no environment `b`",
        "here: a.",
        id="after-unknown",
    ),
    pytest.param(
        "repository: a/b\nenvironments:\n- name: a\n- name: a\n",
        "4:9",
        "`a` collides with environment `a`",
        "",
        id="same-name",
    ),
    pytest.param(
        "repository: a/b\npipeline:\n  components:\n  - path: a-b\n  - path: a_b\n",
        "5:5",
        "component `a-b` collides",
        "own name",
        id="same-component",
    ),
    pytest.param(
        "repository: a/b\npipeline: {components: [{path: x, depends_on: [y]}]}\n",
        "2:48",
        "no component `y`",
        "here: x",
        id="depends-on-unknown",
    ),
    pytest.param(
        "repository: a/b\npipeline: {components: [{path: x, depends_on: [z]}, {path: z, depends_on: [x]}]}\n",
        "2:35",
        "circle: x → z → x",
        "",
        id="depends-on-circle",
    ),
    pytest.param(
        'repository: a/b\npipeline: {components: [{versions: ["3", "3"]}]}\n',
        "2:42",
        "`3` is listed twice",
        "",
        id="listed-twice",
    ),
    pytest.param(
        "repository: a/b\nenvironments:\n- name: a\n  deploy: {kubectl: x, helm: y}\n",
        "4:3",
        "kubectl and helm",
        "exactly one",
        id="two-ways-to-deploy",
    ),
    pytest.param(
        "repository: a/b\nenvironments:\n- name: a\n  deploy: {kubectl: x, values: y}\n",
        "4:32",
        "`values` does not go with kubectl",
        "goes with helm",
        id="values-without-helm",
    ),
    pytest.param(
        "repository: a/b\ndocker: {registries: [ghcr.io, {registry: ghcr.io}]}\n",
        "2:32",
        "collides",
        "",
        id="same-registry",
    ),
]


@pytest.mark.parametrize(("text", "place", "message", "hint"), REFUSED)
def test_refusals(text, place, message, hint):
    said = [(f"{problem.line}:{problem.column}", problem.message, problem.hint) for problem in problems(text)]
    assert any(at == place and message in words and hint in next_step for at, words, next_step in said), said


def test_a_refusal_reads_as_file_line_column_and_what_to_do():
    assert str(problems("repository: acme/shop\nbrnch: main\n")[0]) == (
        "projects/shop.yaml:2:1: unknown key `brnch`. Did you mean `branch`? `cicd explain branch` says more."
    )


def test_every_problem_is_told_once_and_in_order():
    text = "repository: a b\nbranch: on\nbrnch: x\nmerge: {approvals: 9, method: x}\npipeline: {schedule: daily}\n"
    found = problems(text)
    assert [(problem.line, problem.column) for problem in found] == [
        (1, 13),
        (2, 9),
        (3, 1),
        (4, 20),
        (4, 31),
        (5, 22),
    ]
    assert str(SpecError(found)).count("\n") == 5


@pytest.mark.parametrize(
    "text",
    [
        "repository: a/b\nnotifications: {channels: [ghp_geheim]}\n",
        "repository: a/b\nnotifications: {channels: [31415]}\n",
        "repository: https://user:geheim@example.com/x\n",
        "repository: https://user:geheim@example.com/ x ${{ y }}\n",
        "repository: a/b\nwebhook_url: https://geheim@example.com/\n",
    ],
)
def test_what_may_be_a_secret_is_not_repeated(text):
    assert not re.search("geheim|31415", str(SpecError(problems(text))))


@pytest.mark.parametrize(
    ("source", "name"),
    [("projects/shop.yaml", "shop"), ("a-b_1.yml", "a-b_1"), ("x" * 39 + ".yaml", "x" * 39)],
)
def test_the_name_is_the_files_stem(source, name):
    assert project_name(source) == name
    assert read_project(MINIMAL, source).name == name


@pytest.mark.parametrize(
    "source", ["Shop.yaml", "1.yaml", "a.b.yaml", ".yaml", "", "x" * 40 + ".yaml", "ä.yaml", "a\n.yaml"]
)
def test_a_stem_that_cannot_be_a_name(source):
    with pytest.raises(SpecError, match="not a project's name"):
        project_name(source)
    assert "not a project's name" in problems(MINIMAL, source)[0].message


def test_names_collide_over_the_folder():
    found = check_names(
        ["projects/a-b.yaml", "projects/c.yaml", "projects/a_b.yaml", "projects/c.yml", "projects/D.yaml"]
    )
    assert [problem.source for problem in found] == ["projects/a_b.yaml", "projects/c.yml", "projects/D.yaml"]
    assert check_names(["a.yaml", "b.yaml"]) == ()


@pytest.mark.parametrize(
    ("component", "name"),
    [
        ({}, "root"),
        ({"stack": "go"}, "go"),
        ({"path": "services/api"}, "services-api"),
        ({"path": "Ünder_score"}, "nder-score"),
        ({"path": "7zip"}, "c-7zip"),
        ({"path": "日本"}, "c"),
        ({"path": "x", "name": "web"}, "web"),
        ({"path": "a" * 60}, "a" * 39),
    ],
)
def test_what_a_component_is_known_as(component, name):
    assert Component(**component).known_as == name


def test_a_secret_does_not_share_its_name_with_a_variable():
    both = "{env_vars: {TOKEN: x}, secrets: [API, TOKEN]"
    found = problems(f"repository: a/b\npipeline: {both}}}\nenvironments: [{both}, name: a}}]\n")
    assert [(problem.line, problem.column) for problem in found] == [(2, 49), (3, 54)]
    assert all("is a variable and a secret" in problem.message for problem in found)


HOSTILE_TO_READ = {
    "keys": "{" + ", ".join(f"k{i}: 1" for i in range(6000)) + "}",
    "entries": "{repository: a/b, merge: {protected_paths: [" + "x, " * 20000 + "]}}",
    "components": "{repository: a/b, pipeline: {components: ["
    + "".join(f"{{path: c{i}, depends_on: [c{(i + 1) % 1400}]}}," for i in range(1400))
    + "]}}",
    "chain": "{repository: a/b, environments: ["
    + "".join(f"{{name: e{i}, after: e{(i + 1) % 2200}}}," for i in range(2200))
    + "]}",
    "expression": "{repository: a/b, pipeline: {concurrency_group: '" + "${{ vars.A }}" * 4500 + "'}}",
    "long-expression": "{repository: a/b, pipeline: {concurrency_group: '${{ " + "!" * 60000 + " }}'}}",
    "path": "{repository: a/b, pipeline: {components: [{path: '" + "a/" * 30000 + "'}]}}",
    "spaces": "{repository: a/b, pipeline: {components: [{path: 'a" + " " * 60000 + "'}]}}",
    "image": "{repository: a/b, pipeline: {components: [{services: ['" + "a" * 60000 + "!']}]}}",
    "host": "{repository: a/b, docker: {registries: ['" + "a-" * 30000 + "']}}",
    "cron": "{repository: a/b, pipeline: {schedule: '" + "*/1," * 15000 + "* * * * *'}}",
    "word": "{repository: a/b, " + "z" * 60000 + ": 1}",
    "sexagesimal": "{repository: a/b, branch: 1" + ":59" * 20000 + "}",
}


@pytest.mark.parametrize("text", HOSTILE_TO_READ.values(), ids=HOSTILE_TO_READ)
def test_hostile_files_are_answered_soon(text):
    assert len(text) <= LARGEST
    begun = time.process_time()
    with suppress(SpecError):
        read_project(text, SOURCE)
    assert time.process_time() - begun < 60, "what grows with the square of the text takes far longer"


def test_our_own_projects_are_read():
    folder = Path(__file__).parents[2] / "projects"
    sources = sorted(folder.glob("*.y*ml"))
    assert check_names([source.name for source in sources]) == ()
    for source in sources:
        read_project(source.read_bytes(), source.name)
