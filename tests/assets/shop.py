"""A declared project on a repository in memory, and everything to materialise it with."""

from pathlib import Path

import dagster as dg

from assets.audit import QUESTIONS, check_name
from assets.projects import project_assets, project_keys
from assets.values import told_values
from cicd_defs.adapters.project_files import Declared
from cicd_defs.facts.scans import SCANS, Scanned, ToolRun
from cicd_defs.facts.tree import Tree
from cicd_defs.spec.read import read_project
from resources.histories import History
from resources.judges import Judged
from resources.repositories import RepositoryFile, Snapshot
from resources.scanners import NotEvaluated, Scan

FILES = {
    "pyproject.toml": (
        '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
        '[project.optional-dependencies]\ndev = ["pytest", "ruff", "mypy"]\n[tool.ruff]\n[tool.mypy]\nstrict = true\n'
    ),
    "src/shop/__init__.py": "",
    "tests/test_shop.py": "def test_nothing():\n    assert True\n",
}


class MemoryRepositories:
    """One repository, in memory. Read `.asked` to see what was asked of it."""

    def __init__(self, files=FILES):
        self.files, self.asked = files, []

    def snapshot(self, project, folder):
        self.asked.append((project.repository, folder))
        listed = tuple(RepositoryFile(path=path, size=len(text)) for path, text in sorted(self.files.items()))
        return Snapshot(
            source=project.repository, place="/", mirrored=False, commit="c" * 40, digest="d", files=listed
        )

    def tree(self, snapshot):
        assert snapshot.digest == "d"
        return Tree.of(self.files)


class Scanner:
    """A scanner with one answer. Read `.scanned` to see what it was shown."""

    def __init__(self, answer=None):
        self.answer, self.scanned = answer or Scan(scanner="fake"), []

    def scan(self, files):
        self.scanned.append(dict(files))
        return self.answer


class Tools:
    """Scanners with one answer each; else nothing is found. Read `.asked` to see what they were shown."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def _answer(self, scan, *shown):
        self.asked.append((scan, *shown))
        return self.answers.get(scan) or Scanned(runs=(ToolRun(tool="fake", target="all"),))

    def dependencies(self, tree):
        return self._answer("dependencies", tree)

    def secrets(self, tree, history, earlier):
        return self._answer("secrets", tree, history, earlier)

    def code(self, tree):
        return self._answer("code", tree)

    def image(self, tree, images):
        return self._answer("image", tree, images)


class MemoryHistories:
    """A history with nothing in it. Read `.asked` to see since when it was asked for."""

    def __init__(self, answer=None):
        self.answer, self.asked = answer or History((), "no commits"), []

    def history(self, project, folder, snapshot, since, commits):
        self.asked.append((since, commits))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class OtherJudges:
    """Other programs with one answer. Read `.asked` to see what they were shown."""

    def __init__(self, answer=None):
        self.answer, self.asked = answer or Judged(), []

    def judge(self, repository):
        self.asked.append(repository.paths)
        return self.answer


SCAN_CHECKS = [f"{scan}_clean" for scan in SCANS]
AUDIT_CHECKS = [check_name(family) for family in QUESTIONS]
NOBODY = NotEvaluated(scanner="fake", reason="it is not installed")


def declared(text="repository: acme/shop\n", name="shop", digest="e" * 64) -> Declared:
    path = Path(f"/nowhere/projects/{name}.yaml")
    return Declared(read_project(text, f"projects/{name}.yaml"), path, f"projects/{name}.yaml", digest)


def resources(repositories=None, scanner=None, tools=None, histories=None, judges=None):
    return {
        "io_manager": told_values,
        "repositories": repositories or MemoryRepositories(),
        "scanner": scanner or Scanner(),
        "scan_tools": tools or Tools(),
        "histories": histories or MemoryHistories(),
        "judges": judges or OtherJudges(),
    }


def materialise(project=None, instance=None, selection=None, tags=None, raise_on_error=True, **given):
    """Run the project's graph, or a part of it."""
    assets = project_assets(project or declared())
    return dg.materialize(
        assets,
        resources=resources(**given),
        instance=instance,
        selection=selection,
        tags=tags,
        raise_on_error=raise_on_error,
    )


def usual_keys(name: str) -> list[dg.AssetKey]:
    """The keys of a project that declares nothing but its repository; every other has them too."""
    return project_keys(declared(name=name))


def checks_of(result) -> dict[str, tuple[bool, str]]:
    return {
        check.check_name: (check.passed, check.severity.value, check.description)
        for check in result.get_asset_check_evaluations()
    }


def made(result) -> set[str]:
    return {"/".join(event.asset_key.path) for event in result.get_asset_materialization_events()}
