"""The lines above a letter: who writes, to whom, and how to be written to no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.message import wire
from domain.message.letterhead import ShopFacts


@dataclass(frozen=True, slots=True)
class Sender:
    name: str
    address: str
    reply_to: str | None = None


def full_name(person: Mapping[str, Any]) -> str:
    whole = person.get("fullName")
    return str(whole or " ".join(str(one) for key in ("firstName", "lastName") if (one := person.get(key))))


def same_for_all(sender: Sender, shop: ShopFacts, message_type: str, boundary: str) -> bytes:
    """The end of the heading, with the empty line after it."""
    list_id = f"{message_type}.{wire.ascii_address('x@' + shop.list_id_domain).decode()[2:]}".encode()
    said = wire.phrase(shop.name)
    return b"".join(
        (
            wire.mailbox("From", sender.name, sender.address),
            wire.mailbox("Reply-To", "", sender.reply_to) if sender.reply_to else b"",
            b"List-Id: %b\r\n <%b>\r\n" % (said, list_id) if said else b"List-Id: <%b>\r\n" % list_id,
            b"MIME-Version: 1.0\r\n",
            b'Content-Type: multipart/alternative;\r\n boundary="%b"\r\n\r\n' % boundary.encode(),
        )
    )


def way_out(unsubscribe_url: str, by_mail: str = "") -> bytes:
    """RFC 2369 and RFC 8058: the mail program's own unsubscribe button. `by_mail`: a mailto address, if there is one."""
    address = wire.token(unsubscribe_url).replace(b" ", b"")
    gap = b" " if len(address) <= 57 else b"\r\n "
    other = b",\r\n <%b>" % wire.token(by_mail).replace(b" ", b"") if by_mail else b""
    return b"List-Unsubscribe:%b<%b>%b\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" % (
        gap,
        address,
        other,
    )
