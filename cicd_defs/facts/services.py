"""Databases and caches that a project's tests need: from CI's services, compose files, and client libraries."""

import re
from collections.abc import Iterator

from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.sources import Role
from cicd_defs.facts.stacks import StackName
from cicd_defs.facts.survey import Survey

IMAGES = (
    ("postgres", r"postgres|postgresql|postgis|timescaledb|pgvector|supabase/postgres"),
    ("mysql", r"mysql|percona"),
    ("mariadb", r"mariadb"),
    ("redis", r"redis|redis-stack|redis-stack-server"),
    ("valkey", r"valkey"),
    ("memcached", r"memcached"),
    ("mongo", r"mongo|mongodb|mongodb-community-server"),
    ("rabbitmq", r"rabbitmq"),
    ("elasticsearch", r"elasticsearch"),
    ("opensearch", r"opensearch"),
    ("kafka", r"kafka|cp-kafka|redpanda"),
    ("nats", r"nats"),
    ("minio", r"minio"),
    ("clickhouse", r"clickhouse|clickhouse-server"),
    ("cassandra", r"cassandra"),
    ("cockroachdb", r"cockroach"),
    ("mssql", r"mssql|server"),
    ("localstack", r"localstack"),
    ("neo4j", r"neo4j"),
    ("etcd", r"etcd"),
    ("consul", r"consul"),
    ("vault", r"vault"),
    ("mailpit", r"mailpit|mailhog|mailcatcher"),
)
CLIENTS: dict[StackName, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "python": (
        ("postgres", ("psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "psycopg-binary", "aiopg")),
        ("mysql", ("mysqlclient", "pymysql", "aiomysql", "asyncmy", "mysql-connector-python")),
        ("redis", ("redis", "django-redis", "aioredis", "hiredis", "rq", "channels-redis")),
        ("mongo", ("pymongo", "motor", "mongoengine", "beanie")),
        ("rabbitmq", ("pika", "aio-pika")),
        ("elasticsearch", ("elasticsearch", "elasticsearch-dsl")),
        ("memcached", ("pymemcache", "python-memcached", "pylibmc")),
        ("kafka", ("kafka-python", "aiokafka", "confluent-kafka")),
    ),
    "node": (
        ("postgres", ("pg", "postgres", "pg-promise")),
        ("mysql", ("mysql", "mysql2")),
        ("redis", ("redis", "ioredis", "bullmq", "bull")),
        ("mongo", ("mongodb", "mongoose")),
        ("rabbitmq", ("amqplib",)),
        ("elasticsearch", ("@elastic/elasticsearch",)),
        ("kafka", ("kafkajs",)),
    ),
}
GO_CLIENTS = (
    ("postgres", r"github\.com/(lib/pq|jackc/pgx)"),
    ("mysql", r"github\.com/go-sql-driver/mysql"),
    ("redis", r"github\.com/(redis/go-redis|go-redis/redis|gomodule/redigo)"),
    ("mongo", r"go\.mongodb\.org/mongo-driver"),
    ("rabbitmq", r"github\.com/rabbitmq/amqp091-go"),
)
JAVA_CLIENTS = (
    ("postgres", r"org\.postgresql"),
    ("mysql", r"mysql-connector|com\.mysql"),
    ("redis", r"spring-boot-starter-data-redis|redis\.clients|lettuce-core"),
    ("mongo", r"spring-boot-starter-data-mongodb|org\.mongodb"),
    ("rabbitmq", r"spring-boot-starter-amqp|com\.rabbitmq"),
)
_IMAGE_LINE = re.compile(r"^[ \t-]*image:[ \t]*[\"']?([\w./${}:-]+)", re.MULTILINE)


def image_of_service(image: str) -> str | None:
    """The service that an image is (`postgis/postgis:16-3.4` is `postgres`); None where it is no known service."""
    repository = re.split(r"[:@]", image.rpartition("/")[2])[0]
    if repository == "server" and "mssql" not in image:
        return None
    return next((name for name, pattern in IMAGES if re.fullmatch(pattern, repository)), None)


def claim_services(scene: Scene, draft: Draft) -> None:
    """The services that a component needs: it has a client for them, and CI or a compose file runs them."""
    survey = scene.survey
    run = survey.once("services of CI", lambda: dict(_services_of_ci(survey)))
    composed = survey.once("services of compose", lambda: dict(_services_of_compose(survey)))
    clients = dict(_clients(scene, draft))
    for name in (*run, *composed, *clients):
        # With one component there is no doubt whom CI runs a service for, whatever its client library is called.
        used = name in clients or (len(scene.drafts) == 1 and name in run)
        if used and (name in run or name in composed):
            draft.claims.add("services", name, [clients.get(name), run.get(name), composed.get(name)])


def _services_of_ci(survey: Survey) -> Iterator[tuple[str, str]]:
    for path in survey.ci_files:
        yield from _images(survey, path)


def _services_of_compose(survey: Survey) -> Iterator[tuple[str, str]]:
    for path in survey.matching(re.compile(r"(docker-)?compose([._-][\w.-]+)?\.ya?ml")):
        if survey.role(path) <= Role.TEST and not path.startswith(".github/"):
            yield from _images(survey, path)


def _images(survey: Survey, path: str) -> Iterator[tuple[str, str]]:
    for found in _IMAGE_LINE.finditer(survey.text(path)):
        if name := image_of_service(found[1]):
            yield name, survey.cite(path, rf"image:[ \t]*[\"']?{re.escape(found[1])}") or f"{path}:1"


def _clients(scene: Scene, draft: Draft) -> Iterator[tuple[str, str]]:
    for name, packages in CLIENTS.get(draft.stack, ()):
        if dependency := draft.dependency(*packages):
            yield name, dependency.place
    patterns = {"go": GO_CLIENTS, "java": JAVA_CLIENTS}.get(draft.stack, ())
    for name, pattern in patterns:
        places = (scene.survey.cite(path, pattern) for path in draft.manifests)
        if place := next((one for one in places if one), None):
            yield name, place
