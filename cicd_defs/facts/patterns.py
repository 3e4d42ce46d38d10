"""Regular expressions that are compiled when they are first used.

Most of the audit's are about something that a given file does not have, and compiling all of them would take longer
than judging the file.
"""

import re
from typing import cast

_METHODS = frozenset(
    {"match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn"}
    | {"pattern", "flags", "groups", "groupindex"}
)


class _Pattern:
    """Has what a compiled pattern has, and compiles it when any of that is asked for."""

    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> object:
        """What is not here yet; from then on it is."""
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(self._text, self._flags)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return self.__dict__[name]

    def __repr__(self) -> str:
        return f"regex({self._text!r}, {self._flags!r})"


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """The same as `re.compile`, later. It is asked by its methods: `re.sub` and its like do not take it.

    What is no regular expression raises `re.error` at the first use.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))
