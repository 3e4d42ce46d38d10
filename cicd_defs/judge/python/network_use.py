"""Where a test reaches the network: addresses that are not this machine's, and keys that CI has to be given."""

import ast
import re
from collections.abc import Iterator

from cicd_defs.judge.python.code import ModuleCode, run_nodes, text_of
from cicd_defs.judge.python.outside_calls import ASKS, CONNECTS, LOADS, Scope, written

_HOST = re.compile(
    r"(?:https?|wss?|ftps?|git|ssh|postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|rediss?|amqps?|mongodb(?:\+srv)?)://"
    r"(?:[^/@\s]*@)?(?P<host>\[[^\]]+\]|[^/:?#\s{}]+)"
)
_BARE_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|\d{1,3}(?:\.\d{1,3}){3}")
_NOT_OUTSIDE = re.compile(
    r"(?i)localhost|.*\.(?:localhost|test|invalid|example|local|internal|localdomain)|127\..*|0\.0\.0\.0|\[?::1?\]?"
    r"|192\.0\.2\..*|198\.51\.100\..*|203\.0\.113\..*|[^.\[]+"
)
_KEY = re.compile(
    r"(?:^|_)(?:API_?KEY|TOKEN|SECRET|ACCESS_KEY(?:_ID)?|PASSWORD)$|\w_(?:SECRET|PRIVATE|SERVICE)_KEY$"
)
_FETCHERS = frozenset({"git", "curl", "wget", "pip", "npm", "docker", "ssh", "ping", "nslookup"})
_ASYNC_CLIENTS = frozenset({"httpx.AsyncClient", "aiohttp.ClientSession", "httpx.Client", "requests.Session"})
_OFFLINE_ARGUMENTS = frozenset({"app", "transport", "mounts", "connector"})
_VERBS = frozenset(
    {"get", "post", "put", "delete", "head", "patch", "options", "request", "stream", "ws_connect"}
)


def is_outside(host: str) -> bool:
    """Whether a host is another machine on a network; names kept for examples, and names without a dot, are not."""
    return not _NOT_OUTSIDE.fullmatch(host)


def host_in(text: str) -> str | None:
    """The host of an address that is another machine; None where there is none."""
    found = _HOST.match(text)
    return found["host"] if found and is_outside(found["host"]) else None


class NetworkUse:
    """What a function of a test file reaches on the network."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @property
    def code(self) -> ModuleCode:
        """The file's names."""
        return self.scope.code

    def found_in(self, statement: ast.stmt | ast.expr) -> Iterator[tuple[ast.expr, str]]:
        """The calls and reads that reach out, each with what it reaches."""
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute):
            key = self._key_of(statement.value)
            if key:
                yield statement.value, f"it needs `{key}` from the environment"
                return
        for node in run_nodes(statement):
            if isinstance(node, ast.Call):
                host = self._host(node)
                if host:
                    yield node, f"`{written(node.func)}` reaches `{host}`"
                elif key := self._key_got(node):
                    yield node, f"it needs `{key}` from the environment"
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                name = text_of(node.slice)
                known = name and _KEY.search(name) and self.code.dotted(node.value) == "os.environ"
                if known and not self._is_set(name or ""):
                    yield node, f"it needs `{name}` from the environment"

    def _key_got(self, call: ast.Call) -> str | None:
        """A key that is handed over as it is in the environment: `Client(api_key=os.getenv("X_API_KEY"))`."""
        for argument in (*call.args, *(one.value for one in call.keywords)):
            given = (
                self.scope.bound.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
            )
            if (name := self._key_of(given)) and written(call.func) not in {"bool", "print"}:
                return name
        return None

    def _key_of(self, given: ast.expr) -> str | None:
        """The key that an expression takes from the environment, unless the file itself puts it there."""
        if not isinstance(given, ast.Call) or len(given.args) != 1 or given.keywords:
            return None
        name = text_of(given.args[0])
        got = self.code.dotted(given.func) in {"os.getenv", "os.environ.get"}
        return name if got and name and _KEY.search(name) and not self._is_set(name) else None

    def _is_set(self, name: str) -> bool:
        """Whether the file itself gives the variable a value."""
        pattern = rf"environ\[['\"]{re.escape(name)}['\"]\]\s*=[^=]|set(?:env|default)\(\s*['\"]{re.escape(name)}['\"]"
        return re.search(pattern, self.code.module.source.text) is not None

    def _host(self, call: ast.Call) -> str | None:
        if self._asks(call):
            if {one.arg for one in call.keywords} & {"proxy", "proxies"}:
                return None
            return self._host_of(call)
        dotted = self.code.dotted(call.func) or ""
        if (
            dotted.startswith("subprocess.")
            and call.args
            and isinstance(call.args[0], ast.List | ast.Constant)
        ):
            return self._host_of_command(call.args[0])
        return None

    def _asks(self, call: ast.Call) -> bool:
        outside = self.scope.outside(call)
        if outside:
            return outside.does in {ASKS, CONNECTS, LOADS}
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in _VERBS:
            return False
        maker = self._maker(function.value)
        return maker is not None

    def _maker(self, node: ast.expr) -> ast.Call | None:
        """The call that made a client which asks real servers."""
        if isinstance(node, ast.Name | ast.Attribute):
            made = self.scope.bound.get(node.id if isinstance(node, ast.Name) else written(node))
            node = made if made is not None else node
        if not isinstance(node, ast.Call) or self.code.dotted(node.func) not in _ASYNC_CLIENTS:
            return None
        return None if {one.arg for one in node.keywords} & _OFFLINE_ARGUMENTS else node

    def _host_of(self, call: ast.Call) -> str | None:
        maker = None
        if isinstance(call.func, ast.Attribute):
            maker = self._maker(call.func.value) or self._made(call.func.value)
            if maker is not None and {one.arg for one in maker.keywords} & _OFFLINE_ARGUMENTS:
                return None
        for made in (call, maker) if maker is not None else (call,):
            named = (one.value for one in made.keywords if one.arg in _ADDRESSES)
            host = next((host for one in (*made.args[:2], *named) if (host := self._host_in(one))), None)
            if host:
                return host
        return self._cloud(maker)

    def _cloud(self, maker: ast.Call | None) -> str | None:
        """The service that a client of AWS talks to, where it is not told to talk to somebody else."""
        if maker is None or not (self.code.dotted(maker.func) or "").startswith("boto3."):
            return None
        if {one.arg for one in maker.keywords} & {"endpoint_url", "config", None}:
            return None
        return "AWS"

    def _made(self, node: ast.expr) -> ast.Call | None:
        known = isinstance(node, ast.Name | ast.Attribute)
        value = (
            self.scope.bound.get(node.id if isinstance(node, ast.Name) else written(node)) if known else node
        )
        return value if isinstance(value, ast.Call) else None

    def _host_in(self, node: ast.expr | None, depth: int = 4) -> str | None:
        """The other machine that an argument names, as an address, or as a pair of host and port."""
        if node is None or depth == 0:
            return None
        if isinstance(node, ast.Tuple):
            return self._host_in(node.elts[0], depth - 1) if node.elts else None
        if isinstance(node, ast.Call):
            return self._host_in(node.args[0], depth - 1) if node.args else None
        text = self._text(node)
        if text is None:
            return None
        if "://" in text:
            return host_in(text)
        return text if _BARE_HOST.fullmatch(text) and is_outside(text) else None

    def _text(self, node: ast.expr, depth: int = 4) -> str | None:
        """How a text begins, as far as it is written out."""
        if depth == 0:
            return None
        if isinstance(node, ast.JoinedStr):
            return self._text(node.values[0], depth - 1) if node.values else None
        if isinstance(node, ast.FormattedValue):
            return self._text(node.value, depth - 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            return self._text(node.left, depth - 1)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return self._text(node.func.value, depth - 1)
        if isinstance(node, ast.Name) and node.id in self.scope.bound:
            return self._text(self.scope.bound[node.id], depth - 1)
        return text_of(node)

    def _host_of_command(self, command: ast.expr) -> str | None:
        words = (
            [text_of(one) or "" for one in command.elts]
            if isinstance(command, ast.List)
            else (text_of(command) or "").split()
        )
        if not words or words[0] not in _FETCHERS:
            return None
        return next((host for word in words[1:] if (host := host_in(word))), None)


_ADDRESSES = frozenset({"url", "host", "hostname", "dsn", "address", "uri", "base_url"})
