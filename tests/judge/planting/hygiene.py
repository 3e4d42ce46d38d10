"""What a repository has beside its workflows."""

import random
import re
from collections.abc import Mapping

from cicd_defs.facts.source import Source, UnreadableSource
from cicd_defs.facts.workflow import WORKFLOW_PATH, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import UnreadableYaml
from tests.judge.planting.places import (
    GONE,
    InWorkflow,
    Planted,
    Planter,
    any_of,
    as_run,
    in_workflow,
    jobs_with_steps,
    planted,
    with_job,
    with_step,
)

Files = Mapping[str, str]


def _workflows(files: Files) -> list[str]:
    """The workflows that GitHub runs."""
    return [path for path in files if path.startswith(".github/") and WORKFLOW_PATH.fullmatch(path)]


def _step(*choices: tuple[str, ...]) -> InWorkflow:
    """Puts a step with one of these scripts into a job."""

    def plant(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
        jobs = [job for job in jobs_with_steps(workflow) if not job.on_windows]
        return (
            with_step(chance.choice(jobs), chance, as_run(chance, *chance.choice(choices))) if jobs else None
        )

    return plant


HOOKS = re.compile(r"\.husky|lefthook|\.pre-commit|husky|simple-git-hooks|prek|githooks|lint-staged")


def _new_dockerfile(*texts: str) -> Planter:
    """A planter of a Dockerfile where there is none, in a folder of its own or at the root."""

    def planter(files: Files, chance: random.Random) -> Planted | None:
        folder = any_of(chance, ("", "services/planted/", "planted/", "planted/docker/"))
        path = folder + any_of(chance, ("Dockerfile", "Containerfile", "Dockerfile.api", "api.Dockerfile"))
        if path in files or any(one.endswith(".dockerignore") for one in files):
            return None
        return planted(path, any_of(chance, texts))

    return planter


ROOT_IMAGES = (
    "FROM python:3.12-slim #!\nWORKDIR /app\nCOPY main.py .\nEXPOSE 8000\nCMD uvicorn main:app\n",
    'FROM node:22-alpine AS build\nRUN npm ci\nfrom node:22-alpine as run #!\nCMD ["node", "index.js"]\n',
    'ARG TAG=3.22\n\nFROM alpine:${TAG} #!\nENTRYPOINT ["/bin/app"]\n',
    'FROM eclipse-temurin:21-jre #!\nUSER app\nUSER root #!\nCOPY app.jar /\nCMD ["java", "-jar", "a.jar"]\n'.replace(
        "jre #!", "jre"
    ),
    'FROM debian:12\nuser 0 #!\nENTRYPOINT ["/srv/run-it", \\\n  "--port", "80"]\n',
    'FROM ubuntu:24.04\nUSER "root:root" #!\nCMD ["/srv/shop"]\n',
)


def _no_user(files: Files, chance: random.Random) -> Planted | None:
    """Take all users out of a Dockerfile that ends up with one."""
    paths = [path for path in files if re.fullmatch(r"(?:src/[\w/]+/)?Dockerfile", path)]
    chance.shuffle(paths)
    if any("runAsNonRoot: true" in files[path] for path in files if path.endswith((".yaml", ".yml"))):
        return None
    for path in paths:
        lines = files[path].split("\n")
        froms = [number for number, line in enumerate(lines) if re.match(r"FROM ", line)]
        if not froms or not any(line.startswith("USER ") for line in lines[froms[-1] :]):
            continue
        kept = [line for line in lines if not line.startswith("USER ")]
        last = max(number for number, line in enumerate(kept) if line.startswith("FROM "))
        if "scratch" in kept[last] or "nonroot" in kept[last]:
            continue
        kept[last] += " #!"
        return planted(path, "\n".join(kept))
    return None


def _root_again(files: Files, chance: random.Random) -> Planted | None:
    """Put `USER root` behind the user of a Dockerfile."""
    paths = [path for path in files if re.fullmatch(r"(?:src/[\w/]+/)?Dockerfile", path)]
    chance.shuffle(paths)
    for path in paths:
        lines = files[path].split("\n")
        users = [number for number, line in enumerate(lines) if line.startswith("USER ")]
        froms = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
        if users and users[-1] > froms[-1]:
            lines.insert(
                users[-1] + 1,
                any_of(chance, ("USER root #!", "USER 0 #!", "user root:root #!", "USER 0:0 #!")),
            )
            return planted(path, "\n".join(lines))
    return None


COPIES = (
    "FROM python:3.12-slim\nWORKDIR /app\nCOPY . . #!\nUSER 1000\n",
    "FROM node:22 AS build\nCOPY --chown=node . /app #!\nRUN npm ci\nFROM nginx\nCOPY --from=build /app /app\n",
    'FROM golang:1.24\nADD ["./", "/src/"] #!\nRUN go build\n',
    "FROM rust:1.85\n# all of it\ncopy ./ ./ #!\n",
    "FROM python:3.12\nCOPY \\\n  . \\\n  /app\n".replace("COPY \\", "COPY . /app #!\nRUN echo \\"),
)


def _no_dockerignore(files: Files, chance: random.Random) -> Planted | None:
    """Take the list away from beside a Dockerfile that copies everything."""
    for path in chance.sample(sorted(files), len(files)):
        folder = path.removesuffix(".dockerignore")
        text = files.get(folder + "Dockerfile", "") if path.endswith("/.dockerignore") else ""
        line = next(
            (n for n, one in enumerate(text.split("\n"), 1) if re.match(r"(COPY|ADD) \.(/)? ", one)), None
        )
        if line and "example" not in path and "test" not in path:
            return Planted({path: GONE}, ((folder + "Dockerfile", line),))
    return None


CARRIED = (
    "RUN apt-get update && apt-get install -y build-essential #!",
    "RUN apt-get install --no-install-recommends -y curl g++ make #!",
    "RUN apk add --no-cache gcc musl-dev #!",
    "RUN pip install -r requirements-dev.txt #!",
    "RUN dnf install -y gcc && dnf clean all #!",
)


def _carried(files: Files, chance: random.Random) -> Planted | None:
    """Put a compiler into the last stage of a Dockerfile."""
    paths = [path for path in files if re.fullmatch(r"(?:src/[\w/]+/)?Dockerfile", path)]
    chance.shuffle(paths)
    for path in paths:
        lines = files[path].split("\n")
        starts = [n for n, line in enumerate(lines) if line.startswith(("CMD", "ENTRYPOINT"))]
        if starts and not re.search(r"-dev|gcc|g\+\+", files[path]):
            lines.insert(starts[-1], any_of(chance, CARRIED))
            return planted(path, "\n".join(lines))
    return None


SINGLE = (
    "FROM golang:1.24-alpine #!\nCOPY main.go .\nRUN go build -o /app .\nCMD /app\n",
    "FROM docker.io/library/rust:1.85 #!\nRUN cargo build --release\nENTRYPOINT target/release/app\n",
    "FROM maven:3-eclipse-temurin-21 #!\nRUN mvn -q package\nCMD java -jar target/app.jar\n",
    "FROM node:22\nRUN npm install #!\nRUN npm run build\nCMD npm start\n",
    "FROM mcr.microsoft.com/dotnet/sdk:9.0 #!\nRUN dotnet publish -c Release\nENTRYPOINT dotnet out/app.dll\n",
    "FROM gradle:8-jdk21 #!\nRUN ./gradlew bootJar\nCMD java -jar build/libs/app.jar\n",
)


def _no_hooks(files: Files, chance: random.Random) -> Planted | None:
    """Take the hooks away."""
    path = ".pre-commit-config.yaml"
    others = [one for one in files if HOOKS.search(one) and one != path]
    if path not in files or others or "lint-staged" in files.get("package.json", ""):
        return None
    return Planted({path: GONE}, ((path, 1),))


VERSIONS = (
    ("ruff", "https://github.com/astral-sh/ruff-pre-commit", "v", "0.4.1", "0.9.6", "ruff"),
    ("black", "https://github.com/psf/black", "", "24.2.0", "25.1.0", "black"),
    ("mypy", "https://github.com/pre-commit/mirrors-mypy", "v", "1.8.0", "1.13.0", "mypy"),
    ("isort", "https://github.com/PyCQA/isort", "", "5.12.0", "5.13.2", "isort"),
    ("flake8", "https://github.com/pycqa/flake8", "", "6.0.0", "7.1.1", "flake8"),
)


def _other_version(files: Files, chance: random.Random) -> Planted | None:
    """Hooks with one version, and a step with another."""
    tool, repo, mark, old, new, hook = chance.choice(VERSIONS)
    install = any_of(
        chance,
        (
            f"pip install {tool}=={new}",
            f"uvx {tool}@{new} .",
            f"pipx run {tool}=={new} .",
            f'python -m pip install "{tool}=={new}"',
        ),
    )
    quote = any_of(chance, ("", '"', "'"))
    rev = f"rev: {quote}{mark}{old}{quote} #!"
    dash = any_of(chance, ("  - ", "- ", "-   "))
    blanks = " " * len(dash)
    config = f"repos:\n{dash}repo: {repo}\n{blanks}{rev}\n{blanks}hooks:\n{blanks}- id: {hook}\n"
    return _with_config(files, chance, config, install)


def _with_config(files: Files, chance: random.Random, config: str, *lines: str) -> Planted | None:
    """A configuration of hooks in place of the one that is there, and a step with these lines."""
    paths = _workflows(files)
    chance.shuffle(paths)
    for path in paths[:10]:
        try:
            workflow = WrittenWorkflow.read(Source.of(path, files[path].encode()))
        except (UnreadableSource, UnreadableYaml):
            continue
        jobs = [job for job in jobs_with_steps(workflow) if not job.on_windows]
        text = with_step(chance.choice(jobs), chance, as_run(chance, *lines)) if jobs else None
        if text is None:
            continue
        made = (
            planted(".pre-commit-config.yaml", config)
            if " #!" in config
            else Planted({".pre-commit-config.yaml": config}, ())
        )
        if " #!" in text:
            step = planted(path, text)
            return Planted({**made.files, **step.files}, (*made.places, *step.places))
        return Planted({**made.files, path: text}, made.places)
    return None


def _other_arguments(files: Files, chance: random.Random) -> Planted | None:
    value = any_of(
        chance,
        ("args: [--line-length=120] #!", "args: ['--line-length', '120'] #!", 'args: ["-l", "120"] #!'),
    )
    repo = "  - repo: https://github.com/psf/black\n    rev: 25.1.0\n"
    config = f"repos:\n{repo}    hooks:\n      - id: black\n        {value}\n"
    run = any_of(
        chance,
        (
            "black --check --line-length 79 .",
            "python -m black -l 79 --diff .",
            "uv run black --check --line-length=79 src",
        ),
    )
    if any("black" in files[path] for path in _workflows(files)):
        return None
    return _with_config(files, chance, config, run)


PLAIN_HOOKS = (
    "repos:\n  - repo: https://github.com/pre-commit/pre-commit-hooks\n    rev: v5.0.0\n    hooks:\n"
    "      - id: trailing-whitespace\n"
)
LINTERS = (
    "vulture src",
    "sqlfluff lint models",
    "ansible-lint",
    "interrogate -vv src",
    "tflint --recursive",
    "djlint .",
)


def _linter_without_hook(files: Files, chance: random.Random) -> Planted | None:
    if any(HOOKS.search(path) for path in files) or _speaks_of_hooks(files):
        return None
    return _with_config(files, chance, PLAIN_HOOKS, any_of(chance, LINTERS[:5]) + " #!")


def _hook_without_ci(files: Files, chance: random.Random) -> Planted | None:
    texts = [files[path] for path in _workflows(files)]
    through = re.compile(
        r"lint|check|fmt|format|mypy|bandit|ruff|style|tox|nox|super-linter|mega|types", re.IGNORECASE
    )
    if (
        any(HOOKS.search(path) for path in files)
        or _speaks_of_hooks(files)
        or any(map(through.search, texts))
        or not texts
    ):
        return None
    path = ".pre-commit-config.yaml"
    repo, hook = chance.choice(
        (("astral-sh/ruff-pre-commit", "ruff-check"), ("pycqa/bandit", "bandit"), ("psf/black", "black")),
    )
    text = f"repos:\n- repo: https://github.com/{repo}\n  rev: v1.7.9\n  hooks:\n  - id: {hook} #!\n"
    return planted(path, text)


def _speaks_of_hooks(files: Files) -> bool:
    names = (
        "Makefile",
        "README.md",
        "CONTRIBUTING.md",
        "tox.ini",
        "noxfile.py",
        "pyproject.toml",
        "package.json",
        "README.rst",
    )
    return any(re.search(r"pre-commit|prek", files[name]) for name in names if name in files)


def _no_lock(files: Files, chance: random.Random) -> Planted | None:
    """Take the locks of a Node application or a Go module away."""
    kinds = (
        (
            "package.json",
            r'^\s*"(?:devDependencies|dependencies)": \{$',
            ("package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "npm-shrinkwrap.json"),
        ),
        ("go.mod", r"^require\b", ("go.sum", "go.work.sum")),
    )
    name, pattern, locks = chance.choice(kinds)
    text = files.get(name, "")
    if not any(lock in files for lock in locks) or (name == "package.json" and '"private": true' not in text):
        return None
    line = next((n for n, one in enumerate(text.split("\n"), 1) if re.match(pattern, one)), None)
    return Planted({lock: GONE for lock in locks if lock in files}, ((name, line),)) if line else None


def _new_application(files: Files, chance: random.Random) -> Planted | None:
    if any(re.search(r"requirements|pyproject|setup\.py|package\.json|\.lock$", path) for path in files):
        return None
    code, text = chance.choice(
        (
            ("app.py", "flask>=3 #!\nsqlalchemy\n"),
            ("main.py", "# what it needs\n\nfastapi #!\nuvicorn[standard]==0.34.0\n"),
        ),
    )
    made = planted("requirements.txt", text)
    return Planted({**made.files, code: "import flask\n" * 400}, made.places)


NAMED = re.compile(r"akefile|\.(?:toml|md|rst|ya?ml|json|sh)$")


def _unnamed_command(files: Files, chance: random.Random) -> Planted | None:
    run = any_of(chance, LINTERS[:3])
    if any(run.split()[0] in files[path] for path in files if NAMED.search(path)):
        return None
    return in_workflow(_step((f"{run} #!",)))(files, chance)


def _no_markers(files: Files, chance: random.Random) -> Planted | None:
    """A job with a database in a Python project whose markers are taken away."""
    text = files.get("pyproject.toml", "")
    apart = re.compile(
        r"(?:t|tests?)/(?:.*/)?(?:unit|integration|functional|e2e|smoke|system|slow|live)/|integration_?tests?/"
    )
    configs = ("pytest.ini", "setup.cfg", "tox.ini", "pytest.toml", ".pytest.ini")
    if (
        "[tool.pytest.ini_options]" not in text
        or any(map(apart.search, files))
        or any("markers" in files.get(one, "") for one in configs)
    ):
        return None
    if any(path.endswith("conftest.py") and "markers" in files[path] for path in files):
        return None
    if any(
        re.search(r"pytest[^\n]* -[mk]\b", files[path]) for path in files if WORKFLOW_PATH.fullmatch(path)
    ):
        return None
    bare = re.sub(r"^markers\s*=\s*\[[^\]]*\]\n", "", text, flags=re.MULTILINE)
    if re.search(r"^markers", bare, re.MULTILINE):
        return None
    made = planted(
        "pyproject.toml", bare.replace("[tool.pytest.ini_options]", "[tool.pytest.ini_options] #!")
    )
    image = any_of(chance, ("postgres:17", "redis:7", "mysql:8"))
    services = f"  services:\n    db: {{image: '{image}'}}\n"
    job = f"planted:\n  runs-on: ubuntu-latest\n{services}  steps:\n    - run: pytest -q\n"
    for path in _workflows(files):
        workflow = WrittenWorkflow.read(Source.of(path, files[path].encode()))
        changed = with_job(workflow, job) if workflow.jobs else None
        if changed is not None:
            return Planted({**made.files, path: changed}, made.places)
    return None


MEASURED = (
    "pytest --cov",
    "pytest -q --cov=src --cov-report=xml",
    "python -m pytest --cov-report term --cov .",
    "coverage run -m pytest",
    "uv run coverage run --parallel -m pytest tests",
    "poetry run pytest --cov",
    "python -m coverage run -m unittest",
)


def _no_coverage(files: Files, chance: random.Random) -> Planted | None:
    """Take what configures coverage away, and measure it in a step."""
    state: dict[str, str] = {}
    for path in files:
        name = path.rpartition("/")[2]
        if re.fullmatch(r"\.?coverage[\w-]*(rc)?[\w.-]*|\.?codecov\.ya?ml|\.coveralls\.yml", name):
            state[path] = GONE
        elif name == "pyproject.toml" and "tool.coverage" in files[path]:
            state[path] = re.sub(
                r"^\[tool\.coverage[^\n]*\n(?:(?!\[).*\n?)*", "", files[path], flags=re.MULTILINE
            )
        elif name in {"setup.cfg", "tox.ini"} and "[coverage:" in files[path]:
            state[path] = re.sub(r"^\[coverage:[^\n]*\n(?:(?!\[).*\n?)*", "", files[path], flags=re.MULTILINE)
    if any("tool.coverage" in text or ("coverage." in text and "[tool]" in text) for text in state.values()):
        return None

    made = in_workflow(_step(*((f"{command} #!",) for command in MEASURED)))(files, chance)
    return Planted({**state, **made.files}, made.places) if made else None


NEUTERED = (
    "ignore_errors = true #!",
    "ignore_missing_imports = true #!",
    "ignore_missing_imports=true #!",
    'follow_imports = "skip" #!',
    "follow_imports = 'skip' #!",
    'exclude = ".*" #!',
)


def _neutered(files: Files, chance: random.Random) -> Planted | None:
    """Weaken the table of mypy, or write one."""
    paths = [
        path
        for path in files
        if re.fullmatch(r"(?:\w+/)?pyproject\.toml", path)
        and not path.startswith(("test", "docs", "example", "scripts"))
    ]
    if not paths:
        return None
    path = chance.choice(paths)
    text, line = files[path], any_of(chance, NEUTERED)
    key = line.split("=")[0].strip()
    if "[tool.mypy]\n" in text:
        clean = re.sub(rf"^{key}\s*=.*\n", "", text, flags=re.MULTILINE)
        return planted(path, clean.replace("[tool.mypy]\n", f"[tool.mypy]\n{line}\n"))
    if "tool.mypy" in text:
        return None
    return planted(path, f"{text.rstrip()}\n\n[tool.mypy]\nstrict = true\n{line}\n")


def _neutered_ini(files: Files, chance: random.Random) -> Planted | None:
    if "mypy.ini" in files or "setup.cfg" in files:
        return None
    line = any_of(
        chance,
        (
            "ignore_errors = True #!",
            "ignore_missing_imports = True #!",
            "ignore_missing_imports: true #!",
            "follow_imports = skip #!",
        ),
    )
    return planted(
        any_of(chance, ("mypy.ini", "setup.cfg", ".mypy.ini")),
        f"[mypy]\npython_version = 3.11\n{line}\n\n[mypy-yaml.*]\nignore_errors = True\n",
    )


def _neutered_json(files: Files, chance: random.Random) -> Planted | None:
    path, text = chance.choice(
        (
            ("pyrightconfig.json", '{\n  "include": ["src"],\n  "typeCheckingMode": "off" #!\n}\n'),
            (
                "web/tsconfig.json",
                '{\n  "compilerOptions": {\n    "strict": false, #!\n    "target": "es2022"\n  }\n}\n',
            ),
            ("tsconfig.build.json", '{"compilerOptions": {\n\t"noCheck" : true #!\n}}\n'),
        ),
    )
    return None if path in files else planted(path, text)


def _neutered_file(files: Files, chance: random.Random) -> Planted | None:
    if not any(
        "mypy" in files[path] for path in files if path in {"pyproject.toml", "mypy.ini", "setup.cfg"}
    ):
        return None
    paths = [path for path in files if re.fullmatch(r"(?:src/)?[a-z_]{4,}/\w+\.py", path)]
    paths = [
        path
        for path in paths
        if not re.match(r"(?:tests?|docs?|examples?|scripts|tools|testing|bench)", path)
    ]
    path = chance.choice(paths) if paths else None
    if path is None or "mypy: ignore" in files[path]:
        return None
    head = any_of(
        chance, ("# mypy: ignore-errors #!\n", "# mypy: ignore_errors #!\n", "#mypy: ignore-errors=True #!\n")
    )
    return planted(path, head + files[path])


FLAGS = (
    ("mypy src/ --ignore-missing-imports #!",),
    ("mypy --ignore-missing-imports --strict . #!",),
    ("uv run mypy --follow-imports=skip src #!",),
    ("python -m mypy --follow-imports skip app #!",),
    ("poetry run mypy app --ignore-missing-imports --show-error-codes #!",),
    ("cd api && mypy --ignore-missing-imports . #!",),
    ("npx tsc --noEmit --noCheck #!",),
    ("pip install mypy", "mypy \\", "  --ignore-missing-imports \\ #!", "  src"),
    ('MYPYPATH=src mypy --ignore-missing-imports "src" #!',),
    ('docker run --rm app sh -c "mypy --ignore-missing-imports src" #!',),
)


PLANTERS: dict[str, tuple[Planter, ...]] = {
    "no-coverage-configuration": (_no_coverage,),
    "no-dockerignore": (_no_dockerignore, _new_dockerfile(*COPIES)),
    "no-local-command": (_unnamed_command,),
    "no-lock-file": (_no_lock, _new_application),
    "no-pre-commit": (_no_hooks,),
    "no-test-markers": (_no_markers,),
    "pre-commit-disagrees": (_other_version, _other_arguments),
    "pre-commit-incomplete": (_linter_without_hook, _hook_without_ci),
    "root-dockerfile": (_new_dockerfile(*ROOT_IMAGES), _no_user, _root_again),
    "single-stage-dockerfile": (_new_dockerfile(*SINGLE), _carried),
    "type-check-overlooks-errors": (in_workflow(_step(*FLAGS)),),
    "type-checker-neutered": (_neutered, _neutered_ini, _neutered_json, _neutered_file),
}
