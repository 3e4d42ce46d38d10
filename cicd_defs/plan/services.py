"""Databases and caches beside the tests: how each image is started, asked for its health, and reached."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cicd_defs.plan import pins
from cicd_defs.plan.pipeline import Service, Text


@dataclass(frozen=True)
class Recipe:
    """How one kind of service is run. `reach` are the variables by which tests usually find it."""

    port: int
    health: str
    env: dict[str, str] = field(default_factory=dict)
    reach: dict[str, str] = field(default_factory=dict)


RECIPES = {
    # Without a password, reachable from the job alone: a throw-away database needs no secret.
    "postgres": Recipe(
        5432,
        "pg_isready --username=postgres",
        {"POSTGRES_HOST_AUTH_METHOD": "trust"},
        {
            "DATABASE_URL": "postgresql://postgres@localhost:5432/postgres",
            "PGHOST": "localhost",
            "PGUSER": "postgres",
        },
    ),
    "redis": Recipe(6379, "redis-cli ping", reach={"REDIS_URL": "redis://localhost:6379/0"}),
    "valkey": Recipe(6379, "valkey-cli ping", reach={"REDIS_URL": "redis://localhost:6379/0"}),
    "mysql": Recipe(
        3306,
        "mysqladmin ping --host=127.0.0.1",
        {"MYSQL_ALLOW_EMPTY_PASSWORD": "yes", "MYSQL_DATABASE": "test"},
        {"MYSQL_HOST": "127.0.0.1", "MYSQL_DATABASE": "test"},
    ),
    "mariadb": Recipe(
        3306,
        "healthcheck.sh --connect --innodb_initialized",
        {"MARIADB_ALLOW_EMPTY_ROOT_PASSWORD": "yes", "MARIADB_DATABASE": "test"},
        {"MYSQL_HOST": "127.0.0.1", "MYSQL_DATABASE": "test"},
    ),
    "mongo": Recipe(
        27017,
        "mongosh --quiet --eval 'db.adminCommand({ping: 1})'",
        reach={"MONGODB_URL": "mongodb://localhost:27017"},
    ),
    "rabbitmq": Recipe(
        5672, "rabbitmq-diagnostics --quiet ping", reach={"AMQP_URL": "amqp://guest:guest@localhost:5672/"}
    ),
    "elasticsearch": Recipe(
        9200,
        "curl --fail --silent localhost:9200/_cluster/health",
        {"discovery.type": "single-node", "xpack.security.enabled": "false"},
        {"ELASTICSEARCH_URL": "http://localhost:9200"},
    ),
    "memcached": Recipe(11211, "", reach={"MEMCACHED_SERVERS": "localhost:11211"}),
}
"""What we know of common services, by the last word of the image's name. Others start without a health check."""


def services_of(images: Sequence[str]) -> tuple[Service, ...]:
    """The containers for these images, by digest where one is known.

    Two of one kind get names of their own; two on one port get the next free one outside, and the variables by which
    tests reach them speak of the first.
    """
    names, taken = [kind_of(image) for image in images], set[int]()
    services = []
    for position, (name, image) in enumerate(zip(names, images, strict=True), start=1):
        own = name if names.count(name) == 1 else f"{name}-{position}"
        services.append(_service(own, image, taken))
    return tuple(services)


def kind_of(image: str) -> str:
    """The last word of an image's name, without registry, tag and digest: `postgres` of `ghcr.io/x/postgres:16`."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _service(name: str, image: str, taken: set[int]) -> Service:
    recipe = RECIPES.get(kind_of(image))
    if recipe is None:
        return Service(name=_slug(name), image=pins.image(image))
    port = next(port for port in range(recipe.port, 65536) if port not in taken)
    taken.add(port)
    health = f'--health-cmd "{recipe.health}" --health-interval 5s --health-timeout 5s --health-retries 20'
    return Service(
        name=_slug(name),
        image=pins.image(image),
        env=recipe.env,
        ports=(f"{port}:{recipe.port}",),
        options=health if recipe.health else "",
    )


def _slug(name: str) -> str:
    """A service's name as GitHub takes it: letters, digits, `-` and `_`, beginning with a letter or `_`."""
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
    return plain if plain[:1].isalpha() else f"service-{plain}"


def service_env(services: Sequence[Service]) -> dict[str, Text]:
    """The variables by which tests reach the services."""
    found: dict[str, Text] = {}
    for service in services:
        recipe = RECIPES.get(kind_of(service.image))
        found = {**(recipe.reach if recipe else {}), **found}
    return found
