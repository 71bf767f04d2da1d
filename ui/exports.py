"""The customer book as a file, written while it is read: for the pages and for programs alike."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from fastapi.responses import StreamingResponse
from pydantic.alias_generators import to_camel

from data import csv_file
from data.database import now, reading, unit
from domain.book import customers, exporting
from domain.book.exporting import NOTHING, Tables, What
from domain.book.search import Narrowing
from domain.ledger import communications, received
from domain.ledger.communications import Letter
from domain.ledger.received import ReceivedMail
from domain.shop.people import Actor

Form = Literal["csv", "json"]
Lots = Iterator[list[dict[str, Any]]]  # people, some at a time

LOT: Final = 500  # people; each with everything that hangs on them
MOST_LETTERS: Final = 10_000
TYPES: Final[dict[str, str]] = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}
AS_THEY_ARE: Final = ("attrs",)  # the shop's own names


def book(form: Form, what: What, by: Actor, narrowed: Narrowing = NOTHING) -> StreamingResponse:
    """The whole book, or the people a list narrowed like this shows.

    Asks for the right before the first byte; what goes wrong later can only break the file off.
    """
    with unit() as session:
        those = exporting.begin(session, f"{what} as {form}", narrowed, by=by, now=now())
    lots = _lots() if those is None else _lots_of(those)
    if form == "json" or what == "communications":
        lots = map(_with_letters, lots)
    if form == "json" or what == "answers":
        lots = map(_with_answers, lots)
    lines = _json(lots) if form == "json" else _csv(what, lots)
    return _file(f"{what}-{now():%Y-%m-%d}.{form}", form, lines)


def one(customer_id: int, by: Actor) -> StreamingResponse:
    """Everything about one person, for them to read: what the book knows, and what they were sent."""
    with unit() as session:
        exporting.note_access(session, customer_id, by=by, now=now())
        customers.get(session, customer_id)
        known = exporting.person(session, customer_id)
        letters = communications.letters(session, customer_id, limit=MOST_LETTERS)
        answers = received.of(session, customer_id, limit=MOST_LETTERS)
    known["communications"] = [_told(letter) for letter in letters]
    known["answers"] = [_answered(one) for one in answers]
    return _file(f"customer-{customer_id}.json", "json", iter([_written(known, indent=2)]))


def _csv(what: What, lots: Lots) -> Iterator[str]:
    with reading() as session:
        tables = Tables(session, what)
    yield csv_file.opening(tables.headings())
    for lot in lots:
        yield "".join(csv_file.line(row) for row in tables.rows(lot))


def _json(lots: Lots) -> Iterator[str]:
    """One list, one person on each line."""
    opening = "[\n"
    for lot in lots:
        yield opening + ",\n".join(_written(person) for person in lot)
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def _lots() -> Lots:
    """Each in a look of its own, so that a slow reader holds nothing open."""
    after = 0
    while True:
        with reading() as session:
            lot = exporting.people(session, after=after, most=LOT)
        if not lot:
            return
        after = lot[-1]["id"]
        yield lot


def _lots_of(those: Sequence[int]) -> Lots:
    for start in range(0, len(those), LOT):
        with reading() as session:
            yield exporting.some(session, those[start : start + LOT])


def _with_letters(lot: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with reading() as session:
        letters = communications.of_many(session, [person["id"] for person in lot])
    return [
        person | {"communications": [_told(one) for one in letters.get(person["id"], [])]} for person in lot
    ]


def _with_answers(lot: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with reading() as session:
        wrote = received.of_many(session, [person["id"] for person in lot])
    return [person | {"answers": [_answered(one) for one in wrote.get(person["id"], [])]} for person in lot]


def _answered(one: ReceivedMail) -> dict[str, Any]:
    return {"subject": one.subject, "words": one.words, "channel": one.channel, "at": one.received_at}


def _told(letter: Letter) -> dict[str, Any]:
    return {
        "send": letter.name, "subject": letter.subject, "channel": letter.channel, "message_type": letter.message_type,
        "state": letter.state, "address": letter.address, "at": letter.at,
    }  # fmt: skip


def _written(person: dict[str, Any], indent: int | None = None) -> str:
    text = json.dumps(_camel(person), ensure_ascii=False, default=_plain, indent=indent)
    return text.encode("utf-8", "replace").decode()


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {_named(key): inner if key in AS_THEY_ARE else _camel(inner) for key, inner in value.items()}


def _named(key: str) -> str:
    return "companyName" if key == "company" else to_camel(key)


def _plain(value: Any) -> str:
    return (
        value.astimezone(UTC).isoformat(timespec="milliseconds")
        if isinstance(value, datetime)
        else str(value)
    )


def _file(name: str, form: str, lines: Iterator[str]) -> StreamingResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(lines, media_type=TYPES[form], headers=headers)
