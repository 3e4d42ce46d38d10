"""Calls that reach out of the program: which functions and methods connect, ask, start or wait.

A call is known by the package that its name comes from and its own last name, so that aliases and submodules do not
matter. Objects are followed from the call that makes them (`engine = create_engine(…)`) to what is called on them.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from cicd_defs.judge.python.code import ModuleCode, ProjectCode, keyword, text_of

_VERBS = frozenset({"get", "post", "put", "delete", "head", "patch", "options", "request"})
CONNECTS, ASKS, STARTS, RUNS = "opens a connection", "sends a request", "starts something", "runs a program"
LOOPS, WAITS, SERVES = "runs an event loop", "waits", "serves until it is stopped"
TABLES, NEEDS, LOADS = (
    "changes or reads a database's tables",
    "needs credentials",
    "loads something from the network",
)


def _all(names: str, what: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), what)


_HTTP = dict.fromkeys(_VERBS, ASKS)
_DOES: Mapping[str, Mapping[str, str]] = {
    "requests": _HTTP,
    "httpx": {**_HTTP, "stream": ASKS},
    "niquests": _HTTP,
    "urllib": _all("urlopen urlretrieve", ASKS),
    "urllib3": _all("request", ASKS),
    "socket": _all("create_connection create_server gethostbyname getaddrinfo gethostbyaddr", CONNECTS),
    "psycopg": _all("connect", CONNECTS),
    "psycopg2": _all("connect SimpleConnectionPool ThreadedConnectionPool", CONNECTS),
    "psycopg_pool": _all("ConnectionPool NullConnectionPool", CONNECTS),
    "pymysql": _all("connect Connect Connection", CONNECTS),
    "MySQLdb": _all("connect Connect Connection", CONNECTS),
    "mysql": _all("connect MySQLConnection MySQLConnectionPool", CONNECTS),
    "mariadb": _all("connect ConnectionPool", CONNECTS),
    "sqlite3": _all("connect", CONNECTS),
    "duckdb": _all("connect", CONNECTS),
    "pyodbc": _all("connect", CONNECTS),
    "pymssql": _all("connect", CONNECTS),
    "cx_Oracle": _all("connect SessionPool", CONNECTS),
    "oracledb": _all("connect create_pool", CONNECTS),
    "snowflake": _all("connect", CONNECTS),
    "redshift_connector": _all("connect", CONNECTS),
    "clickhouse_connect": _all("get_client create_client", CONNECTS),
    "pymongo": _all("MongoClient", CONNECTS),
    "mongoengine": _all("connect", CONNECTS),
    "pika": _all("BlockingConnection SelectConnection", CONNECTS),
    "kafka": _all("KafkaProducer KafkaConsumer KafkaAdminClient", CONNECTS),
    "smtplib": _all("SMTP SMTP_SSL", CONNECTS),
    "ftplib": _all("FTP FTP_TLS", CONNECTS),
    "imaplib": _all("IMAP4 IMAP4_SSL", CONNECTS),
    "telnetlib": _all("Telnet", CONNECTS),
    "docker": _all("from_env", CONNECTS),
    "kubernetes": _all("load_kube_config load_incluster_config load_config", NEEDS),
    "openai": {**_all("OpenAI AsyncOpenAI AzureOpenAI", NEEDS), **_all("create", ASKS)},
    "google": _all("Client", NEEDS),
    "nltk": _all("download", LOADS),
    "pandas": _all(
        "read_csv read_json read_html read_excel read_parquet read_table read_xml read_feather", LOADS
    ),
    "gspread": _all("service_account oauth authorize", NEEDS),
    "spacy": _all("download", LOADS),
    "gensim": _all("load", LOADS),
    "stripe": _all("create retrieve modify delete list", ASKS),
    "huggingface_hub": _all("hf_hub_download snapshot_download", LOADS),
    "transformers": _all("from_pretrained pipeline", LOADS),
    "diffusers": _all("from_pretrained", LOADS),
    "sentence_transformers": _all("SentenceTransformer", LOADS),
    "subprocess": _all("run call check_call check_output Popen getoutput getstatusoutput", RUNS),
    "os": _all("system popen fork", RUNS),
    "time": _all("sleep", WAITS),
    "asyncio": _all("run", LOOPS),
    "anyio": _all("run", LOOPS),
    "trio": _all("run", LOOPS),
    "uvicorn": _all("run", SERVES),
    "hypercorn": _all("run", SERVES),
    "waitress": _all("serve", SERVES),
    "prometheus_client": _all("start_http_server start_wsgi_server push_to_gateway", STARTS),
    "http": _all("HTTPServer ThreadingHTTPServer", STARTS),
    "socketserver": _all("TCPServer UDPServer ThreadingTCPServer ThreadingUDPServer", STARTS),
    "wsgiref": _all("make_server", STARTS),
    "_thread": _all("start_new_thread", STARTS),
    "multiprocessing": _all("Pool Manager", STARTS),
}
_IS_A: Mapping[str, Mapping[str, str]] = {
    "sqlalchemy": {
        **_all("create_engine engine_from_config", "engine"),
        **_all("sessionmaker scoped_session", "sessions"),
        **_all("Session", "session"),
    },
    "sqlmodel": {**_all("create_engine", "engine"), **_all("Session", "session")},
    "peewee": _all("SqliteDatabase PostgresqlDatabase MySQLDatabase PooledPostgresqlDatabase", "engine"),
    "playhouse": _all("connect PooledPostgresqlDatabase PooledMySQLDatabase PooledSqliteDatabase", "engine"),
    "redis": _all("Redis StrictRedis RedisCluster Sentinel from_url", "redis"),
    "valkey": _all("Valkey from_url", "redis"),
    "pymemcache": _all("Client", "redis"),
    "memcache": _all("Client", "redis"),
    "requests": _all("Session session", "http"),
    "httpx": _all("Client", "http"),
    "urllib3": _all("PoolManager HTTPConnectionPool HTTPSConnectionPool", "http"),
    "http": _all("HTTPConnection HTTPSConnection", "http"),
    "socket": _all("socket", "socket"),
    "boto3": {**_all("client", "aws"), **_all("resource", "aws-resource")},
    "elasticsearch": _all("Elasticsearch", "search"),
    "opensearchpy": _all("OpenSearch", "search"),
    "threading": _all("Thread Timer", "thread"),
    "multiprocessing": _all("Process", "thread"),
    "apscheduler": _all("BackgroundScheduler BlockingScheduler AsyncIOScheduler", "thread"),
    "watchdog": _all("Observer PollingObserver", "thread"),
    "asyncio": _all("get_event_loop new_event_loop", "loop"),
    "flask": _all("Flask", "app"),
    "bottle": _all("Bottle", "app"),
    "paramiko": _all("SSHClient Transport", "ssh"),
    "ftplib": _all("FTP FTP_TLS", "http"),
    "hvac": _all("Client", "search"),
    "kombu": _all("Connection", "ssh"),
    "ldap3": _all("Connection", "ldap"),
    "pymongo": _all("MongoClient", "mongo"),
    "confluent_kafka": _all("AdminClient Consumer Producer", "kafka"),
    "docker": _all("from_env DockerClient", "docker"),
    "openai": _all("OpenAI AsyncOpenAI AzureOpenAI", "model"),
    "anthropic": _all("Anthropic AsyncAnthropic", "model"),
    "gspread": _all("service_account oauth authorize", "sheets"),
}
_METHODS: Mapping[str, Mapping[str, str]] = {
    "engine": _all(
        "connect begin execute raw_connection scalar table_names run_callable create_tables", CONNECTS
    ),
    "session": _all("execute query commit scalar scalars flush connection get exec", CONNECTS),
    "redis": _all(
        "ping get set setex setnx delete exists incr decr hget hset hgetall lpush rpush lrange publish flushdb "
        "flushall info keys expire config_set xgroup_create sadd smembers scan zadd execute_command",
        CONNECTS,
    ),
    "http": {**_HTTP, **_all("send stream urlopen login connect", ASKS)},
    "socket": _all("connect connect_ex bind listen sendto", CONNECTS),
    "search": _all(
        "info ping index exists search create bulk get count delete is_authenticated read write", ASKS
    ),
    "thread": _all("start run_forever", STARTS),
    "loop": _all("run_until_complete run_forever", LOOPS),
    "app": _all("run", SERVES),
    "ssh": _all("connect ensure_connection open_session channel", CONNECTS),
    "ldap": _all("bind open search", CONNECTS),
    "mongo": _all(
        "command list_database_names list_collection_names server_info create_index find find_one insert_one "
        "insert_many count_documents create_collection drop_database update_one delete_many aggregate",
        CONNECTS,
    ),
    "kafka": _all("list_topics create_topics subscribe poll produce flush", CONNECTS),
    "docker": _all("ping run pull build list get create login info version", CONNECTS),
    "model": _all("create list retrieve stream parse", ASKS),
    "sheets": _all("open open_by_key open_by_url create", ASKS),
    "aws-resource": _all(
        "load reload put_item get_item scan query create_table all create_bucket upload_file download_file put_object "
        "get_queue_by_name create_topic send_message",
        ASKS,
    ),
    "sessions": {},
}
_WHOLE = frozenset({"mongo", "search", "aws-resource", "docker", "model", "sheets"})
_LAZY_OF_AWS = frozenset({"get_paginator", "get_waiter", "can_paginate", "close", "generate_presigned_url"})
_EVERYWHERE = {
    **_all("create_all drop_all", TABLES),
    **_all("run_until_complete", LOOPS),
    **_all("serve_forever", SERVES),
}
_IN_MEMORY = {":memory:", ""}
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Outside:
    """A call that reaches out: what it does, and how it is written, such as `requests.get`."""

    call: ast.Call
    does: str
    name: str


@dataclass(frozen=True)
class Scope:
    """Where a call stands: its module, the names bound around it, and the project."""

    code: ModuleCode
    project: ProjectCode
    bound: Mapping[str, ast.expr]

    def kind(self, node: ast.AST, depth: int = _DEEPEST) -> str | None:
        """What an object is, by the call that makes it: `engine`, `redis`, `http`."""
        if depth < 0:
            return None
        if isinstance(node, ast.Name):
            return self._kind_of_name(node, depth)
        if not isinstance(node, ast.Call):
            return None
        made = _looked_up(_IS_A, self.code.dotted(node.func))
        if made:
            return made
        if self.kind(node.func, depth - 1) == "sessions":
            return "session"
        return None

    def part_of(self, node: ast.AST, depth: int = 2 * _DEEPEST) -> str | None:
        """What an object belongs to whose parts are all of one kind: `client.app.users`, `table("a")`, `es.indices`."""
        if depth < 0:
            return None
        if isinstance(node, ast.Name) and node.id in self.bound:
            return self.part_of(self.bound[node.id], depth - 1)
        made = self.kind(node)
        if made:
            return made if made in _WHOLE else None
        if isinstance(node, ast.Attribute | ast.Subscript):
            return self.part_of(node.value, depth - 1)
        return self.part_of(node.func, depth - 1) if isinstance(node, ast.Call) else None

    def _kind_of_name(self, node: ast.Name, depth: int) -> str | None:
        if node.id in self.bound:
            return self.kind(self.bound[node.id], depth - 1)
        if node.id not in self.code.origins:
            return None
        place = self.project.defined(self.code.origins[node.id], self.code)
        if place is None or place[1] not in place[0].bound:
            return None
        value = place[0].bound[place[1]]
        return Scope(place[0], self.project, place[0].bound).kind(value, depth - 1)

    def outside(self, call: ast.Call) -> Outside | None:
        """What a call reaches for; None where it stays inside, as far as it is known."""
        function = call.func
        dotted = self.code.dotted(function)
        does = _looked_up(_DOES, dotted)
        if dotted and does:
            return None if _stays_inside(dotted, call) else Outside(call, does, written(function))
        if not isinstance(function, ast.Attribute):
            return None
        kind = self.kind(function.value) or self.part_of(function.value)
        if kind == "aws" and function.attr not in _LAZY_OF_AWS:
            return Outside(call, ASKS, written(function))
        does = _METHODS.get(kind or "", {}).get(function.attr) or _EVERYWHERE.get(function.attr)
        return Outside(call, does, written(function)) if does else None


def _looked_up(table: Mapping[str, Mapping[str, str]], dotted: str | None) -> str | None:
    if not dotted or dotted.startswith("/"):
        return None
    first, _, rest = dotted.partition(".")
    return table.get(first, {}).get(rest.rpartition(".")[2])


def _stays_inside(dotted: str, call: ast.Call) -> bool:
    """What does nothing with these arguments: a database in memory, a server that is not named, a lazy pool."""
    first = call.args[0] if call.args else None
    if dotted.startswith(("sqlite3.", "duckdb.")):
        return text_of(first) in _IN_MEMORY or (first is None and not call.keywords)
    if dotted.startswith(("smtplib.", "ftplib.", "imaplib.")):
        return first is None and keyword(call, "host") is None
    if dotted.startswith("pandas."):
        address = text_of(first) or ""
        return not address.startswith(("http://", "https://", "ftp://", "s3://", "gs://"))
    if dotted.startswith("psycopg_pool."):
        opened = keyword(call, "open")
        return isinstance(opened, ast.Constant) and opened.value is False
    if dotted.startswith("pymongo."):
        lazy = keyword(call, "connect")
        return isinstance(lazy, ast.Constant) and lazy.value is False
    given = {one.arg for one in call.keywords}
    return dotted.startswith(("openai.", "google.")) and bool(given & {"api_key", "credentials", None})


def written(node: ast.AST) -> str:
    """How what is called is written, in short: `create_engine(…).connect`."""
    if isinstance(node, ast.Call):
        return f"{written(node.func)}(…)"
    if isinstance(node, ast.Attribute):
        return f"{written(node.value)}.{node.attr}"
    if isinstance(node, ast.Name):
        return node.id
    return f"{written(node.value)}[…]" if isinstance(node, ast.Subscript) else "…"
