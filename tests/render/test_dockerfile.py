import json
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.dockerfile import context_needs
from cicd_defs.plan.containers import (
    Arg,
    Base,
    Cmd,
    Copy,
    Dockerfile,
    Dockerignore,
    Env,
    HealthCheck,
    Instruction,
    Label,
    Run,
    SearchPath,
    Stage,
    Workdir,
)
from cicd_defs.plan.health import CLIENTS, health_check
from cicd_defs.render.dockerfile import render_dockerfile, render_dockerignore

ABOUT_ARGUMENTS = "# What was declared as an argument of the build is a variable of every command below it."
IMAGE = "debian:bookworm-slim@sha256:" + "0" * 64
ONE_LINE = st.text(st.characters(blacklist_characters="\r\n\0\x85\u2028\u2029", blacklist_categories=["Cs"]))


def written(*instructions: Instruction) -> list[str]:
    """The lines of a Dockerfile of one stage, behind its FROM."""
    builder = Stage(name="builder", base="IMAGE", about="A part.")
    stage = Stage(name="production", base="IMAGE", about="All.", instructions=instructions)
    bases = (Base(name="IMAGE", image=IMAGE),)
    dockerfile = Dockerfile(
        path="Dockerfile", context=".", component="x", bases=bases, stages=(builder, stage)
    )
    text = render_dockerfile(dockerfile, ("Generated.",))
    return text.split(f"FROM {IMAGE} AS production\n")[1].removesuffix("\n").split("\n")


@pytest.mark.parametrize(
    ("instruction", "lines"),
    [
        (Arg(name="VERSION", default="1.0"), [ABOUT_ARGUMENTS, "ARG VERSION=1.0"]),
        (Arg(name="VERSION", default=""), [ABOUT_ARGUMENTS, 'ARG VERSION=""']),
        (Env(values={"A": "1", "B": "x y"}), ["ENV A=1 \\", '    B="x y"']),
        (Label(values={"a.b": 'say "$x" \\'}), ['LABEL a.b="say \\"\\$x\\" \\\\"']),
        (SearchPath(folder="/opt/bin"), ['ENV PATH="/opt/bin:$PATH"']),
        (Workdir(path="/app"), ["WORKDIR /app"]),
        (Copy(sources=("a", "b"), to="./"), ["COPY a b ./"]),
        (Copy(sources=("/a",), to="/b", origin="builder"), ["COPY --from=builder /a /b"]),
        (Run(lines=("make a", "make b")), ["RUN make a \\", "    && make b"]),
        (Run(lines=("make",), caches=("/c",)), ["RUN --mount=type=cache,target=/c \\", "    make"]),
        (Run(lines=("a || b", "c")), ['RUN ["/bin/sh", "-ec", "a || b\\nc"]']),
        (Run(lines=("cat <<EOF",)), ['RUN ["/bin/sh", "-ec", "cat <<EOF"]']),
        (Run(lines=("echo 'a;b' > c",)), ["RUN echo 'a;b' > c"]),
        (Run(lines=("echo a \\",)), ['RUN ["/bin/sh", "-ec", "echo a \\u005c"]']),
        (Run(lines=("--mount=type=ssh make",)), ['RUN ["/bin/sh", "-ec", "--mount=type=ssh make"]']),
        (Cmd(argv=("a", "b c")), ['CMD ["a", "b c"]']),
    ],
)
def test_instructions(instruction, lines):
    assert written(instruction) == lines


@pytest.mark.parametrize(
    "instruction",
    [
        Arg(name="A", default="1\nUSER root"),
        Env(values={"A": "1\rUSER root"}),
        Label(values={"a": "1\u2028"}),
        Workdir(path="/a b"),
        Copy(sources=("a\nUSER root",), to="/"),
        Copy(sources=("$HOME",), to="/"),
        Cmd(argv=("a\0",)),
    ],
)
def test_what_would_begin_another_instruction_is_refused(instruction):
    with pytest.raises(ValueError, match=r"line break|cannot stand|NUL"):
        written(instruction)


@given(ONE_LINE)
def test_a_value_stays_on_its_line_and_is_never_evaluated(value):
    (line,) = written(Env(values={"A": value}))
    text = line.removeprefix("ENV A=")
    if text.startswith('"'):
        assert unquoted(text) == value
    else:
        assert text == value
        assert re.fullmatch(r"[\w./:@+,=-]+", value, re.ASCII)


def unquoted(text: str) -> str:
    """What Docker reads in double quotes: a backslash makes the next sign an ordinary one, a bare `$` is refused."""
    found, signs = "", iter(text[1:-1])
    for sign in signs:
        assert sign not in '"$'
        found += next(signs) if sign == "\\" else sign
    return found


@given(st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])), min_size=1))
def test_a_process_gets_its_words_as_they_were(words):
    (line,) = written(Cmd(argv=tuple(words)))
    assert json.loads(line.removeprefix("CMD ")) == words


@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1))
def test_a_script_keeps_every_character(script):
    *shell, line = written(Run(lines=(script,)))
    text = line.removeprefix("RUN ")
    if text.startswith(('["/bin/sh"', '["/bin/bash"')):
        assert json.loads(text)[-1] == script
    else:
        assert text == script
        assert "\n" not in script
    assert shell in ([], ['SHELL ["/bin/bash", "-eo", "pipefail", "-c"]'])


@pytest.mark.parametrize(("image", "shell"), [("node:26-alpine", "ash"), ("debian:bookworm-slim", "bash")])
def test_what_fails_before_a_pipes_last_command_fails_the_build(image, shell):
    run = Run(lines=("make build | tee build.log",))
    builder = Stage(name="builder", base="base", about="All.", instructions=(Run(lines=("make",)), run, run))
    last = Stage(name="production", base="builder", about="All.", instructions=(run,))
    bases = (Base(name="base", image=image),)
    made = Dockerfile(path="Dockerfile", context=".", component="x", bases=bases, stages=(builder, last))
    words = f'"/bin/{shell}", "-eo", "pipefail", "-c"'
    piped = f'RUN [{words}, "make build | tee build.log"]'
    lines = render_dockerfile(made, ()).splitlines()
    assert [line for line in lines if line.startswith(("RUN", "SHELL"))] == [
        "RUN make", f"SHELL [{words}]", piped, piped, f"SHELL [{words}]", piped
    ]  # fmt: skip


def test_a_stage_that_is_not_there_is_refused():
    stage = Stage(name="production", base="builder", about="All.")
    with pytest.raises(ValueError, match="uses builder"):
        Dockerfile(path="Dockerfile", context=".", component="x", stages=(stage,))


def test_our_reader_understands_what_we_write():
    text = "FROM x\n" + "\n".join(written(Copy(sources=("a/b.txt", "c"), to="./"), Run(lines=("make",))))
    assert context_needs(text) == (("a/b.txt",), ("c",))


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_asks_for_the_path_on_the_port(client):
    check = health_check(client, 8080, "/up?a='b'&c=%20")
    assert check.argv[0] == client
    assert "8080" in " ".join(check.argv)
    assert isinstance(check, HealthCheck)


def test_a_path_for_bash_is_one_word():
    script = health_check("bash", 80, "/a;rm -rf $HOME").argv[2]
    assert "/a;rm -rf $HOME" in shlex.split(script)


def test_an_ignore_file_has_its_groups_under_headings():
    ignore = Dockerignore(path=".dockerignore", groups=(("Secrets", ("**/.env",)), ("History", ("**/.git",))))
    assert (
        render_dockerignore(ignore, ("Generated.",))
        == "# Generated.\n\n# Secrets\n**/.env\n\n# History\n**/.git\n"
    )
