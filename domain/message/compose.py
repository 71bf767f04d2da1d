"""A letter: compiled once from what the author wrote, then put on the wire for one person after another.

Words that are the same for everybody are encoded when compiling.  What differs stands in slots, each on a soft-wrapped
line of its own, so a value can neither stretch a line nor touch its neighbours.  A part that decides or repeats
(`{% if %}`, `{% for %}`) is one big slot, worked out by Liquid for each person.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.message import wire
from domain.message.letterhead import (
    BULK,
    ShopFacts,
    after_preheader,
    footer,
    opening,
    split_style,
)
from domain.message.merge import (
    Escape,
    Parsed,
    UnknownField,
    fields_used,
    parse,
    plain,
    unknown_fields,
)
from domain.message.sanitize import clean_html, harden, html_from_text, text_from_html
from domain.message.slots import Filling, Piece, Preheader, Slot, Turning
from domain.message.wire import AddressError

__all__ = [
    "AddressError",
    "Content",
    "EmptyBody",
    "Letter",
    "Preview",
    "Sender",
    "ShopFacts",
    "compile_letter",
]


@dataclass(frozen=True, slots=True)
class Content:
    """What the author wrote; one of the two bodies may be empty, it is then made from the other."""

    subject: str
    preheader: str
    html_body: str
    text_body: str


@dataclass(frozen=True, slots=True)
class Sender:
    name: str
    address: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    subject: str
    html: str
    text: str


class EmptyBody(ValueError):
    def __init__(self) -> None:
        self.sentence = "The message is empty: write something before sending it."
        super().__init__(self.sentence)


def compile_letter(
    content: Content,
    sender: Sender,
    shop: ShopFacts,
    message_type: str,
    *,
    attr_keys: frozenset[str] = frozenset(),
) -> "Letter":
    """Raises MergeError, UnsafeHtml, EmptyBody or AddressError: whatever would be wrong for everybody."""
    written = _read(content)
    unknown = [field for part in written for field in unknown_fields(part, attr_keys)]
    markup, text = _both_bodies(content)
    style, markup = split_style(markup)
    subject, preheader = (
        parse(content.subject, part="Subject"),
        parse(content.preheader, part="Preheader"),
    )
    foot, seen = footer(shop, message_type), plain(content.subject)
    head = opening(seen if "{" not in seen else shop.name, style)
    first_line = (
        Preheader(preheader),
        after_preheader(bool(content.preheader.strip())),
    )
    body = _pieces(parse(harden(markup), part="Message"))
    words = _pieces(parse(text.rstrip(), part="Plain text"))
    return Letter(
        subject=_pieces(subject),
        html_pieces=[head, *first_line, *body, *_with_address(foot.html)],
        text_pieces=[*words, *_with_address(foot.text)],
        sender=sender,
        shop=shop,
        message_type=message_type,
        fields=frozenset(name for part in written for name in fields_used(part)),
        unknown=tuple(unknown),
        is_flat=all(part.is_flat for part in written),
    )


def _read(content: Content) -> list[Parsed]:
    """Every part as the author wrote it, so that a fault is shown with the author's own line and column."""
    named = {
        "Subject": content.subject,
        "Preheader": content.preheader,
        "Message": content.html_body,
        "Plain text": content.text_body,
    }
    return [parse(source, part=part) for part, source in named.items() if source.strip()]


def _both_bodies(content: Content) -> tuple[str, str]:
    if not content.html_body.strip():
        if not plain(content.text_body).strip():
            raise EmptyBody
        return html_from_text(content.text_body), plain(content.text_body)
    markup = clean_html(content.html_body)
    text = text_from_html(markup)
    if not text.strip() and "<img" not in markup:
        raise EmptyBody
    return markup, plain(content.text_body) if content.text_body.strip() else text


ADDRESS: Final = parse("{{ unsubscribeUrl }}", part="Footer").nodes[0]


def _pieces(parsed: Parsed) -> list[Piece]:
    return list(parsed.nodes) if parsed.is_flat else [Turning(parsed)]


def _with_address(cut: Sequence[str]) -> Iterator[Piece]:
    """The footer, with the unsubscribe address where it is cut."""
    yield cut[0]
    for rest in cut[1:]:
        yield ADDRESS
        yield rest


class Letter:
    """Ready for any number of people; safe to use from several threads."""

    def __init__(
        self,
        *,
        subject: list[Piece],
        html_pieces: list[Piece],
        text_pieces: list[Piece],
        sender: Sender,
        shop: ShopFacts,
        message_type: str,
        fields: frozenset[str],
        unknown: tuple[UnknownField, ...],
        is_flat: bool,
    ) -> None:
        self.fields_used = fields
        self.unknown_fields = unknown
        self.is_flat = is_flat
        self._shop_values = {"shopName": shop.name, "shopAddress": shop.postal_address}
        self._is_bulk = message_type in BULK
        self._subject, self._html, self._text = subject, html_pieces, text_pieces
        self._title = [Slot(one, "none", _as_is) if not isinstance(one, str) else one for one in subject]
        self._slots: list[Slot[bytes]] = []
        self._bytes: list[bytes] = []
        self._places: list[tuple[int, int]] = []
        self._head = _fixed_head(sender, shop, message_type, boundary := _boundary(html_pieces, text_pieces))
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
    ) -> bytes:
        """The whole message with CRLF line ends.  Raises AddressError, or MergeError for an impossible value."""
        values = {
            "email": address,
            **self._shop_values,
            **person,
            "unsubscribeUrl": unsubscribe_url,
        }
        filled = [slot.fill(values) for slot in self._slots]
        parts = self._bytes.copy()
        for place, slot in self._places:
            parts[place] = filled[slot]
        parts[0] = b"%b%b%bDate: %b\r\nMessage-ID: <%b>\r\n%b" % (
            wire.mailbox("To", full_name(person), address),
            wire.header("Subject", self._spoken_title(values)),
            _list_headers(unsubscribe_url) if self._is_bulk else b"",
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

    def _spoken_title(self, values: Mapping[str, Any]) -> str:
        return "".join(one if isinstance(one, str) else one.fill(values) for one in self._title)

    def _lay_out(self, boundary: str) -> None:
        """Ready bytes and places for slots, in one list; the first place is the header's."""
        self._bytes.append(b"")
        for kind, pieces, escape in (
            ("plain", self._text, "none"),
            ("html", self._html, "html"),
        ):
            self._bytes.append(PART_HEAD % (boundary.encode(), kind.encode()))
            for piece in pieces:
                self._lay_piece(piece, "html" if escape == "html" else "none")
            self._bytes.append(b"\r\n")
        self._bytes.append(b"--%b--\r\n" % boundary.encode())

    def _lay_piece(self, piece: Piece, escape: Escape) -> None:
        if isinstance(piece, str):
            self._bytes.append(wire.piece(piece))
        else:
            self._places.append((len(self._bytes), self._slot(piece, escape)))
            self._bytes.append(b"")
        self._bytes.append(b"=\r\n")

    def _slot(self, filling: Filling, escape: Escape) -> int:
        """The same field in the same place's language is filled once a message."""
        for index, slot in enumerate(self._slots):
            if (slot.filling.name, slot.escape) == (filling.name, escape):
                return index
        self._slots.append(Slot(filling, escape, wire.piece))
        return len(self._slots) - 1


PART_HEAD: Final = (
    b"--%b\r\nContent-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def full_name(person: Mapping[str, Any]) -> str:
    whole = person.get("fullName")
    return str(whole or " ".join(str(one) for key in ("firstName", "lastName") if (one := person.get(key))))


def _as_is(text: str) -> str:
    return text


def _words(pieces: Sequence[Piece], values: Mapping[str, Any], escape: Escape) -> str:
    return "".join(one if isinstance(one, str) else one.render(values, escape) for one in pieces)


def _boundary(*pages: Sequence[Piece]) -> str:
    written = "\0".join(one if isinstance(one, str) else one.name for page in pages for one in page)
    return f"handbill-{hashlib.sha256(written.encode('utf-8', 'replace')).hexdigest()[:24]}"


def _fixed_head(sender: Sender, shop: ShopFacts, message_type: str, boundary: str) -> bytes:
    list_id = f"{message_type}.{wire.ascii_address('x@' + shop.list_id_domain).decode()[2:]}"
    said = wire.phrase(shop.name)
    return b"".join(
        (
            wire.mailbox("From", sender.name, sender.address),
            wire.mailbox("Reply-To", "", sender.reply_to) if sender.reply_to else b"",
            b"List-Id: %b\r\n <%b>\r\n" % (said, list_id.encode())
            if said
            else b"List-Id: <%b>\r\n" % list_id.encode(),
            b"MIME-Version: 1.0\r\n",
            b'Content-Type: multipart/alternative;\r\n boundary="%b"\r\n\r\n' % boundary.encode(),
        )
    )


def _list_headers(unsubscribe_url: str) -> bytes:
    """RFC 2369 and RFC 8058: the mail program's own unsubscribe button."""
    address = wire.token(unsubscribe_url).replace(b" ", b"")
    gap = b" " if len(address) <= 57 else b"\r\n "
    return b"List-Unsubscribe:%b<%b>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" % (
        gap,
        address,
    )
