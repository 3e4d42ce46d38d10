"""The JSON schema of a project file, for editors."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from cicd_defs.spec.model import Project

DIALECT = GenerateJsonSchema.schema_dialect


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a project file. It says what the reader says, as far as it can."""
    made: dict[str, Any] = _tidy(Project.model_json_schema())
    del made["properties"]["name"]  # the file's stem, never written in it
    made["required"].remove("name")
    return {"$schema": DIALECT, "title": "A project of cicd-defs", **made}


def schema_text() -> str:
    """The schema as the file `projects/project.schema.json` holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(part: Any) -> Any:
    """The schema without null (in a file a key has a value or is left out) and without titles made of names."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _tidy(value) for key, value in part.items() if not _says_nothing(key, value)}
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    choices = [choice for choice in kept.pop("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return {**choices[0], **kept}
    return {**kept, "anyOf": choices} if choices else kept


def _says_nothing(key: str, value: Any) -> bool:
    """Defaults of null, titles that repeat a name, and what pydantic says of a table's keys beside their pattern."""
    return (
        (key, value) == ("default", None)
        or key == "propertyNames"
        or (key == "title" and isinstance(value, str))
    )
