"""A compiled letter: ready bytes, and slots between them that are filled for one person after another.

Each slot stands on a soft-wrapped line of its own, so a value can neither stretch a line nor touch its neighbours.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.message import heading, wire
from domain.message.heading import Sender, full_name
from domain.message.language import Escape
from domain.message.letterhead import BULK, ShopFacts
from domain.message.merge import UnknownField
from domain.message.slots import FieldSlot, Filling, Piece, Slot, body_slot
from domain.message.tracking import TOKENS, Link


@dataclass(frozen=True, slots=True)
class Preview:
    subject: str
    html: str
    text: str


class Letter:
    """Ready for any number of people; safe to use from several threads."""

    def __init__(
        self,
        *,
        subject: Sequence[Piece],
        html_pieces: Sequence[Piece],
        text_pieces: Sequence[Piece],
        sender: Sender,
        shop: ShopFacts,
        message_type: str,
        fields: frozenset[str],
        unknown: tuple[UnknownField, ...],
        is_flat: bool,
        links: tuple[Link, ...] = (),
    ) -> None:
        self.links = links  # that lead through the shop
        self.fields_used = fields
        self.unknown_fields = unknown
        self.is_flat = is_flat
        self._shop_values = {"shopName": shop.name, "shopAddress": shop.postal_address}
        self._is_bulk = message_type in BULK
        self._subject, self._html, self._text = subject, html_pieces, text_pieces
        self._title = [_title_slot(one) for one in subject]
        self._slots: list[Slot[bytes] | FieldSlot] = []
        self._bytes: list[bytes] = []
        self._places: list[tuple[int, int]] = []
        boundary = _boundary(html_pieces, text_pieces)
        self._head = heading.same_for_all(sender, shop, message_type, boundary)
        self._lay_out(boundary)

    @property
    def size_estimate(self) -> int:
        """Bytes of the letter with every field empty."""
        return len(self.render({}, address="a@b.example", unsubscribe_url="", message_id="", date=""))

    def render(
        self,
        person: Mapping[str, Any],
        *,
        address: str,
        unsubscribe_url: str,
        message_id: str,
        date: str,
        tokens: Mapping[str, str] | None = None,
        unsubscribe_mail: str = "",
    ) -> bytes:
        """The whole message with CRLF line ends; `tokens` for a letter that is measured.  Raises AddressError, or MergeError for an impossible value."""
        values = {
            "email": address,
            **self._shop_values,
            **person,
            "unsubscribeUrl": unsubscribe_url,
            TOKENS: tokens,
        }
        filled = [slot.fill(values) for slot in self._slots]
        parts = self._bytes.copy()
        for place, slot in self._places:
            parts[place] = filled[slot]
        parts[0] = b"%b%b%bDate: %b\r\nMessage-ID: <%b>\r\n%b" % (
            wire.mailbox("To", full_name(person), address),
            wire.header(
                "Subject", "".join([one if isinstance(one, str) else one.fill(values) for one in self._title])
            ),
            heading.way_out(unsubscribe_url, unsubscribe_mail) if self._is_bulk else b"",
            wire.token(date),
            wire.token(message_id.strip("<>")),
            self._head,
        )
        return b"".join(parts)

    def preview(self, person: Mapping[str, Any], unsubscribe_url: str = "#") -> Preview:
        """The same words that `render` sends."""
        values = {**self._shop_values, **person, "unsubscribeUrl": unsubscribe_url}
        return Preview(
            wire.one_line(_words(self._subject, values, "none")),
            _words(self._html, values, "html"),
            _words(self._text, values, "none"),
        )

    def _lay_out(self, boundary: str) -> None:
        """Ready bytes and places for slots, in one list; the first place is the heading's."""
        self._bytes += [b"", b""]
        self._lay_part(boundary, "plain", self._text, "none")
        self._lay_part(boundary, "html", self._html, "html")
        self._bytes[-1] += b"--%b--\r\n" % boundary.encode()

    def _lay_part(self, boundary: str, kind: str, pieces: Sequence[Piece], escape: Escape) -> None:
        self._bytes[-1] += PART_HEAD % (boundary.encode(), kind.encode())
        for piece in pieces:
            if isinstance(piece, str):
                self._bytes[-1] += wire.piece(piece) + b"=\r\n"
            else:
                self._places.append((len(self._bytes), self._slot(piece, escape)))
                self._bytes += [b"", b"=\r\n"]
        self._bytes[-1] += b"\r\n"

    def _slot(self, filling: Filling, escape: Escape) -> int:
        """The same field in the same place's language is filled once a message."""
        for index, slot in enumerate(self._slots):
            if (slot.filling.name, slot.escape) == (filling.name, escape):
                return index
        self._slots.append(body_slot(filling, escape))
        return len(self._slots) - 1


PART_HEAD: Final = (
    b"--%b\r\nContent-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def _title_slot(piece: Piece) -> str | Slot[str]:
    return piece if isinstance(piece, str) else Slot(piece, "none", _as_is)


def _as_is(text: str) -> str:
    return text


def _words(pieces: Sequence[Piece], values: Mapping[str, Any], escape: Escape) -> str:
    return "".join(one if isinstance(one, str) else one.render(values, escape) for one in pieces)


def _boundary(*pages: Sequence[Piece]) -> str:
    written = "\0".join(one if isinstance(one, str) else one.name for page in pages for one in page)
    return f"handbill-{hashlib.sha256(written.encode('utf-8', 'replace')).hexdigest()[:24]}"
