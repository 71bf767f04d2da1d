"""Which of our messages a report is about: by the mark that it carried, or by the number that the provider gave it.

A restored copy of the shop gives numbers of deliveries out a second time. So a report only counts for a row that went to
the address it speaks of.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import SQLColumnExpression, select
from sqlalchemy.orm import Session

from data.prepared import Prepared, among, moment
from domain.book.contact import read_email
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.whatsapp_numbers import spellings
from domain.channels.email import read_mark
from domain.ledger.deliveries import IN_FLIGHT, Delivery, Heard
from domain.ledger.hearing import Word
from domain.refusal import Refusal
from domain.results.incoming import IncomingEvent
from domain.results.report import Report
from domain.sending.dispatches import Dispatch

NUMBERS_KNOWN_FOR: Final = timedelta(
    days=60
)  # a provider's number is looked for in answers not older than that
LOT: Final = 500
WHATSAPP: Final = "whatsapp"
PLACES: Final[Mapping[str, SQLColumnExpression[str | None]]] = {
    "email": Customer.email_key,
    WHATSAPP: Customer.whatsapp_key,
}
_NUMBER: Final = re.compile(r"[A-Za-z0-9_.@+-]{12,}")


@dataclass(frozen=True, slots=True)
class Known:
    """A message of ours."""

    delivery_id: int
    dispatch_id: int
    channel: str
    message_type: MessageType
    customer_id: int | None
    address: str | None
    in_doubt: bool
    word: Word | None  # what was heard of it before


def match(session: Session, reports: Sequence[Report], *, now: datetime) -> list[Known | None]:
    """For each report its message, or None."""
    marked = [marked_row(one.mark) for one in reports]
    rows = _rows(session, {number for number in marked if number is not None})
    found = [
        rows[number] if number in rows and fits(one, rows[number]) else None
        for one, number in zip(reports, marked, strict=True)
    ]
    _by_siblings(session, reports, found)
    _by_answers(session, reports, found, now)
    return found


def fits(report: Report, known: Known) -> bool:
    """Some providers black the address out; then the mark alone counts."""
    keys = keys_of(report)
    same_way = report.channel == known.channel
    is_theirs = known.address is None or known.address in keys or known.address == report.person
    return same_way and (not keys or is_theirs)


def keys_of(report: Report) -> tuple[str, ...]:
    """The address as the book compares it; a number may have several spellings, the told one first."""
    if report.channel == WHATSAPP:
        return spellings(report.address)
    key = key_of(report.address)
    return (key,) if key else ()


def place_of(report: Report, address: str | None) -> tuple[str, str, str | None]:
    """What tells messages apart that share a provider's number: one mail may go to many, a WhatsApp message goes to one."""
    return report.provider, report.message_id, None if report.channel == WHATSAPP else address


@lru_cache(4096)
def key_of(address: str) -> str:
    """As the book compares addresses; empty for what is none."""
    text = address.strip().strip("<>")
    try:
        return read_email(text).key if text else ""
    except Refusal:
        return ""


def marked_row(mark: str) -> int | None:
    found = read_mark(mark) if mark else None
    return found[0] if found else None


def lots(values: Iterable[str]) -> Iterable[list[str]]:
    every = sorted(set(values))
    return (every[at : at + LOT] for at in range(0, len(every), LOT))


def _by_siblings(session: Session, reports: Sequence[Report], found: list[Known | None]) -> None:
    """Another report about the same message had our mark."""
    told = {place_of(one, known.address): known for one, known in zip(reports, found, strict=True) if known}
    missing = [one for one, known in zip(reports, found, strict=True) if known is None and one.message_id]
    told |= _siblings(session, missing)
    for at, one in enumerate(reports):
        if found[at] is None and one.message_id:
            found[at] = told.get(place_of(one, key_of(one.address)))


def _siblings(session: Session, missing: Sequence[Report]) -> dict[tuple[str, str, str | None], Known]:
    named: dict[tuple[str, str], set[int]] = {}
    for provider in {one.provider for one in missing}:
        for some in lots(one.message_id for one in missing if one.provider == provider):
            theirs = select(IncomingEvent.message_id, IncomingEvent.delivery_id).where(
                IncomingEvent.provider == provider,
                IncomingEvent.message_id.in_(some),
                IncomingEvent.message_id != "",
                IncomingEvent.delivery_id.is_not(None),
            )
            for message_id, number in session.execute(theirs.distinct()):
                if number is not None:
                    named.setdefault((provider, message_id), set()).add(number)
    rows = _rows(session, {number for numbers in named.values() for number in numbers})
    return {
        (*pair, None if rows[number].channel == WHATSAPP else rows[number].address): rows[number]
        for pair, numbers in named.items()
        for number in numbers
        if number in rows
    }


def _by_answers(
    session: Session, reports: Sequence[Report], found: list[Known | None], now: datetime
) -> None:
    """The provider's server said its number for the message when it took it."""
    for channel, place in PLACES.items():
        wanted = {
            key
            for one, known in zip(reports, found, strict=True)
            if known is None and one.message_id and one.channel == channel
            for key in keys_of(one)
        }
        _by_answers_at(session, reports, found, now, wanted, place)


def _by_answers_at(
    session: Session,
    reports: Sequence[Report],
    found: list[Known | None],
    now: datetime,
    wanted: Collection[str],
    place: SQLColumnExpression[str | None],
) -> None:
    answers: dict[str, list[tuple[int, str]]] = {}
    for some in lots(wanted):
        theirs = (
            select(Delivery.id, Delivery.address_key, Delivery.reply)
            .join(Customer, Customer.id == Delivery.customer_id)
            .where(
                place.in_(some),
                Delivery.address_key == place,
                Delivery.reply.is_not(None),
                Delivery.settled_at >= now - NUMBERS_KNOWN_FOR,
            )
        )
        for number, address, reply in session.execute(theirs):
            answers.setdefault(address or "", []).append((number, reply or ""))
    taken = {
        at: number
        for at, one in enumerate(reports)
        if found[at] is None
        for key in keys_of(one)
        for number, reply in answers.get(key, ())
        if _names(reply, one.message_id)
    }
    rows = _rows(session, set(taken.values()))
    for at, number in taken.items():
        found[at] = rows.get(number)


def _names(reply: str, message_id: str) -> bool:
    """Some say all of the number, some its beginning."""
    number = message_id.strip("<>")
    if len(number) < 8:
        return False
    return number in reply or any(number.startswith(word) for word in _NUMBER.findall(reply))


def _rows(session: Session, numbers: set[int]) -> dict[int, Known]:
    if not numbers:
        return {}
    rows: dict[int, Known] = {}
    found: Sequence[Any] = _finding().run(session, ids=json.dumps(sorted(numbers))).fetchall()
    for number, dispatch, channel, kind, customer, address, state, *heard in found:
        in_doubt, word = state in IN_FLIGHT, _word(number, *heard)
        rows[number] = Known(number, dispatch, channel, MessageType(kind), customer, address, in_doubt, word)
    return rows


def _word(
    number: int, heard: str | None, at: str | None, reason: str | None, said: str | None
) -> Word | None:
    when = moment(at)
    return Word(number, Heard(heard), when, reason, said or "") if heard and when else None


@cache
def _finding() -> Prepared:
    delivery = (
        Delivery.id,
        Delivery.dispatch_id,
        Dispatch.channel,
        Dispatch.message_type,
        Delivery.customer_id,
    )
    heard = Delivery.heard, Delivery.heard_at, Delivery.heard_reason, Delivery.heard_said
    found = select(*delivery, Delivery.address_key, Delivery.state, *heard)
    return Prepared(
        found.join(Dispatch, Dispatch.id == Delivery.dispatch_id).where(among(Delivery.id, "ids"))
    )
