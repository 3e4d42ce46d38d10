"""Deploy with a command of the repository's own, and take it back with another where one is declared."""

from cicd_defs.plan.deploy import TAKEN_BACK, Place, Way
from cicd_defs.plan.pipeline import Step


def command_way(place: Place) -> Way:
    """The commands as they are, with the image, the variables and the secrets."""
    env = {**place.secret_env, **place.image_env, **place.cluster_env}
    deploy = Step(id="deploy", name="Deploy", env=env, run=place.deploy.command)
    rollback = None
    if place.deploy.rollback:
        rollback = Step(
            id="deploy-rollback", name="Go back", condition=TAKEN_BACK, env=env, run=place.deploy.rollback
        )
    return Way(deploy=(deploy,), rollback=rollback)
