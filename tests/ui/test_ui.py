"""The real Dagster UI in a real browser: what a person sees, and what they can do from there alone."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from assets.checks import FAMILIES
from cicd_defs.adapters.git import local_tree
from cicd_defs.definitions.projects import CHECKOUT
from tests.resources.repository import write

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--disable-quic"),
]
MODULE = "cicd_defs.definitions.projects"
LAUNCH_AT_ONCE = (
    "telemetry: {enabled: false}\n"
    "nux: {enabled: false}\n"
    "run_coordinator: {module: dagster.core.run_coordinator, class: DefaultRunCoordinator}\n"
)
PATIENCE = 60_000  # milliseconds
VISITS = (20_000, 40_000, 60_000, 120_000)
"""How long a page is looked at before it is opened again, in milliseconds."""
LONGEST = 300  # seconds until the webserver answers, and until a run has ended
RUN_STATUS = "query Status($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
ENDS = ("SUCCESS", "FAILURE", "CANCELED")

pytestmark = [
    pytest.mark.system,
    pytest.mark.ui,
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
]


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Project files of our own, with the sample as it stands."""
    place = tmp_path_factory.mktemp("ui")
    tree = local_tree(CHECKOUT / "examples/shop")
    write(place / "examples/shop", {path: tree.read(path) for path in tree.paths})
    shutil.copy(CHECKOUT / "projects/shop.yaml", write(place / "projects", {"bad.yaml": "repositry: x\n"}))
    return place / "projects"


@pytest.fixture(scope="module")
def address(projects):
    """A webserver on loopback, with an instance of its own."""
    home, port = write(projects.parent / "home", {"dagster.yaml": LAUNCH_AT_ONCE}), free_port()
    env = {**os.environ, "DAGSTER_HOME": str(home), "CICD_PROJECTS": str(projects)}
    webserver = str(Path(sys.executable).with_name("dagster-webserver"))
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [webserver, "-h", "127.0.0.1", "-p", str(port), "-m", MODULE],
            env=env,
            cwd=CHECKOUT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/server_info", process, home / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def chromium(address):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(BROWSERS)} is on the PATH")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=browser, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(chromium):
    """A page of somebody who has never been here: the UI keeps what it has seen in the browser."""
    context = chromium.new_context(viewport={"width": 1800, "height": 2400})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def free_port() -> int:
    """A port that nobody listens on. The system gives none below 32768 away by itself, so it stays free."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as listening:
            if listening.connect_ex(("127.0.0.1", port)) != 0:
                return port
    pytest.fail("there is no free port")


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=30).close()
        except OSError:
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"the webserver did not start:\n{log.read_text()[-2000:]}")


def shows(page, url: str, *texts: str, exact: bool = False) -> None:
    """Open a page and wait for all of these to be seen.

    A page may show what it had been told before: it asks again only by and by, and what it asked for in vain never.
    So it is opened again where they do not come, as a person would do.
    """
    from playwright.sync_api import TimeoutError as NotSeen

    for patience in VISITS:
        page.goto(url)
        try:
            for text in texts:
                page.get_by_text(text, exact=exact).first.wait_for(timeout=patience)
        except NotSeen:
            continue
        return
    pytest.fail(f"{url} does not show {texts}, but:\n{page.inner_text('body')[:4000]}")


def test_the_graph_is_materialised_and_looked_at_from_the_ui_alone(page, address, projects):
    page.goto(f"{address}/locations/{MODULE}/asset-groups/shop/lineage")
    for asset in ("repository", "stacks", "pipeline", "ci.yml", "nightly.yml", "files"):
        page.get_by_text(asset, exact=True).first.wait_for()

    materialise(page, address, "Materialize all")
    passed = f"{len(FAMILIES)} / {len(FAMILIES)} Passed"
    shows(page, f"{address}/locations/{MODULE}/asset-groups/shop/lineage", passed)

    shows(
        page,
        f"{address}/assets/shop/.github/workflows/ci.yml",
        "in place of a file that was written by hand",
        "[Show Markdown]",
    )
    page.get_by_text("[Show Markdown]").last.click()
    page.get_by_text("# Generated by cicd-defs from projects/shop.yaml:").wait_for()
    page.get_by_text("permissions: {}").first.wait_for()

    page.goto(f"{address}/assets/shop/proposal")
    page.get_by_text("Bring the delivery pipeline up to date").first.wait_for()
    page.get_by_text("[Show Markdown]").click()
    page.get_by_text("checks every change, with one gate over all checks").first.wait_for()


def reload_definitions(page, address):
    """Reload, and wait for the answer: what is opened after it has the definitions as they are then."""
    page.goto(f"{address}/locations/{MODULE}/asset-groups/shop/lineage")
    workspace = answered(page, address, "Reload definitions", "ReloadWorkspaceMutation")["reloadWorkspace"]
    assert [entry["loadStatus"] for entry in workspace["locationEntries"]] == ["LOADED"]
    page.get_by_text("Definitions reloaded").first.wait_for()


def materialise(page, address, button: str = "Materialize") -> None:
    """Press a button and wait for the run's end: who leaves the page before it was launched calls it off."""
    launched = answered(page, address, button, "LaunchPipelineExecution")["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    assert ended(address, launched["run"]["id"]) == "SUCCESS"


def answered(page, address: str, button: str, operation: str) -> dict:
    """Press a button, and wait for the webserver's answer to the GraphQL operation that it begins."""

    def is_meant(response) -> bool:
        sent = response.request.post_data if response.url.startswith(f"{address}/graphql") else None
        return sent is not None and json.loads(sent).get("operationName") == operation

    with page.expect_response(is_meant) as response:
        page.get_by_role("button", name=button).click()
    return response.value.json()["data"]


def ended(address: str, run: str) -> str:
    """How a run ended, as the webserver tells it."""
    until = time.monotonic() + LONGEST
    while (status := status_of(address, run)) not in ENDS:
        if time.monotonic() > until:
            pytest.fail(f"the run {run} did not end: it is {status}")
        time.sleep(0.3)
    return status


def status_of(address: str, run: str) -> str:
    asked = {"query": RUN_STATUS, "variables": {"run": run}}
    request = urllib.request.Request(
        f"{address}/graphql", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE / 1000) as response:
        return json.load(response)["data"]["runOrError"]["status"]


def test_a_refused_file_is_seen_and_a_corrected_one_after_a_reload(page, address, projects):
    shows(page, f"{address}/assets/project_files", "1 of 2 refused", "projects/bad.yaml:1:1")

    write(projects, {"bad.yaml": (projects / "shop.yaml").read_text()})
    reload_definitions(page, address)
    shows(page, f"{address}/locations/{MODULE}/asset-groups/bad/lineage", "pipeline", exact=True)


def test_a_file_that_breaks_after_it_was_materialised_is_seen_as_broken(page, address, projects):
    files = f"{address}/assets/project_files"
    shows(page, files, "All 2 are well")
    materialise(page, address)
    shows(page, files, "refused when materialised")

    write(projects, {"bad.yaml": "repository: acme/shop\npipelin: {}\n"})
    reload_definitions(page, address)
    shows(page, files, "1 of 2 refused", "projects/bad.yaml:2:1", "problems now", "Unsynced")
