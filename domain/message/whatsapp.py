"""A message by WhatsApp: a template's gaps and what fills them, or free words; for one person, the request. Pure.

What the platform refuses of somebody's own details is tidied (it takes no line breaks, no tabs and no long runs of spaces),
and where nothing is left to say, that person alone is left out. What it refuses for everybody: see `whatsapp_compiling`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from domain.message.merge import Parsed

BREAKS: Final = re.compile(r"[\n\r\t\v\f\u0085\u2028\u2029]| {5,}")
UNSPOKEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
)  # what joins letters and faces stays
NUMBER: Final = re.compile(r"\+?\d+")  # whoever has none is written to by the platform's own id
FIELDS: Final[Mapping[str, str]] = {
    "first_name": "firstName", "last_name": "lastName", "full_name": "fullName", "company": "companyName",
    "email": "email", "phone": "phone", "shop_name": "shopName",
}  # fmt: skip
OWN: Final = "attrs."
LONGEST_BODY, LONGEST_HEADER, LONGEST_TEXT, LONGEST_CODE = 1_024, 60, 4_096, 20
MEDIA: Final = ("IMAGE", "VIDEO", "DOCUMENT")


class Unfilled(Exception):
    """This person's own details leave a gap, or make too much of it. The sentence names which."""

    def __init__(self, sentence: str, code: int = 0) -> None:
        super().__init__(sentence)
        self.sentence, self.code = sentence, code


@dataclass(frozen=True, slots=True)
class Filling:
    """What goes into one gap: a field of the person with a word for when it is empty, or the same for everybody."""

    name: str  # of the gap, as the template calls it
    field: str = ""
    fallback: str = ""
    text: str = ""

    def value(self, person: Mapping[str, Any]) -> str:
        """Tidied; empty where there is nothing to say."""
        if not self.field:
            return self.text
        return tidy(_of(person, self.field)) or self.fallback


@dataclass(frozen=True, slots=True)
class Button:
    """`link`: where it leads, through the shop's own address, so that presses are counted. `gap`: where it has a name."""

    index: int
    kind: str
    filling: Filling | None = None
    link: str = ""
    words: str = ""
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """Compiled once for a send; `request` makes of it what the platform takes for one person."""

    template: str = ""
    language: str = ""
    is_named: bool = False
    header: Filling | None = None
    media: str = ""  # IMAGE, VIDEO, DOCUMENT; the header is its address then
    file_name: str = ""
    body: tuple[Filling, ...] = ()
    buttons: tuple[Button, ...] = ()
    body_length: int = 0  # of the words around the gaps
    header_length: int = 0
    words: Parsed | None = None  # free words instead of a template

    @property
    def links(self) -> list[tuple[str, str]]:
        """Addresses that are led to through the shop, and what the button says."""
        return [(one.link, one.words) for one in self.buttons if one.link]

    @property
    def fillings(self) -> Iterator[Filling]:
        yield from filter(None, (self.header, *self.body, *(one.filling for one in self.buttons)))

    def missing(self, person: Mapping[str, Any]) -> list[str]:
        """The fields that this person would need, each once."""
        return list(dict.fromkeys(one.field for one in self.fillings if not one.value(person)))

    def request(
        self,
        to: str,
        person: Mapping[str, Any],
        *,
        mark: str = "",
        tokens: Mapping[str, str] | None = None,
    ) -> bytes:
        """`tokens`: for each link its signed end. Raises Unfilled, or MergeError."""
        message: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to" if NUMBER.fullmatch(to) else "recipient": to,
        }
        if self.words is not None:
            message |= {"type": "text", "text": {"preview_url": True, "body": self._words(person)}}
        else:
            components = list(self._components(person, tokens or {}))
            message |= {"type": "template", "template": self._named(components)}
        if mark:
            message["biz_opaque_callback_data"] = mark
        return json.dumps(message, ensure_ascii=False).encode()

    def _named(self, components: Sequence[dict[str, Any]]) -> dict[str, Any]:
        named = {"name": self.template, "language": {"code": self.language}}
        return {**named, "components": list(components)} if components else named

    def _words(self, person: Mapping[str, Any]) -> str:
        words = self.words.render(person, escape="none").strip() if self.words is not None else ""
        if not words:
            raise Unfilled("With this person’s details there is nothing left to say.")
        if len(words) > LONGEST_TEXT:
            raise Unfilled(_too_long(LONGEST_TEXT), 132005)
        return words

    def _components(self, person: Mapping[str, Any], tokens: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        if self.header is not None:
            yield {"type": "header", "parameters": [self._heading(self.header, person)]}
        if self.body:
            yield {
                "type": "body",
                "parameters": self._gaps(self.body, person, self.body_length, LONGEST_BODY),
            }
        for button in self.buttons:
            yield _pressed(button, person, tokens)

    def _heading(self, header: Filling, person: Mapping[str, Any]) -> dict[str, Any]:
        if not self.media:
            return self._gaps((header,), person, self.header_length, LONGEST_HEADER)[0]
        kind, link = self.media.lower(), _filled(header, person)
        if not is_web_address(link):
            raise Unfilled(f"“{link[:60]}” is no address of a picture or file.")
        file_name = {"filename": self.file_name} if self.file_name and kind == "document" else {}
        return {"type": kind, kind: {"link": link, **file_name}}

    def _gaps(
        self, fillings: Sequence[Filling], person: Mapping[str, Any], around: int, most: int
    ) -> list[dict[str, Any]]:
        values = [_filled(one, person) for one in fillings]
        if around + sum(map(len, values)) > most:
            raise Unfilled(_too_long(most), 132005)
        return [
            {"type": "text", **({"parameter_name": one.name} if self.is_named else {}), "text": value}
            for one, value in zip(fillings, values, strict=True)
        ]


def tidy(value: Any) -> str:
    """As the platform takes it in a gap: on one line, without long runs of spaces."""
    if value is None or isinstance(value, (dict, list, tuple)):
        return ""
    text = value if isinstance(value, str) else str(value)
    if BREAKS.search(text) or UNSPOKEN.search(text):
        text = " ".join(UNSPOKEN.sub(" ", text).split())
    return text.strip()


def would_be_tidied(value: Any) -> bool:
    return isinstance(value, str) and bool(BREAKS.search(value))


def is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)


def _pressed(button: Button, person: Mapping[str, Any], tokens: Mapping[str, str]) -> dict[str, Any]:
    about = {"type": "button", "sub_type": button.kind.lower(), "index": str(button.index)}
    named = {"parameter_name": button.gap} if button.gap else {}
    if button.link:
        return {**about, "parameters": [{"type": "text", **named, "text": tokens[button.link]}]}
    if button.filling is None:  # a form: it wants to be named, and needs nothing
        return about
    value = _filled(button.filling, person)
    match button.kind:
        case "COPY_CODE":
            if len(value) > LONGEST_CODE:
                raise Unfilled(f"A code can have at most {LONGEST_CODE} characters.", 132005)
            return {**about, "parameters": [{"type": "coupon_code", "coupon_code": value}]}
        case "QUICK_REPLY":
            return {**about, "parameters": [{"type": "payload", "payload": value}]}
    return {
        **about,
        "parameters": [{"type": "text", **named, "text": quote(value, safe="/?&=#%-._~:@!$'()*+,;")}],
    }


def _filled(filling: Filling, person: Mapping[str, Any]) -> str:
    value = filling.value(person)
    if not value:
        raise Unfilled(f"This person has nothing in the field {filling.field.removeprefix(OWN)}.")
    return value


def _of(person: Mapping[str, Any], field: str) -> Any:
    if field.startswith(OWN):
        own = person.get("attrs")
        return own.get(field.removeprefix(OWN)) if isinstance(own, Mapping) else None
    return person.get(FIELDS.get(field, field))


def _too_long(most: int) -> str:
    return (
        f"With this person’s details the message is longer than the {most:,} characters that WhatsApp takes."
    )
