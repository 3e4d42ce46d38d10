"""What names, paths and references may look like."""

import re
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from cicd_defs.spec import names, text
from cicd_defs.spec.text import Form


def form_of(annotated: Any) -> Form:
    return next(item for item in get_args(annotated)[1:] if isinstance(item, Form))


FORMS = {
    name: form_of(value)
    for module in (names, text)
    for name, value in vars(module).items()
    if get_args(value)[:1] == (str,) and any(isinstance(item, Form) for item in get_args(value))
}

TAKEN = {
    "Repository": ["acme/shop", "a/b.c_d-e", "acme/.github", "acme/_x", "acme/-x", "https://git.example.com:8443/a/b.git",
                   "file:///srv/git/a.git", "file:///a%20b", ".", "..", "./x", "../x y", "/srv/x", "./a@b:c"],
    "BranchName": ["main", "release/1.x", "feature-#12", "v1.2", "a@b"],
    "RepositoryPath": [".", "k8s", "k8s/", "a/b c/d.yaml", ".github/workflows", "…", "a$b;c'd\"e",
                       "...", "a/.gitignore"],
    "ComponentPath": [".", "services/api", ".hidden", "a b"],
    "PathPattern": ["**", "*.md", ".github/**", "k8s/", "a/[bc]/?.py"],
    "OwnedPath": ["*", "*.md", ".github/**", "k8s/", "a b/c d.md", "a/?.py", "a@b$c"],
    "CodeOwner": ["@lead", "@acme/platform", "@acme/a.b_c", "lead@example.com", "a.b+c@example.com"],
    "ComponentName": ["a", "api-2"],
    "EnvironmentName": ["production", "eu-1"],
    "EnvName": ["A", "_a", "PATH", "GITHUBX"],
    "BuildArgument": ["VERSION", "GITHUB_SHA"],
    "SecretName": ["A", "KUBECONFIG_STAGING", "_X1"],
    "RunnerLabel": ["ubuntu-24.04", "self-hosted", "macos-15-xlarge"],
    "Version": ["3.12", "22", "stable", "3.14-dev", "lts/*", "1.x"],
    "ImageReference": ["postgres:16-alpine", "ghcr.io/a/b:1", "localhost:5000/a:b", "a@sha256:" + "0" * 64],
    "ImageName": ["shop", "acme/shop", "a_b/c.d"],
    "RegistryHost": ["ghcr.io", "registry.example.com:5000"],
    "Platform": ["linux/amd64", "linux/arm/v7"],
    "Stage": ["production", "A.b"],
    "KubernetesName": ["shop-staging", "1"],
    "Workload": ["deployment/shop", "statefulset/db-0"],
    "Profile": ["with-monitoring", "A1"],
    "ChartValue": ["image", "api.image", "a.b_c.d-e"],
    "WebAddress": ["https://example.com", "http://localhost:3000/x?y#z"],
    "HealthCheck": ["/", "/health?full=1", "https://example.com/health"],
    "BackendName": ["scripted"],
    "RuleName": ["unpinned-action"],
    "Label": ["coverage", "do not merge", "x"],
    "Cron": ["0 2 * * *", "*/15 0-6/2 1,15 JAN-mar MON-FRI", "0 0 29 2 *", "0 0 31 2 MON"],
    "Text": ["a", " a ", "ä – 日本 😀"],
    "EnvValue": ["", " ", "a=b", "'\"\\`$(x) #:{}[]&*!|>%@", "$ {{", "{{ x }}"],
    "Expression": ["ci", "${{ github.ref }}", "a-${{github.head_ref||github.run_id}}-${{ vars.A }}",
                   "${{ (github.event_name == 'push' && 'it''s }}') || !vars.X }}",
                   "${{ github.event.pull_request.number }}"],
    "Script": ["make", "a\n\tb\n", "echo \"$HOME\" '${X}' {{ x }} $ {{"],
}  # fmt: skip

REFUSED = {
    "Repository": ["", "shop", "a/b/c", "-x/y", "http://e.com/a", "git://e.com/a", "ext::sh -c x", "a/b ", "~/x",
                   "C:\\x", "--upload-pack=x", "https://u:p@e.com/a", "ssh://-oProxyCommand=x/a", "a@b:-x",
                   "ssh://-x@e.com/a", "a@-b:x", "-a@b:x", "a/..", "a/.",
                   "ssh://git@example.com/a/b", "git@example.com:a/b.git", "https://bob@e.com/a", "acme/shop.",
                   "acme/shop.git", "https://e.com/a/../b", "https://e.com", "https://e.com/a?b", "file:///%00",
                   "file:///%zz", "file://e.com/a"],
    "BranchName": ["", "-x", "a b", "a..b", "a/", "a.", "a.lock", "a//b", "a/.b", "@{x", "a~1", "a^", "a:b",
                   "a*", "!a"],
    "RepositoryPath": ["", "/", "/etc", "..", "a/..", "../a", "a/../b", "a\\b", "C:/x", "~", ".git", "a/.git/b",
                       ".GIT/x",
                       "./a", "a//b", "a/./b", " a", "a ", "-rf", "//"],
    "ComponentPath": ["", "a/", "./", "/a", "..", ".git"],
    "PathPattern": ["", "!a", "/a", "../**", "**/../x", "a b", ".git/**", "./a", "-x"],
    "OwnedPath": ["", " ", "!a", "a/[bc].py", "#a", "a#b", "a\\ b", "/k8s", "../a", "a ", "-a", ".git/x", "a//b"],
    "CodeOwner": ["", "lead", "@", "@acme/", "@acme/a/b", "@a b", "@-a", "lead@", "a b@example.com", "@a,@b"],
    "ComponentName": ["", "A", "1a", "a_b", "a" * 40, "a.b"],
    "EnvironmentName": ["", "Prod", "a b"],
    "EnvName": ["", "1A", "A-B", "A B", "GITHUB_X", "github_x", "Runner_X", "A=B", "Ä"],
    "BuildArgument": ["", "1A", "A-B"],
    "SecretName": ["", "a", "ghp_0123", "A-B", "GITHUB_X"],
    "RunnerLabel": ["", "a b", "-a", "[self-hosted]", "ä"],
    "Version": ["", "3 .12", "-1", ">=3", "a;b"],
    "ImageReference": ["", "postgres", "Postgres:16", "a:b:c", "a:", "a b:1", "-a:1", "a@sha256:00"],
    "ImageName": ["", "A", "a:b", "/a", "a/"],
    "RegistryHost": ["", "localhost", "https://ghcr.io", "ghcr.io/a", "-a.b", "a.b:123456"],
    "Platform": ["", "linux", "linux/", "Linux/amd64"],
    "Stage": ["", "1", "a b"],
    "KubernetesName": ["", "A", "a_b", "-a", "a-", "a" * 64],
    "Workload": ["", "shop", "pod/a", "deployment/"],
    "Profile": ["", "-a", "a b"],
    "ChartValue": ["", ".a", "a.", "a..b", "a=b", "a,b", "a[0]", "1a", "a b"],
    "WebAddress": ["", "example.com", "ftp://a", "https://", "https://u@h/"],
    "HealthCheck": ["", "health", "https://", "/a b", "https://u:p@h/"],
    "BackendName": ["", "A"],
    "RuleName": ["", "a b"],
    "Label": ["", " a", "a,b", "a" * 51],
    "Text": ["", " ", "a\nb"],
    "EnvValue": ["a\nb", "a\0", "a\x85b", "a\u2028b", "a\u202eb", "\ufeff", "${{ x }}", "a${{", "\t"],
    "Script": ["", " \n", "echo ${{ github.event.issue.title }}", "a\rb", "a\0b", "a\u2029b"],
    "Cron": ["", "daily", "@daily", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
             "* * * * 7", "*/0 * * * *", "5-1 * * * *", "1/2 * * * *", "a * * * *", "1, * * * *", "* * 30 2 *",
             "* * 31 4,6,9,11 *", "0  2 * * *", " 0 2 * * *", "-1 * * * *", "1-2-3 * * * *", "*/60 * * * *",
             "٣ * * * *",
             "0 2 * * MO", "0 2 * * *\n"],
    "Expression": ["", "a\nb", "${{", "${{ }", "${{ }}", "${{ secrets.X }}", "${{ github.token }}", "${{ env.X }}",
                   "${{ github }}", "${{ github.event }}", "${{ github.ref.x }}", "${{ github.ref github.sha }}",
                   "${{ toJSON(github.event.x) }}", "${{ (github.ref }}", "${{ github.ref) }}", "${{ && vars.A }}",
                   "${{ vars.A == }}", "${{ 'a }}", "${{ vars.A }} ${{ inputs.x }}", "${{ github['token'] }}",
                   "${{ vars.A; }}", "${{ !}}", "${{ github.event.* }}", "${{ GITHUB.TOKEN }}"],
}  # fmt: skip

AS_REGEX = sorted(name for name, form in FORMS.items() if not form.check)


def taken(form: Form, value: str) -> bool:
    try:
        return form.read(value) == value
    except PydanticCustomError:
        return False


def test_every_form_has_its_cases():
    assert set(FORMS) == set(TAKEN) == set(REFUSED)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in TAKEN.items() for value in values]
)
def test_taken(name, value):
    assert FORMS[name].read(value) == value


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values]
)
def test_refused_with_words(name, value):
    with pytest.raises(PydanticCustomError) as caught:
        FORMS[name].read(value)
    assert caught.value.context is not None
    assert caught.value.context["message"]


@pytest.mark.parametrize(
    ("address", "message", "hint"),
    [
        ("git@github.com:acme/shop.git", "is an ssh address", "https"),
        ("ssh://git@github.com/acme/shop", "is an ssh address", "local clone"),
        ("https://bob@github.com/acme/shop", "holds a user name", "local clone"),
        ("https://bob:x@github.com/acme/shop", "holds a password", "credentials never stand"),
        ("http://github.com/acme/shop", "is not an https address", "https"),
        ("acme/shop.git", "ends with `.git`", "without it"),
    ],
)
def test_an_address_that_nobody_fetches_is_refused_with_the_way_out(address, message, hint):
    with pytest.raises(PydanticCustomError) as caught:
        FORMS["Repository"].read(address)
    assert caught.value.context["message"] == message
    assert hint in caught.value.context["hint"]


@pytest.mark.parametrize("name", AS_REGEX)
def test_the_schemas_pattern_says_the_same(name):
    form = FORMS[name]
    pattern = re.compile(form.pattern)
    for value in {value for values in (*TAKEN.values(), *REFUSED.values()) for value in values}:
        assert bool(pattern.search(value)) == taken(form, value), value


@given(name=st.sampled_from(AS_REGEX), value=st.text(alphabet="aA1-_./\\:@*!$ {}\n\t~'^\u2028é", max_size=12))
@example(name="BranchName", value="a\n")
def test_the_schemas_pattern_says_the_same_of_any_text(name, value):
    form = FORMS[name]
    assert bool(re.search(form.pattern, value)) == taken(form, value)


LITERALS = sorted(name for name, form in FORMS.items() if form.kind == "literal")


@given(name=st.sampled_from(LITERALS), before=st.text(max_size=3), after=st.text(max_size=3))
def test_no_literal_takes_an_expression(name, before, after):
    assert not taken(FORMS[name], before + "${{" + after)


@given(name=st.sampled_from(LITERALS), before=st.text(max_size=3), mark=st.characters(categories=["Cc"]))
def test_no_literal_takes_a_control_character(name, before, mark):
    assert not taken(FORMS[name], before + mark)


@given(value=st.text(alphabet="${}() '&|!=.abgithuvrsef", max_size=40))
@example(value="${{ github.ref }}${{")
def test_any_expression_is_taken_or_refused_in_words(value):
    if taken(FORMS["Expression"], value):
        bare = re.sub(r"'[^']*'", "", value)  # within a text of an expression anything may stand
        assert bare.count("${{") <= bare.count("}}")
