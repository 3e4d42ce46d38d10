"""What a repository is deployed by where its declaration does not say: a chart, skaffold, manifests or compose."""

from collections.abc import Sequence
from posixpath import dirname, join, normpath

from pydantic import ValidationError

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.areas import quoted
from cicd_defs.plan.files import COMPOSE_PATH
from cicd_defs.spec.environment import Deploy

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The files that kubectl takes for a kustomization."""


def detected_deploy(name: str, stacks: Stacks, written: Written) -> Deploy | None:
    """How the environment of that name is deployed: by the first of these that the repository has.

    Where there are several of one sort, it is the one with the environment's name in its path; None where none is
    surely meant. The compose file that we may have written ourselves says nothing.
    """
    ours = COMPOSE_PATH if written.whose(COMPOSE_PATH) != "theirs" else None
    ways = {
        "helm": [claim.name for claim in stacks.helm_charts],
        "skaffold": [claim.name for claim in stacks.skaffold],
        "kubectl": _folders([claim.name for claim in stacks.kubernetes]),
        "compose": [claim.name for claim in stacks.compose_files if claim.name != ours],
    }
    method, paths = next(((way, paths) for way, paths in ways.items() if paths), ("", []))
    path = _meant(paths, name)
    return _deploy(method, path) if path else None


def _deploy(method: str, path: str) -> Deploy | None:
    """The way to deploy; None for a path that could not be declared either, such as one with a line break."""
    try:
        return Deploy.model_validate({method: path})
    except ValidationError:
        return None


def kubectl_files(path: str, stacks: Stacks) -> str:
    """kubectl's option for a file or folder: as a kustomization, or with what lies deeper where nothing lies in it."""
    folder = normpath(path)
    known = {claim.name for claim in stacks.kubernetes}
    if any(normpath(join(folder, name)) in known for name in KUSTOMIZATIONS):
        return f"--kustomize {quoted(folder)}"
    inside = [name for name in known if name.startswith(f"{folder}/")]
    deeper = inside and not any(dirname(name) == folder for name in inside)
    return f"--filename {quoted(path)}" + (" --recursive" if deeper else "")


def _folders(manifests: Sequence[str]) -> list[str]:
    """The folders of manifests. One at the top is itself: nobody applies all that lies at the top."""
    return sorted({dirname(path) or path for path in manifests})


def _meant(paths: Sequence[str], name: str) -> str | None:
    if len(paths) == 1:
        return paths[0]
    named = [path for path in paths if name in path.replace(".", "/").replace("-", "/").split("/")]
    return named[0] if len(named) == 1 else None
