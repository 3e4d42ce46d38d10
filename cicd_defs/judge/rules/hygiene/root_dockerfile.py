"""An image runs its program as root.

**Why it matters** Whoever breaks into the program is root in the container, can change all of its files, and is one
mistake of the kernel away from the host. Kubernetes' restricted policy refuses to start such an image.
**How to fix** Name a user before the program starts, by number, so that Kubernetes can tell that it is not root. What
the program writes to has to belong to that user. Images that step down by themselves (`gosu`, `su-exec`, s6, official
databases, `setuid` in their own code) are let be, and so are those for developers and of repositories whose manifests
name another user by number (`runAsUser`). `runAsNonRoot` alone does not help: the kubelet then refuses to start the
image.
**Example** `USER 10001` before `CMD ["gunicorn", "app:app"]`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.judge.images.dockerfiles import Instruction, WrittenDockerfile, dockerfiles_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.HYGIENE, Severity.MEDIUM, subject="repository")

ROOT = {"root", "0"}
NOBODY = "10001"
_NOT_ROOT = re.compile(
    r"nonroot|non-root|unprivileged|rootless|chainguard|cgr\.dev/|/distroless/.*:nonroot|bitnami/"
    r"|grafana/k6|selenium/|curlimages/|circleci/|cimg/"
)
_NEEDS_ROOT_FIRST = re.compile(
    r"\b(?:gosu|su-exec|setpriv|chpst|s6-overlay|s6-setuidgid|setuidgid|supervisord|supervisor|sshd|systemd|userspec"
    r"|iptables|nftables|ipset)\b"
)
_GIVES_UP = re.compile(r"\b(?:gosu|su-exec|setpriv|runuser|chpst|setuidgid)\b|\bsu (?:- |-c )|\bexec su\b")
_MAKES_A_USER = re.compile(r"\b(?:adduser|useradd)\b")
_BECOMES = re.compile(r"(?:[.:]|\bposix_)(?:[sS]ete?uid|change_privilege|drop_privilege)\s*\(")
_PROGRAMS = (".py", ".rb", ".js", ".mjs", ".cjs", ".ts", ".go", ".php", ".pl")
_OWN_ENTRYPOINT = re.compile(
    r"(?:.*/)?(?:postgres|postgis|timescaledb|mysql|mariadb|percona|redis|valkey|memcached|mongo|rabbitmq|elasticsearch"
    r"|opensearch|cassandra|neo4j|influxdb|couchdb|kafka|zookeeper|nats|etcd|consul|vault|grafana|prometheus|keycloak"
    r"|jenkins|node-exporter|alertmanager|loki|minio|solr|sonarqube|ghost|home-?assistant|pgbouncer|varnish"
    r"|haproxy|logstash|kibana|fluentd|fluent-bit|airflow|superset|jupyter\S*|\S*-notebook|swagger-ui|dex)(?:[:@].*)?"
)
_STARTS_AS_ROOT = re.compile(
    r"(?:.*/)?(?:nginx|httpd|apache|php:\S*apache|caddy|traefik|haproxy|uvicorn-gunicorn|meinheld)\S*"
)
_NO_SERVICE = re.compile(
    r"cypress/.*|(?:.*/)?(?:docker|dind|kind|kindest\S*|buildkit|earthly|act|\S*iptables\S*)(?:[:@].*)?"
)
_ONLY_HELP = re.compile(r"""\[?\s*["']?(?:-h|--help|help|--version|version)["']?\s*\]?""")
_VARIABLE = re.compile(r"\$\{?(\w+)(?::-\w*)?\}?(?::\S*)?")
_MANIFEST = re.compile(r"runAsUser:\s*[1-9]\d*")


def find(repository: Repository) -> Iterator[Found]:
    """Images whose last user is root, or that never name one."""
    for dockerfile in dockerfiles_of(repository):
        if not _is_let_be(dockerfile, repository):
            yield from _judged(dockerfile, repository)


def _judged(dockerfile: WrittenDockerfile, repository: Repository) -> Iterator[Found]:
    final = dockerfile.final
    users = [one for one in dockerfile.inherited(final) if one.word == "USER" and one.rest]
    last = users[-1] if users else None
    if last is not None and _user_of(last, dockerfile) not in ROOT:
        return
    if last is not None and last in final.instructions:
        earlier = [one for one in users if _user_of(one, dockerfile) not in ROOT]
        message = f"`USER {last.rest}` is the last word: the image runs its program as root"
        yield Found(dockerfile.source, last.start, last.end, message, _fix(dockerfile, earlier))
        return
    if last is None and (_NOT_ROOT.search(dockerfile.base_of(final)) or _manifests_say_it(repository)):
        return
    origin = final.origin
    message = f"the image from `{origin.rest}` never leaves root: no `USER` is named"
    yield Found(dockerfile.source, origin.start, origin.end, message, _fix(dockerfile, []))


def _user_of(instruction: Instruction, dockerfile: WrittenDockerfile) -> str:
    """The user that an instruction names, through a variable of the file whose value is written out."""
    user = instruction.rest.partition(":")[0].strip("\"'")
    found = _VARIABLE.fullmatch(instruction.rest.strip("\"'"))
    if found is None:
        return user
    values = [
        (value[1] if value[1] is not None else value[2]).strip("\"'")
        for one in dockerfile.inherited(dockerfile.final)
        if one.word in {"ENV", "ARG"} and one.start < instruction.start
        for value in re.finditer(rf"(?:^|\s){found[1]}(?:=(\S*)|\s+(\S+))", one.rest)
    ]
    return values[-1] if values else user


def _is_let_be(dockerfile: WrittenDockerfile, repository: Repository) -> bool:
    """Whether it is for developers, steps down by itself, or nobody can tell what it stands on."""
    final = dockerfile.final
    base = dockerfile.base_of(final)
    if not base or base == "scratch" or dockerfile.for_developers:
        return True
    if _OWN_ENTRYPOINT.fullmatch(base) or _NO_SERVICE.fullmatch(base):
        return True
    instructions = dockerfile.inherited(final)
    starting = {"CMD", "ENTRYPOINT"}
    if "/" in base.removeprefix("docker.io/library/"):
        starting |= {"EXPOSE"}  # what others have made may bring a command of its own
    if not any(one.word in starting for one in instructions) and not _STARTS_AS_ROOT.fullmatch(base):
        return True  # it is there for others to build on, or holds files alone
    texts = [one.rest + one.body for one in instructions if one.word != "LABEL"]
    if any(map(_NEEDS_ROOT_FIRST.search, texts)):
        return True
    starts = [one for one in instructions if one.word in {"CMD", "ENTRYPOINT"}]
    if any(_ONLY_HELP.fullmatch(one.rest.strip()) for one in starts if one.word == "CMD"):
        return True  # a command-line tool, which somebody runs for the files of theirs
    if any(_GIVES_UP.search(one.rest) for one in starts) or _entrypoint_gives_root_up(starts, repository):
        return True
    return any(map(_MAKES_A_USER.search, texts)) and _program_gives_root_up(repository)


def _entrypoint_gives_root_up(starts: list[Instruction], repository: Repository) -> bool:
    """Whether a script of the repository that starts the image gives root up."""
    words = {word for one in starts for word in re.findall(r"[^\s\[\]\",/]+", one.operands)}
    named = {word for word in words if re.search(r"entry|start|init|run|\.sh$", word)}
    paths = [path for path in repository.tree.paths if path.rpartition("/")[2] in named] if named else []
    return any(_GIVES_UP.search(one.text) for one in filter(None, map(repository.source, paths[:10])))


def _program_gives_root_up(repository: Repository) -> bool:
    """Whether the repository's own code becomes another user while it runs."""
    paths = (path for path in repository.tree.paths if path.endswith(_PROGRAMS))
    sources = (repository.source(path) for path in paths if role_of(path) is Role.PROJECT)
    return any(source is not None and _BECOMES.search(source.text) for source in sources)


def _manifests_say_it(repository: Repository) -> bool:
    """Whether what deploys the images has them run as somebody else."""
    for path in repository.tree.paths:
        if (
            not path.endswith((".yml", ".yaml"))
            or path.startswith(".github/")
            or role_of(path) > Role.AUXILIARY
        ):
            continue
        source = repository.source(path)
        if source and "runAsUser" in source.text and _MANIFEST.search(source.text):
            return True
    return False


def _fix(dockerfile: WrittenDockerfile, earlier: list[Instruction]) -> Fix | None:
    """A user before the program starts. Servers that open their files as root are left to people."""
    final, source = dockerfile.final, dockerfile.source
    starts = [one for one in final.instructions if one.word in {"CMD", "ENTRYPOINT"}]
    if not starts or (_STARTS_AS_ROOT.fullmatch(dockerfile.base_of(final)) and not earlier):
        return None
    user = earlier[-1].rest if earlier else NOBODY
    below = [one for one in final.instructions if one.start > starts[0].start]
    if any(one.word in {"RUN", "USER"} for one in below):
        return None
    at = source.line_start(starts[0].start)
    while at and source.text[source.line_start(at - 1) : at].startswith(
        "#"
    ):  # what is said of the start stays there
        at = source.line_start(at - 1)
    edit = Edit(source.path, at, at, f"USER {user}{source.newline}")
    return Fix(f"Run the program as user {user}", (edit,))
