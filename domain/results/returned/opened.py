"""The bytes of a mail, opened: heading, what is written for people, reports, and the message that came back.

Nothing here can fail: whoever sends mail decides what it is made of. What can't be parsed is read as plain lines.
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from typing import Final

from domain.results.returned.heading import Heading, heading_of
from domain.results.returned.markup import words_of_html

LONGEST: Final = 1_500_000  # bytes that are looked at; what lies behind is the original message's own body
LONGEST_TEXT: Final = 60_000  # characters of one part that is written for people
LONGEST_TEXTS: Final = 120_000  # characters of all such parts
LONGEST_REPORT: Final = 1_000_000  # characters; a thousand people in one report
MOST_DASHES: Final = 2_000  # lines that could begin a part
MOST_PARTS: Final = 80
SOMETHING: Final = 40  # characters; an HTML part beside a plain one only says the same again
LONGEST_TYPE: Final = 4_000  # of one Content-Type: the time its parameters take grows with their square
DEEPEST: Final = 25  # multiparts in one mail; more than these only confuse


@dataclass(slots=True)
class Opened:
    heading: Heading
    kind: str = "text/plain"  # of the whole
    report: str = ""  # report-type, where it is a report
    texts: list[str] = field(default_factory=list)  # for people
    statuses: list[str] = field(default_factory=list)  # RFC 3464
    feedback: list[str] = field(default_factory=list)  # RFC 5965
    enclosed: list[str] = field(default_factory=list)  # whole messages or their headings
    room: int = LONGEST_TEXTS  # for texts that are still to come


def open_mail(raw: bytes) -> Opened:
    lines = _in_lines(raw[:LONGEST])
    if len(MULTIPART.findall(lines)) > DEEPEST or lines.count(b"\n--") > MOST_DASHES:
        return _plain(lines)
    try:
        return _parsed(_with_boundary(email.message_from_bytes(lines)))
    except (
        MessageError,
        RecursionError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        KeyError,
        IndexError,
    ):
        return _plain(lines)


MULTIPART: Final = re.compile(rb"(?im)^content-type:[ \t\n]*multipart/")


def _in_lines(raw: bytes) -> bytes:
    """One kind of line end, and reports and enclosed messages as text, so that no parser descends into them."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"").lstrip(b"\n \t\xef\xbb\xbf")
    return AS_TEXT.sub(rb"\1text/x-", TYPE.sub(lambda found: found[0][:LONGEST_TYPE], _folded(lines)))


def _folded(lines: bytes) -> bytes:
    """Some mail lost the blanks before the second line of a field, and every parser would end the heading there."""
    head, gap, body = PARAMETER.sub(rb"\1\n \2", lines).partition(b"\n\n")
    rows = head[:LONGEST_TEXT].split(b"\n")
    last = max((at for at, row in enumerate(rows) if NAMED.match(row)), default=0)
    if not any(LOST.match(row) for row in rows[1:last]):
        return head + gap + body
    mended = [b" " + row if 0 < at < last and LOST.match(row) else row for at, row in enumerate(rows)]
    return b"\n".join(mended) + head[LONGEST_TEXT:] + gap + body


PARAMETER: Final = re.compile(
    rb"(?im)^(content-type:[^\n]{0,500};)[ \t]*\n((?:boundary|charset|name|report-type|type|format|differences)=)"
)
NAMED: Final = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:")
LOST: Final = re.compile(rb"(?!--)(?![A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:)[^\s>]")


TYPE: Final = re.compile(rb"(?im)^content-type:[^\n]*(?:\n[ \t][^\n]*)*")
AS_TEXT: Final = re.compile(rb"(?im)^(content-type:[ \t]*(?:\n[ \t]+)?)(?:message/|text/(?=rfc822-headers))")


def _with_boundary(message: Message) -> Message:
    """A report whose parts can't be told apart, since its heading was spoilt on the way: the first dashes say how."""
    body = message.get_payload()
    if message.get_content_maintype() != "multipart" or isinstance(body, list):
        return message
    found = BOUNDARY.search(str(body))
    if not found:
        message.set_type("text/plain")
        return message
    message.set_param("boundary", found[1])
    return email.message_from_bytes(message.as_bytes())


BOUNDARY: Final = re.compile(
    r"(?m)^--([^\s-][^\n\"]{0,68}[^\s\"])[ \t]*\n(?:content-|[ \t]*\n)", re.IGNORECASE
)


def _plain(lines: bytes) -> Opened:
    head, _, body = lines.partition(b"\n\n")
    opened = Opened(heading_of(_characters(head[:LONGEST_TEXT], "")))
    opened.texts.append(_characters(body[:LONGEST_TEXT], ""))
    return opened


def _parsed(message: Message) -> Opened:
    opened = Opened(Heading.of_pairs(message.raw_items()), kind=message.get_content_type())
    opened.report = str(message.get_param("report-type") or "").lower()
    for part in _parts(message):
        _sort_in(opened, part)
    return opened


def _parts(message: Message) -> Iterator[Message]:
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part, seen = waiting.pop(0), seen + 1
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting[:0] = [one for one in payload if isinstance(one, Message)]
            _keep_preamble(part, waiting)
        else:
            yield part


def _keep_preamble(part: Message, waiting: list[Message]) -> None:
    """Some programs write the whole report where old mail programs would read it."""
    before = part.preamble
    if isinstance(before, str) and len(before) > 200:
        note = Message()
        note.set_payload(before)
        waiting.append(note)


def _sort_in(opened: Opened, part: Message) -> None:
    kind = part.get_content_type()
    if not kind.startswith("text/"):
        return
    longest = LONGEST_REPORT if "delivery-status" in kind else LONGEST_TEXT
    text = _characters(_octets(part)[: longest * 2], str(part.get_content_charset() or ""))[:longest]
    if "delivery-status" in kind:
        opened.statuses.append(text)
    elif "feedback-report" in kind:
        opened.feedback.append(text)
    elif "rfc822" in kind or kind in ("text/x-global", "text/x-global-headers", "text/x-partial"):
        opened.enclosed.append(text)
    elif kind == "text/x-disposition-notification" or not opened.room:
        return
    else:
        _keep_text(opened, kind, text[: opened.room])


def _keep_text(opened: Opened, kind: str, text: str) -> None:
    opened.room -= len(text)
    if kind == "text/html":
        if not any(len(one.strip()) > SOMETHING for one in opened.texts):
            opened.texts.append(words_of_html(text))
    else:
        opened.texts.append(text)


def _octets(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _characters(octets: bytes, charset: str) -> str:
    """In the charset it says, else as UTF-8, else as the West writes; a wrong guess spoils letters and no address."""
    for guess in (charset if charset not in ("us-ascii", "ascii") else "", "utf-8"):
        try:
            if guess:
                return octets.decode(guess)
        except (LookupError, UnicodeError, ValueError):
            continue
    if b"\x1b$" in octets:
        return octets.decode("iso-2022-jp", "replace")
    return octets.decode("cp1252", "replace")
