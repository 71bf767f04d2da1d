"""What imports still hold of somebody who is forgotten: the cells of rows that were refused, and the reasons that quote them.

A row counts as theirs where it has their address, their number or their whole name: one row too many is typed anew, one too
few would keep what they asked to be taken away.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import event, func, or_, select
from sqlalchemy.orm import Session

from data.spool import spool
from domain.book.imports import Import
from domain.book.person import Customer

GONE: Final = "it was about somebody who was forgotten since"
TELLING: Final = 7  # digits at the end of a number: enough to know it by, however it begins
SHORT: Final = 40  # letters of a cell that may be a number


class Traces:
    """How a row is known to be about one of these people."""

    def __init__(self, cards: Sequence[Customer], earlier: Sequence[str] = ()) -> None:
        """`earlier`: addresses and numbers they had before."""
        typed = {text.casefold() for card in cards for text in (card.email, card.email_key) if text}
        typed |= {text for text in earlier if "@" in text}
        self._addresses = [re.compile(rf"(?<![\w.+-]){re.escape(text)}(?![\w-])") for text in sorted(typed)]
        numbers = [*(card.phone_key for card in cards), *(text for text in earlier if text.startswith("+"))]
        self._numbers = {_end(number) for number in numbers if number}
        self._names = {
            frozenset((card.first_name.casefold(), card.last_name.casefold()))
            for card in cards
            if card.first_name and card.last_name
        }

    def __bool__(self) -> bool:
        return bool(self._addresses or self._numbers or self._names)

    def are_in(self, cells: Sequence[str]) -> bool:
        whole = "\n".join(cells).casefold()
        return (
            any(address.search(whole) for address in self._addresses)
            or any(len(cell) <= SHORT and _end(cell) in self._numbers for cell in cells)
            or any(name <= self._words(whole) for name in self._names if all(word in whole for word in name))
        )

    @staticmethod
    def _words(whole: str) -> set[str]:
        """The cells, and what stands in them: a name may have a cell of its own, or two."""
        return {*whole.split("\n"), *whole.split()}


def forget(session: Session, cards: Sequence[Customer], earlier: Sequence[str] = ()) -> None:
    """Before the cards are emptied. The old file goes once this is committed."""
    traces = Traces(cards, earlier)
    if not traces:
        return
    has_file = func.coalesce(func.json_extract(Import.options, "$.refused_file"), "") != ""
    for entry in session.scalars(select(Import).where(or_(Import.refused > 0, has_file))):
        gone = _forget_in_file(session, entry, traces)
        entry.rejected = [_forget_reason(one, gone, traces) for one in entry.rejected]


def _forget_in_file(session: Session, entry: Import, traces: Traces) -> set[int]:
    """The numbers of the rows that went."""
    old = str(entry.options.get("refused_file") or "")
    content = spool().read(old) if old else None
    if content is None:
        return set()
    headings, *rows = csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline=""))
    stay = [row for row in rows if not traces.are_in(row[1:])]
    if len(stay) < len(rows):
        new = spool().keep(_written([headings, *stay])) if stay else ""
        entry.options = {**entry.options, "refused_file": new}
        event.listen(session, "after_commit", lambda _: spool().drop(old), once=True)
    numbers = {row[0] for row in rows} - {row[0] for row in stay}
    return {int(number) for number in numbers if number.isdecimal()}


def _forget_reason(told: dict[str, Any], gone: set[int], traces: Traces) -> dict[str, Any]:
    is_theirs = told["row"] in gone or traces.are_in([str(told["reason"])])
    return {**told, "reason": GONE} if is_theirs else told


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def _end(number: str) -> str:
    """Its last digits; nothing where there are too few."""
    digits = re.sub(r"\D", "", number)
    return digits[-TELLING:] if len(digits) >= TELLING else "none"
