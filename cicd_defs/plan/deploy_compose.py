"""Deploy with Docker Compose: checked, brought up and waited for, with the images of before where that fails.

It is brought up by the runner itself, or where DOCKER_HOST says.
"""

from cicd_defs.plan.areas import quoted
from cicd_defs.plan.deploy import TAKEN_BACK, Place, Way
from cicd_defs.plan.pipeline import Step

_REMEMBER = """\
: > "$RUNNER_TEMP/previous.yml"
containers="$({compose} ps --quiet)"
if [ -n "$containers" ]; then
  {compose} config --services > "$RUNNER_TEMP/services"
  # shellcheck disable=SC2086 # one word for each container
  docker inspect --format '{{ index .Config.Labels "com.docker.compose.service" }} {{ .Image }}' $containers |
    awk 'FNR == NR { known[$1]; next }
      $1 in known && !seen[$1]++ { found = found "  " $1 ":\\n    image: " $2 "\\n" }
      END { if (found) printf "services:\\n%s", found }' "$RUNNER_TEMP/services" - |
    tee "$RUNNER_TEMP/previous.yml"
fi
"""
"""The image that each service runs now, by its id: a tag may be moved."""

_UP = "{compose} up --detach {built} --remove-orphans --wait --wait-timeout {seconds}\n"

_BUILD_OTHERS = """\
{compose} config --format json |
  jq --raw-output '.services | to_entries[]
    | select(.value.build and (.value.image // "" | contains("@") | not)) | .key' > "$RUNNER_TEMP/built"
mapfile -t built < "$RUNNER_TEMP/built"
if [ "${#built[@]}" -gt 0 ]; then
  {compose} build "${built[@]}"
fi
"""
"""Build the services whose image is not one by its digest: Docker gives no build such a name, and so it is pulled."""

_ROLLBACK = """\
if [ ! -s "$RUNNER_TEMP/previous.yml" ]; then
  echo "Nothing ran before: there is nothing to go back to."
  echo "nothing=true" >> "$GITHUB_OUTPUT"
  exit 0
fi
{compose} --file "$RUNNER_TEMP/previous.yml" up --detach --no-build --pull never --wait --wait-timeout {seconds}
echo "The images of before run again."
"""


def compose_way(place: Place) -> Way:
    """Bring the file's services up, each environment a project of its own."""
    compose = f"docker compose --project-name {place.project}-{place.name}"
    compose += f" --file {quoted(place.deploy.compose or '')}"
    compose += f" --profile {place.deploy.profile}" if place.deploy.profile else ""
    seconds = str(60 * place.deploy.rollout_timeout_minutes)

    def step(step_id: str, name: str, run: str) -> Step:
        script = run.replace("{seconds}", seconds).replace("{compose}", compose)
        # A compose file is not read without its variables, so every step has them.
        return Step(id=step_id, name=name, env={**place.secret_env, **place.image_env}, run=script)

    checked = step("verify-compose", "Check the compose file", "{compose} config --quiet\n")
    undo = step("deploy-rollback", "Go back", _ROLLBACK)
    pushed = bool(place.images)
    up = _BUILD_OTHERS + _UP.replace("{built}", "--no-build") if pushed else _UP.replace("{built}", "--build")
    return Way(
        before=(
            *place.logins,
            *((checked,) if place.deploy.dry_run else ()),
            step("deploy-remember", "Remember what runs now", _REMEMBER),
        ),
        deploy=(step("deploy", "Bring it up and wait until it runs", up),),
        rollback=undo.model_copy(update={"condition": TAKEN_BACK}),
    )
