"""Pages of a package index, with each address changed to lead through the mirror."""

import hashlib
import html
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

JSON_FORM = "application/vnd.pypi.simple.v1+json"
_MOST_FILES = 200_000
_KEPT_ATTRIBUTES = frozenset(
    {"data-requires-python", "data-dist-info-metadata", "data-core-metadata", "data-yanked", "data-gpg-sig"}
)


Rewrite = Callable[[str], str]
"""Takes the address of a file that a page names, and returns the one that clients are to ask for."""


class UnreadablePage(ValueError):
    """An index answered with something that is no page of packages."""


class KnownFiles:
    """The files that an index named, by a key that clients ask with. The oldest are forgotten."""

    def __init__(self, most: int = _MOST_FILES) -> None:
        self._addresses: OrderedDict[str, str] = OrderedDict()
        self._most, self._turn = most, threading.Lock()

    def add(self, address: str) -> str:
        """Note the address of a file and return its key, `<digest>/<name>`."""
        digest = hashlib.sha256(address.encode()).hexdigest()[:32]
        key = f"{digest}/{unquote(urlsplit(address).path).rpartition('/')[2]}"
        with self._turn:
            self._addresses[key] = address
            self._addresses.move_to_end(key)
            if len(self._addresses) > self._most:
                self._addresses.popitem(last=False)
        return key

    def get(self, key: str) -> str | None:
        """The address of a file, or of the metadata beside it; None for one that no page named."""
        with self._turn:
            found = self._addresses.get(key)
            if found is None and key.endswith(".metadata"):
                beside = self._addresses.get(key.removesuffix(".metadata"))
                found = beside and f"{beside}.metadata"
            return found


def simple_page(body: bytes, content_type: str, address: str, rewrite: Rewrite) -> tuple[str, bytes]:
    """A page of one project: its content type and bytes, each file's address rewritten.

    `address` is where the page was had. Raises `UnreadablePage`.
    """
    if "json" in content_type:
        return JSON_FORM, _json_page(body, address, rewrite)
    return "text/html; charset=utf-8", _html_page(body, address, rewrite)


def npm_document(body: bytes, address: str, rewrite: Rewrite) -> bytes:
    """What a registry says of a package, each tarball's address rewritten. Raises `UnreadablePage`."""
    document = _loaded(body)
    versions = document.get("versions")
    for version in versions.values() if isinstance(versions, dict) else [document]:
        about = version.get("dist") if isinstance(version, dict) else None
        if isinstance(about, dict) and isinstance(about.get("tarball"), str):
            about["tarball"] = _through(about["tarball"], address, rewrite)
    return json.dumps(document).encode()


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadablePage("It is no JSON.") from error
    if not isinstance(document, dict):
        raise UnreadablePage("It is no object.")
    return document


def _json_page(body: bytes, address: str, rewrite: Rewrite) -> bytes:
    document = _loaded(body)
    listed = document.get("files", [])
    if not isinstance(listed, list):
        raise UnreadablePage("Its files are no list.")
    kept = [file for file in listed if isinstance(file, dict) and isinstance(file.get("url"), str)]
    for file in kept:
        file["url"] = _through(file["url"], address, rewrite)
    return json.dumps({**document, "files": kept}).encode()


def _html_page(body: bytes, address: str, rewrite: Rewrite) -> bytes:
    links = _Links()
    links.feed(body.decode("utf-8", "replace"))
    lines = []
    for attributes, text in links.found:
        href = _through(attributes.pop("href"), address, rewrite)
        more = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
        lines.append(f'<a href="{html.escape(href)}"{more}>{html.escape(text)}</a><br>')
    return ("<!DOCTYPE html><html><body>\n" + "\n".join(lines) + "\n</body></html>\n").encode()


def _through(target: str, address: str, rewrite: Rewrite) -> str:
    """The mirror's address of a file; "#" where it is none on a server. What stands behind `#` stays."""
    whole, fragment = urldefrag(urljoin(address, target))
    parts = urlsplit(whole)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "#"
    # A registry that we reach encrypted does not lead us to where everybody can read along.
    if address.startswith("https:") and parts.scheme == "http":
        return "#"
    return rewrite(whole) + (f"#{fragment}" if fragment else "")


class _Links(HTMLParser):
    """The links of a page: their attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str], str]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a link."""
        given = {name: value or "" for name, value in attrs}
        self._open = tag == "a" and "href" in given
        if self._open:
            kept = {name: value for name, value in given.items() if name in _KEPT_ATTRIBUTES}
            self.found.append(({"href": given["href"], **kept}, ""))

    def handle_data(self, data: str) -> None:
        """Take a link's text."""
        if self._open:
            attributes, text = self.found[-1]
            self.found[-1] = (attributes, text + data)

    def handle_endtag(self, tag: str) -> None:
        """End a link."""
        if tag == "a":
            self._open = False
