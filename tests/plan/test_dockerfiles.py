import json

import pytest

from cicd_defs.facts.stacks import ImageSource
from cicd_defs.plan.containers import Cmd, Copy, Dockerfile, Env, HealthCheck, Run, Stage, User
from cicd_defs.render.blocks_pins import pins_of
from tests.containers.hadolint import hadolint
from tests.containers.planned import container_files, notes, only, planned, stage
from tests.containers.repositories import (
    APPLICATIONS,
    GO,
    POM,
    REQUIREMENTS,
    RUST,
    node,
    package,
    pyproject,
    python,
)

STARTS = {
    "pip": ("uvicorn", "--host", "0.0.0.0", "--port", "8000", "thing.web:app"),
    "pip-requirements": ("gunicorn", "--bind", "0.0.0.0:8000", "app:app"),
    "pip-django": ("gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi:application"),
    "npm": ("node", "dist/server.js"),
    "bun": ("bun", "dist/server.js"),
    "go": ("/usr/local/bin/server",),
    "rust": ("/usr/local/bin/thing",),
    "maven": ("java", "-jar", "/app/app.jar"),
    "gradle": ("/app/bin/thing",),
}
PORTS = {"pip": 8000, "npm": 4000, "go": 9090, "rust": 8090, "maven": 8080, "gradle": None}


def command(dockerfile: Dockerfile, name: str = "production") -> tuple[str, ...]:
    return next(one.argv for one in stage(dockerfile, name).instructions if isinstance(one, Cmd))


def runs(one: Stage) -> str:
    return "\n".join(line for each in one.instructions if isinstance(each, Run) for line in each.lines)


def copied(one: Stage) -> list[str]:
    return [source for each in one.instructions if isinstance(each, Copy) for source in each.sources]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_stack_has_its_stages_and_hadolint_finds_nothing(name, tmp_path):
    pipeline = planned(APPLICATIONS[name])
    dockerfile = only(pipeline)
    names = [one.name for one in dockerfile.stages]
    assert {"builder", "test"} < set(names)
    assert names[-1] == "production"
    assert set(container_files(pipeline)) == {"Dockerfile", ".dockerignore"}
    (tmp_path / "Dockerfile").write_text(container_files(pipeline)["Dockerfile"])
    assert hadolint([tmp_path / "Dockerfile"]) == []


def test_hadolint_does_find_something(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp\n")
    assert {finding.rule for finding in hadolint([tmp_path / "Dockerfile"])} >= {"DL3006", "DL3003"}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_what_runs_is_an_unprivileged_user_with_a_fixed_number(name):
    last = only(planned(APPLICATIONS[name])).stages[-1]
    users = [one for one in last.instructions if isinstance(one, User)]
    assert [one.name for one in users] == ["10001:10001"]
    assert last.instructions.index(users[0]) < len(last.instructions) - 1


@pytest.mark.parametrize("name", APPLICATIONS)
def test_manifests_are_copied_before_sources_so_that_the_layer_is_kept(name):
    first = only(planned(APPLICATIONS[name])).stages[0]
    assert "." not in copied(first)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_once_written_the_same_is_planned_again(name):
    first = planned(APPLICATIONS[name])
    again = planned({**APPLICATIONS[name], **container_files(first)})
    assert again.containers == first.containers
    assert container_files(again) == container_files(first)
    assert again.workflows == first.workflows


@pytest.mark.parametrize("name", APPLICATIONS)
def test_detection_sees_the_context_that_was_planned(name):
    from cicd_defs.facts.detect import detect
    from cicd_defs.facts.tree import Tree

    pipeline = planned(APPLICATIONS[name])
    stacks = detect(Tree.of({**APPLICATIONS[name], **container_files(pipeline)}))
    assert stacks.images == (ImageSource(dockerfile="Dockerfile", context="."),)


@pytest.mark.parametrize("name", STARTS)
def test_how_it_is_started_is_detected(name):
    assert command(only(planned(APPLICATIONS[name]))) == STARTS[name]


@pytest.mark.parametrize("name", PORTS)
def test_the_port_is_detected_and_health_is_asked_for_there(name):
    pipeline = planned(APPLICATIONS[name])
    checks = [one for one in only(pipeline).stages[-1].instructions if isinstance(one, HealthCheck)]
    assert only(pipeline).port == PORTS[name]
    if PORTS[name]:
        assert f"{PORTS[name]}" in " ".join(checks[0].argv)
        assert "/health" in " ".join(checks[0].argv)
    else:
        assert checks == []
        assert "`deployment.port`" in notes(pipeline, "java")


@pytest.mark.parametrize("name", APPLICATIONS)
def test_no_curl_is_needed(name):
    text = container_files(planned(APPLICATIONS[name]))["Dockerfile"]
    assert "curl" not in text
    assert "apt-get" not in text
    assert "apk add" not in text


def test_every_stage_names_its_base_itself_so_that_bots_move_them_all():
    declared = 'pipeline: {components: [{path: ., versions: ["3.12"]}]}\ndocker: {}\n'
    text = container_files(planned(APPLICATIONS["pip"], declared))["Dockerfile"]
    assert [pin.of for pin in pins_of(text)] == ["python", "python"]
    assert len({pin.to for pin in pins_of(text)}) == 1
    assert pins_of(text)[0].to.startswith(":3.12-slim@sha256:")


@pytest.mark.parametrize("name", APPLICATIONS)
def test_no_base_is_behind_an_argument(name):
    text = container_files(planned(APPLICATIONS[name]))["Dockerfile"]
    bases = [line.split()[1] for line in text.splitlines() if line.startswith("FROM ")]
    assert not [base for base in bases if "$" in base]
    assert bases[0].partition(":")[0] == only(planned(APPLICATIONS[name])).bases[0].image.partition(":")[0]


def test_nothing_is_written_where_docker_is_not_declared():
    assert container_files(planned(APPLICATIONS["pip"], "")) == {}


def test_a_dockerfile_of_theirs_stays():
    files = {**APPLICATIONS["pip"], "Dockerfile": "FROM python:3.12-slim\n"}
    assert container_files(planned(files)) == {}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"pyproject.toml": pyproject('"attrs"'), "src/thing/__init__.py": ""}, id="python"),
        pytest.param(
            node()
            | {"package.json": package(scripts={"test": "node --test"}, main="dist/i.js", dependencies={})},
            id="node",
        ),
        pytest.param({"go.mod": GO["go.mod"], "thing.go": "package thing\n"}, id="go"),
        pytest.param({"Cargo.toml": RUST["Cargo.toml"], "src/lib.rs": "pub fn x() {}\n"}, id="rust"),
        pytest.param(
            {"pom.xml": POM.replace("spring-boot-maven-plugin", "x"), "src/main/java/A.java": ""}, id="java"
        ),
    ],
)
def test_a_library_gets_none_and_is_told_why(files):
    pipeline = planned(files)
    assert container_files(pipeline) == {}
    assert "deployment.start_command" in " ".join(note.message for note in pipeline.notes)


def test_what_is_declared_counts():
    declared = """\
docker: {docker_build_args: {VERSION: 1.2 "beta" $x}}
deployment:
  start_command: gunicorn thing.web:app --bind 0.0.0.0:$PORT
  port: 9000
  health_check_url: https://shop.example.com/up?deep=1
  environment_variables: {APP_ENV: it's "production", MONEY: 5$}
"""
    pipeline = planned(APPLICATIONS["pip"], declared)
    text = container_files(pipeline)["Dockerfile"]
    assert command(only(pipeline)) == ("/bin/sh", "-c", "exec gunicorn thing.web:app --bind 0.0.0.0:$PORT")
    assert "'GET', '/up?deep=1'" in text
    assert "EXPOSE 9000" in text
    assert 'ARG VERSION="1.2 \\"beta\\" \\$x"' in text
    assert 'MONEY="5\\$"' in text
    env = [one.values for one in only(pipeline).stages[-1].instructions if isinstance(one, Env)]
    assert {"APP_ENV": 'it\'s "production"', "MONEY": "5$"} in env


@pytest.mark.parametrize("name", APPLICATIONS)
def test_a_variable_is_set_once_and_to_what_was_declared(name):
    values = {"NODE_ENV": "staging", "PYTHONUNBUFFERED": "0", "PORT": "81", "HOST": "::"}
    declared = f"docker: {{}}\ndeployment: {{port: 80, environment_variables: {json.dumps(values)}}}\n"
    last = only(planned(APPLICATIONS[name], declared)).stages[-1]
    told = [pair for one in last.instructions if isinstance(one, Env) for pair in one.values.items()]
    assert {pair for pair in told if pair[0] in values} == values.items()
    assert len({variable for variable, _ in told}) == len(told)


@pytest.mark.parametrize(
    ("path", "start", "taken_out"),
    [
        ("test/a.test.js", "node src/main.js", "rm -rf test"),
        ("__tests__/a.js", "node src/main.js", "rm -rf __tests__"),
        ("tests/run.js", "node tests/run.js", ""),
        ("src/test/a.js", "node src/main.js", ""),
        ("testing/a.js", "node src/main.js", ""),
    ],
)
def test_tests_are_not_in_the_image_that_runs(path, start, taken_out):
    files = APPLICATIONS["npm"] | {"package.json": package(scripts={"start": start}), path: ""}
    last = runs(stage(only(planned(files)), "builder")).splitlines()[-1]
    assert last == (taken_out or "npm prune --omit=dev")


def test_a_build_command_is_run_as_it_stands():
    declared = "docker: {}\ndeployment:\n  build_command: |\n    make a || true\n    make 'b && c'\n"
    text = container_files(planned(APPLICATIONS["npm"], declared))["Dockerfile"]
    line = next(line for line in text.splitlines() if "make a" in line)
    _, _, script = json.loads(line.strip())
    assert script == "make a || true\nmake 'b && c'\n\nnpm prune --omit=dev"


def test_dev_requirements_stay_out_of_what_runs():
    first, builder, test, _ = only(planned(REQUIREMENTS)).stages
    assert copied(first) == ["requirements.txt"]
    assert "requirements-dev.txt" not in runs(first) + runs(builder)
    assert copied(test)[0] == "requirements-dev.txt"
    assert "requirements-dev.txt" in runs(test)


def test_an_extra_that_asks_for_the_project_itself_is_not_looked_for_elsewhere():
    more = '\n[project.optional-dependencies]\nfull = ["gunicorn"]\ndev = ["thing[full]", "pytest"]\n'
    files = python() | {"pyproject.toml": pyproject().split("\n[project.optional")[0] + more}
    assert "optional-dependencies" not in container_files(planned(files))["Dockerfile"]


def test_requirements_that_speak_of_sources_are_installed_beside_them():
    files = REQUIREMENTS | {"requirements.txt": "-e ./libs/one\nflask\ngunicorn\n"}
    assert copied(only(planned(files)).stages[0]) == ["."]


@pytest.mark.parametrize(
    ("manager", "path", "more", "from_sources"),
    [
        ("uv", "pyproject.toml", '[tool.uv.sources]\ncommon = { path = "../common" }\n', True),
        ("uv", "pyproject.toml", "[tool.uv.sources]\ncommon = { workspace = true }\n", True),
        ("uv", "pyproject.toml", '[tool.uv.sources]\ncommon = [{ path = "c", marker = "x" }]\n', True),
        ("uv", "pyproject.toml", '[tool.uv.sources]\ncommon = { git = "https://example.com/c" }\n', False),
        ("uv", "pyproject.toml", '[dependency-groups]\ndev = ["common @ file:///c"]\n', True),
        ("poetry", "pyproject.toml", '[tool.poetry.dependencies]\ncommon = { path = "../c" }\n', True),
        ("poetry", "pyproject.toml", '[tool.poetry.group.x.dependencies]\nc = { path = "c" }\n', True),
        ("poetry", "pyproject.toml", '[tool.poetry.dependencies]\ncommon = "^1"\n', False),
        (
            "pdm",
            "pyproject.toml",
            '[tool.pdm.dev-dependencies]\nx = ["-e file:///${PROJECT_ROOT}/c"]\n',
            True,
        ),
        ("pdm", "pyproject.toml", '[tool.pdm.dev-dependencies]\nx = ["pytest"]\n', False),
        ("pipenv", "Pipfile", '\n[packages.common]\npath = "c"\neditable = true\n', True),
    ],
)
def test_a_dependency_beside_it_is_installed_from_its_sources(manager, path, more, from_sources, tmp_path):
    files = APPLICATIONS[manager] | {path: f"{APPLICATIONS[manager][path]}\n{more}"}
    (tmp_path / "Dockerfile").write_text(container_files(planned(files))["Dockerfile"])
    assert hadolint([tmp_path / "Dockerfile"]) == []
    first, builder, test, _ = only(planned(files)).stages
    assert (copied(first) == ["."]) is from_sources
    assert ("." in copied(builder), "." in copied(test)) == (not from_sources, not from_sources)


def test_scripts_of_an_installation_get_the_sources():
    files = APPLICATIONS["npm"] | {
        "package.json": package(scripts={"start": "node a.js", "postinstall": "node setup.js"})
    }
    assert copied(only(planned(files)).stages[0]) == ["."]


def test_a_version_from_git_is_made_up_for_a_build_that_sees_no_git():
    text = pyproject().replace('requires = ["hatchling"]', 'requires = ["hatchling", "hatch-vcs"]')
    assert (
        "SETUPTOOLS_SCM_PRETEND_VERSION"
        in container_files(planned(python() | {"pyproject.toml": text}))["Dockerfile"]
    )


def test_a_server_for_development_is_called_one():
    files = REQUIREMENTS | {"requirements.txt": "flask==3.1.2\n"}
    pipeline = planned(files)
    assert command(only(pipeline))[0] == "flask"
    assert "server for development" in notes(pipeline, "python")


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("go run ./cmd/migrate --all", ("/usr/local/bin/migrate", "--all")),
        ("./bin/server -v", ("/usr/local/bin/server", "-v")),
        ("server && migrate", ("/bin/sh", "-c", "server && migrate")),
    ],
)
def test_a_start_command_names_one_of_the_programs(start, expected):
    declared = f"docker: {{}}\ndeployment: {{start_command: {json.dumps(start)}}}\n"
    assert command(only(planned(GO, declared))) == expected


def test_a_program_that_nobody_builds_is_told_of():
    pipeline = planned(GO, "docker: {}\ndeployment: {start_command: ./shop}\n")
    assert container_files(pipeline) == {}
    assert "migrate, server" in notes(pipeline, "go")


def test_the_only_program_gets_the_name_that_it_is_called_by():
    pipeline = planned(RUST, "docker: {}\ndeployment: {start_command: ./shop --now}\n")
    assert command(only(pipeline)) == ("/usr/local/bin/shop", "--now")
    assert "cp target/release/thing /usr/local/bin/shop" in runs(only(pipeline).stages[1])


MONOREPO = {
    **{f"services/api/{path}": text for path, text in APPLICATIONS["uv"].items()},
    **{f"web/{path}": text for path, text in APPLICATIONS["npm"].items()},
    "libs/common/pyproject.toml": pyproject('"attrs"').replace("thing", "common"),
    "libs/common/src/common/__init__.py": "",
}


def test_each_declared_component_that_is_an_application_has_its_own():
    declared = (
        "docker: {}\npipeline: {components: [{path: services/api}, {path: web}, {path: libs/common}]}\n"
    )
    pipeline = planned(MONOREPO, declared)
    assert {one.path: one.context for one in pipeline.containers.dockerfiles} == {
        "services/api/Dockerfile": "services/api",
        "web/Dockerfile": "web",
    }
    assert set(container_files(pipeline)) == {
        f"{folder}/{name}" for folder in ("services/api", "web") for name in ("Dockerfile", ".dockerignore")
    }
    assert "as with a library" in notes(pipeline, "libs-common")


def test_one_that_builds_on_others_is_built_from_the_root():
    declared = (
        "docker: {}\npipeline:\n  components:\n"
        "    - {path: services/api, depends_on: [common]}\n    - {path: libs/common, name: common}\n"
    )
    pipeline = planned(MONOREPO, declared)
    dockerfile = only(pipeline)
    assert dockerfile.context == "."
    assert "services/api/pyproject.toml" in copied(dockerfile.stages[0])
    assert "WORKDIR /app/services/api" in container_files(pipeline)["services/api/Dockerfile"]
    assert ".dockerignore" in container_files(pipeline)


def test_a_component_that_is_not_declared_has_no_place_for_one():
    pipeline = planned(MONOREPO)
    assert container_files(pipeline) == {}
    assert "`pipeline.components`" in notes(pipeline, "web")


def test_deployment_speaks_of_the_component_that_it_names():
    declared = (
        "docker: {}\npipeline: {components: [{path: services/api}, {path: web}]}\n"
        "deployment: {component: web, start_command: node other.js, port: 1234}\n"
    )
    made = {one.component: one for one in planned(MONOREPO, declared).containers.dockerfiles}
    assert command(made["web"]) == ("node", "other.js")
    assert (made["web"].port, made["services-api"].port) == (1234, 8000)


@pytest.mark.parametrize("path", ["docker/Dockerfile", "build/Dockerfile.prod"])
def test_a_dockerfile_of_theirs_elsewhere_is_enough(path):
    files = {**APPLICATIONS["npm"], path: "FROM node:22-alpine\nCOPY package.json .\n"}
    assert container_files(planned(files)) == {}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_plan_reads_back_from_json(name):
    containers = planned(APPLICATIONS[name]).containers
    assert type(containers).model_validate_json(containers.model_dump_json()) == containers


HOSTILE = "a b '\" $HOME `id` \\ # end"


@pytest.mark.parametrize("name", APPLICATIONS)
def test_no_value_becomes_an_instruction_or_is_evaluated(name, tmp_path):
    value = json.dumps(HOSTILE)
    deployment = {
        "start_command": " ".join(command(only(planned(APPLICATIONS[name])))),
        "build_command": f"echo {HOSTILE}\n\necho 'USER root' \\\n  && echo \\",
        "environment_variables": {"HOSTILE": HOSTILE},
        "health_check_url": "/a'b\"$(id)`id`;#",
        "port": 1234,
    }
    declared = f"docker: {{docker_build_args: {{HOSTILE: {value}}}}}\ndeployment: {json.dumps(deployment)}\n"
    text = container_files(planned(APPLICATIONS[name], declared))["Dockerfile"]
    (tmp_path / "Dockerfile").write_text(text)
    assert hadolint([tmp_path / "Dockerfile"]) == []
    assert [line for line in text.splitlines() if line.startswith("USER")] == ["USER 10001:10001"]
    assert 'HOSTILE="a b \'\\" \\$HOME `id` \\\\ # end"' in text


def test_a_component_that_is_not_there_is_told():
    pipeline = planned(MONOREPO, "docker: {}\ndeployment: {component: shop, start_command: node a.js}\n")
    assert "names shop" in notes(pipeline, "deployment")


@pytest.mark.parametrize(
    "path", ["src/app/logs/x.py", "src/main/java/org/target/X.java", "src/coverage/a.ts", "src/build/b.go"]
)
def test_sources_with_the_names_of_what_is_made_anew_are_not_left_out(path):
    for name in APPLICATIONS:
        for ignore in planned(APPLICATIONS[name]).containers.ignores:
            everywhere = {
                pattern[3:]
                for _, patterns in ignore.groups
                for pattern in patterns
                if pattern.startswith("**/")
            }
            assert not everywhere & set(path.split("/"))
