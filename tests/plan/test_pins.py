import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cicd_defs.plan.containers import Base, Containers, Dockerfile, Run, Stage
from cicd_defs.plan.newest import MovedTag, newest, number_of
from cicd_defs.plan.pinned import BadPins, Pin, Pins, read_pins, written_pins
from cicd_defs.plan.pins import VERSIONS, action, image, packaged, recorded
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.plan.repin import repinned
from tests.samples import commands, component, plan

COMMITS = {name: f"{number:040x}" for number, name in enumerate(("old", "now", "new", "next", "moved"), 1)}


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def pin(**changes: object) -> Pin:
    told = {"kind": "action", "name": "a/b", "version": "v1.2.0", "pin": COMMITS["now"], "source": "tag"}
    return Pin.model_validate({**told, **changes})


def of_image(name: str, tag: str, number: int) -> Pin:
    told = {"kind": "image", "name": name, "version": tag, "pin": digest(number), "source": "registry"}
    return Pin.model_validate(told)


TAGS = {"v1.1.0": COMMITS["old"], "v1.2.0": COMMITS["now"]}


@pytest.mark.parametrize(
    ("more", "version"),
    [
        pytest.param({}, "v1.2.0", id="nothing-newer"),
        pytest.param({"v1.2.1": COMMITS["new"]}, "v1.2.1", id="a-mend"),
        pytest.param({"v1.10.0": COMMITS["new"], "v1.9.9": COMMITS["old"]}, "v1.10.0", id="by-number"),
        pytest.param({"v2.0.0": COMMITS["next"]}, "v1.2.0", id="another-major"),
        pytest.param({"v1.3.0-rc.1": COMMITS["new"]}, "v1.2.0", id="a-trial"),
        pytest.param({"v1": COMMITS["new"], "v1.3": COMMITS["new"]}, "v1.2.0", id="tags-that-move"),
        pytest.param({"1.3.0": COMMITS["new"], "v01.3.0": COMMITS["new"]}, "v1.2.0", id="other-forms"),
        pytest.param({"x/v1.3.0": COMMITS["new"], "v1.3.0\n": COMMITS["new"]}, "v1.2.0", id="within"),
    ],
)
def test_the_newest_full_version_of_the_same_major_is_taken(more, version):
    found = newest(pin(), {**TAGS, **more}, {})
    assert (found.version, found.pin) == (version, {**TAGS, **more}[version])


def test_another_major_is_taken_when_asked_for():
    tags = {**TAGS, "v2.0.0": COMMITS["next"], "v10.0.0-beta": COMMITS["new"]}
    assert newest(pin(), tags, {}, major=True).version == "v2.0.0"


def test_a_version_that_is_no_full_one_stays_unless_asked():
    tags = {**TAGS, "v1": COMMITS["now"]}
    assert newest(pin(version="v1"), tags, {}).version == "v1"
    assert newest(pin(version="v1"), tags, {}, major=True).version == "v1.2.0"


@pytest.mark.parametrize(
    ("tags", "known", "told"),
    [
        pytest.param({"v1.2.0": COMMITS["moved"]}, {}, "the tag v1.2.0 MOVED from .*2 to .*5", id="in-use"),
        pytest.param({"v1.2.1": COMMITS["new"]}, {}, "the tag v1.2.0 is gone", id="gone"),
        pytest.param(
            {**TAGS, "v1.3.0": COMMITS["moved"]},
            {"v1.3.0": COMMITS["new"]},
            "the tag v1.3.0 MOVED",
            id="newer-and-recorded",
        ),
        pytest.param(TAGS, {"v1.3.0": COMMITS["new"]}, "the tag v1.3.0 is gone", id="newer-and-gone"),
    ],
)
def test_a_tag_that_moved_is_an_error(tags, known, told):
    with pytest.raises(MovedTag, match=told):
        newest(pin(), tags, known)


def test_what_moved_before_the_version_in_use_or_is_made_to_move_does_not_matter():
    known = {"v1.1.0": COMMITS["moved"], "v1": COMMITS["old"]}
    assert newest(pin(), TAGS, known).version == "v1.2.0"


versions = st.builds("v{}.{}.{}".format, *[st.integers(0, 12)] * 3)


@given(st.dictionaries(versions, st.sampled_from([*COMMITS.values()]), min_size=1), st.data(), st.booleans())
def test_an_update_never_goes_back_nor_leaves_its_major_unasked(tags, data, major):
    version = data.draw(st.sampled_from(sorted(tags)))
    found = newest(pin(version=version, pin=tags[version]), tags, tags, major=major)
    before, after = number_of(version), number_of(found.version)
    assert before <= after
    assert found.pin == tags[found.version]
    assert major or before[0] == after[0]
    assert not [
        other for other in tags if after < number_of(other) and (major or other.startswith(f"v{after[0]}."))
    ]


def test_every_version_that_we_use_is_recorded_and_a_full_one():
    found = {pin.name: pin for pin in packaged().pins if pin.kind == "action"}
    assert set(found) == set(VERSIONS)
    for name, used in found.items():
        assert number_of(used.version), name
        assert recorded(name)[used.version] == used.pin == action(name).commit
        assert action(name.upper()) == action(name)


def test_the_table_has_one_commit_for_each_full_version():
    names = {pin.name for pin in packaged().pins if pin.kind == "action"}
    assert all(re.fullmatch(r"[0-9a-f]{40}", commit) for name in names for commit in recorded(name).values())


pins_to_keep = st.lists(
    st.builds(
        pin, name=st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,9}/[a-z._]{1,9}", fullmatch=True), version=versions
    )
    | st.builds(of_image, st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.just("1"), st.integers(0, 9)),
    unique_by=lambda kept: (kept.kind, kept.name.lower()),
)


@given(pins_to_keep)
def test_what_is_written_is_read_back_whatever_the_order(kept):
    text = written_pins(Pins(pins=tuple(kept)))
    assert sorted(read_pins(text, "x").pins, key=str) == sorted(kept, key=str)
    assert written_pins(Pins(pins=tuple(reversed(kept)))) == text


HEAD = "kind\tname\tversion\tpin\tsource\tseen\n"
GOOD = f"action\ta/b\tv1.0.0\t{'1' * 40}\ttag\t2026-11-21\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "pins.tsv: it does not begin with the columns kind, name"),
        ("name\tversion\n", "does not begin with the columns"),
        (HEAD + "action\ta/b\n", "pins.tsv:2: it has 2 columns, not 6"),
        ("# x\n" + HEAD + GOOD + GOOD, "pins.tsv:4: a/b is pinned twice"),
        (HEAD + GOOD + GOOD.replace("a/b", "A/B"), "pins.tsv:3: A/B is pinned twice"),
        (HEAD + GOOD.replace("1" * 40, "v1"), "pins.tsv:2: 'v1' is not a commit"),
        (HEAD + GOOD.replace("action", "image"), f"pins.tsv:2: '{'1' * 40}' is not a digest"),
        (HEAD + GOOD.replace("action", "tool"), "pins.tsv:2: kind: "),
        (HEAD + GOOD.replace("a/b", "a b"), "'a b' cannot stand here"),
        (HEAD + GOOD.replace("v1.0.0", "${{ x }}"), "cannot stand here"),
        (HEAD + GOOD.replace("2026-11-21", "2026-02-31"), "'2026-02-31' is neither a day"),
        (HEAD + GOOD.replace("tag", "rumour"), "pins.tsv:2: source: "),
    ],
)
def test_a_bad_file_of_pins_is_told_by_line(text, told):
    with pytest.raises(BadPins) as error:
        read_pins(text, "pins.tsv")
    assert told in str(error.value)


def test_pins_lie_over_others_by_what_they_are_for():
    mine = Pins(pins=(pin(version="v2.0.0"), of_image("redis", "7", 1)))
    others = Pins(
        pins=(pin(name="A/B"), pin(name="c/d"), of_image("redis", "7", 2), of_image("redis", "8", 3))
    )
    both = mine.over(others)
    assert [(kept.name, kept.version) for kept in both.pins] == [
        ("a/b", "v2.0.0"),
        ("c/d", "v1.2.0"),
        ("redis", "7"),
        ("redis", "8"),
    ]
    assert both.image("redis:7") == mine.image("redis:7")


def test_a_pin_without_a_digest_is_none():
    with pytest.raises(ValidationError, match="is not a digest"):
        Pin(kind="image", name="redis", version="7", pin="latest", source="registry")


SERVICES = ["postgres:16-alpine", "mongo:7", f"redis:7-alpine@{digest(7)}"]


def planned() -> Pipeline:
    """A plan with an image of each sort: known, unknown, and declared with its digest; and a Dockerfile."""
    declared = [{"path": ".", "services": SERVICES}]
    pipeline = plan(component(commands=commands(lint="l", test="t")), components=declared)
    lines = (f"docker pull {image('node:22-alpine')}", "echo redis:7-alpine")
    dockerfile = Dockerfile(
        path="Dockerfile",
        context=".",
        component="x",
        bases=(Base(name="BASE", image=image("python:3.13-slim")),),
        stages=(Stage(name="build", base="BASE", about="x", instructions=(Run(lines=lines),)),),
    )
    return pipeline.model_copy(update={"containers": Containers(dockerfiles=(dockerfile,))})


def images_in(pipeline: Pipeline) -> list[str]:
    services = [
        service.image for workflow in pipeline.workflows for job in workflow.jobs for service in job.services
    ]
    (dockerfile,) = pipeline.containers.dockerfiles
    (run,) = dockerfile.stages[0].instructions
    assert isinstance(run, Run)
    return list(dict.fromkeys([*services, *(base.image for base in dockerfile.bases), *run.lines]))


def test_images_get_the_digests_that_were_looked_up_but_for_what_was_declared():
    names = [("postgres", "16-alpine"), ("mongo", "7"), ("redis", "7-alpine"), ("python", "3.13-slim")]
    looked_up = [of_image(name, tag, at) for at, (name, tag) in enumerate((*names, ("node", "22-alpine")))]
    assert images_in(repinned(planned(), Pins(pins=tuple(looked_up)))) == [
        f"postgres:16-alpine@{digest(0)}",
        f"mongo:7@{digest(1)}",
        f"redis:7-alpine@{digest(7)}",
        f"python:3.13-slim@{digest(3)}",
        f"docker pull node:22-alpine@{digest(4)}",
        "echo redis:7-alpine",
    ]


def test_actions_get_the_versions_that_were_looked_up():
    checkout = pin(name="Actions/Checkout", version="v9.9.9", pin=COMMITS["new"])
    before, after = planned(), repinned(planned(), Pins(pins=(checkout,)))
    used = {step.uses for flow in after.workflows for job in flow.jobs for step in job.steps if step.uses}
    assert {(one.version, one.commit) for one in used if one.name == "actions/checkout"} == {
        ("v9.9.9", COMMITS["new"])
    }
    back = pin(
        name="actions/checkout", version=VERSIONS["actions/checkout"], pin=action("actions/checkout").commit
    )
    assert repinned(after, Pins(pins=(back,))) == before


def test_without_pins_nothing_changes():
    assert repinned(planned(), Pins()) == planned()
    assert repinned(planned(), packaged()) == planned()
