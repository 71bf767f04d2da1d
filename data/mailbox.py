"""What lies new in a mailbox, a few messages at a time. Nothing there is ever deleted, and nothing moved unasked.

A message is known by its UID, which only grows as long as the mailbox keeps its UIDVALIDITY.
"""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from imaplib import IMAP4
from typing import Any, Final

from data.mail_account import AccountTrouble
from data.mailbox_client import LONGEST, Client, Mailbox, TooMuch, can_move, signed_in

__all__ = ["Looked", "Mailbox", "Manner", "Place", "look", "visit"]

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


Take = Callable[[list[bytes], Place], Sequence[bool]]


@dataclass(frozen=True, slots=True)
class Manner:
    """How to go about it. `skip`: the message at which visits broke off time and again; it is not asked for.

    `marks`: what was taken is marked as read in the mailbox too. `moves_to`: a folder for what `take` says yes to.
    """

    marks: bool = False
    moves_to: str = ""
    skip: int = 0


def look(box: Mailbox, moves_to: str = "") -> Looked:
    """Only whether it can be read, and whether messages could be moved. Raises AccountTrouble."""
    with signed_in(box) as client:
        if moves_to and not can_move(client):
            raise AccountTrouble(
                "closed", True, f"{box.host} can't move messages. Leave the second folder empty."
            )
        return Looked(_open(client, box, changes=False))


def visit(box: Mailbox, place: Place, take: Take, manner: Manner, *, stopping: Callable[[], bool]) -> bool:
    """`take` gets some messages and the place behind them; once it returns they count as read. True: there is more.

    Raises AccountTrouble, which knows at which message; what was taken before stays taken.
    """
    with signed_in(box) as client:
        moves = bool(manner.moves_to) and can_move(client)
        many = _open(client, box, changes=manner.marks or moves)
        if not many:
            take([], Place(_number(client, "UIDVALIDITY"), 0))
            return False
        here = _beginning(client, place, many)
        manner = manner if moves else replace(manner, moves_to="")
        return _read_on(client, box, here, _uid_at(client, many), take, manner, stopping)


def _read_on(
    client: Client, box: Mailbox, here: Place, last: int, take: Take, manner: Manner, stopping: Callable[[], bool]
) -> bool:  # fmt: skip
    left = MOST
    for behind, found in _windows(client, here.uid, last):
        for lot in (found[at : at + LOT] for at in range(0, len(found), LOT)):
            if left <= 0 or stopping():
                return True
            left -= len(lot)
            away = _take_lot(client, box, here.validity, lot, take, manner.skip)
            if manner.marks:
                client.uid("STORE", _set(lot), "+FLAGS.SILENT", r"(\Seen)")
            if manner.moves_to and away:
                _move(client, away, manner.moves_to)
        take([], Place(here.validity, behind))
    return False


def _take_lot(
    client: Client, box: Mailbox, validity: int, lot: list[int], take: Take, skip: int
) -> list[int]:
    """Those that may be moved away. A message that breaks all bounds is passed over: otherwise nothing behind it would
    ever be read. What came before one that can't be had is taken first.
    """
    read: dict[int, bytes] = {}
    for uid in (one for one in lot if one != skip):
        try:
            if (raw := _fetched(client, uid)) is not None:
                read[uid] = raw
        except (OSError, IMAP4.abort):
            take([*read.values()], Place(validity, uid - 1))
            raise
        except TooMuch:
            take([*read.values()], Place(validity, uid))
            raise AccountTrouble(
                "closed",
                False,
                f"{box.host} sent a message without an end. Handbill hung up and leaves it out.",
            ) from None
    chosen = take([*read.values()], Place(validity, lot[-1]))
    return [uid for uid, is_chosen in zip(read, chosen, strict=False) if is_chosen]


def _move(client: Client, uids: list[int], folder: str) -> None:
    """Where that fails they stay: they are read all the same. A folder that is not there is made."""
    name = client.quoted(_as_folder(folder))
    status, _ = client.uid("MOVE", _set(uids), name)
    if status != "OK":
        client.create(name)
        client.uid("MOVE", _set(uids), name)


def _set(uids: list[int]) -> str:
    return ",".join(map(str, uids))


def _open(client: Client, box: Mailbox, *, changes: bool) -> int:
    """How many messages lie in the folder."""
    status, data = client.select(client.quoted(_as_folder(box.folder)), readonly=not changes)
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


def _fetched(client: Client, uid: int) -> bytes | None:
    """None, where the message has gone meanwhile."""
    client.at = uid
    _, data = client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LONGEST}>)")
    client.at = 0
    bodies: list[Any] = [part[1] for part in data if isinstance(part, tuple) and len(part) == 2]
    return bytes(max(bodies, key=len)) if bodies else None


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
