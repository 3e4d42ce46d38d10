import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.dockerfile import context_needs, image_source
from cicd_defs.facts.survey import Survey
from cicd_defs.facts.tree import Tree
from tests.facts.trees import PYTHON, stacks


def needs(*lines: str) -> list[str]:
    return ["|".join(need) for need in context_needs("\n".join(("FROM a", *lines)))]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        pytest.param(["COPY a b c/"], ["a", "b"], id="all-but-the-last"),
        pytest.param(["copy a /"], ["a"], id="any-case"),
        pytest.param(['COPY ["a b", "c", "/d"]'], ["a b", "c"], id="json"),
        pytest.param(["COPY [a, b"], ["[a,"], id="broken-json-is-words"),
        pytest.param(["COPY --chown=1:1 --link ./a/ /"], ["a"], id="flags"),
        pytest.param(["COPY --from=base a /"], [], id="from-a-stage"),
        pytest.param(["ADD https://x.test/a.tgz git@x.test:a.git b /"], ["b"], id="remote"),
        pytest.param(["COPY <<EOF /x", "COPY inside /", "EOF", "COPY a /"], ["a"], id="heredoc"),
        pytest.param(["RUN <<-'END'", "COPY inside /", "END", "COPY a /"], ["a"], id="heredoc-of-run"),
        pytest.param(["RUN echo $((1<<A))", "COPY a /"], ["a"], id="no-heredoc"),
        pytest.param(["COPY a \\", "  # why", "  b \\", "  /"], ["a", "b"], id="continued"),
        pytest.param(["# COPY a /", "LABEL x='COPY a /'"], [], id="comment"),
        pytest.param(["COPY /a ../b /"], ["a", "b"], id="never-above-the-context"),
        pytest.param(["COPY . /"], ["."], id="everything"),
        pytest.param(["COPY a yarn.lock* /"], ["a"], id="glob-beside-a-file-is-optional"),
        pytest.param(["COPY *.whl *.gz /"], ["*.whl|*.gz"], id="globs-alone"),
        pytest.param(["ARG OS=linux", "COPY bin/${OS}/$ARCH /"], ["bin/linux/**"], id="variables"),
        pytest.param(["COPY ${X:-a}/b /"], ["a/b"], id="default-in-place"),
        pytest.param(["RUN --mount=type=bind,source=uv.lock,target=u x"], ["uv.lock"], id="mount"),
        pytest.param(["RUN --mount=type=cache,source=a,target=b x"], [], id="mount-of-a-cache"),
        pytest.param(["RUN --mount=type=bind,from=b,source=a,target=b x"], [], id="mount-of-a-stage"),
        pytest.param(["ONBUILD COPY a /"], [], id="for-those-who-build-on-it"),
    ],
)
def test_what_is_taken_from_the_context(lines, wanted):
    assert needs(*lines) == wanted


def test_only_stages_that_the_last_one_is_made_of_count():
    text = """\
FROM a AS base
COPY base /
FROM base AS dev
COPY dev /
FROM b AS tools
COPY tools /
FROM c
COPY third /
FROM base AS final
COPY --from=tools /x /
RUN --mount=type=bind,from=3,target=/y x
COPY final /
"""
    assert context_needs(text) == (("base",), ("tools",), ("third",), ("final",))


@pytest.mark.parametrize(
    ("path", "copied", "files", "context"),
    [
        pytest.param("Dockerfile", "a", ["a"], ".", id="root"),
        pytest.param("web/Dockerfile", "a", ["a", "web/a"], "web", id="own-folder"),
        pytest.param("web/Dockerfile", "web/a b", ["web/a", "b"], ".", id="a-folder-above"),
        pytest.param("x/web/Dockerfile", "web/", ["x/web/a"], "x", id="nearest-above"),
        pytest.param("docker/Dockerfile", "a", ["a", "docker/a"], ".", id="side-folder-is-not-the-context"),
        pytest.param("x/docker/Dockerfile", "run.sh", ["x/docker/run.sh"], "x/docker", id="but-may-be"),
        pytest.param("web/Dockerfile", "keys/*.pub", ["keys/a.pub"], ".", id="glob"),
        pytest.param("web/Dockerfile", "go.[ms]*", ["web/go.mod"], "web", id="character-class"),
        pytest.param("web/Dockerfile", "src*", ["src-a/b"], ".", id="glob-of-folders"),
        pytest.param("web/Dockerfile", "a dist/b", ["web/a"], None, id="nowhere"),
        pytest.param("web/Dockerfile", "*.whl", ["web/a"], None, id="glob-nowhere"),
    ],
)
def test_context(path, copied, files, context):
    tree = Tree.of({path: f"FROM a\nCOPY {copied} /x/\n", **dict.fromkeys(files, "")})
    assert image_source(Survey(tree), path).context == context


def test_what_is_missing_is_told_for_the_folder_that_lacks_least():
    tree = Tree.of({"web/Dockerfile": "FROM a\nCOPY a b dist/c /x/\n", "a": "", "b": ""})
    assert image_source(Survey(tree), "web/Dockerfile").missing == ("dist/c",)


def test_every_dockerfile_has_its_image():
    found = stacks(
        PYTHON, {"Dockerfile": "FROM a\nCOPY shop /\n", "docker/Dockerfile": "FROM a\nCOPY no /\n"}
    )
    assert {image.dockerfile: image.context for image in found.images} == {
        "Dockerfile": ".",
        "docker/Dockerfile": None,
    }
    assert {image.dockerfile for image in found.images} == {claim.name for claim in found.dockerfiles}


@given(
    st.lists(st.text(alphabet="FROMCPYADUN abc/*[]{}$<>-=,\\\"'\n#.:0", max_size=60), max_size=12).map(
        "\n".join
    )
)
def test_any_text_is_read(text):
    tree = Tree.of({"Dockerfile": "FROM a\n" + text, "a": ""})
    image_source(Survey(tree), "Dockerfile")
