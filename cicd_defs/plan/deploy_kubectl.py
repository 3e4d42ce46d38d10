"""Deploy manifests with kubectl: tried, applied, given the new image, waited for, and undone where that fails."""

from cicd_defs.plan.deploy import TAKEN_BACK, Place, Way, image_variable
from cicd_defs.plan.pipeline import Step

_LIST = """\
list() {
  jq --raw-output '(.items // [.])[] | select(.kind | IN("Deployment", "StatefulSet", "DaemonSet"))
    | "\\(.metadata.namespace) \\(.kind | ascii_downcase)/\\(.metadata.name)"'
}
"""

_REVISIONS = """\
while read -r namespace workload; do
  revision=0
  # A cluster that does not answer ends this here: its workloads must not be taken for new ones.
  found="$(kubectl get "$workload" --namespace "$namespace" --ignore-not-found --output name)"
  if [ -n "$found" ]; then
    revision="$(kubectl rollout history "$workload" --namespace "$namespace" |
      awk '$1 ~ /^[0-9]+$/ { newest = $1 } END { print newest + 0 }')"
  fi
  echo "$namespace $workload $revision"
done < "$RUNNER_TEMP/named" | tee "$RUNNER_TEMP/workloads"
"""
"""The revision that each workload has now; 0 where it is new."""

_PAUSE = """\
paused() {
  local found
  found="$(kubectl get "$1"{at} --ignore-not-found --output name)"
  if [ -n "$found" ]; then
    kubectl patch "$1"{at} --type merge --patch "{{\\"spec\\":{{\\"paused\\":$2}}}}"
  fi
}}
"""

_ROLLOUT = """\
while read -r namespace workload _; do
  kubectl rollout status "$workload" --namespace "$namespace" --timeout={minutes}m
done < "$RUNNER_TEMP/workloads"
"""

_ROLLBACK = """\
resumed() {
  case "$1" in
    deployment/*) kubectl patch "$1" --namespace "$2" --type merge --patch '{"spec":{"paused":false}}' ;;
  esac
}
nothing=true
left=""
while read -r namespace workload revision; do
  if [ "$revision" = 0 ]; then
    echo "$workload is new: there is nothing to go back to."
    continue
  fi
  nothing=false
  if resumed "$workload" "$namespace" &&
    kubectl rollout undo "$workload" --namespace "$namespace" --to-revision="$revision" &&
    kubectl rollout status "$workload" --namespace "$namespace" --timeout={minutes}m; then
    echo "$workload is back at revision $revision."
  else
    left="$left $workload"
  fi
done < "$RUNNER_TEMP/workloads"
echo "nothing=$nothing" >> "$GITHUB_OUTPUT"
if [ -n "$left" ]; then
  echo "These could not be taken back:$left" >&2
  exit 1
fi
"""


def kubectl_way(place: Place) -> Way:
    """Apply the manifests, and undo what they changed of workloads where these do not come up."""
    minutes = str(place.deploy.rollout_timeout_minutes)
    rollout = _step(place, "verify-rollout", "Wait until it runs", _ROLLOUT.replace("{minutes}", minutes))
    undo = _step(place, "deploy-rollback", "Go back", _ROLLBACK.replace("{minutes}", minutes))
    return Way(
        before=(*_tried(place), _remember(place)),
        deploy=(_apply(place),),
        after=(rollout,),
        rollback=undo.model_copy(update={"condition": TAKEN_BACK}),
    )


def _step(place: Place, step_id: str, name: str, run: str) -> Step:
    return Step(id=step_id, name=name, env=place.cluster_env, run=run)


def _tried(place: Place) -> tuple[Step, ...]:
    if not place.deploy.dry_run:
        return ()
    run = f"kubectl apply{place.in_namespace} --dry-run=server {place.files}\n"
    return (_step(place, "verify-manifests", "Try it on the server", run),)


def _remember(place: Place) -> Step:
    """What is deployed now, so that it can be gone back to: what the manifests name, and what gets an image."""
    at = place.in_namespace
    sources = [f"kubectl apply{at} --dry-run=client --output json {place.files} | list"]
    sources += [
        f"kubectl get {workload}{at} --ignore-not-found --output json | list"
        for workload, _, _ in place.set_images
    ]
    lines = "".join(f"  {source}\n" for source in sources)
    named = f'{{\n{lines}}} | sort --unique > "$RUNNER_TEMP/named"\n'
    return _step(place, "deploy-remember", "Remember what runs now", _LIST + named + _REVISIONS)


def _apply(place: Place) -> Step:
    """Apply, and set the images. A Deployment is paused between the two, so that only one rollout comes of both."""
    at = place.in_namespace
    apply = f"kubectl apply{at} {place.files}\n"
    if place.set_images:
        deployments = [workload for workload, _, _ in place.set_images if workload.startswith("deployment/")]
        paused = _PAUSE.replace("{at}", at).replace("{{", "{").replace("}}", "}") if deployments else ""
        before = "".join(f"paused {workload} true\n" for workload in deployments)
        images = "".join(
            f'kubectl set image {workload}{at} {container}="${image_variable(image, place.images)}"\n'
            for workload, container, image in place.set_images
        )
        after = "".join(f"paused {workload} false\n" for workload in deployments)
        apply = f"{paused}{before}{apply}{images}{after}"
    return Step(
        id="deploy",
        name="Apply the manifests",
        env={**place.secret_env, **place.image_env, **place.cluster_env},
        run=apply,
    )
