"""The project files themselves: which are well, and what is wrong with the others."""

from collections.abc import Iterator, Sequence

import dagster as dg

from assets.shown import code_reference, project_files_metadata, table
from assets.written import digest
from cicd_defs.adapters.project_files import ProjectFile
from cicd_defs.facts.value import Value

KEY = dg.AssetKey("project_files")
GROUP = "project_files"
MOST_TOLD = 20
"""How many problems are told in the description; the table has all."""


class FilesRead(Value):
    """The project files by what came of them."""

    well: tuple[str, ...]
    refused: tuple[str, ...]


def project_files_asset(files: Sequence[ProjectFile]) -> dg.AssetsDefinition:
    """One asset for all project files, with a check for each. What is wrong shows as soon as they are loaded.

    The UI shows the metadata of the definition and of the last materialisation together, and of one name the latter's:
    what is so *now* has names of its own, and no old materialisation hides it.
    """
    named = list(zip(files, check_names(files), strict=True))

    @dg.asset(
        key=KEY,
        group_name=GROUP,
        kinds={"yaml"},
        description=_description(files),
        metadata=project_files_metadata(files, "now"),
        code_version=digest("\n".join(f"{file.shown} {file.digest}" for file in files))[:12],
        dagster_type=dg.PythonObjectDagsterType(FilesRead),
        check_specs=[_check_spec(file, name) for file, name in named],
    )
    def project_files() -> Iterator[
        dg.MaterializeResult[FilesRead]
    ]:  # Dagster wants no other type beside checks
        read = FilesRead(
            well=tuple(file.shown for file in files if file.project),
            refused=tuple(file.shown for file in files if not file.project),
        )
        results = [_check_result(file, name) for file, name in named]
        yield dg.MaterializeResult(
            value=read, metadata=project_files_metadata(files, "when materialised"), check_results=results
        )

    return project_files


def _description(files: Sequence[ProjectFile]) -> str:
    refused = [file for file in files if file.project is None]
    told = f"{len(refused)} of {len(files)} refused." if refused else f"All {len(files)} are well."
    problems = [problem for file in refused for problem in file.problems]
    # Words of a file's author stand in code spans, so that nothing in them is Markdown.
    lines = [f"- `{str(problem).replace('`', chr(39))}`" for problem in problems[:MOST_TOLD]]
    if len(problems) > MOST_TOLD:
        lines.append(f"- and {len(problems) - MOST_TOLD} more, under *problems now*")
    return "\n\n".join(
        (
            f"The files that declare projects, as they were when these definitions were loaded. {told}",
            *(["\n".join(lines)] if lines else []),
            "The assets of a file that is refused cannot be materialised; the others are not concerned. "
            "After a change press *Reload definitions*.",
        )
    )


def _check_spec(file: ProjectFile, name: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        name,
        asset=KEY,
        description=f"Is {file.shown} a declaration that can be read?",
        metadata=code_reference(file.path, file.shown),
    )


def _check_result(file: ProjectFile, name: str) -> dg.AssetCheckResult:
    rows = [
        {"line": one.line, "column": one.column, "problem": one.message, "what to do": one.hint}
        for one in file.problems
    ]
    return dg.AssetCheckResult(
        asset_key=KEY,
        check_name=name,
        passed=file.project is not None,
        description="nothing wrong" if file.project else f"{len(file.problems)} problems",
        metadata={"problems": table(rows, "line", "column", "problem", "what to do")},
    )


def check_names(files: Sequence[ProjectFile]) -> list[str]:
    """The name of each file's check, in the letters that Dagster allows; names that become the same are numbered."""
    plain = [
        "".join(char if char.isascii() and char.isalnum() else "_" for char in file.path.name)
        for file in files
    ]
    return [name if plain.index(name) == at else f"{name}_{at}" for at, name in enumerate(plain)]
