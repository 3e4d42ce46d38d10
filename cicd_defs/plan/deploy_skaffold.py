"""Deploy with skaffold, which builds and pushes the images of its file itself; kubectl tries, waits and goes back."""

from cicd_defs.plan import tools
from cicd_defs.plan.areas import quoted
from cicd_defs.plan.deploy import Place, Way
from cicd_defs.plan.deploy_kubectl import kubectl_way
from cicd_defs.plan.pipeline import Expression, Permission, Step
from cicd_defs.plan.release_images import GITHUB_REGISTRY

_INSTALL = f"""\
file="$RUNNER_TEMP/skaffold"
curl --fail --silent --show-error --location --retry 3 --output "$file" \\
  https://storage.googleapis.com/skaffold/releases/{tools.SKAFFOLD}/skaffold-linux-amd64
echo "{tools.SKAFFOLD_SHA256}  $file" | sha256sum --check
mkdir -p "$HOME/.local/bin"
install "$file" "$HOME/.local/bin/skaffold"
echo "$HOME/.local/bin" >> "$GITHUB_PATH"
"""

_NO_IMAGE = """\
if [ -n "$ASKED" ]; then
  echo "skaffold builds its images itself, so that none can be asked for: run this from the tag to go back to." >&2
  exit 1
fi
"""

BUILT = '"$RUNNER_TEMP/built.json"'
MANIFESTS = '"$RUNNER_TEMP/manifests.yaml"'


def skaffold_way(place: Place) -> Way:
    """Build and push, render what would be applied, and deploy that."""
    common = f" --filename {quoted(place.deploy.skaffold or '')}{_options(place)}"
    on_cluster = f"{common}{place.in_namespace} --build-artifacts {BUILT}"
    render = Step(
        id="build-manifests",
        name="Render the manifests",
        env=place.cluster_env,
        run=f"skaffold render{on_cluster} --output {MANIFESTS}\n",
    )
    deploy = Step(
        id="deploy",
        name="Deploy and wait until it runs",
        env={**place.secret_env, **place.cluster_env},
        run=f"skaffold deploy{on_cluster} --status-check=true\n",
    )
    cluster = kubectl_way(place.model_copy(update={"files": f"--filename {MANIFESTS}", "set_images": ()}))
    return cluster.model_copy(
        update={
            "before": (*_ready(place), _build(place, common), render, *cluster.before),
            "deploy": (deploy,),
        }
    )


def _options(place: Place) -> str:
    profile = f" --profile {place.deploy.profile}" if place.deploy.profile else ""
    return profile + (f" --default-repo {place.image_folder}" if place.image_folder else "")


def _ready(place: Place) -> tuple[Step, ...]:
    install = Step(id="setup-skaffold", name="Install skaffold", run=_INSTALL, timeout_minutes=5)
    asked = Step(
        id="verify-image",
        name="Check that no image is asked for",
        env={"ASKED": Expression(text="${{ inputs.image }}")},
        run=_NO_IMAGE,
    )
    return (*((asked,) if place.may_be_asked else ()), install, *place.logins)


def _build(place: Place, common: str) -> Step:
    """No secret is in reach of a build: it runs what the repository says."""
    own = (place.image_folder or "").startswith(f"{GITHUB_REGISTRY}/")
    push = (Permission(scope="packages", access="write", reason="push the images"),) if own else ()
    return Step(
        id="build-images",
        name="Build and push the images",
        run=f"skaffold build{common} --push --file-output {BUILT}\n",
        token_needs=push,
    )
