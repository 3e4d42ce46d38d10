"""Deploy a chart with Helm: tried on the server, upgraded and waited for, and rolled back where it does not come up.

The commands are those that Helm 3 and 4 share, so `--atomic` is none of them.
"""

import re

from cicd_defs.plan.areas import quoted
from cicd_defs.plan.deploy import TAKEN_BACK, Place, Way, image_variable
from cicd_defs.plan.pipeline import Step, Text

_DEPENDENCIES = """\
if [ -f {lock} ]; then
  # Helm builds only from repositories that it was told of. A range of versions before them may have spaces.
  helm dependency list {chart} | awk '{ for (i = 3; i < NF; i++) if ($i ~ /^https:/) print $i }' | sort --unique |
    while read -r address; do
      helm repo add "$(sha256sum <<< "$address" | cut -c1-12)" "$address"
    done
  helm dependency build {chart}
fi
"""

_REMEMBER = """\
if history="$(helm history {release}{at} --output json 2> "$RUNNER_TEMP/history")"; then
  revision="$(jq '[.[] | select(.status == "deployed")] | last | .revision // 0' <<< "$history")"
elif grep --quiet 'release: not found' "$RUNNER_TEMP/history"; then
  revision=0
else
  cat "$RUNNER_TEMP/history" >&2
  exit 1
fi
echo "$revision" | tee "$RUNNER_TEMP/revision"
"""

_ROLLBACK = """\
revision="$(cat "$RUNNER_TEMP/revision")"
if [ "$revision" = 0 ]; then
  echo "It was never deployed before: there is nothing to go back to."
  echo "nothing=true" >> "$GITHUB_OUTPUT"
  exit 0
fi
helm rollback {release} "$revision"{at} --wait --timeout {minutes}m
echo "It is back at revision $revision."
"""


def helm_way(place: Place) -> Way:
    """Install or upgrade one release, called like the project, and go back to the revision that was deployed."""
    upgrade = f"helm upgrade --install {_release(place)} {quoted(place.deploy.helm or '')}{_options(place)}"
    minutes = place.deploy.rollout_timeout_minutes
    deploy = Step(
        id="deploy",
        name="Upgrade the release and wait until it runs",
        env={**place.secret_env, **_images(place), **place.cluster_env},
        run=f"{upgrade} --wait --timeout {minutes}m\n",
    )
    undo = _step(place, "deploy-rollback", "Go back", _filled(_ROLLBACK, place))
    tried = Step(
        id="verify-chart",
        name="Try it on the server",
        env={**_images(place), **place.cluster_env},
        # What would be applied may hold secrets, so it is not shown.
        run=f"{upgrade} --dry-run=server > /dev/null\n",
    )
    return Way(
        before=(
            _step(place, "setup-chart", "Get the charts that it builds on", _filled(_DEPENDENCIES, place)),
            *((tried,) if place.deploy.dry_run else ()),
            _step(place, "deploy-remember", "Remember what runs now", _filled(_REMEMBER, place)),
        ),
        deploy=(deploy,),
        rollback=undo.model_copy(update={"condition": TAKEN_BACK}),
    )


def _step(place: Place, step_id: str, name: str, run: str) -> Step:
    return Step(id=step_id, name=name, env=place.cluster_env, run=run)


def _filled(script: str, place: Place) -> str:
    chart = (place.deploy.helm or "").rstrip("/")
    words = {
        "{release}": _release(place),
        "{at}": place.in_namespace,
        "{chart}": quoted(chart),
        "{lock}": quoted(f"{chart}/Chart.lock"),
        "{minutes}": str(place.deploy.rollout_timeout_minutes),
    }
    # All at once: a path may hold what looks like another of these words.
    return re.sub("|".join(map(re.escape, words)), lambda found: words[found[0]], script)


def _release(place: Place) -> str:
    """The release is called like the project; Helm allows no `_`."""
    return place.project.replace("_", "-").rstrip("-")


def _options(place: Place) -> str:
    values = f" --values {quoted(place.deploy.values)}" if place.deploy.values else ""
    return place.in_namespace + values + "".join(_image_options(place))


def _image_options(place: Place) -> list[str]:
    """Each image by its digest. A chart puts repository and tag together; with a digest the tag is only a word.

    https://kubernetes.io/docs/concepts/containers/images/#image-names
    """
    return [
        f' --set-string {value}.repository="${{{variable}%@*}}"'
        f' --set-string {value}.tag="pinned@${{{variable}#*@}}"'
        for value, image in place.chart_images
        for variable in (image_variable(image, place.images),)
    ]


def _images(place: Place) -> dict[str, Text]:
    used = {image_variable(image, place.images) for _, image in place.chart_images}
    return {name: value for name, value in place.image_env.items() if name in used}
