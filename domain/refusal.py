"""A rule said no: a code for programs, a sentence for people. It knows nothing of HTTP."""

from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    MALFORMED = "malformed"
    SIGNED_OUT = "signed_out"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    REFUSED = "refused"
    SLOW_DOWN = "slow_down"


class Refusal(Exception):
    """Raised by a domain verb; a page shows the sentence, the API gives it a status, a job notes it."""

    def __init__(self, code: str, sentence: str, kind: Kind = Kind.REFUSED, **details: Any) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.kind = kind
        self.details = details


def missing(noun: str) -> Refusal:
    return Refusal("not_found", f"This {noun} does not exist, or it was deleted.", Kind.MISSING)


def invalid(field: str, sentence: str) -> Refusal:
    """One field of what was typed or posted can't be accepted."""
    return Refusal("invalid", sentence, Kind.REFUSED, field=field)
