"""What a command is for is told the same whether all patterns are compiled or only those that may fit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.beginnings import beginnings
from cicd_defs.judge.commands.known_tools import _END, TABLE, Named, kind_of
from cicd_defs.plan.kinds import StepKind

COMMANDS = """
pytest -q
pytest --version
py.test
tox -e lint
tox -e docs
tox -e py311
npm run lint:js
npm run test
npm run build
npm ci
npm audit
npm audit fix
pnpm -F web check-types
yarn e2e
make
make lint
make -C sub test
make security-test
make build-image
just ci
cargo +nightly clippy
cargo fmt --check
cargo build --release
cargo test --no-run
go test ./...
go vet ./...
mvn -B verify
mvn -DskipTests verify
gradlew test
python setup.py sdist
python manage.py test
python tests/run_tests.py
run_tests.sh
helm lint chart
helm upgrade --install app chart
kubectl apply -f k8s
kubectl apply --dry-run=client -f k8s
docker buildx bake
docker compose run app tests
terraform -chdir=x validate
terraform fmt -check
trivy image app
trivy version
eslint .
black --check .
black .
ruff check .
ruff format --check .
pre-commit run --all-files
coverage report --fail-under=90
sbt "project a" test
dotnet list package --vulnerable
./mvnw
echo hello
tests
""".strip().splitlines()


def told_by_all(command: str) -> StepKind | None:
    for kind, listed in TABLE:
        texts = [one.pattern if isinstance(one, Named) else one for one in listed]
        if re.match(rf"(?:{'|'.join(texts)}){_END}", command):
            return kind
    return None


def test_a_command_is_for_what_the_whole_table_says():
    told = {command: kind_of(command) for command in COMMANDS}
    assert told == {command: told_by_all(command) for command in COMMANDS}
    assert set(told.values()) == {None, *(kind for kind, _ in TABLE)}


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"bandit", ("bandit",)),
        (r"trufflehog3?", ("trufflehog",)),
        (r"git[- ]secrets", ("git",)),
        (r"trivy(?! (?:plugin|version))", ("trivy",)),
        (r"tap(?! )|tap run", ("tap", "tap run")),
        (r"(?:npm|pnpm)(?: -\S+)* audit", ("npm", "pnpm")),
        (r"cargo(?: \+\S+)* (?:audit|deny)", ("cargo +", "cargo audit", "cargo deny")),
        (r"(?:coverage run -m )?(?:pytest|unittest)", ("coverage run -m ", "pytest", "unittest")),
        (r"(?=x)a+b", ("a",)),
        (r"mix deps\.get", ("mix deps.get",)),
        (r"[|)(]x|y", ("", "y")),
        (r"\S+ run", ("",)),
        (r"(?:a|)b", ("a", "")),
        (r"ab{2}c|x{0,1}y", ("a", "")),
    ],
)
def test_how_a_pattern_begins(pattern, said):
    assert beginnings(pattern) == said


@pytest.mark.parametrize("pattern", ["(?i)a|b", "a|(b", "a|b)", r"(a)(?(1)b|c)"])
def test_what_cannot_be_followed_is_refused(pattern):
    with pytest.raises(ValueError, match=r"cannot be read|open bracket"):
        beginnings(pattern)


@given(st.data())
def test_whatever_fits_a_pattern_of_the_table_begins_as_is_told(data):
    _, listed = data.draw(st.sampled_from(TABLE))
    one = data.draw(st.sampled_from(listed))
    pattern = one.pattern if isinstance(one, Named) else one
    assert data.draw(st.from_regex(rf"\A(?:{pattern})")).startswith(beginnings(pattern))
