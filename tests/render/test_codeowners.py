import re

from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.plan.hygiene import Owned
from cicd_defs.render.codeowners import render_codeowners
from cicd_defs.spec.names import CodeOwner, OwnedPath
from tests.spec.test_names import form_of, taken

ANY_PATH = st.text(alphabet="ab./*? @$-_é", min_size=1, max_size=12).filter(
    lambda text: taken(form_of(OwnedPath), text)
)
ANY_OWNER = st.from_regex(r"@[a-z]{1,8}(/[a-z.]{1,4})?|[a-z.]{1,4}@[a-z]{1,4}\.org", fullmatch=True).filter(
    lambda text: taken(form_of(CodeOwner), text)
)


def test_paths_start_at_the_top_and_names_are_found_anywhere():
    owned = (
        Owned(pattern="*", owners=("@acme/all",)),
        Owned(pattern="*.md", owners=("docs@example.com",)),
        Owned(pattern="my docs/", owners=("@a", "@b")),
        Owned(pattern="vendor/**", owners=()),
    )
    assert render_codeowners(owned, ("Ours",)).splitlines() == [
        "# Ours",
        "",
        "* @acme/all",
        "*.md docs@example.com",
        "/my\\ docs/ @a @b",
        "/vendor/**",
    ]


@given(entries=st.dictionaries(ANY_PATH, st.lists(ANY_OWNER, max_size=3, unique=True), max_size=4))
def test_what_is_taken_is_read_back_as_it_was_meant(entries):
    owned = [Owned(pattern=pattern, owners=tuple(owners)) for pattern, owners in entries.items()]
    lines = render_codeowners(owned, ("Ours",)).splitlines()[2:]
    read = [[word.replace("\\ ", " ") for word in re.split(r"(?<!\\) ", line)] for line in lines]
    assert [(words[0].removeprefix("/"), words[1:]) for words in read] == [
        (pattern, owners) for pattern, owners in entries.items()
    ]
    assert not [line for line in lines if line.startswith(("#", "!"))]
