"""`cicd pr`: play the other side of the local forge."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import click

from cicd_defs.cli.delivery.opening import MISUSE, opened_store, print_table, settings_here
from cicd_defs.cli.reading import PLACE, UsageProblem
from cicd_defs.cli.writing import terminal
from cicd_defs.facts.github.pull_requests import Role

if TYPE_CHECKING:
    from cicd_defs.adapters.forge.hosted import Hosted
    from cicd_defs.adapters.forge.local import LocalForge
    from cicd_defs.adapters.forge.people import Person
    from cicd_defs.facts.github.pull_requests import PullRequest
    from cicd_defs.settings import Settings

project_argument = click.argument("project", help="The project's name: the stem of its file.")
number_argument = click.argument(
    "number", type=click.IntRange(1, 2**31 - 1), help="The pull request's number."
)
as_option = click.option("--as", "login", required=True, metavar="NAME", help="Who does it.")


def _numbered(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments of a command that somebody does to a pull request."""
    return project_argument(number_argument(as_option(command)))


@click.group()
def pr() -> None:
    """Play the other side of the local forge: open, list, show, comment, approve."""


@pr.command()
@project_argument
@click.option("--from", "source", type=PLACE, help="The repository to copy. Default: the declared path.")
def init(project: str, source: Path | None) -> None:
    """Make the bare repository of PROJECT on the local forge, with its main branch."""
    from cicd_defs.adapters.git.writing import make_bare
    from cicd_defs.flows.work.harvest import AGENT

    with _opened() as forge:
        hosted = _hosted(forge, project)
        if hosted.exists:
            forge.notice(hosted.name, _now())
            print(f"{hosted.name} is at {hosted.git_dir} already.")
            return
        place = source or hosted.source
        if place is None:
            raise UsageProblem(
                f"{project}: its repository {hosted.name} is not on this machine. "
                "Clone it, and name the clone with --from PATH.",
                MISUSE,
            )
        make_bare(place, hosted.git_dir, hosted.branch)
        forge.rows.set_role(hosted.name, AGENT, "member")  # who opens pull requests of tasks
        forge.notice(hosted.name, _now())
    print(f"{hosted.name}: push to {hosted.git_dir}, then open a pull request with `cicd pr open`.")


@pr.command()
@project_argument
@click.argument("login", help="The person's name.")
@click.option("--role", type=click.Choice(get_args(Role)), required=True)
def person(project: str, login: str, role: Role) -> None:
    """Say what a person may do in the repository of PROJECT. Whoever is not named is a stranger."""
    from cicd_defs.adapters.forge.hosted import check_login

    with _opened() as forge:
        name = _hosted(forge, project).name
        forge.rows.set_role(name, check_login(login), role)
    print(f"{login} is {'an' if role == 'owner' else 'a'} {role} of {name}.")


@pr.command("open")
@project_argument
@click.argument("branch", help="A branch that was pushed to the bare repository.")
@as_option
@click.option("--title", help="Default: the subject of the branch's last commit.")
@click.option("--body", default="", help="What it is for.")
@click.option("--draft", is_flag=True, help="Open it as a draft.")
@click.option("--fork", is_flag=True, help="Say that the branch lies in a fork. A stranger's always does.")
def open_one(project: str, branch: str, login: str, title: str | None, body: str, **flags: bool) -> None:
    """Open a pull request of BRANCH into the main branch."""
    with _acting(project, login) as acting:
        subject = title or _subject(acting, branch)
        found = acting.person.open(branch, subject, body, _now(), **flags)
    print(f"{terminal(_name(found))}: {terminal(found.title)}")


@pr.command("list")
@click.argument("project", required=False, help="The project's name. Default: all that the local forge has.")
def list_all(project: str | None) -> None:
    """List pull requests, the open ones first."""
    rows = [("NUMBER", "STATE", "AUTHOR", "BRANCH", "TITLE")]
    with _opened() as forge:
        names = [_hosted(forge, project).name] if project else _all_names(forge)
        found = [one for name in names for one in forge.pull_requests(name)]
    for one in sorted(found, key=lambda one: (one.state != "open", one.repository, -one.number)):
        title = " ".join(one.title.split())[:80]
        rows.append((_name(one), _state(one), f"{one.author} ({one.author_role})", one.head_ref, title))
    print_table(rows)


@pr.command()
@project_argument
@number_argument
def show(project: str, number: int) -> None:
    """Show a pull request: state, reviews, checks, comments, and our last report."""
    with _opened() as forge:
        found = forge.pull_request(_hosted(forge, project).name, number)
        if found is None:
            raise _no_such(project, number)
        print(terminal("\n".join(_shown(forge, found))))


@pr.command()
@project_argument
@number_argument
@click.argument("text", help="What to say.")
@as_option
def comment(project: str, number: int, text: str, login: str) -> None:
    """Comment on a pull request."""
    with _acting(project, login) as acting:
        made = acting.person.comment(number, text, _now())
    print(f"Comment {made} of {login}.")


@pr.command()
@_numbered
def approve(project: str, number: int, login: str) -> None:
    """Approve a pull request at the head that it has now."""
    with _acting(project, login) as acting:
        given = acting.person.review(number, "approved", _now())
    print(f"{login} ({given.author_role}) approved {given.commit[:12]}.")


@pr.command("request-changes")
@_numbered
def request_changes(project: str, number: int, login: str) -> None:
    """Object to a pull request as it is now."""
    with _acting(project, login) as acting:
        given = acting.person.review(number, "changes_requested", _now())
    print(f"{login} ({given.author_role}) asked for changes to {given.commit[:12]}.")


@pr.command()
@project_argument
@number_argument
@click.argument("name", help="The label.")
@as_option
@click.option("--remove", is_flag=True, help="Take it away.")
def label(project: str, number: int, name: str, login: str, remove: bool) -> None:
    """Add a label to a pull request, or take it away."""
    with _acting(project, login) as acting:
        changed = acting.person.label(number, name, _now(), present=not remove)
    print(f"{'' if changed else 'Already: '}{terminal(name)} is {'off' if remove else 'on'}.")


@pr.command()
@_numbered
def ready(project: str, number: int, login: str) -> None:
    """Say that a draft is ready for review."""
    with _acting(project, login) as acting:
        changed = acting.person.ready(number, _now())
    print("It is ready for review." if changed else "It is no draft.")


@pr.command()
@_numbered
def close(project: str, number: int, login: str) -> None:
    """Close a pull request without merging it."""
    with _acting(project, login) as acting:
        acting.person.close(number, _now())
    print("It is closed.")


class _Acting(NamedTuple):
    """A person at the repository of a project."""

    forge: "LocalForge"
    hosted: "Hosted"
    person: "Person"


@contextmanager
def _opened() -> "Iterator[LocalForge]":
    """The local forge over our store. What it or git refuses becomes a usage problem."""
    from cicd_defs.adapters.git import GitError
    from cicd_defs.facts.github.refusals import ForgeError

    settings = settings_here()
    with opened_store(settings) as store:
        try:
            yield _forge(settings, store)
        except (ForgeError, GitError) as error:
            raise UsageProblem(str(error)) from None


def _forge(settings: "Settings", store: Any) -> "LocalForge":
    """The forge over a store."""
    from cicd_defs.assembly import open_forge

    return open_forge(settings, store)


@contextmanager
def _acting(project: str, login: str) -> Iterator[_Acting]:
    """A person at the repository of a project, which must be on the local forge."""
    from cicd_defs.adapters.forge.people import Person

    with _opened() as forge:
        hosted = _hosted(forge, project)
        yield _Acting(forge, hosted, Person(forge, hosted.name, login))


def _hosted(forge: "LocalForge", project: str) -> "Hosted":
    """The repository that a project declares, whether it is on the forge or not."""
    from cicd_defs.adapters.forge.hosted import hosted_of
    from cicd_defs.adapters.project_folder import ProjectFolder

    folder = settings_here().cicd_projects
    declared = ProjectFolder(folder).declared(project)
    if declared is None:
        raise UsageProblem(
            f"{folder}: no project file declares {project!r}, or its file is refused. "
            "`cicd check` says what is wrong with project files.",
            MISUSE,
        )
    return hosted_of(declared, forge.root)


def _all_names(forge: "LocalForge") -> list[str]:
    from cicd_defs.adapters.forge.hosted import hosted_from
    from cicd_defs.adapters.project_files import declared_in, read_project_files

    declared = declared_in(read_project_files(settings_here().cicd_projects))
    return [one.name for one in hosted_from(declared, forge.root).values() if one.exists]


def _now() -> datetime:
    return datetime.now(UTC)


def _subject(acting: _Acting, branch: str) -> str:
    """The first line of a branch's last commit; the branch's name where it is not there."""
    from cicd_defs.adapters.git import run_git
    from cicd_defs.adapters.git.writing import tip_of

    place = acting.hosted.git_dir
    tip = tip_of(place, branch)
    shown = run_git("show", "--no-patch", "--format=%s", tip, git_dir=place) if tip else b""
    return shown.decode("utf-8", "replace").strip() or branch


def _no_such(project: str, number: int) -> UsageProblem:
    return UsageProblem(
        f"{project} has no pull request {number}. `cicd pr list {project}` lists them.", MISUSE
    )


def _name(found: "PullRequest") -> str:
    return f"{found.repository}#{found.number}"


def _state(found: "PullRequest") -> str:
    return "draft" if found.draft and found.state == "open" else found.state


def _shown(forge: "LocalForge", found: "PullRequest") -> Iterator[str]:
    """A pull request, line by line."""
    from cicd_defs.adapters.store.forge.rows import OUR_LOGIN

    fork = ", from a fork" if found.from_fork else ""
    yield f"{_name(found)}  {found.title}"
    yield f"{_state(found)}, by {found.author} ({found.author_role}{fork})"
    yield f"{found.head_ref} at {found.head_sha[:12]} into {found.base_ref} at {found.base_sha[:12]}"
    if found.merged_sha:
        yield f"merged as {found.merged_sha[:12]}"
    if found.labels:
        yield f"labels: {', '.join(found.labels)}"
    if found.body.strip():
        yield from ("", found.body.rstrip())
    yield from _section("Reviews", _review_lines(forge, found))
    checks = forge.checks(found.repository, found.head_sha)
    yield from _section("Checks", [f"{one.state:8} {one.name}  {one.summary}".rstrip() for one in checks])
    comments = forge.comments(found.repository, found.number)
    said = [one for one in comments if one.author != OUR_LOGIN]
    yield from _section("Comments", [f"{one.author}, {one.at:%Y-%m-%d %H:%M}: {one.body}" for one in said])
    ours = [one.body for one in comments if one.author == OUR_LOGIN]
    yield from _section("Last report", ours[-1:])


def _review_lines(forge: "LocalForge", found: "PullRequest") -> list[str]:
    lines = []
    for one in forge.reviews(found.repository, found.number):
        older = "" if one.commit == found.head_sha else " (an older head)"
        lines.append(f"{one.state}  {one.author} ({one.author_role}) at {one.commit[:12]}{older}")
    return lines


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"{title}:", *(f"  {line}" for line in lines))
