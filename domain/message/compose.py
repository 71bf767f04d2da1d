"""From what the author wrote to a compiled letter.

Words that are the same for everybody are encoded here, once. What differs becomes a slot: a field, or as much of a
part as decides or repeats (`{% if %}`, `{% for %}`), worked out by Liquid for each person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.message.heading import Sender, full_name
from domain.message.letter import Letter, Preview
from domain.message.letterhead import ShopFacts, after_preheader, footer, opening, split_style
from domain.message.merge import Parsed, fields_used, parse, unknown_fields
from domain.message.sanitize import clean_html, harden, html_from_text, text_from_html
from domain.message.slots import Piece, Preheader, pieces
from domain.message.tracking import Link, counted, pixel
from domain.message.wire import AddressError
from domain.message.words import plain

__all__ = [
    "AddressError",
    "Content",
    "EmptyBody",
    "Letter",
    "Preview",
    "Sender",
    "ShopFacts",
    "compile_letter",
    "full_name",
]


@dataclass(frozen=True, slots=True)
class Content:
    """What the author wrote; one of the two bodies may be empty, it is then made from the other."""

    subject: str
    preheader: str
    html_body: str
    text_body: str


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
    measured: bool = False,
) -> Letter:
    """`measured`: its links lead through the shop, and a picture tells of an opening. Raises MergeError, UnsafeHtml, EmptyBody or AddressError: whatever would be wrong for everybody."""
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
        after_preheader(bool(content.preheader.strip()), shop.colour),
    )
    body, links = _body(harden(markup), shop.base_url, measured)
    words = pieces(parse(text.rstrip(), part="Plain text"))
    return Letter(
        subject=pieces(subject),
        html_pieces=[head, *first_line, *pieces(body), *_with_address(foot.html)],
        text_pieces=[*words, *_with_address(foot.text)],
        sender=sender,
        shop=shop,
        message_type=message_type,
        fields=frozenset(name for part in written for name in fields_used(part)),
        unknown=tuple(unknown),
        is_flat=all(part.is_flat for part in written),
        links=tuple(links),
    )


def _body(markup: str, base_url: str, measured: bool) -> tuple[Parsed, list[Link]]:
    if not measured:
        return parse(markup, part="Message"), []
    led, links = counted(markup, base_url)
    return parse(led + pixel(base_url), part="Message"), links


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


def _with_address(cut: Sequence[str]) -> Iterator[Piece]:
    """The footer, with the unsubscribe address where it is cut."""
    yield cut[0]
    for rest in cut[1:]:
        yield ADDRESS
        yield rest
