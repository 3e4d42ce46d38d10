"""The three kinds of text in a project file: literal, expression, command. Each string key is of one kind."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from cicd_defs.spec.expression import check_expression

Kind = Literal["literal", "expression", "command"]

# Control characters, the line breaks that only some readers see, marks that turn the direction of text, and
# what YAML cannot carry.
_UNSEEN = r"\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
CONTROL = rf"[\u0000-\u001f\u007f{_UNSEEN}]"
CONTROL_IN_SCRIPT = rf"[\u0000-\u0008\u000b-\u001f\u007f{_UNSEEN}]"
EXPRESSION_START = r"\$\{\{"


def refused(message: str, hint: str = "") -> PydanticCustomError:
    """A value that is refused: what is wrong with it, and what to write instead."""
    return PydanticCustomError("spec", "{message}", {"message": message, "hint": hint})


@dataclass(frozen=True)
class Rule:
    """One thing that a text must not contain (`refuse`), or must be as a whole."""

    pattern: str
    message: str
    hint: str = ""
    refuse: bool = False

    @cached_property
    def holds(self) -> Callable[[str], object]:
        """The rule as a predicate on text."""
        pattern = re.compile(self.pattern)
        return (lambda text: not pattern.search(text)) if self.refuse else pattern.fullmatch

    @property
    def lookahead(self) -> str:
        """The rule as a part of one regular expression, for the JSON schema."""
        return rf"(?![\s\S]*(?:{self.pattern}))" if self.refuse else f"(?=(?:{self.pattern})$)"


def refuse(pattern: str, message: str, hint: str = "") -> Rule:
    """A rule that refuses text with `pattern` anywhere in it."""
    return Rule(pattern, message, hint, refuse=True)


def whole(pattern: str, message: str, hint: str = "") -> Rule:
    """A rule that wants the whole text to be as `pattern` says."""
    return Rule(pattern, message, hint)


class Form:
    """What the text of a key must look like. The reader and the JSON schema follow the same rules.

    `check` is for what a regular expression cannot say; it raises what `refused` makes. No error repeats the
    value of a `masked` text.
    """

    def __init__(
        self,
        kind: Kind,
        *rules: Rule,
        check: Callable[[str], None] | None = None,
        masked: bool = False,
        says: str = "text",
    ) -> None:
        self.kind = kind
        self.rules = rules
        self.check = check
        self.masked = masked
        self.says = says

    @property
    def pattern(self) -> str:
        """The rules as one regular expression."""
        return "^" + "".join(rule.lookahead for rule in self.rules)

    def read(self, text: str) -> str:
        """The text as it is, or the reason why it is refused."""
        for rule in self.rules:
            if not rule.holds(text):
                raise refused(rule.message, rule.hint)
        if self.check:
            self.check(text)
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern, "kind": self.kind}


NO_CONTROL = refuse(
    CONTROL, "holds a line break, a control character or an invisible mark", "Write it as one plain line."
)
NO_EXPRESSION = refuse(
    EXPRESSION_START,
    "holds an expression (`${{`), and this key takes plain text, which is never evaluated",
    "Write the value itself.",
)
NOT_BLANK = whole(r"[\s\S]*\S[\s\S]*", "is blank", "Write a value, or leave the key out.")


def literal(*rules: Rule, masked: bool = False, says: str = "text") -> Form:
    """A form of plain text: one line, without control characters and expressions, as the rules say."""
    return Form("literal", NO_CONTROL, NO_EXPRESSION, *rules, masked=masked, says=says)


Text = Annotated[str, literal(NOT_BLANK, says="plain text")]
EnvValue = Annotated[str, literal(says="plain text")]
Expression = Annotated[
    str,
    Form(
        "expression", NO_CONTROL, NOT_BLANK, check=check_expression, says="text with expressions `${{ … }}`"
    ),
]
Script = Annotated[
    str,
    Form(
        "command",
        refuse(
            CONTROL_IN_SCRIPT,
            "holds a carriage return, a control character or an invisible mark",
            "Write the script as plain lines.",
        ),
        refuse(
            EXPRESSION_START,
            "holds an expression (`${{`) in a command, where it would become shell code",
            "Put the value into `env_vars` and use it as a quoted variable.",
        ),
        NOT_BLANK,
        says="a shell script",
    ),
]
