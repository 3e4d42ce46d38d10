"""Where a component's own code lies: what a scanner of code is to read, and nothing that is only there to check it."""

import re

from cicd_defs.facts.commands import is_safe_path
from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.sources import Role

MOST_PATHS = 40  # with more the component is its own folder

_NOT_OWN = re.compile(
    r"\..*|setup\.py|conftest\.py|noxfile\.py|tasks\.py|fabfile\.py|test_.*|.*_tests?\.\w+|tests?\.\w+"
    r"|.*[.-](test|spec|config|conf|setup)\.\w+|(gulp|grunt)file\.\w+|build\.rs"
    r"|.*\.gradle|.*\.(kts|groovy)",
    re.IGNORECASE,
)
"""Files right in a component's folder that set up, build or test it."""


def source_paths(scene: Scene, draft: Draft) -> tuple[str, ...]:
    """The folders and files right in a component that hold its own code.

    Empty where there are none, too many to name, or some that cannot stand in a command.
    """
    start = 0 if draft.path == "." else len(draft.path) + 1
    ceiling = max(Role.PROJECT, scene.survey.role(draft.manifest))
    inside = [path[start:] for path in scene.sources(draft) if scene.survey.role(path) <= ceiling]
    heads = {path.partition("/")[0] for path in inside if "/" in path or not _NOT_OWN.fullmatch(path)}
    if len(heads) > MOST_PATHS or not all(map(is_safe_path, heads)):
        return ()
    return tuple(sorted(heads))
