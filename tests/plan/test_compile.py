import pytest

from cicd_defs.facts.written import Written
from cicd_defs.plan.permissions import NEEDS, needs_of, permissions_for
from cicd_defs.plan.pins import UnknownPin, action, image
from cicd_defs.plan.pipeline import Action, Expression, Job, Permission, Pipeline, Step, StepKind, Workflow
from tests.samples import ci, claims, commands, component, plan

EVERY = commands(install="i", lint="l", format="f", typecheck="t", test="x", integration="n", build="b")


def messages(pipeline: Pipeline) -> list[str]:
    return [note.message for note in pipeline.notes]


def jobs_of(*components, **pipeline) -> dict[str, Job]:
    return {job.id: job for workflow in plan(*components, **pipeline).workflows for job in workflow.jobs}


@pytest.mark.parametrize(
    ("run", "job"),
    [
        pytest.param(commands(lint="l"), "lint", id="lint"),
        pytest.param(commands(format="f"), "lint", id="format-alone"),
        pytest.param(commands(typecheck="t"), "typecheck", id="typecheck"),
        pytest.param(commands(test="t"), "test", id="test"),
        pytest.param(commands(build="b"), "build", id="build"),
    ],
)
def test_each_command_gets_its_job_and_the_gate_needs_it(run, job):
    workflow = ci(plan(component(commands=run)))
    assert [item.id for item in workflow.jobs] == ["changes", job, "gate"]
    assert workflow.jobs[-1].needs == ("changes", job)


def test_components_get_jobs_of_their_own():
    jobs = jobs_of(component(commands=EVERY), component("node", "web", commands=EVERY))
    assert {"lint-python", "lint-web", "test-python", "test-web", "integration-python", "gate"} <= set(jobs)
    web = jobs["lint-web"]
    assert web.condition == "needs.changes.outputs.web == 'true'"
    assert {step.working_directory for step in web.steps if step.run and step.kind != StepKind.SETUP} == {
        "web"
    }


def test_versions_become_a_matrix_of_the_tests_alone():
    jobs = jobs_of(component(commands=EVERY, versions=("3.11", "3.12")))
    assert jobs["test"].matrix is not None
    assert jobs["test"].matrix.axes == {"python": ("3.11", "3.12")}
    assert jobs["lint"].matrix is None
    assert setup_of(jobs["lint"]).inputs["python-version"] == "3.12"
    assert setup_of(jobs["test"]).inputs["python-version"] == Expression(text="${{ matrix.python }}")


def setup_of(job: Job) -> Step:
    return next(step for step in job.steps if step.id.startswith("setup-"))


def test_runners_become_a_matrix_too():
    jobs = jobs_of(component(), components=[{"path": ".", "runs_on": ["ubuntu-24.04", "macos-15"]}])
    assert jobs["test"].runs_on == Expression(text="${{ matrix.os }}")
    assert jobs["lint"].runs_on == "ubuntu-24.04"


def test_legs_keep_reports_of_their_own():
    upload = jobs_of(component(versions=("3.11", "3.12")))["test"].steps[-1]
    assert upload.inputs["name"] == Expression(text="test-reports.python.${{ matrix.python }}")


@pytest.mark.parametrize(
    ("runs", "where"),
    [
        pytest.param(commands(test="t"), {"test", "integration"}, id="not-told-apart"),
        pytest.param(commands(test="t", integration="i"), {"integration"}, id="told-apart"),
    ],
)
def test_services_stand_beside_the_tests_that_need_them(runs, where):
    jobs = jobs_of(component(commands=runs, services=claims("postgres", "redis")))
    assert {job.id for job in jobs.values() if job.services} == where
    for name in where:
        assert [service.name for service in jobs[name].services] == ["postgres", "redis"]
        assert all("@sha256:" in service.image for service in jobs[name].services)
        assert jobs[name].env["DATABASE_URL"] == "postgresql://postgres@localhost:5432/postgres"


def test_declared_beats_detected_and_skipped_is_gone():
    declared = [{"path": ".", "test_cmd": "tox", "versions": ["3.13"], "skip": ["lint"], "services": []}]
    jobs = jobs_of(component(versions=("3.11",), services=claims("redis")), components=declared)
    assert "lint" not in jobs
    assert next(step for step in jobs["test"].steps if step.id == "test").run == "tox"
    assert setup_of(jobs["test"]).inputs["python-version"] == "3.13"
    assert jobs["test"].services == ()


def test_a_custom_stack_is_set_up_by_its_own_commands():
    pipeline = plan(
        components=[{"path": ".", "stack": "custom", "install_cmd": "make deps", "test_cmd": "make test"}]
    )
    test = ci(pipeline).job("test")
    assert test is not None
    assert [step.id for step in test.steps] == ["checkout", "install", "test", "upload-reports"]
    assert not any("nothing is set up" in message for message in messages(pipeline))


@pytest.mark.parametrize(
    ("stack", "changes", "expected"),
    [
        ("python", {}, ["setup-python"]),
        ("python", {"package_managers": claims("uv"), "lock_file": "uv.lock"}, ["setup-uv"]),
        ("python", {"package_managers": claims("poetry")}, ["setup-poetry", "setup-python"]),
        ("python", {"package_managers": claims("pdm")}, ["setup-pdm", "setup-python", "cache-downloads"]),
        ("python", {"package_managers": claims("hatch")}, ["setup-hatch", "setup-python", "cache-downloads"]),
        ("python", {"package_managers": claims("pixi")}, ["setup-pixi"]),
        ("node", {"lock_file": "package-lock.json"}, ["setup-node"]),
        ("node", {}, ["setup-node", "cache-downloads"]),
        (
            "node",
            {"package_managers": claims("pnpm"), "lock_file": "pnpm-lock.yaml"},
            ["setup-corepack", "setup-node"],
        ),
        ("node", {"package_managers": claims("bun")}, ["setup-node", "setup-bun", "cache-downloads"]),
        ("go", {"lock_file": "go.sum"}, ["setup-go"]),
        ("rust", {}, ["setup-rust", "cache-cargo"]),
        ("java", {}, ["setup-java"]),
    ],
)
def test_each_package_manager_is_set_up_with_its_cache(stack, changes, expected):
    steps = jobs_of(component(stack, **changes))["lint"].steps
    assert [step.id for step in steps] == ["checkout", *expected, "install", "lint"]


def test_golangci_lint_is_installed_where_it_lints():
    steps = jobs_of(component("go", commands=commands(install="i", lint="golangci-lint run", test="t")))[
        "lint"
    ].steps
    assert [step.id for step in steps] == ["checkout", "setup-go", "setup-golangci-lint", "install", "lint"]


def test_every_jobs_permissions_are_what_its_actions_need():
    covered = component(commands=EVERY, coverage_tools=claims("pytest-cov"))
    jobs = jobs_of(covered, components=[{"path": ".", "coverage_tool": "codecov"}])
    for job in jobs.values():
        wanted = {(need.scope, need.access) for step in job.steps for need in needs_of(step)}
        assert {(held.scope, held.access) for held in job.permissions} == wanted, job.id
    assert {held.scope for held in jobs["coverage"].permissions} == {"contents", "id-token"}


def test_the_wider_access_wins(monkeypatch):
    write = Permission(scope="contents", access="write", reason="push")
    monkeypatch.setitem(NEEDS, "a/b", (("contents", "write", "push"),))
    steps = [Step(id="checkout", name="x", uses=action("actions/checkout"))]
    steps += [Step(id="other", name="x", uses=Action(name="a/b", commit="0" * 40))]
    assert permissions_for(steps) == (write,)


def test_coverage_is_uploaded_apart_and_not_waited_for():
    declared = [{"path": ".", "coverage_tool": "coveralls", "test_cmd": "make coverage"}]
    workflow = ci(plan(component(), components=declared))
    coverage, gate = workflow.job("coverage"), workflow.job("gate")
    assert coverage is not None
    assert gate is not None
    assert coverage.needs == ("test",)
    assert "coverage" not in gate.needs


@pytest.mark.parametrize(
    ("triggers", "files"),
    [
        pytest.param(["push", "pr"], ["ci.yml"], id="no-schedule"),
        pytest.param("schedule", ["nightly.yml"], id="schedule-alone"),
        pytest.param(["pr", "schedule"], ["ci.yml", "nightly.yml"], id="both"),
    ],
)
def test_triggers_decide_the_files(triggers, files):
    assert [workflow.file for workflow in plan(component(), trigger_type=triggers).workflows] == files


def test_unified_puts_the_night_into_one_file_that_the_gate_does_not_wait_for():
    (workflow,) = plan(component(commands=EVERY), layout="unified").workflows
    gate = workflow.job("gate")
    assert gate is not None
    night = [job.id for job in workflow.jobs if job.condition and "schedule" in job.condition]
    assert set(night) >= {"integration", "scan-code"}
    assert not set(night) & set(gate.needs)
    assert workflow.triggers.schedule == ("0 2 * * *",)


def test_scans_can_be_left_out():
    jobs = jobs_of(
        component(), images=("Dockerfile",), scans={"secrets": False, "image": False, "code": False}
    )
    assert {name for name in jobs if name.startswith("scan")} == {"scan-dependencies"}


def test_without_areas_everything_runs_of_every_change():
    workflow = ci(plan(component(), component("node", "web"), only_changed=False))
    assert workflow.job("changes") is None
    assert {job.condition for job in workflow.jobs} == {None, "always()"}
    assert not any("changes" in job.needs for job in workflow.jobs)


def test_steps_get_the_declared_timeout():
    workflow = ci(plan(component(), step_timeout_minutes=7))
    assert {step.timeout_minutes for job in workflow.jobs for step in job.steps} == {5, 7}


def test_a_branch_to_release_from_uses_no_cache():
    components = [component(stack, stack) for stack in ("python", "node", "go", "rust", "java")]
    pipeline = plan(*components, images=("Dockerfile",))
    released = plan(*components, images=("Dockerfile",), branch="release/2")
    assert uses_cache(ci(pipeline))
    assert not uses_cache(ci(released))
    assert any("no shared cache" in note.message for note in released.notes)


def uses_cache(workflow: Workflow) -> set[str]:
    return {
        f"{job.id}.{step.id}.{name}"
        for job in workflow.jobs
        for step in job.steps
        for name, value in {**step.inputs, step.id: "step"}.items()
        if "cache" in name and value != "false"
    }


def test_nothing_to_check_is_said():
    pipeline = plan()
    states = {file.path: (file.state, file.reason) for file in pipeline.files}
    assert states[".github/workflows/ci.yml"] == ("skipped", "no checks were detected or declared")
    assert any("nothing was detected" in note.message for note in pipeline.notes)


@pytest.mark.parametrize(
    ("files", "path", "state", "reason"),
    [
        ({}, "Makefile", "applied", "new"),
        ({"Makefile": "ours"}, "Makefile", "applied", "brought up to date"),
        ({"Makefile": "theirs"}, "ci.mk", "applied", "has a Makefile of its own"),
        ({".pre-commit-config.yaml": "theirs"}, ".pre-commit-config.yaml", "skipped", "stays as it is"),
        ({".github/workflows/ci.yml": "theirs"}, ".github/workflows/ci.yml", "applied", "written by hand"),
    ],
)
def test_every_file_says_why(files, path, state, reason):
    planned = plan(component(), written=Written.model_validate({"files": files})).files
    found = next(file for file in planned if file.path == path)
    assert found.state == state
    assert reason in found.reason


def test_a_file_of_ours_that_is_no_longer_wanted_is_removed():
    written = Written(files={".github/workflows/nightly.yml": "ours"})
    planned = plan(component(), written=written, trigger_type="push").files
    found = next(file for file in planned if file.path.endswith("nightly.yml"))
    assert (found.state, found.reason) == ("removed", "`trigger_type` has no `schedule`")


def test_everything_is_named_timed_and_least_privileged():
    pipeline = plan(
        component(commands=EVERY), component("node", "web", commands=EVERY), images=("Dockerfile",)
    )
    for workflow in pipeline.workflows:
        assert workflow.name
        assert workflow.concurrency
        assert all(str(job.name) for job in workflow.jobs)
        assert all(job.timeout_minutes for job in workflow.jobs)
        assert all(step.name for job in workflow.jobs for step in job.steps)


def test_the_same_command_runs_here_and_there():
    pipeline = plan(component(commands=EVERY))
    there = {step.run for workflow in pipeline.workflows for job in workflow.jobs for step in job.steps}
    assert {command.run for command in pipeline.local} <= there


def test_pins_are_known_or_refused():
    assert action("actions/checkout").reference.startswith("actions/checkout@")
    with pytest.raises(UnknownPin, match=r"no commit is known for nobody/nothing.*action-versions\.tsv"):
        action("nobody/nothing")


@pytest.mark.parametrize(
    ("reference", "pinned"),
    [("redis:7-alpine", True), ("redis:1", False), ("redis@sha256:" + "0" * 64, True)],
)
def test_images_get_the_digest_that_is_known(reference, pinned):
    assert ("@sha256:" in image(reference)) is pinned
    assert image(reference).startswith(reference)


@pytest.mark.parametrize(
    ("versions", "names"),
    [
        (["3.11", "3.12"], "test-reports.root.${{ matrix.python }}"),
        (["20", "lts/*"], "test-reports.root.${{ strategy.job-index }}"),
    ],
)
def test_artefacts_have_names_that_are_allowed(versions, names):
    declared = [{"path": ".", "stack": "python", "name": "root", "versions": versions}]
    upload = jobs_of(component(), components=declared)["test"].steps[-1]
    assert upload.inputs["name"] == Expression(text=names)


def test_one_components_reports_are_not_taken_for_anothers():
    declared = [
        {"path": name, "name": name, "coverage_tool": "codecov", "test_cmd": "x"}
        for name in ("web", "web-api")
    ]
    jobs = jobs_of(components=declared)
    patterns = {
        str(step.inputs["pattern"]) for step in jobs["coverage-web"].steps if "pattern" in step.inputs
    }
    assert patterns == {"test-reports.web.*"}
    assert jobs["test-web-api"].steps[-1].inputs["name"] == "test-reports.web-api.all"


def test_services_on_one_port_get_ports_of_their_own():
    images = ["postgres:16-alpine", "postgres:17-alpine", "redis:7-alpine", "valkey/valkey:8"]
    services = jobs_of(component(), components=[{"path": ".", "services": images}])["test"].services
    assert [port for service in services for port in service.ports] == [
        "5432:5432",
        "5433:5432",
        "6379:6379",
        "6380:6379",
    ]
    assert len({service.name for service in services}) == 4


def test_pixi_brings_its_own_python_and_tests_once():
    pipeline = plan(component(package_managers=claims("pixi"), versions=("3.11", "3.12")))
    test = ci(pipeline).job("test")
    assert test is not None
    assert test.matrix is None
    assert any("chooses the version itself" in message for message in messages(pipeline))


def test_another_package_manager_leaves_the_detected_commands_out():
    pipeline = plan(
        component(), components=[{"path": ".", "package_manager": "uv", "test_cmd": "uv run pytest"}]
    )
    test = ci(pipeline).job("test")
    assert test is not None
    assert [step.run for step in test.steps if step.run] == ["uv sync", "uv run pytest"]
    assert any("`uv` was declared and pip detected" in message for message in messages(pipeline))


@pytest.mark.parametrize("where", ["pipeline", "component"])
def test_declared_variables_win(where):
    variables = {"DATABASE_URL": "mine", "PYTEST_ADDOPTS": "-x"}
    part = {"path": ".", "services": ["postgres:16-alpine"]}
    declared = {"components": [{**part, "env_vars": variables}]}
    if where == "pipeline":
        declared = {"components": [part], "env_vars": variables}
    pipeline = plan(component(test_runners=claims("pytest")), **declared)
    test = ci(pipeline).job("test")
    assert test is not None
    assert {**ci(pipeline).env, **test.env}["DATABASE_URL"] == "mine"
    options = next(step.env["PYTEST_ADDOPTS"] for step in test.steps if step.id == "test")
    assert options == "-x --junitxml=reports/junit.xml"
    assert all(command.env.items() >= variables.items() for command in pipeline.local)
    assert all("export DATABASE_URL=mine" in hook.entry for hook in pipeline.hooks)


def test_a_push_does_not_cancel_the_night():
    (workflow,) = plan(component(), layout="unified").workflows
    assert workflow.concurrency is not None
    assert workflow.concurrency.group.text.endswith("-${{ github.event_name }}")


def test_coverage_that_nothing_writes_is_not_uploaded_and_said():
    pipeline = plan(component("node"), components=[{"path": ".", "coverage_tool": "codecov"}])
    assert ci(pipeline).job("coverage") is None
    assert any("nothing writes a coverage report" in message for message in messages(pipeline))


@pytest.mark.parametrize(
    ("versions", "newest"),
    [(["3.12", "3.9", "3.10"], "3.12"), (["22", "lts/*"], "lts/*"), (["1.80", "stable"], "stable")],
)
def test_everything_but_the_tests_runs_on_the_newest(versions, newest):
    lint = jobs_of(component(), components=[{"path": ".", "versions": versions}])["lint"]
    assert setup_of(lint).inputs["python-version"] == newest


@pytest.mark.parametrize(
    ("detected", "message"),
    [
        pytest.param(
            {"services": claims("rabbitmq")}, "no digest of an image is known for rabbitmq", id="unpinned"
        ),
        pytest.param(
            {"services": claims("redis"), "runs_on": ["macos-15"]}, "Linux runners only", id="macos"
        ),
    ],
)
def test_services_that_do_not_run_are_told_of(detected, message):
    declared = [{"path": ".", "runs_on": detected.pop("runs_on", "ubuntu-24.04")}]
    assert any(message in said for said in messages(plan(component(**detected), components=declared)))


@pytest.mark.parametrize("name", ["GNUmakefile", "makefile", "Makefile"])
def test_a_makefile_of_any_name_is_left_alone(name):
    written = Written.model_validate({"files": {name: "theirs"}})
    assert "ci.mk" in {file.path for file in plan(component(), written=written).applied}


@pytest.mark.parametrize("path", ["Makefile", ".pre-commit-config.yaml", ".github/workflows/ci.yml"])
def test_files_of_ours_that_nothing_calls_for_are_removed(path):
    planned = plan(written=Written.model_validate({"files": {path: "ours"}})).files
    assert next(file.state for file in planned if file.path == path) == "removed"
