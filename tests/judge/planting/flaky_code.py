"""Code that makes CI flaky."""

import ast
import random
import re
from collections.abc import Callable, Mapping

from cicd_defs.facts.source import Source
from cicd_defs.judge.python.code import statements_of
from cicd_defs.judge.python.places import has_test_name, is_product, is_test_data
from tests.judge.planting.places import Planted, Planter, planted

LARGEST = 60_000

AT_IMPORT = tuple(
    """
import requests
_RATES = requests.get('https://rates.example.org', timeout=3).json() #!
---
import requests as http
with http.Session() as _session:
    _session.post('https://rates.example.org') #!
---
from sqlalchemy import create_engine
_engine = create_engine('sqlite:///x.db')
_engine.connect() #!
---
from sqlalchemy import create_engine
_found = create_engine('sqlite:///x.db').connect().execute('SELECT 1') #!
---
import psycopg2
_connection = psycopg2.connect('dbname=x') #!
---
import sqlite3
try:
    _connection = sqlite3.connect('x.db') #!
except sqlite3.Error:
    _connection = None
---
import threading
threading.Thread(target=print, daemon=True).start() #!
---
from threading import Thread
_beat = Thread(target=print)
_beat.start() #!
---
import redis
_cache = redis.Redis(host='localhost')
_cache.ping() #!
---
from urllib.request import urlopen
with urlopen('https://rates.example.org') as _answer: #!
    _text = _answer.read()
---
import time
time.sleep(1) #!
---
from shop.models import Base, engine
Base.metadata.create_all(bind=engine) #!
---
def prepare_tables():
    import sqlite3

    return sqlite3.connect('x.db')


_tables = prepare_tables() #!
---
import socket
_socket = socket.create_connection(('localhost', 80)) #!
---
from pymongo import MongoClient
_mongo = MongoClient('mongodb://localhost') #!
---
import asyncio
asyncio.run(asyncio.sleep(0)) #!
---
import subprocess
_SHA = subprocess.check_output(['git', 'rev-parse', 'HEAD']) #!
""".strip("\n").split("\n---\n")
)
ON_THE_NETWORK = tuple(
    """
def test_planted():
    import requests

    assert requests.get('https://api.rates.io/latest').ok #!
---
import httpx


def test_planted(tmp_path):
    answer = httpx.get('https://api.rates.io', timeout=3) #!
    assert answer
---
async def test_planted():
    import httpx

    async with httpx.AsyncClient() as one:
        await one.get('https://api.rates.io') #!
---
import os


def test_planted():
    assert len(os.environ['RATES_API_KEY']) == 3 #!
---
import socket


def test_planted():
    socket.create_connection(('api.rates.io', 443)) #!
---
class TestPlanted:
    def test_it(self):
        from urllib.request import urlopen

        assert urlopen('https://rates.io') #!
---
RATES = 'https://api.rates.io'


def test_planted():
    import requests

    assert requests.post(f'{RATES}/x', json={}) #!
""".strip("\n").split("\n---\n")
)
SHARED = tuple(
    """
def test_planted():
    import os

    os.environ['PLANTED'] = '1' #!
---
import os


class TestPlanted:
    def test_it(self):
        os.environ.update({'PLANTED': '1'}) #!
---
def test_planted(tmp_path):
    import os

    os.chdir(tmp_path) #!
---
import os

SEEN_HERE = []


def test_planted():
    SEEN_HERE.append(1) #!


def test_seen():
    assert SEEN_HERE
---
def test_planted():
    with open('/tmp/planted.txt', 'w') as file: #!
        file.write('x')
---
from pathlib import Path


def test_planted():
    Path('/tmp/planted.txt').write_text('x') #!
---
import json


def test_planted():
    json.dumps = lambda value: '' #!
---
import pytest


@pytest.fixture(scope='session')
def kept():
    return {}


def test_planted(kept):
    kept['a'] = 1 #!
---
COUNT = 0


def test_planted():
    global COUNT
    COUNT += 1 #!


def test_count():
    assert COUNT
""".strip("\n").split("\n---\n")
)
UNTYPED = tuple(
    """
def planted(value, other=1): #!
    return value
---
def planted(): #!
    print('x')
---
async def planted(value: int): #!
    return value
---
class Planted:
    def planted(self, value): #!
        self.value = value
""".strip("\n").split("\n---\n")
)


def _chosen(
    files: Mapping[str, str], chance: random.Random, wanted: Callable[[str], bool]
) -> tuple[str, ast.Module] | None:
    paths = [path for path in files if path.endswith(".py") and wanted(path)]
    chance.shuffle(paths)
    for path in paths[:10]:
        text = files[path]
        if len(text) > LARGEST or "\r" in text or text.startswith(("#!", "\ufeff")):
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        if tree.body and is_product(Source(path, text)) != has_test_name(path):
            return path, tree
    return None


def _put(text: str, tree: ast.Module, chance: random.Random, lines: str) -> str:
    """The text with lines put behind one of the statements at its top level, after all imports."""
    imports = [one for one in statements_of(tree.body) if isinstance(one, ast.Import | ast.ImportFrom)]
    last = max((one.lineno for one in imports if one in tree.body), default=0)
    ends = [one.end_lineno or 0 for one in tree.body if (one.end_lineno or 0) >= last]
    at = chance.choice(ends)
    whole = text.split("\n")
    return "\n".join([*whole[:at], "", "", *lines.split("\n"), "", "", *whole[at:]])


def _in_module(choices: tuple[str, ...], wanted: Callable[[Mapping[str, str], str], bool]) -> Planter:
    def planter(files: Mapping[str, str], chance: random.Random) -> Planted | None:
        chosen = _chosen(files, chance, lambda path: wanted(files, path))
        if chosen is None:
            return None
        path, tree = chosen
        return planted(path, _put(files[path], tree, chance, chance.choice(choices)))

    return planter


def _in_package(files: Mapping[str, str], path: str) -> bool:
    return not has_test_name(path) and path.rpartition("/")[0] + "/__init__.py" in files


def _is_test(files: Mapping[str, str], path: str) -> bool:
    """A file of tests that no mark tells apart, where no fixture keeps the environment."""
    if not has_test_name(path) or is_test_data(path) or "pytestmark" in files[path]:
        return False
    return not any("environ" in files[one] for one in files if one.endswith("conftest.py"))


def _is_typed(files: Mapping[str, str], path: str) -> bool:
    """A module of a typed package; tests that are shipped with one are no part of what it offers."""
    if has_test_name(path):
        return False
    parts = path.split("/")
    return any("/".join([*parts[:count], "py.typed"]) in files for count in range(1, len(parts)))


def _imported_by_tests(files: Mapping[str, str]) -> set[str]:
    """The packages that tests import by name: where no test knows a package, one more module changes nothing."""
    texts = (text for path, text in files.items() if path.endswith(".py") and has_test_name(path))
    return {name for text in texts for name in re.findall(r"^\s*(?:from|import)\s+(\w+)", text, re.MULTILINE)}


def _top(files: Mapping[str, str], path: str) -> set[str]:
    """The name of the package that a module is in, as others import it."""
    parts = path.split("/")[:-1]
    while len(parts) > 1 and "/".join([*parts[:-1], "__init__.py"]) in files:
        parts = parts[:-1]
    return set(parts[-1:])


def _untested(files: Mapping[str, str], chance: random.Random) -> Planted | None:
    tested = _imported_by_tests(files)
    chosen = _chosen(
        files, chance, lambda path: _in_package(files, path) and bool(_top(files, path) & tested)
    )
    if chosen is None:
        return None
    path = chosen[0].rpartition("/")[0] + "/planted_discounts.py"
    return planted(path, "def cheaper(price): #!\n    return price - 1\n")


def _copied(files: Mapping[str, str], chance: random.Random) -> Planted | None:
    chosen = _chosen(
        files, chance, lambda path: _in_package(files, path) and not path.endswith("__init__.py")
    )
    if chosen is None:
        return None
    path, tree = chosen
    names = [
        one.name
        for one in tree.body
        if isinstance(one, ast.FunctionDef | ast.ClassDef) and one.name[0] != "_"
    ]
    folder, stem = path.rpartition("/")[0], path.rpartition("/")[2].removesuffix(".py")
    if len(names) < 2:
        return None
    places = [f"{folder}/{stem}_copy.py", f"{folder}/{stem}_utils.py"]
    if (
        "from ." not in files[path]
    ):  # a folder below, its relative imports would lead to the module that it copies
        places.append(f"{folder}/common/{stem}.py")
    new = chance.choice(places)
    lines = [line for line in files[path].split("\n") if not line.startswith("#")]
    return Planted({new: "\n".join(lines), f"{folder}/common/__init__.py": ""}, ((new, 1),))


PLANTERS: dict[str, tuple[Planter, ...]] = {
    "work-at-import": (_in_module(AT_IMPORT, _in_package),),
    "unmarked-network-test": (_in_module(ON_THE_NETWORK, _is_test),),
    "shared-test-state": (_in_module(SHARED, _is_test),),
    "untyped-public-function": (_in_module(UNTYPED, _is_typed),),
    "untested-module": (_untested,),
    "duplicate-modules": (_copied,),
}
