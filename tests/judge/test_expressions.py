"""What GitHub's expressions refer to, and that deciding with little known never contradicts deciding with all known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.judge.workflows.expressions import (
    Begins,
    Named,
    Perhaps,
    can_be_true,
    functions,
    references,
    truth,
    value_of,
)
from cicd_defs.judge.workflows.grammar import Exactly, Unreadable, insides, read
from cicd_defs.judge.workflows.secrets import known_of, secrets_in

PULL = known_of("pull_request")


@pytest.mark.parametrize(
    ("condition", "possible"),
    [
        ("github.event_name == 'push'", False),
        ("github.event_name != 'PULL_REQUEST'", False),
        ("github['event_name'] == 'push'", False),
        ("github.event_name == 'push' || github.event_name == 'pull_request'", True),
        ("github.event_name == 'push' && vars.DEPLOY", False),
        ("vars.DEPLOY && github.event_name == 'push'", False),
        ("!(github.event_name == 'pull_request')", False),
        ("!(github.event_name == 'push')", True),
        ("contains(github.event_name, 'pull')", True),
        ("contains(github.event_name, 'push')", False),
        ("github.event.pull_request.head.repo.fork != true", False),
        ("github.event.pull_request.head.repo.fork == false", False),
        ("!github.event.pull_request.head.repo.fork", False),
        ("github.event.pull_request.head.repo.full_name == github.repository", False),
        ("github.event.pull_request.head.repo.full_name != github.repository", True),
        ("github.ref == 'refs/heads/main'", False),
        ("github.ref == 'refs/pull/7/merge'", True),
        ("github.ref != 'refs/pull/7/merge'", True),
        ("startsWith(github.ref, 'refs/tags/')", False),
        ("startsWith(github.ref, 'refs/pull')", True),
        ("!startsWith(github.ref, 'refs/')", False),
        ("startsWith(github.ref, 'refs/pull/7')", True),
        ("github.ref == 7", False),
        ("always()", True),
        ("failure()", True),
        ("always() && github.event_name == 'schedule'", False),
        ("false", False),
        ("''", False),
        ("0", False),
        ("null", False),
        ("'0'", True),
        ("1 == true", True),
        ("'1' == 1", True),
        ("'x' == true", False),
        ("null == 0", True),
        ("!(vars.DEPLOY || '')", True),
        ("vars.DEPLOY && true", True),
        ("1 < 2", True),  # not worked out, so it counts as true
        ("inputs.environment == 'production'", False),
        ("inputs.environment == ''", True),
        ("github.event.inputs.dry == 'no'", False),
        ("inputs[matrix.name] == 'x'", True),
        ("github.actor == 'me'", True),
        ("needs.changes.outputs.web == 'true'", True),
        ("it is no expression (", True),
        ("github.event_name == 'push", True),
    ],
)
def test_a_condition_is_decided_where_it_can_be(condition, possible):
    assert can_be_true(condition, PULL) is possible


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("secrets.TOKEN", ("secrets.token",)),
        ("SECRETS.Token", ("secrets.token",)),
        ("secrets['TOKEN']", ("secrets.token",)),
        ("secrets [ 'TOKEN' ]", ("secrets.token",)),
        ("format('{0}', secrets.A || secrets.B)", ("secrets.a", "secrets.b")),
        ("toJSON(secrets)", ("all secrets",)),
        ("secrets.*", ("all secrets",)),
        ("secrets[matrix.name]", ("all secrets",)),
        ("secrets[format('{0}_KEY', matrix.name)]", ("all secrets",)),
        ("fromJSON(toJSON(secrets)).TOKEN", ("all secrets",)),
        ("inputs[secrets.NAME]", ("secrets.name",)),
        ("github.event[secrets.NAME].x", ("secrets.name",)),
        ("it is ( not one of secrets", ("all secrets",)),
        ("secrets.GITHUB_TOKEN", ()),
        ("secrets['github_token']", ()),
        ("github.token", ()),
        ("'secrets.TOKEN'", ()),
        ("'it''s secrets.TOKEN'", ()),
        ("env.secrets", ()),
        ("secretsx.TOKEN", ()),
    ],
)
def test_secrets_are_seen_however_they_are_read(expression, found):
    assert secrets_in(expression) == found


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a ${{ b }} c ${{ d }}", [" b ", " d "]),
        ("${{ '}}' }} ${{ x }}", [" '}}' ", " x "]),
        ("${{ '${{' }} secrets.X }}", [" '${{' "]),
        ("${{ a", [" a"]),
        ("${{ it's }} ${{ secrets.X }}", [" it's }} ${{ secrets.X }}"]),
        ("no } {{ expression", []),
    ],
)
def test_expressions_are_found_in_text(text, parts):
    assert list(insides(text)) == parts


@pytest.mark.parametrize("text", ["", "a b", "(a", "a[", "a.", "f(a", "f(a b)", "&& a", "a ==", "'a", "a #"])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(Unreadable):
        read(text)


def test_functions_are_told():
    assert functions("always() && !Failure(x[cancelled()])") == {"always", "failure", "cancelled"}
    assert {reference.path for reference in references("a.b[c] && f(d['e'])")} == {
        ("a", "b"),
        ("c",),
        ("d", "e"),
    }


CONTEXTS = {
    "known.text": Exactly("push"),
    "known.yes": Exactly(True),
    "known.nothing": Exactly(None),
    "partly.ref": Begins("refs/pull/"),
    "other.fork": Named("fork"),
    "other.home": Named("home"),
}
COMPLETIONS = {
    "partly.ref": ["refs/pull/1/merge", "REFS/PULL/2/merge"],
    "nobody.knows": ["", "push", "refs/pull/1/merge", True, False, 0.0, None],
    "other.fork": ["you/app", "push"],
    "other.home": ["me/app"],
}
leaves = st.sampled_from(
    [*CONTEXTS, *["nobody.knows"] * 3, "'push'", "''", "'refs/'", "'refs/pull/1/merge'", "true", "1"]
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("!({})".format, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||", "==", "!=", "<"]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["startsWith", "contains", "endsWith"]), inner, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(
    expressions,
    st.fixed_dictionaries({name: st.sampled_from(values) for name, values in COMPLETIONS.items()}),
)
def test_what_is_decided_holds_whatever_the_rest_turns_out_to_be(text, rest):
    everything = {**CONTEXTS, **{name: Exactly(value) for name, value in rest.items()}}
    decided = truth(value_of(read(text), CONTEXTS))
    turned_out = value_of(read(text), everything)
    assert decided is None or turned_out == Perhaps() or truth(turned_out) in {decided, None}
