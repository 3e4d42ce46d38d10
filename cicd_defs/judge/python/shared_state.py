"""What a test changes that outlives it: the environment, the working directory, modules, classes, fixed paths."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cicd_defs.judge.python.code import (
    FUNCTIONS,
    ModuleCode,
    ProjectCode,
    bound_in,
    keyword,
    root_name,
    run_nodes,
    statements_of,
    text_of,
)
from cicd_defs.judge.python.outside_calls import written
from cicd_defs.judge.python.places import folders_of
from cicd_defs.judge.python.tests import SETUPS, TEARDOWNS, SuiteFile, SuiteFunction, conftests

_BEFORE_EACH = frozenset({"setUp", "asyncSetUp", "setup_method", "setup_function"})
_MUTATES = frozenset(
    {
        *("append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "clear", "remove"),
        *("discard", "sort", "reverse", "appendleft"),
    }
)
_MUTABLE_CALLS = frozenset(
    {"list", "dict", "set", "defaultdict", "deque", "Counter", "OrderedDict", "bytearray"}
)
_FIXED = re.compile(r"(?:/private)?(?:/tmp|/var/tmp)/+[\w.-]|[A-Za-z]:[\\/]+(?:[Tt]emp|[Tt]mp)[\\/]+\w")
_CHANGING = re.compile(r"chdir|sys\.(?:path|meta_path)|environ|putenv|unsetenv|dependency_overrides")
_SHARED_FOLDER = re.compile(r"/tmp|[Tt]e?mp[\\/]")  # noqa: S108
_TOP = re.compile(r"(?:/private)?(?:/tmp|/var/tmp)/?")
_CHOSEN_ANEW = re.compile(r"(?i)uuid|pid|rand|time|tmp|temp|token|secret|worker|suffix|unique")
_USED_FIXTURES = re.compile(r"usefixtures\(\s*['\"](\w+)")
_RESTORES = re.compile(
    r"(?i)patch|env|isolat|chdir|cwd|restor|overrid|preserv|snapshot|temp|_at\b|saved|swap|context"
)
_CLEARED_UP = re.compile(r"addCleanup|addfinalizer|\.callback\(|\.push\(|\.restore\(|\.undo\(")
_OVERRIDES_EMPTIED = re.compile(r"dependency_overrides(?:\s*=[^=]|\.(?:clear|pop)\()")
_WRITES_AT = {
    "os": frozenset({"makedirs", "mkdir", "mkfifo", "symlink", "link", "rename", "replace"}),
    "shutil": frozenset({"copy", "copy2", "copyfile", "copytree", "move", "make_archive", "unpack_archive"}),
    "sqlite3": frozenset({"connect"}),
    "logging": frozenset({"FileHandler"}),
    "zipfile": frozenset({"ZipFile"}),
}
_PATH_WRITES = frozenset({"write_text", "write_bytes", "mkdir", "touch", "symlink_to"})
_WRITING = re.compile(
    r"open\(|write_text|write_bytes|mkdir|makedirs|touch\(|shutil\.|sqlite3\.|FileHandler|ZipFile|os\.(?:re|sy|li)|setlocale"
    r"|setdefaulttimeout"
)
_BESIDE = re.compile(r"(?:\./)?[A-Za-z_][\w.-]*(?:/[\w.-]+)*")
_EXAMPLES = frozenset(
    {"docs", "doc", "docs_src", "examples", "example", "samples", "tutorial", "tutorials", "demo", "demos"}
)
_STREAMS = frozenset({"sys.stdout", "sys.stderr", "sys.stdin"})
_MOVES = re.compile(r"pytester|testdir|fs|.*(?:chdir|cwd|isolat|working_dir|workdir|in_tmp).*")
_ELSEWHERE = re.compile(
    r"chdir|isolated?_?filesystem|mock_open|patch\(|patch\.object|as_cwd|temp_?cwd|working_dir|cd\(|tempfile\.mkd|Temporary"
)
ENVIRONMENT, FOLDER = "os.environ", "the working directory"


@dataclass(frozen=True, eq=False)
class Write:
    """Something that is changed: what, which part of it, how, and by which statement or call.

    `how` is `set`, `delete`, `change`, `chdir` or `file`; `target` is what is changed, as written; `key` is the part
    of it that is set.
    """

    node: ast.stmt | ast.Call
    how: str
    target: str
    message: str
    key: ast.expr | None = None
    value: ast.expr | None = None
    owner: ast.expr | None = None
    statement: ast.stmt | None = None


@dataclass(frozen=True, eq=False)
class Changes:
    """The changes that a function of a test file makes to what is shared."""

    function: SuiteFunction
    project: ProjectCode

    @property
    def file(self) -> SuiteFile:
        """The function's file."""
        return self.function.file

    @property
    def code(self) -> ModuleCode:
        """The names of the function's file."""
        return self.function.file.code

    @cached_property
    def globals(self) -> frozenset[str]:
        """The names that the function declares to be its module's."""
        declared = (one.names for one in self.function.statements if isinstance(one, ast.Global))
        return frozenset(name for names in declared for name in names)

    @cached_property
    def local(self) -> frozenset[str]:
        """The names that are the function's own."""
        inside: set[str] = {*self.function.parameters, *self.function.bound}
        for statement in self.function.statements:
            if isinstance(statement, ast.For | ast.AsyncFor):
                inside |= {one.id for one in ast.walk(statement.target) if isinstance(one, ast.Name)}
            elif isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
                inside.add(statement.name)
            if isinstance(statement, FUNCTIONS):
                inside |= {one.arg for one in [*statement.args.args, *statement.args.kwonlyargs]}
        return frozenset(inside - self.globals)

    @cached_property
    def writes(self) -> tuple[Write, ...]:
        """All changes, restored or not, in order."""
        return tuple(self._writes())

    def _writes(self) -> Iterator[Write]:
        for statement in self.function.statements:
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    yield from self._set(
                        statement, target, statement.value if len(statement.targets) == 1 else None
                    )
            elif isinstance(statement, ast.AugAssign):
                yield from self._set(statement, statement.target, None)
            elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
                yield from self._set(statement, statement.target, statement.value)
            elif isinstance(statement, ast.Delete):
                for target in statement.targets:
                    yield from self._set(statement, target, None, "delete")
            if self._calls_matter:
                yield from self._called(statement)

    def _set(
        self, statement: ast.stmt, target: ast.expr, value: ast.expr | None, how: str = "set"
    ) -> Iterator[Write]:
        if isinstance(target, ast.Subscript):
            yield from self._set_item(statement, target, value, how)
        elif isinstance(target, ast.Attribute):
            yield from self._set_attribute(statement, target, value, how)
        elif isinstance(target, ast.Name) and how == "set" and self._is_given_to_all(target.id, value):
            yield Write(
                statement, "change", target.id, f"sets the module's `{target.id}`", statement=statement
            )

    def _is_given_to_all(self, name: str, value: ast.expr | None) -> bool:
        if self.function.is_fixture or name not in self.globals:
            return False
        return self._shared(name) and not self._is_made_anew(name, value)

    def _is_made_anew(self, name: str, value: ast.expr | None) -> bool:
        """Whether a name of the module is set before each test of a class, and nobody else uses it."""
        word = re.compile(rf"(?<![\w.]){re.escape(name)}\b")
        if self.function.node.name not in _BEFORE_EACH or value is None or word.search(ast.unparse(value)):
            return False
        others = (one for one in self.file.functions if one.owner is not self.function.owner)
        return not any(word.search(one.text) for one in others)

    def _set_item(
        self, statement: ast.stmt, target: ast.Subscript, value: ast.expr | None, how: str
    ) -> Iterator[Write]:
        owner = target.value
        dotted = self.code.dotted(owner)
        if dotted == ENVIRONMENT:
            name = text_of(target.slice) or written(target.slice)
            message = f"{'sets' if how == 'set' else 'deletes'} `{name}` in `os.environ`"
        elif dotted == "sys.modules":
            message = "changes `sys.modules`"
        elif self._is_override(owner) or self._is_lasting(owner):
            message = f"changes `{written(owner)}`"
        else:
            return
        yield Write(statement, how, written(owner), message, target.slice, value, owner, statement)

    def _is_override(self, owner: ast.expr) -> bool:
        """FastAPI's `app.dependency_overrides`."""
        if not isinstance(owner, ast.Attribute) or owner.attr != "dependency_overrides":
            return False
        return root_name(owner) not in self.local

    def _is_lasting(self, owner: ast.expr) -> bool:
        """A list or the like of the module, of the class, or of a fixture that outlives the test."""
        if isinstance(owner, ast.Attribute):
            return self._is_of_class(owner)
        if not isinstance(owner, ast.Name):
            return False
        if owner.id in self.local:
            return owner.id in self.long_lived
        return (
            not self.function.is_fixture
            and is_mutable(self.code.bound.get(owner.id))
            and self._shared(owner.id)
        )

    def _is_of_class(self, owner: ast.Attribute) -> bool:
        """A list or the like of the test's own class, which another of its methods uses, and none makes anew."""
        function, name = self.function, owner.attr
        if (
            function.owner is None
            or not function.is_test
            or written(owner.value)
            not in {*("self", "cls", "self.__class__", "type(…)", function.owner.name)}
        ):
            return False
        if not is_mutable(bound_in(function.owner.body).get(name)):
            return False
        anew = re.compile(rf"\.{re.escape(name)}(?:\.clear\(|\[:\]|\s*(?::[^=\n]*)?=[^=])")
        others = [one for one in self.file.functions if one.owner is function.owner and one is not function]
        if anew.search(function.text) or any(anew.search(one.text) for one in others if not one.is_test):
            return False
        return any(re.search(rf"\.{re.escape(name)}\b", one.text) for one in others)

    def _shared(self, name: str) -> bool:
        """Whether another function of the file uses a name of the module, and nobody empties it in between."""
        word = re.compile(rf"(?<![\w.]){re.escape(name)}\b")
        resets = re.compile(rf"(?<![\w.]){re.escape(name)}(?:\.clear\(|\[:\]|\s*(?::[^=\n]*)?=[^=])")
        others = [one for one in self.file.functions if one is not self.function]
        if any(resets.search(one.text) for one in others if not one.is_test):
            return False
        return any(word.search(one.text) for one in others)

    @cached_property
    def long_lived(self) -> Mapping[str, str]:
        """The parameters whose value is changeable and made once for several tests, with its scope."""
        names = set(self.function.parameters)
        found: dict[str, str] = {}
        for file in [self.file, *(SuiteFile(one) for one in conftests(self.code, self.project))]:
            for one in file.functions if names else ():
                if one.node.name in names and one.is_fixture and one is not self.function:
                    names.discard(one.node.name)
                    if one.scope in {"session", "module", "package", "class"} and _gives_mutable(one):
                        found[one.node.name] = one.scope
        return {name: scope for name, scope in found.items() if name not in self.function.bound}

    def _set_attribute(
        self, statement: ast.stmt, target: ast.Attribute, value: ast.expr | None, how: str
    ) -> Iterator[Write]:
        owner = target.value
        if how == "set" and self.function.is_for_all and self.function.scope == "function":
            return  # each test begins with it
        if isinstance(owner, ast.Name) and owner.id not in self.local:
            name = owner.id
            if not self._is_of_all(name) or self._is_example(name):
                return
            if name not in self.code.origins and name not in self.code.classes and _is_nothing(value):
                return  # an object of the file is put back to how it began
        elif not self._is_own_class(owner, target.attr, statement):
            return
        key = ast.Constant(target.attr)
        message = f"sets `{written(target)}`" if how == "set" else f"deletes `{written(target)}`"
        yield Write(statement, how, written(target), message, key, value, owner, statement)

    def _is_of_all(self, name: str) -> bool:
        """Whether a name of the file is something that tests share: imported, a class, or an object that it makes."""
        if name in self.code.origins or name in self.code.classes:
            return True
        made = self.code.bound.get(name)
        plain = isinstance(made, ast.Call) and written(made.func) in self.code.classes
        return plain and not self.function.is_fixture and self._shared(name)

    def _is_example(self, name: str) -> bool:
        """Whether a name is a module of the examples: a test that tries one has it to itself."""
        place = self.project.split(self.code.origins.get(name, ""), self.code)
        return place is not None and not place[1] and bool(_EXAMPLES & set(folders_of(place[0].path)))

    def _is_own_class(self, owner: ast.expr, name: str, statement: ast.stmt) -> bool:
        """Whether it is the test's own class, of which another method uses the attribute."""
        function = self.function
        if (
            not function.is_test
            or statement not in self._direct
            or written(owner) not in {"self.__class__", "type(…)"}
        ):
            return False
        others = (one for one in self.file.functions if one.owner is function.owner and one is not function)
        return any(f".{name}" in one.text for one in others)

    @cached_property
    def _direct(self) -> frozenset[ast.stmt]:
        return frozenset(statements_of(self.function.node.body, functions=False))

    @cached_property
    def _calls_matter(self) -> bool:
        """Whether a call of the function can change something shared: most need no closer look."""
        text = self.function.text
        if _CHANGING.search(text) or _SHARED_FOLDER.search(self.file.text) or _WRITING.search(text):
            return True
        names = {name for name, value in self.code.bound.items() if is_mutable(value)}
        if self.function.owner is not None:
            inside = bound_in(self.function.owner.body)
            names |= {name for name, value in inside.items() if is_mutable(value)}
        return bool(self.long_lived) or any(name in text for name in names)

    def _called(self, statement: ast.stmt) -> Iterator[Write]:
        for head in _own_expressions(statement):
            for node in run_nodes(head):
                if isinstance(node, ast.Call) and (found := self._call(node, statement)):
                    yield found

    def _call(self, call: ast.Call, statement: ast.stmt) -> Write | None:
        function = call.func
        dotted = self.code.dotted(function)
        if dotted in {"os.chdir", "os.fchdir"}:
            message = "changes the working directory"
            return Write(
                call, "chdir", FOLDER, message, value=call.args[0] if call.args else None, statement=statement
            )
        if dotted in {"os.putenv", "os.unsetenv"}:
            return Write(
                call, "change", ENVIRONMENT, f"changes the environment by `{dotted}`", statement=statement
            )
        if isinstance(function, ast.Attribute) and function.attr in _MUTATES:
            return self._method(call, function, statement)
        if dotted in {"locale.setlocale", "socket.setdefaulttimeout"} and len(call.args) + len(
            call.keywords
        ) > (dotted == "locale.setlocale"):
            message = f"changes the whole process by `{dotted}`"
            return Write(call, "change", dotted, message, statement=statement)
        path = self._fixed_path(call, dotted)
        if path:
            return Write(call, "file", path, f"writes to the fixed path `{path}`", statement=statement)
        return self._written_beside(call, dotted, statement)

    def _written_beside(self, call: ast.Call, dotted: str | None, statement: ast.stmt) -> Write | None:
        """A file that is written into the folder that the tests happen to be run in."""
        if self._is_elsewhere:
            return None
        node = self._place_written(call, dotted)
        if isinstance(node, ast.Name) and node.id not in self.function.parameters:
            node = self.function.bound.get(node.id) or self.code.bound.get(node.id)
        path = text_of(node)
        if path is None or not _BESIDE.fullmatch(path):
            return None
        name = re.escape(path.rpartition("/")[2])
        gone = re.compile(
            rf"(?:remove|unlink|rmtree|rmdir)\w*\([^\n]*{name}|{name}[^\n]*\.(?:unlink|rmdir)\("
        )
        if gone.search(self.function.text) or gone.search(self._teardowns):
            return None
        message = f"writes `{path}` into the folder that the tests are run in"
        return Write(call, "file", path, message, statement=statement)

    @cached_property
    def _is_elsewhere(self) -> bool:
        """Whether it is run in a folder of its own, writes to nothing real, or clears up what is not written out."""
        beside = (
            one.text
            for file in [self.file, *(SuiteFile(one) for one in conftests(self.code, self.project))]
            for one in file.functions
            if one.is_for_all
            or one.node.name in self._fixtures
            or (one.node.name in SETUPS and (one.owner is None or one.owner is self.function.owner))
        )
        texts = [self.function.text, *beside]
        if self.function.owner is not None:
            texts += [written(one) for one in self.function.owner.decorator_list]
        return any(map(_ELSEWHERE.search, texts)) or any(map(_MOVES.fullmatch, self._fixtures))

    @cached_property
    def _fixtures(self) -> frozenset[str]:
        return frozenset({*self.function.parameters, *_USED_FIXTURES.findall(self.function.text)})

    def _place_written(self, call: ast.Call, dotted: str | None) -> ast.expr | None:
        """The argument that says where a call writes to; None for calls that write nowhere."""
        function, given = call.func, call.args
        if isinstance(function, ast.Name) and function.id == "open" and "open" not in self.code.origins:
            mode = text_of(keyword(call, "mode") or (given[1] if len(given) > 1 else None)) or "r"
            return given[0] if given and set(mode) & set("wxa") else None
        root, _, last = (dotted or "").rpartition(".")
        if last in _WRITES_AT.get(root, ()):
            if last in {
                "copy",
                "copy2",
                "copyfile",
                "copytree",
                "move",
                "rename",
                "replace",
                "link",
                "symlink",
            }:
                return given[1] if len(given) > 1 else None
            if last == "ZipFile" and not set(text_of(given[1] if len(given) > 1 else None) or "") & set(
                "wxa"
            ):
                return None
            return given[0] if given else None
        if isinstance(function, ast.Attribute) and function.attr in _PATH_WRITES:
            path = function.value
            if isinstance(path, ast.Name):
                path = self.function.bound.get(path.id, path)
            made = isinstance(path, ast.Call) and self.code.dotted(path.func) == "pathlib.Path"
            return path.args[0] if made and isinstance(path, ast.Call) and len(path.args) == 1 else None
        return None

    def _method(self, call: ast.Call, function: ast.Attribute, statement: ast.stmt) -> Write | None:
        owner, key = function.value, call.args[0] if call.args else None
        if self.code.dotted(owner) == ENVIRONMENT:
            how = "delete" if function.attr == "pop" else "change"
            name = f" `{text_of(key)}`" if text_of(key) else ""
            message = f"changes{name or ' variables'} in `os.environ` by `{function.attr}`"
            return Write(call, how, ENVIRONMENT, message, key, None, owner, statement)
        interpreter = self.code.dotted(owner) in {"sys.path", "sys.meta_path", "sys.path_hooks"}
        if interpreter or self._is_lasting(owner) or self._is_override(owner):
            message = f"changes `{written(owner)}` by `{function.attr}`"
            return Write(call, "change", written(owner), message, None, None, owner, statement)
        return None

    def _fixed_path(self, call: ast.Call, dotted: str | None) -> str | None:
        function = call.func
        if isinstance(function, ast.Name) and function.id == "open" and "open" not in self.code.origins:
            mode = text_of(keyword(call, "mode") or (call.args[1] if len(call.args) > 1 else None)) or "r"
            return self._fixed(call.args[0]) if call.args and set(mode) & set("wax+") else None
        root, _, last = (dotted or "").rpartition(".")
        if last in _WRITES_AT.get(root, ()):
            return next((path for one in call.args if (path := self._fixed(one))), None)
        if isinstance(function, ast.Attribute):
            if function.attr in _PATH_WRITES:
                return self._fixed(function.value)
            given = text_of(call.args[0]) if call.args else None
            if function.attr == "open" and set(given or "") & set("wax+"):
                return self._fixed(function.value)
        return None

    def _fixed(self, node: ast.expr | None, depth: int = 4) -> str | None:
        """The path of a file that is written out, and the same in each run."""
        if depth == 0 or node is None:
            return None
        if (text := text_of(node)) is not None:
            return text if _FIXED.match(text) else None
        if isinstance(node, ast.JoinedStr) and node.values:
            first = text_of(node.values[0]) or ""
            shown = written_out(self.code, node)
            return shown if _FIXED.match(first) and not _CHOSEN_ANEW.search(shown[5:]) else None
        if isinstance(node, ast.Name):
            value = self.function.bound.get(node.id) or (
                None if node.id in self.function.parameters else self.code.bound.get(node.id)
            )
            return self._fixed(value, depth - 1)
        return self._fixed_in_parts(node, depth)

    def _fixed_in_parts(self, node: ast.expr, depth: int) -> str | None:
        if isinstance(node, ast.Call):
            joins = self.code.dotted(node.func) == "os.path.join"
            named = written(node.func).rpartition(".")[2] in {"Path", "PosixPath", "str"}
            return (
                self._joined(node.args, depth)
                if joins
                else self._joined(node.args[:1], depth)
                if named
                else None
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return self._joined([node.left, node.right], depth)
        return (
            self._fixed(node.value, depth - 1)
            if isinstance(node, ast.Attribute) and node.attr == "parent"
            else None
        )

    def _joined(self, parts: list[ast.expr], depth: int) -> str | None:
        if not parts:
            return None
        first = parts[0].args[0] if isinstance(parts[0], ast.Call) and parts[0].args else parts[0]
        top, rest = text_of(first), [text_of(one) or "" for one in parts[1:]]
        if top is not None and _TOP.fullmatch(top) and rest:
            return "/".join([top.rstrip("/"), *rest]) if all(rest) else None
        return self._fixed(parts[0], depth - 1)

    def leaks(self) -> Iterator[Write]:
        """The changes that nobody takes back."""
        if not self.writes:
            return
        if self.function.node.name in {"setUpModule", "setup_module"} or self.function.scope not in {
            None,
            "function",
        }:
            return
        for write in self.writes:
            if write.how == "file" or not (_is_reset(write) or self._restored(write)):
                yield write

    def _restored(self, write: Write) -> bool:
        if write.target in self.long_lived:
            return False
        token = _token(write)
        if self._has_guardian(write) or self._put_back_by_name(write):
            return True
        if self._again(write) or self._taken_back_inside(write, token):
            return True
        if write.target in {ENVIRONMENT, FOLDER} and (self._remembered(write) or self._came_by(write)):
            return True
        return token.search(self._teardowns) is not None

    def _has_guardian(self, write: Write) -> bool:
        """Whether somebody else is told to put it back: pytester, a snapshot, a list of clean-ups."""
        given, text = self.function.parameters, self.function.text
        if write.target in {FOLDER, "sys.modules"} and {"pytester", "testdir", "fs"} & set(given):
            return True
        if write.target.endswith("dependency_overrides") and _OVERRIDES_EMPTIED.search(text):
            return True
        return _CLEARED_UP.search(text) is not None

    def _came_by(self, write: Write) -> bool:
        """Whether a variable is deleted that, as the test has held before, what is tested has set."""
        name = text_of(write.key) if write.key is not None and write.how == "delete" else None
        return name is not None and any(
            isinstance(one, ast.Assert) and one.lineno < write.node.lineno and name in ast.unparse(one)
            for one in self.function.statements
        )

    def _put_back_by_name(self, write: Write) -> bool:
        """Whether `delattr` or `setattr` follows with its name, or a cache is emptied that may not be there."""
        name = write.target.rpartition(".")[2]
        after = self.file.text[
            self.code.module.span(write.node)[1] : self.code.module.span(self.function.node)[1]
        ]
        if re.search(rf"\b(?:del|set)attr\([^\n]*['\"]{re.escape(name)}['\"]", after):
            return True
        if write.how == "change" and re.search(rf"\bdel {re.escape(write.target)}\[", after):
            return True
        return write.how == "delete" and any(
            isinstance(one, ast.Try)
            and write.statement in one.body
            and any("AttributeError" in ast.dump(handler) for handler in one.handlers)
            for one in self.function.statements
        )

    def _again(self, write: Write) -> bool:
        """Whether the same is changed once more: the last change is taken for the way back."""
        others = (
            one
            for one in self.writes
            if one.target == write.target and one.statement is not write.statement and one.how != "file"
        )
        return any(_same_part(one, write) for one in others)

    def _taken_back_inside(self, write: Write, token: re.Pattern[str]) -> bool:
        module = self.code.module
        text = self.file.text
        after_yield = False
        for statement in self.function.statements:
            start, end = module.span(statement)
            if isinstance(statement, ast.Try) and statement.finalbody:
                first, last = module.span(statement.finalbody[0])[0], module.span(statement.finalbody[-1])[1]
                if token.search(text, first, last):
                    return True
            if isinstance(statement, ast.With | ast.AsyncWith):
                inside = start <= module.span(write.node)[0] < end
                heads = [written(one.context_expr) for one in statement.items]
                if inside and any(map(_RESTORES.search, heads)):
                    return True
                if inside and write.target in _STREAMS and any("capture" in one.lower() for one in heads):
                    return True
            if isinstance(statement, ast.Expr):
                if after_yield and token.search(text, start, end):
                    return True
                after_yield |= isinstance(statement.value, ast.Yield)
            elif after_yield and token.search(text, start, end):
                return True
        decorators = [
            *self.function.node.decorator_list,
            *(self.function.owner.decorator_list if self.function.owner else ()),
        ]
        return any(re.search(r"patch|overrid|environ|isolat|restor", written(one)) for one in decorators)

    def _remembered(self, write: Write) -> bool:
        """Whether monkeypatch knows the state before, from another change."""
        if "monkeypatch" not in self.function.parameters:
            return False
        if write.target == FOLDER:
            return "monkeypatch.chdir" in self.function.text
        key = text_of(write.key)
        return bool(key) and bool(
            re.search(
                rf"monkeypatch\.(?:set|del)env\(\s*['\"]{re.escape(key or '')}['\"]", self.function.text
            )
        )

    @cached_property
    def _teardowns(self) -> str:
        """What is written in everything that clears up behind the function."""
        texts: list[str] = []
        wanted = {*self.function.parameters, *_USED_FIXTURES.findall(self.function.text)}
        for file in [self.file, *(SuiteFile(one) for one in conftests(self.code, self.project))]:
            for one in reversed(file.functions):
                if one.node.name in TEARDOWNS:
                    if one.owner is None or one.owner is self.function.owner or file is not self.file:
                        texts.append(one.text)
                elif (
                    one.is_fixture
                    and one is not self.function
                    and (one.node.name in wanted or one.is_for_all)
                ):
                    wanted |= set(one.parameters)
                    texts += [one.text] if re.search(r"\byield\b|finalizer", one.text) else []
        return "\n".join(texts)


def _token(write: Write) -> re.Pattern[str]:
    if write.target == FOLDER:
        return re.compile(r"chdir")
    if write.target == ENVIRONMENT or write.target.endswith("environ"):
        return re.compile(r"environ|putenv|stopall|patch\.dict")
    last = write.target.rpartition(".")[2]
    return re.compile(rf"\b{re.escape(last)}\b|stopall")


def _is_reset(write: Write) -> bool:
    """Whether something private, or something that is collected, is put back to nothing, as before a test."""
    name = write.target.rpartition(".")[2]
    if isinstance(write.node, ast.Call):
        return isinstance(write.node.func, ast.Attribute) and write.node.func.attr == "clear"
    if write.target == "sys.modules":
        return write.how == "delete"
    private = "_" in {part[:1] for part in write.target.split(".")} or (
        write.key is not None and hasattr(write.key, "lineno")
    )
    if write.target == ENVIRONMENT or not private:
        return False
    return write.how == "delete" or name.startswith("__") or _is_nothing(write.value)


def _is_nothing(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Constant):
        return not value.value
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.Call):
        return is_mutable(value) and not value.args and not value.keywords
    return isinstance(value, ast.List | ast.Tuple | ast.Set) and all(_is_nothing(one) for one in value.elts)


def _same_part(one: Write, other: Write) -> bool:
    """Whether a change is of the same part as another, or of all parts, as `clear` and `update(before)` are."""
    if one.how == "chdir":
        return True
    if isinstance(one.node, ast.Call) and isinstance(one.node.func, ast.Attribute) and one.how == "change":
        if one.node.func.attr == "clear":
            return True
        if one.node.func.attr == "update":
            return bool(one.node.args) and isinstance(one.node.args[0], ast.Name | ast.Attribute)
    return one.key is not None and other.key is not None and ast.dump(one.key) == ast.dump(other.key)


def _own_expressions(statement: ast.stmt) -> list[ast.expr]:
    """What a statement itself runs, apart from the statements below it."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return []
    return [one for one in ast.iter_child_nodes(statement) if isinstance(one, ast.expr)] + [
        item.context_expr for item in getattr(statement, "items", ())
    ]


def is_mutable(node: ast.expr | None) -> bool:
    """Whether an expression makes a list, a map or a set."""
    if isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return isinstance(node, ast.Call) and written(node.func).rpartition(".")[2] in _MUTABLE_CALLS


def _gives_mutable(fixture: SuiteFunction) -> bool:
    for statement in fixture.statements:
        value: ast.expr | None = None
        if isinstance(statement, ast.Return):
            value = statement.value
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
            value = statement.value.value
        if isinstance(value, ast.Name):
            value = fixture.bound.get(value.id)
        if is_mutable(value):
            return True
    return False


def written_out(code: ModuleCode, node: ast.expr) -> str:
    """A text as it is written, without its quotes."""
    start, end = code.module.span(node)
    return code.module.source.text[start:end].lstrip("rfbRFB").strip("'\"")
