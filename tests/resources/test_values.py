import dagster as dg
import pytest
from hypothesis import given, settings, strategies
from pydantic import BaseModel

from resources.values import JsonValues, StoredValueError, write_atomically


class Part(BaseModel):
    name: str
    sizes: tuple[int, ...] = ()


class Newer(BaseModel):
    name: str
    colour: str


def kept(folder, kind, value, key=("shop", "part")):
    """Hand a value over and read it back, as two assets do."""
    values, written = JsonValues(folder), dg.PythonObjectDagsterType(type(value))
    with dg.build_output_context(asset_key=dg.AssetKey(key), dagster_type=written) as output:
        values.handle_output(output, value)
        return read(values, kind, output)


def read(values, kind, output):
    typed = dg.DagsterType(name="T", type_check_fn=lambda _context, _value: True, typing_type=kind)
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_input_context(upstream_output=output, dagster_type=typed, instance=instance) as context,
    ):
        return values.load_input(context)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Part, Part(name="ä\n", sizes=(1, 2))),
        (tuple[Part, ...], (Part(name="a"), Part(name="b"))),
        (dict[str, Part], {"x": Part(name="a")}),
        (str, "text ${{ x }}"),
        (int | None, None),
        (list[float], [0.1, 1e300]),
    ],
)
def test_a_value_comes_back_as_what_its_reader_declares(kind, value, tmp_path):
    assert kept(tmp_path, kind, value) == value


@settings(max_examples=15)
@given(strategies.lists(strategies.text(min_size=1, max_size=20), min_size=1, max_size=3))
def test_no_key_leaves_the_folder(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("values")
    key = [part.encode("utf-8", "replace").decode() for part in parts]
    assert kept(folder / "inside", str, "x", key=key) == "x"
    assert [path.name for path in folder.iterdir()] == ["inside"]


@pytest.mark.parametrize("key", [("..", ".."), (".", "a/b"), ("@value.json",), ("a", "@value.json")])
def test_keys_that_look_like_paths_are_only_names(key, tmp_path):
    assert kept(tmp_path / "inside", str, "x", key=key) == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_an_asset_and_one_below_it_keep_two_values(tmp_path):
    assert kept(tmp_path, str, "upper", key=("shop",)) == "upper"
    assert kept(tmp_path, str, "lower", key=("shop", "part")) == "lower"
    assert len(list(tmp_path.rglob("@value.json"))) == 2


def test_partitions_keep_a_value_each_and_are_read_together(tmp_path):
    items = dg.StaticPartitionsDefinition(["shop-pr-1", "../shop"])

    @dg.asset(partitions_def=items)
    def part(context: dg.AssetExecutionContext) -> Part:
        return Part(name=context.partition_key)

    @dg.asset(partitions_def=items)
    def same(part: Part) -> str:
        return part.name

    @dg.asset
    def every(part: dict[str, Part]) -> list[str]:
        return sorted(one.name for one in part.values())

    with dg.DagsterInstance.ephemeral() as instance:
        given = {"instance": instance, "resources": {"io_manager": JsonValues(tmp_path)}}
        for key in items.get_partition_keys():
            result = dg.materialize([part, same], partition_key=key, **given)
            assert result.asset_value("same") == key
        result = dg.materialize([part, every], selection=[every], **given)
        assert result.asset_value("every") == ["../shop", "shop-pr-1"]
    assert len(list((tmp_path / "assets/part").iterdir())) == 2


def test_a_value_that_does_not_fit_any_more_is_told(tmp_path):
    with pytest.raises(StoredValueError) as told:
        kept(tmp_path, Newer, Part(name="secret-looking"))
    assert "shop/part does not fit Newer any more: Field required at colour" in str(told.value)
    assert "was written by another version: materialise shop/part again" in str(told.value)
    assert "secret-looking" not in str(told.value)


@pytest.mark.parametrize("text", [b"", b'{"name": ', b"\xff\xfe", b'{"name": "x"} y', b'"\xff"'])
def test_a_damaged_value_is_told(text, tmp_path):
    kept(tmp_path, Part, Part(name="x"))
    [path] = tmp_path.rglob("@value.json")
    path.write_bytes(text)
    with (
        dg.build_output_context(
            asset_key=dg.AssetKey(["shop", "part"]), dagster_type=dg.PythonObjectDagsterType(Part)
        ) as output,
        pytest.raises(
            StoredValueError, match=r"shop/part is damaged: .* Materialise shop/part again"
        ) as told,
    ):
        read(JsonValues(tmp_path), Part, output)
    assert "another version" not in str(told.value)


def test_of_several_partitions_the_damaged_one_is_named(tmp_path):
    items = dg.StaticPartitionsDefinition(["one", "two"])

    @dg.asset(partitions_def=items)
    def part(context: dg.AssetExecutionContext) -> str:
        return context.partition_key

    @dg.asset
    def every(part: dict[str, str]) -> list[str]:
        return sorted(part.values())

    with dg.DagsterInstance.ephemeral() as instance:
        given = {"instance": instance, "resources": {"io_manager": JsonValues(tmp_path)}}
        for key in items.get_partition_keys():
            dg.materialize([part], partition_key=key, **given)
        (tmp_path / "assets/part/@partition=two.json").write_bytes(b'"x","three":"y"')
        with pytest.raises(StoredValueError, match=r"part of two is damaged"):
            dg.materialize([part, every], selection=[every], **given)


def test_a_value_that_was_never_kept_is_told(tmp_path):
    with (
        dg.build_output_context(
            asset_key=dg.AssetKey(["shop", "part"]), dagster_type=dg.PythonObjectDagsterType(str)
        ) as output,
        pytest.raises(StoredValueError, match="shop/part has no value yet: materialise it first"),
    ):
        read(JsonValues(tmp_path), Part, output)


def test_half_a_file_is_never_seen(tmp_path, monkeypatch):
    path = tmp_path / "value.json"
    write_atomically(path, b"old")
    monkeypatch.setattr("resources.values.os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new, and much longer")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
