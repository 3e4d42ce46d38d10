"""A Dockerfile copies its whole build context, and no `.dockerignore` keeps anything out.

**Why it matters** The image gets the history, local virtual environments, caches, and whatever secrets lie about in
`.env` files; each change of any of them makes the layer and all after it anew.
**How to fix** Write a `.dockerignore` in the folder that is the build's context, or `Dockerfile.dockerignore` beside
the Dockerfile: secrets, `.git`, what tools make anew, tests that the image does not need.
**Example** `COPY . .` in `Dockerfile`, and a `.dockerignore` with `.git`, `.env` and `**/__pycache__`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.survey import join
from cicd_defs.judge.images.dockerfiles import contexts_of, copies_everything, dockerfiles_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.plan.ignores import DELIVERY, HISTORY, MACHINE, SECRETS, STACKS

ABOUT = About(Family.HYGIENE, Severity.MEDIUM, subject="repository")


def find(repository: Repository) -> Iterator[Found]:
    """The first instruction of each Dockerfile that copies everything, where nothing is kept out."""
    for dockerfile in dockerfiles_of(repository):
        copied = next(
            (one for stage in dockerfile.stages for one in stage.instructions if copies_everything(one)), None
        )
        if copied is None or f"{dockerfile.path}.dockerignore" in repository.paths:
            continue
        contexts = contexts_of(repository, dockerfile.path)
        lacking = [one for one in contexts if not _is_kept_out(repository, one)]
        if not lacking:
            continue
        ignored = join(lacking[0], ".dockerignore")
        message = f"`{copied.word} {copied.rest}` copies everything, and there is no `{ignored}`"
        yield Found(
            dockerfile.source, copied.start, copied.end, message, _fix(repository, lacking[0], ignored)
        )


def _is_kept_out(repository: Repository, context: str) -> bool:
    return any(join(context, name) in repository.paths for name in (".dockerignore", ".containerignore"))


def _fix(repository: Repository, context: str, path: str) -> Fix:
    text = repository.offered.get(path) or _written(repository, context)
    return Fix(f"Write {path}", (Edit(path, 0, 0, text),))


def _written(repository: Repository, context: str) -> str:
    """What no build needs to see, for the stacks of a folder."""
    inside = [
        one
        for one in repository.stacks.components
        if context == "." or f"{one.path}/".startswith(f"{context}/")
    ]
    groups = [
        ("Secrets: nothing of this may ever be in an image", SECRETS),
        ("History", HISTORY),
        ("How it is built and delivered", DELIVERY),
        ("What belongs to one machine", MACHINE),
        *((stack, STACKS[stack]) for stack in dict.fromkeys(one.stack for one in inside)),
    ]
    if any(one.application.has("version-from-history") for one in inside):
        groups = [group for group in groups if group[0] != "History"]  # the build asks git for the version
    return "\n".join("".join(f"{line}\n" for line in (f"# {title}", *patterns)) for title, patterns in groups)
