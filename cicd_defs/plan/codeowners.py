"""Who is asked to review which files."""

from cicd_defs.plan.hygiene import Owned
from cicd_defs.plan.pipeline import Note
from cicd_defs.spec.files import covers
from cicd_defs.spec.model import Project


def owned_files(project: Project) -> tuple[Owned, ...]:
    """The declared patterns and owners, in their order."""
    declared = project.files.code_owners
    return tuple(Owned(pattern=pattern, owners=owners) for pattern, owners in declared.items())


def unowned(project: Project) -> tuple[Note, ...]:
    """The protected files that nobody is asked about, where owners are declared at all."""
    owned = owned_files(project)
    if not owned:
        return ()
    alone = [f"`{path}`" for path in project.merge.protected_paths if not _has_owner(path, owned)]
    if not alone:
        return ()
    have, them = ("has", "it") if len(alone) == 1 else ("have", "them")
    paths = ", ".join(alone)
    message = f"{paths} {have} no owner, so nobody has to approve a change: add {them} to `files.code_owners`"
    return (Note(where="merge.protected_paths", message=message),)


def _has_owner(path: str, owned: tuple[Owned, ...]) -> bool:
    last = next((entry for entry in reversed(owned) if covers(entry.pattern, path)), None)
    return last is not None and bool(last.owners)
