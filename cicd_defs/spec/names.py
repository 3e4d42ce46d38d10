"""What names, paths and references in a project file must look like."""

from typing import Annotated

from cicd_defs.spec.addresses import HTTPS_ADDRESS, OWNER_NAME
from cicd_defs.spec.cron import check_cron
from cicd_defs.spec.text import CONTROL, EXPRESSION_START, Form, literal, refuse, whole

PROJECT_NAME = r"[a-z][a-z0-9_-]{0,38}"

_FILE_ADDRESS = r"file:///(?:[^?#%]|%(?!00)[0-9A-Fa-f]{2})+"
_LOCAL_PATH = r"\.{1,2}|\.{0,2}/.*"
_ONLY_HTTPS = (
    "Write the https address, or the path of a local clone: repositories are fetched over https only."
)

Repository = Annotated[
    str,
    literal(
        refuse(r"^\s|\s$", "begins or ends with a space"),
        refuse(
            r"://[^/@]*:[^/@]*@",
            "holds a password",
            "Leave it out: credentials never stand in a project file.",
        ),
        refuse(r"^(?:git\+)?ssh:|^[^/:@]+@[^/:@]+:", "is an ssh address", _ONLY_HTTPS),
        refuse(
            r"^https://[^/]*@",
            "holds a user name",
            "Leave it out: credentials never stand in a project file. "
            "Of a private repository, give the path of a local clone.",
        ),
        refuse(r"^(?:http|git|ftp)://", "is not an https address", _ONLY_HTTPS),
        refuse(r"^[^/:.]+/[^/:]+\.git$", "ends with `.git`", "Write GitHub's `owner/name` without it."),
        whole(
            f"{OWNER_NAME}|{HTTPS_ADDRESS}|{_FILE_ADDRESS}|{_LOCAL_PATH}",
            "is not a repository",
            "Write GitHub's `owner/name`, an https address, or a path that begins with `.` or `/`.",
        ),
        says="GitHub owner/name, an https address, or a path",
    ),
]

BranchName = Annotated[
    str,
    literal(
        whole(
            r"(?![\s\S]*(?:\.\.|//|/\.|@\{|\.lock(?:/|$)|[/.]$))[A-Za-z0-9_][A-Za-z0-9._/@#=-]{0,200}",
            "is not the name of a branch",
            "Write letters, digits and `. _ / - @ # =`; it begins with a letter, a digit or `_`.",
        ),
        says="a branch",
    ),
]

_INSIDE = (
    refuse(r"\\", "holds a backslash", "Write the path with `/`."),
    refuse(r"^(?:/|~|[A-Za-z]:)", "leaves the repository", "Write the path from the top of the repository."),
    refuse(
        r"(?:^|/)\.\.(?:/|$)",
        "leaves the repository with `..`",
        "Write the path from the top of the repository.",
    ),
    refuse(r"(?:^|/)\.[gG][iI][tT](?:/|$)", "reaches into `.git`", "Name a folder or file of the project."),
    refuse(
        r"^-", "begins with `-`, which programs read as an option", "Name a folder or file of the project."
    ),
)

RepositoryPath = Annotated[
    str,
    literal(
        *_INSIDE,
        whole(
            r"\.|(?!\.(?:/|$))(?:[^/\s](?:[^/]*[^/\s])?)(?:/(?!\.{1,2}(?:/|$))[^/\s](?:[^/]*[^/\s])?)*/?",
            "is not a plain path",
            "Write it without `./`, `//` and spaces at the ends, such as `services/api`; the top is `.`.",
        ),
        says="a path in the repository",
    ),
]
ComponentPath = Annotated[
    str,
    literal(
        *_INSIDE,
        whole(
            r"\.|(?!\.(?:/|$))(?:[^/\s](?:[^/]*[^/\s])?)(?:/(?!\.{1,2}(?:/|$))[^/\s](?:[^/]*[^/\s])?)*",
            "is not the plain path of a folder",
            "Write it without `./`, `//`, a last `/` or outer spaces, such as `web/api`; the top is `.`.",
        ),
        says="a folder of the repository",
    ),
]
PathPattern = Annotated[
    str,
    literal(
        *_INSIDE,
        whole(
            r"(?!\./)[^/\s!](?:[^/\s])*(?:/[^/\s]+)*/?",
            "is not a pattern of paths",
            "Write it from the top of the repository, without spaces and `!`, such as `docs/**` or `*.md`.",
        ),
        says="a pattern of paths in the repository",
    ),
]
OwnedPath = Annotated[
    str,
    literal(
        *_INSIDE,
        refuse(
            r"^!", "begins with `!`, which CODEOWNERS does not know", "List the other files by themselves."
        ),
        refuse(r"[\[\]]", "has a set `[ ]`, which CODEOWNERS does not know", "Write a pattern for each."),
        refuse(r"[^\S ]", "has an unusual space", "Write plain spaces."),
        refuse(r"#", "has a `#`, which begins a comment in CODEOWNERS", "Write `?` in its place."),
        whole(
            r"(?!\./)[^/\s](?:[^/]*[^/\s])?(?:/[^/\s](?:[^/]*[^/\s])?)*/?",
            "is not a pattern of paths",
            "Write it from the top of the repository, without spaces at the ends, as `docs/**` or `*.md`.",
        ),
        says="a pattern of paths, as CODEOWNERS has it",
    ),
]

_SHORT_NAME = r"[a-z][a-z0-9-]{0,38}"
_SHORT_NAME_HINT = "Use lower-case letters, digits and `-`, at most 39, and begin with a letter."
ComponentName = Annotated[
    str, literal(whole(_SHORT_NAME, "is not a component's name", _SHORT_NAME_HINT), says="a component's name")
]
EnvironmentName = Annotated[
    str,
    literal(
        whole(_SHORT_NAME, "is not an environment's name", _SHORT_NAME_HINT), says="an environment's name"
    ),
]

EnvName = Annotated[
    str,
    literal(
        refuse(
            r"^(?:[gG][iI][tT][hH][uU][bB]|[rR][uU][nN][nN][eE][rR])_",
            "begins with GITHUB_ or RUNNER_, which belong to GitHub",
            "Choose another name.",
        ),
        whole(
            r"[A-Za-z_][A-Za-z0-9_]{0,99}",
            "is not the name of a variable",
            "Use letters, digits and `_`, and do not begin with a digit.",
        ),
        says="a variable's name",
    ),
]
BuildArgument = Annotated[
    str,
    literal(
        whole(
            r"[A-Za-z_][A-Za-z0-9_]{0,99}",
            "is not the name of a build argument",
            "Use letters, digits and `_`, and do not begin with a digit.",
        ),
        says="a build argument's name",
    ),
]
SecretName = Annotated[
    str,
    literal(
        refuse(r"^GITHUB_", "begins with GITHUB_, which GitHub keeps for itself", "Choose another name."),
        whole(
            r"[A-Z_][A-Z0-9_]{0,99}",
            "is not the name of a secret",
            "Write the secret's name in capitals, digits and `_`; its value never stands in a project file.",
        ),
        masked=True,
        says="a secret's name",
    ),
]

RunnerLabel = Annotated[
    str,
    literal(
        whole(
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
            "is not a runner's label",
            "Write one label, such as `ubuntu-24.04`.",
        ),
        says="a runner's label",
    ),
]
Version = Annotated[
    str,
    literal(
        whole(
            r"[A-Za-z0-9][A-Za-z0-9._+/*-]{0,39}",
            "is not a version",
            'Write one version in quotes, such as "3.12" or "22".',
        ),
        says="a version",
    ),
]
_IMAGE_PATH = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
ImageReference = Annotated[
    str,
    literal(
        whole(
            rf"{_IMAGE_PATH}(?::[0-9]+(?=/))?(?:/{_IMAGE_PATH})*"
            r"(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})",
            "is not an image with a version",
            "Write the image and its tag, such as `postgres:16-alpine`.",
        ),
        says="an image with its tag or digest",
    ),
]
ImageName = Annotated[
    str,
    literal(
        whole(
            rf"{_IMAGE_PATH}(?:/{_IMAGE_PATH})*",
            "is not an image's name",
            "Write it in lower case, such as acme/shop.",
        ),
        says="an image's name without registry and tag",
    ),
]
RegistryHost = Annotated[
    str,
    literal(
        whole(
            r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::[0-9]{1,5})?",
            "is not a registry",
            "Write its host, such as `ghcr.io` or `docker.io`.",
        ),
        says="a registry's host",
    ),
]
Platform = Annotated[
    str,
    literal(
        whole(r"[a-z0-9]+/[a-z0-9_]+(?:/v[0-9]+)?", "is not a platform", "Write it as `linux/amd64`."),
        says="a platform",
    ),
]
Stage = Annotated[
    str,
    literal(whole(r"[A-Za-z][A-Za-z0-9_.-]{0,99}", "is not the name of a build stage"), says="a build stage"),
]
KubernetesName = Annotated[
    str,
    literal(
        whole(
            r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
            "is not a name in Kubernetes",
            "Use at most 63 lower-case letters, digits and `-`.",
        ),
        says="a name in Kubernetes",
    ),
]
Workload = Annotated[
    str,
    literal(
        whole(
            r"(?:deployment|statefulset|daemonset)/[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
            "is not a workload",
            "Write kind and name, such as `deployment/shop`.",
        ),
        says="a workload: kind/name",
    ),
]
ChartValue = Annotated[
    str,
    literal(
        whole(
            r"[A-Za-z_][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z_][A-Za-z0-9_-]{0,62}){0,9}",
            "is not the name of a value",
            "Write the way to it with dots, such as `api.image`.",
        ),
        says="a value of a chart",
    ),
]
Profile = Annotated[
    str,
    literal(
        whole(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", "is not the name of a profile"), says="a profile's name"
    ),
]
WebAddress = Annotated[
    str,
    literal(
        refuse(r"://[^/]*@", "holds a user name", "Leave it out: credentials never stand in a project file."),
        whole(r"https?://[^\s/?#]+(?:[/?#]\S*)?", "is not a web address", "Begin with https://."),
        says="a web address",
    ),
]
HealthCheck = Annotated[
    str,
    literal(
        refuse(r"://[^/]*@", "holds a user name", "Leave it out: credentials never stand in a project file."),
        whole(
            r"/[^\s]*|https?://[^\s/?#]+(?:[/?#]\S*)?",
            "is not a path or address",
            "Write a path of the application, such as `/health`, or a whole address.",
        ),
        says="a path of the application, or a web address",
    ),
]
BackendName = Annotated[
    str,
    literal(whole(_SHORT_NAME, "is not the name of a back end", _SHORT_NAME_HINT), says="a back end's name"),
]
RuleName = Annotated[
    str, literal(whole(_SHORT_NAME, "is not the name of a rule", _SHORT_NAME_HINT), says="a rule's name")
]
CodeOwner = Annotated[
    str,
    literal(
        whole(
            r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[A-Za-z0-9._-]{1,100})?|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+",
            "is no owner of code",
            "Write `@user`, `@organisation/team` or an e-mail address.",
        ),
        says="a person or team",
    ),
]

Label = Annotated[
    str,
    literal(
        whole(r"\S(?:[^,]{0,48}\S)?", "is not a label", "Use at most 50 characters, no comma."),
        says="a label",
    ),
]
Cron = Annotated[
    str,
    Form(
        "literal",
        refuse(CONTROL, "is not one line"),
        refuse(EXPRESSION_START, "holds an expression (`${{`)"),
        check=check_cron,
        says="a cron line",
    ),
]
