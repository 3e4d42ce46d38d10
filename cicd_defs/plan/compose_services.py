"""Databases and queues in a compose file: with a password from outside, a volume, and a question about their health."""

from dataclasses import dataclass, field

from cicd_defs.plan import pins
from cicd_defs.plan.containers import ComposeService, ComposeValue, Interpolated
from cicd_defs.plan.services import kind_of

USER = "app"
"""The user, and the database, of each service."""


@dataclass(frozen=True)
class Keeping:
    """How one kind of service keeps its data, is told its password, and is reached from an application."""

    volume: str
    env: dict[str, str] = field(default_factory=dict)
    health: str = ""
    reach: dict[str, str] = field(default_factory=dict)
    password: str = ""


KEEPING = {
    "postgres": Keeping(
        "/var/lib/postgresql/data",
        {"POSTGRES_USER": USER, "POSTGRES_DB": USER},
        f"pg_isready --username={USER}",
        {"DATABASE_URL": f"postgresql://{USER}:{{password}}@{{host}}:5432/{USER}"},
        "POSTGRES_PASSWORD",
    ),
    "mysql": Keeping(
        "/var/lib/mysql",
        {"MYSQL_USER": USER, "MYSQL_DATABASE": USER, "MYSQL_RANDOM_ROOT_PASSWORD": "yes"},
        "mysqladmin ping --host=127.0.0.1",
        {"DATABASE_URL": f"mysql://{USER}:{{password}}@{{host}}:3306/{USER}"},
        "MYSQL_PASSWORD",
    ),
    "mariadb": Keeping(
        "/var/lib/mysql",
        {"MARIADB_USER": USER, "MARIADB_DATABASE": USER, "MARIADB_RANDOM_ROOT_PASSWORD": "yes"},
        "healthcheck.sh --connect --innodb_initialized",
        {"DATABASE_URL": f"mysql://{USER}:{{password}}@{{host}}:3306/{USER}"},
        "MARIADB_PASSWORD",
    ),
    "mongo": Keeping(
        "/data/db",
        {"MONGO_INITDB_ROOT_USERNAME": USER},
        "mongosh --quiet --eval 'db.adminCommand({ping: 1})'",
        {"MONGODB_URL": f"mongodb://{USER}:{{password}}@{{host}}:27017"},
        "MONGO_INITDB_ROOT_PASSWORD",
    ),
    "rabbitmq": Keeping(
        "/var/lib/rabbitmq",
        {"RABBITMQ_DEFAULT_USER": USER},
        "rabbitmq-diagnostics --quiet ping",
        {"AMQP_URL": f"amqp://{USER}:{{password}}@{{host}}:5672/"},
        "RABBITMQ_DEFAULT_PASS",
    ),
    "redis": Keeping("/data", {}, "redis-cli ping", {"REDIS_URL": "redis://{host}:6379/0"}),
    "valkey": Keeping("/data", {}, "valkey-cli ping", {"REDIS_URL": "redis://{host}:6379/0"}),
    "elasticsearch": Keeping(
        "/usr/share/elasticsearch/data",
        {"discovery.type": "single-node", "xpack.security.enabled": "false"},
        "curl --fail --silent localhost:9200/_cluster/health",
        {"ELASTICSEARCH_URL": "http://{host}:9200"},
    ),
    "memcached": Keeping("", {}, "", {"MEMCACHED_SERVERS": "{host}:11211"}),
}
"""What we know of common services, by the last word of the image's name. None is reached from outside the file."""

PASSWORDS = frozenset(keeping.password for keeping in KEEPING.values() if keeping.password)
"""The variables that hold the services' own passwords: an application gets them within an address."""


def kept_service(name: str, image: str) -> ComposeService:
    """The service for an image; of one that we know nothing of, the image alone."""
    keeping = KEEPING.get(kind_of(image), Keeping(""))
    values: dict[str, ComposeValue] = dict(keeping.env)
    if keeping.password:
        values[keeping.password] = required(keeping.password)
    return ComposeService(
        name=name,
        image=pins.image(image),
        environment=values,
        health=keeping.health or None,
        volumes={f"{name}-data": keeping.volume} if keeping.volume else {},
    )


def reached_by(name: str, image: str) -> dict[str, ComposeValue]:
    """The variables by which an application finds the service: the usual ones."""
    keeping = KEEPING.get(kind_of(image), Keeping(""))
    password = required(keeping.password).text if keeping.password else ""
    return {
        variable: Interpolated(text=text.format(host=name, password=password))
        for variable, text in keeping.reach.items()
    }


def passwords_of(images: tuple[str, ...]) -> tuple[str, ...]:
    """The variables that have to be set, because a service asks for a password."""
    found = (KEEPING.get(kind_of(image), Keeping("")).password for image in images)
    return tuple(dict.fromkeys(password for password in found if password))


def required(variable: str) -> Interpolated:
    """The value of a variable, without which compose refuses to go on."""
    return Interpolated(text=f"${{{variable}:?set {variable}}}")
