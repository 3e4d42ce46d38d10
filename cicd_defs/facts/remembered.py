"""Answers that are worked out once for each thing that is asked about."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar


class Noted(Protocol):
    """Something that keeps what was found out about it."""

    notes: dict[str, Any]


Subject = TypeVar("Subject", bound=Noted)
Answer = TypeVar("Answer")


def remembered(question: Callable[[Subject], Answer]) -> Callable[[Subject], Answer]:
    """The same question, asked once of each subject, which must not change."""
    name = f"{question.__module__}.{question.__qualname__}"

    @wraps(question)
    def asked(subject: Subject) -> Answer:
        notes = subject.notes
        try:
            answer: Answer = notes[name]
        except KeyError:
            answer = notes[name] = question(subject)
        return answer

    return asked
