"""What a Python file is for, by where it is and how it begins: the product's code, tests, scripts, examples."""

import re
from functools import lru_cache

from cicd_defs.facts.source import Source

_TEST_FOLDERS = frozenset(
    {"t", "test", "tests", "testing", "testsuite", "unittests", "e2e", "integration_tests"}
)
_TEST_DATA = frozenset(
    {"fixtures", "testdata", "test_data", "data", "golden", "snapshots", "cases", "example_scripts"}
)
_ASIDE_FOLDERS = frozenset(
    {
        *("docs", "doc", "docs_src", "documentation", "examples", "example", "samples", "sample", "tutorial"),
        *("tutorials", "demo", "demos", "notebooks", "scripts", "script", "tools", "tool", "bin", "hack"),
        *(
            "benchmarks",
            "benchmark",
            "bench",
            "perf",
            "migrations",
            "alembic",
            "vendor",
            "vendored",
            "_vendor",
        ),
        *("third_party", "thirdparty", "extern", "node_modules", "site-packages", "ci", "build", "release"),
        *("packaging", "testdata", "test_data", "fixtures", "skeleton", "cookiecutter", "_internal_vendor"),
    }
)
_SCRIPT_FILES = frozenset(
    {
        *("setup.py", "conf.py", "manage.py", "noxfile.py", "fabfile.py", "dodo.py", "versioneer.py"),
        *(
            "hatch_build.py",
            "locustfile.py",
            "__main__.py",
            "gunicorn_conf.py",
            "gunicorn.conf.py",
            "build.py",
        ),
        *("sitecustomize.py", "usercustomize.py", "hubconf.py", "toxfile.py", "wscript.py"),
    }
)
_GENERATED = re.compile(
    r"(?i)@generated|(?:auto-?)?generated (?:by|from|using|with)|generated file|do not (?:edit|modify)"
)


def folders_of(path: str) -> tuple[str, ...]:
    """The folders above a file, from the top."""
    return tuple(path.split("/")[:-1])


def stem_of(path: str) -> str:
    """A file's name without its ending."""
    return path.rpartition("/")[2].removesuffix(".py")


@lru_cache(maxsize=16384)
def is_test_file(path: str) -> bool:
    """Whether a file belongs to the tests: by its name, or by the folder that it is in."""
    return has_test_name(path) or stem_of(path) == "conftest" or bool(_TEST_FOLDERS & set(folders_of(path)))


def has_test_name(path: str) -> bool:
    """Whether pytest or unittest looks for tests in a file of this name."""
    stem = stem_of(path)
    return stem.startswith("test_") or stem.endswith(("_test", "_tests")) or stem in {"tests", "test"}


@lru_cache(maxsize=16384)
def is_aside(path: str) -> bool:
    """Whether a file is no part of the product: examples, scripts, migrations, somebody else's code."""
    folders = folders_of(path)
    hidden = any(folder.startswith(".") for folder in folders)
    return hidden or bool(_ASIDE_FOLDERS & set(folders)) or path.rpartition("/")[2] in _SCRIPT_FILES


@lru_cache(maxsize=16384)
def is_test_data(path: str) -> bool:
    """Whether a file of the tests is what they are tried on, not one of them."""
    folders = folders_of(path)
    return bool(_TEST_DATA & set(folders)) or any(folder.startswith(".") for folder in folders)


def is_generated(source: Source) -> bool:
    """Whether a program wrote the file, as its head or its name says."""
    stem = stem_of(source.path)
    head = source.text[:600]
    return stem.endswith(("_pb2", "_pb2_grpc")) or bool(_GENERATED.search(head))


def is_product(source: Source) -> bool:
    """Whether a file is the product's own code, written by people."""
    path = source.path
    return not (is_test_file(path) or is_aside(path) or is_generated(source))
