"""The command `cicd audit`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cicd_defs.cli.reading import tree_of


def audit(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Repositories or workflow files. Default: this folder.")
    ] = None,
    profile: Annotated[str, typer.Option("--profile", help="default or strict.")] = "default",
    form: Annotated[str, typer.Option("--format", help="text, json, sarif or github.")] = "text",
) -> None:
    """Find what is wrong with a repository's CI, and mend it."""
    from cicd_defs.judge.audit import Settings, audit
    from cicd_defs.judge.repository import Repository

    for path in paths or [Path()]:
        found = audit(
            Repository(tree_of(path)), Settings(profile="strict" if profile == "strict" else "default")
        )
        if form == "json":
            print(
                json.dumps(
                    [
                        {
                            "rule": one.rule,
                            "severity": one.severity.word,
                            "confidence": one.confidence.value,
                            "file": one.file,
                            "line": one.line,
                            "column": one.column,
                            "message": one.message,
                            "fixable": one.fix is not None,
                        }
                        for one in found.findings
                    ],
                    indent=2,
                )
            )
            continue
        for one in found.findings:
            print(f"{one.file}:{one.line}:{one.column}: {one.severity.word}: {one.message} [{one.rule}]")
