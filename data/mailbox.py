"""What lies new in a mailbox, a few messages at a time. Nothing there is ever deleted.

A message is known by its UID, which only grows as long as the mailbox keeps its UIDVALIDITY.
"""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from data.mail_account import AccountTrouble
from data.mailbox_client import LONGEST, Client, Mailbox, TooMuch, signed_in

__all__ = ["Looked", "Mailbox", "Place", "look", "visit"]

MOST: Final = 200  # messages of one visit; the next one goes on
FROM_BEFORE: Final = 500  # of what lies there when the mailbox is read for the first time
LOT: Final = 20
WINDOW: Final = 1_000  # UIDs that are asked about at once: a mailbox may hold any number


@dataclass(frozen=True, slots=True)
class Place:
    """Everything up to `uid` was read."""

    validity: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    messages: int


Take = Callable[[list[bytes], Place], None]


def look(box: Mailbox) -> Looked:
    """Only whether it can be read. Raises AccountTrouble."""
    with signed_in(box) as client:
        return Looked(_open(client, box, marks=False))


def visit(box: Mailbox, place: Place, take: Take, *, marks: bool, stopping: Callable[[], bool]) -> bool:
    """`take` gets some messages and the place behind them; once it returns they count as read. True: there is more.

    `marks`: those that were taken are marked as read in the mailbox too. Raises AccountTrouble; what was taken before
    stays taken.
    """
    with signed_in(box) as client:
        many = _open(client, box, marks=marks)
        if not many:
            take([], Place(_number(client, "UIDVALIDITY"), 0))
            return False
        here = _beginning(client, place, many)
        return _read_on(client, box, here, _uid_at(client, many), take, marks, stopping)


def _read_on(
    client: Client, box: Mailbox, here: Place, last: int, take: Take, marks: bool, stopping: Callable[[], bool]
) -> bool:  # fmt: skip
    left = MOST
    for behind, found in _windows(client, here.uid, last):
        for lot in (found[at : at + LOT] for at in range(0, len(found), LOT)):
            if left <= 0 or stopping():
                return True
            left -= len(lot)
            _take_lot(client, box, here.validity, lot, take)
            if marks:
                client.uid("STORE", ",".join(map(str, lot)), "+FLAGS.SILENT", r"(\Seen)")
        take([], Place(here.validity, behind))
    return False


def _take_lot(client: Client, box: Mailbox, validity: int, lot: list[int], take: Take) -> None:
    """A message that breaks all bounds is passed over: otherwise nothing behind it would ever be read."""
    read: list[bytes] = []
    for uid in lot:
        try:
            read += _fetched(client, uid)
        except TooMuch:
            take(read, Place(validity, uid))
            raise AccountTrouble(
                "closed",
                False,
                f"{box.host} sent a message without an end. Handbill hung up and leaves it out.",
            ) from None
    take(read, Place(validity, lot[-1]))


def _open(client: Client, box: Mailbox, *, marks: bool) -> int:
    """How many messages lie in the folder."""
    status, data = client.select(client.quoted(_as_folder(box.folder)), readonly=not marks)
    if status != "OK":
        raise AccountTrouble("closed", True, f"There is no folder called {box.folder} in this mailbox.")
    return int(data[0] or 0)


def _beginning(client: Client, place: Place, many: int) -> Place:
    """Where reading goes on; in a mailbox that is new to us, a little before its end."""
    validity = _number(client, "UIDVALIDITY")
    if place.validity == validity and place.validity:
        return place
    first = _uid_at(client, many - FROM_BEFORE + 1) - 1 if many > FROM_BEFORE else 0
    return Place(validity, first)


def _windows(client: Client, after: int, last: int) -> Iterator[tuple[int, list[int]]]:
    """UIDs in their order, and up to where they were asked for. Where none are, the steps grow."""
    wide = WINDOW
    while after < last:
        until = min(after + wide, last)
        _, data = client.uid("SEARCH", f"UID {after + 1}:{until}")
        numbers = {int(word) for line in data for word in (line or b"").split()}
        found = sorted(number for number in numbers if after < number <= until)
        yield until, found
        wide = WINDOW if found else wide * 10
        after = until


def _uid_at(client: Client, sequence: int) -> int:
    _, data = client.fetch(str(sequence), "(UID)")
    for line in data:
        found = _UID.search(line if isinstance(line, bytes) else b"")
        if found:
            return int(found[1])
    raise ValueError("no UID")


def _fetched(client: Client, uid: int) -> list[bytes]:
    """None, where the message has gone meanwhile."""
    _, data = client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LONGEST}>)")
    bodies: list[Any] = [part[1] for part in data if isinstance(part, tuple) and len(part) == 2]
    return [bytes(max(bodies, key=len))] if bodies else []


def _number(client: Client, name: str) -> int:
    _, data = client.response(name)
    return int(data[-1]) if data and data[-1] else 0


def _as_folder(name: str) -> str:
    """RFC 3501, 5.1.3: letters beyond ASCII in a UTF-7 of its own."""
    return _BEYOND.sub(_utf7, name.replace("&", "&-"))


def _utf7(found: re.Match[str]) -> str:
    plain = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=")
    return f"&{plain.replace('/', ',')}-"


_UID: Final = re.compile(rb"UID (\d+)")
_BEYOND: Final = re.compile(r"[^\x20-\x7e]+")
