"""The values of assets, kept as JSON files under the instance's storage.

Never pickle: whoever can write into a pickled file can run code in whoever reads it. A value is read back as the type
that its reader declares, and one that does not fit any more is told, not guessed at.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
from pydantic import TypeAdapter, ValidationError


class StoredValueError(Exception):
    """A stored value is missing, or does not fit: which one, and what to do next."""


class JsonValues(dg.IOManager):
    """Each value as one JSON file, in a folder for its asset key; one file for each partition."""

    def __init__(self, folder: Path, shows_path: bool = True) -> None:
        self._folder, self._shows_path = folder, shows_path

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Keep a value. A reader sees the old one or the new one, never half of it."""
        path = self._path(context, _partitions(context))
        write_atomically(path, _adapter(_declared(context, type(obj))).dump_json(obj, indent=1))
        if self._shows_path:
            context.add_output_metadata({"value": dg.MetadataValue.path(path)})

    def load_input(self, context: dg.InputContext) -> Any:
        """Read a value as the type that the reader declares; of several partitions, a table of them."""
        output = context.upstream_output
        if output is None:
            raise StoredValueError(f"Nothing upstream of the input {context.name!r} keeps a value.")
        kind = _declared(context, Any)  # where the run did not make it, the output has no type
        keys = context.asset_partition_keys if context.has_asset_partitions else []
        if len(keys) > 1:
            texts = [b"%b:%b" % (json.dumps(key).encode(), self._sound(output, [key])) for key in keys]
            return self._read(output, [], kind, b"{%b}" % b",".join(texts))
        return self._read(output, keys, kind, self._text(output, keys))

    def _text(self, output: dg.OutputContext, partitions: Sequence[str]) -> bytes:
        try:
            return self._path(output, partitions).read_bytes()
        except FileNotFoundError:
            raise StoredValueError(
                f"{_name(output, partitions)} has no value yet: materialise it first."
            ) from None

    def _sound(self, output: dg.OutputContext, partitions: Sequence[str]) -> bytes:
        """The text of one value among several: one that is damaged must not spoil the others, or name them."""
        text = self._text(output, partitions)
        self._read(output, partitions, Any, text)
        return text

    def _read(self, output: dg.OutputContext, partitions: Sequence[str], kind: Any, text: bytes) -> Any:
        try:
            return _adapter(kind).validate_json(text)
        except ValidationError as error:
            place = self._path(output, partitions)
            raise StoredValueError(_misfit(_name(output, partitions), place, kind, error)) from None

    def _path(self, output: dg.OutputContext, partitions: Sequence[str]) -> Path:
        if not output.has_asset_key:
            return self._folder.joinpath("runs", *map(_part, output.get_identifier()), "@value.json")
        folder = self._folder.joinpath("assets", *map(_part, output.asset_key.path))
        # No part begins with `@`, so no asset's folder is mistaken for another asset's value.
        return folder / (f"@partition={_part(partitions[0])}.json" if partitions else "@value.json")


@dg.io_manager(description="Values as JSON files under the instance's storage, never pickle.")
def json_values(context: dg.InitResourceContext) -> JsonValues:
    """The values of the instance that a run belongs to."""
    return JsonValues(storage_of(context) / "values")


def storage_of(context: dg.InitResourceContext) -> Path:
    """The folder in which the instance of a run keeps what belongs to it."""
    if context.instance is None:
        raise StoredValueError("Values are kept by a Dagster instance, and this run has none.")
    return Path(context.instance.storage_directory())


def write_atomically(path: Path, data: bytes) -> None:
    """Put a file in its place at once and for good, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="@writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _declared(context: dg.InputContext | dg.OutputContext, otherwise: Any) -> Any:
    """The Python type that the asset's function declares for this value."""
    declared = context.dagster_type.typing_type
    return otherwise if declared in (Any, None, type(None)) else declared


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _partitions(context: dg.OutputContext) -> Sequence[str]:
    return context.asset_partition_keys if context.has_asset_partitions else []


def _part(text: str) -> str:
    """A part of a key as the name of a file or folder: nothing leaves the folder, nothing collides."""
    quoted = quote(text, safe="")
    return quoted.replace(".", "%2E") if set(text) <= {"."} else quoted


def _name(output: dg.OutputContext, partitions: Sequence[str]) -> str:
    name = output.asset_key.to_user_string() if output.has_asset_key else "/".join(output.get_identifier())
    return f"{name} of {partitions[0]}" if partitions else name


def _misfit(name: str, path: Path, kind: Any, error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "json_invalid":
        return f"The stored value of {name} is damaged: {path} is not JSON. Materialise {name} again."
    kind_name = getattr(kind, "__name__", kind)
    where = ".".join(map(str, first["loc"])) or "the top"
    return (
        f"The stored value of {name} does not fit {kind_name} any more: {first['msg']} at {where} "
        f"({error.error_count()} in all). {path} was written by another version: materialise {name} again."
    )
