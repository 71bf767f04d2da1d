"""What the bodies have in common. Names are camelCase outside and snake_case inside."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator
from pydantic.alias_generators import to_camel

from domain.refusal import Kind, Refusal

T = TypeVar("T")
LARGEST_ID = 2**63 - 1
DEEPEST = 40


class Asked(BaseModel):
    """What a program sends. A field that is not known is refused by its name."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", strict=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _is_bearable(cls, given: Any) -> Any:
        for value, depth in _everything(given):
            if depth > DEEPEST:
                raise ValueError("it is nested too deeply")
            if isinstance(value, str) and _is_broken(value):
                raise ValueError("a text holds half a character")
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError("a number is not finite")
        return given

    def given(self, *without: str) -> dict[str, Any]:
        """Only what was sent, under the names of the domain."""
        return {
            name: value for name, value in self.model_dump(exclude_unset=True).items() if name not in without
        }


class Told(BaseModel):
    """What a program gets."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, from_attributes=True, serialize_by_alias=True
    )

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls.model_validate(row)


class Listed(Told, Generic[T]):
    items: list[T]
    next_cursor: str | None = None
    total: int


def _to_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


Moment = Annotated[
    datetime, PlainSerializer(_to_utc, return_type=str), Field(json_schema_extra={"format": "date-time"})
]


def _or_nobody(number: int) -> int:
    """A number that no row can have is as good as one that no row has."""
    return number if 1 <= number <= LARGEST_ID else 0


Id = Annotated[int, Path(description="As answered when it was made."), AfterValidator(_or_nobody)]
AnId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=200, description="At most this many items.")]
Cursor = Annotated[str | None, Query(max_length=1000, description="`nextCursor` of the page before.")]
Search = Annotated[str, Query(max_length=200)]
Word = Annotated[str | None, Query(max_length=200)]
AGroup = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="The number of a group they are in.")]
Version = Annotated[int | None, Field(description="The version that was looked at; another one is refused.")]


def read_number(cursor: str | None) -> int | None:
    """A cursor that is simply the last row's number."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise Refusal("bad_cursor", "This list can't be continued from there. Load it anew.", Kind.MALFORMED)
    return int(cursor)


def _everything(given: Any) -> Iterator[tuple[Any, int]]:
    """Every key and value inside, with its depth; without recursion, for who knows how deep it goes."""
    waiting = [(given, 0)]
    while waiting:
        value, depth = waiting.pop()
        yield value, depth
        if depth > DEEPEST:
            continue
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)
