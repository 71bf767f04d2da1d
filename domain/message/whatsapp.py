"""A message by WhatsApp: a template's gaps and what fills them, or free words; for one person, the request. Pure.

What the platform refuses for everybody is refused here, before anything is sent: gaps that nothing fills, kinds of
templates that Handbill can't fill. What it refuses of one person's own details is tidied (it takes no line breaks, no tabs
and no long runs of spaces), and where nothing is left to say, that person alone is left out.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from domain.message.merge import MergeError, Parsed, parse, unknown_fields
from domain.refusal import Refusal

PLACE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
BREAKS: Final = re.compile(r"[\n\r\t\v\f\u0085\u2028\u2029]| {5,}")
FIELDS: Final[Mapping[str, str]] = {
    "first_name": "firstName", "last_name": "lastName", "full_name": "fullName", "company": "companyName",
    "email": "email", "phone": "phone", "shop_name": "shopName",
}  # fmt: skip
OWN: Final = "attrs."
LONGEST_BODY, LONGEST_HEADER, LONGEST_TEXT, LONGEST_CODE, LONGEST_LINK = 1_024, 60, 4_096, 20, 2_000
MEDIA: Final = ("IMAGE", "VIDEO", "DOCUMENT")
FILLABLE: Final = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS"})
BUTTONS: Final = frozenset({"URL", "QUICK_REPLY", "COPY_CODE", "PHONE_NUMBER", "VOICE_CALL", "FLOW"})
PART: Final = "Message"


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
    """`link`: where it leads, through the shop's own address, so that presses are counted."""

    index: int
    kind: str
    filling: Filling | None = None
    link: str = ""
    words: str = ""


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
            "to": to,
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


def compiled(
    content: Mapping[str, Any], template: "Template | None", *, own_fields: frozenset[str], click: str
) -> Content:
    """`template` is the one that is named, as it lies at the platform; `click` the beginning of a counted link.

    Raises Refusal with what is to be mended.
    """
    if content.get("text") is not None:
        return Content(words=_free_words(content["text"], own_fields))
    if template is None:
        raise Refusal("no_template", "Choose a template first.", field="template")
    return _Compiling(content, template, own_fields, click).content()


@dataclass(frozen=True, slots=True)
class Template:
    """As far as it matters here."""

    name: str
    language: str
    is_named: bool
    components: Sequence[Any]


@dataclass(frozen=True, slots=True)
class _Compiling:
    given: Mapping[str, Any]
    template: Template
    own_fields: frozenset[str]
    click: str

    def content(self) -> Content:
        parts = {
            str(one.get("type", "")).upper(): one
            for one in self.template.components
            if isinstance(one, Mapping)
        }
        strange = next((kind for kind in parts if kind not in FILLABLE), None)
        if strange is not None:
            raise Refusal(
                "strange_template", f"Handbill can’t fill this kind of template yet ({strange.lower()})."
            )
        header, body = parts.get("HEADER", {}), str(parts.get("BODY", {}).get("text", ""))
        kind = str(header.get("format", "TEXT")).upper() if header else ""
        if kind and kind not in (*MEDIA, "TEXT"):
            raise Refusal(
                "strange_template", f"Handbill can’t fill this kind of heading yet ({kind.lower()})."
            )
        heading = str(header.get("text", ""))
        return Content(
            template=self.template.name,
            language=self.template.language,
            is_named=self.template.is_named,
            header=self._header(kind, heading),
            media=kind if kind in MEDIA else "",
            file_name=_text(self._about_header().get("filename"))[:200],
            body=tuple(self._fillings("body", gaps(body), self._list("body"))),
            buttons=tuple(self._buttons(parts.get("BUTTONS", {}).get("buttons"))),
            body_length=len(PLACE.sub("", body)),
            header_length=len(PLACE.sub("", heading)),
        )  # fmt: skip

    def _about_header(self) -> Mapping[str, Any]:
        found = self.given.get("header")
        return found if isinstance(found, Mapping) else {}

    def _list(self, name: str) -> list[Mapping[str, Any]]:
        found = self.given.get(name)
        return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []

    def _header(self, kind: str, text: str) -> Filling | None:
        given = self._about_header()
        if kind in MEDIA:
            filling = self._filling(
                {"name": kind.lower(), **given, "text": given.get("link") or given.get("text")}, "header"
            )
            if filling.text and not is_web_address(filling.text):
                raise _unfit(
                    "header", "Give the address of the picture or file, such as https://my-shop.com/ring.jpg."
                )
            return filling
        wanted = gaps(text)
        return next(self._fillings("header", wanted, [{"name": wanted[0], **given}])) if wanted else None

    def _fillings(
        self, where: str, wanted: Sequence[str], given: Sequence[Mapping[str, Any]]
    ) -> Iterator[Filling]:
        by_name = {str(one.get("name") or place): one for place, one in enumerate(given, 1)}
        for name in wanted:
            if name not in by_name:
                raise _unfit(where, f"Choose what stands at {{{{{name}}}}} in this template.")
            yield self._filling({**by_name[name], "name": name}, where)

    def _filling(self, given: Mapping[str, Any], where: str) -> Filling:
        name, field = str(given["name"]), _text(given.get("field"))
        if field:
            self._require_field(field, where)
            return Filling(name, field, tidy(given.get("fallback")))
        text = tidy(given.get("text"))
        if not text:
            raise _unfit(where, f"Choose what stands at {{{{{name}}}}} in this template.")
        return Filling(name, text=text)

    def _require_field(self, field: str, where: str) -> None:
        is_own = field.startswith(OWN) and field.removeprefix(OWN) in self.own_fields
        if field not in FIELDS and field not in FIELDS.values() and not is_own:
            raise _unfit(where, f"There is no field called {field[:60]}.")

    def _buttons(self, found: Any) -> Iterator[Button]:
        given = {one.get("index"): one for one in self._list("buttons")}
        for index, one in enumerate(found if isinstance(found, list) else []):
            kind = str(one.get("type", "")).upper() if isinstance(one, Mapping) else ""
            if kind not in BUTTONS:
                raise Refusal(
                    "strange_template", f"Handbill can’t fill this kind of button yet ({kind.lower()})."
                )
            button = self._button(index, kind, one, given.get(index, {}))
            if button is not None:
                yield button

    def _button(
        self, index: int, kind: str, there: Mapping[str, Any], given: Mapping[str, Any]
    ) -> Button | None:
        words = _text(there.get("text"))[:120]
        if kind == "URL" and gaps(_text(there.get("url"))):
            return self._link(index, _text(there.get("url")), words, given)
        if kind == "COPY_CODE":
            return Button(index, kind, self._filling({"name": words or "the code", **given}, "buttons"))
        if kind == "QUICK_REPLY" and _text(given.get("text")):
            return Button(index, kind, Filling(words, text=_text(given.get("text"))[:128]))
        return Button(index, kind) if kind == "FLOW" else None

    def _link(self, index: int, url: str, words: str, given: Mapping[str, Any]) -> Button:
        """Its end is written for each person: a word of theirs, or a signed one that is counted."""
        link = _text(given.get("link"))
        if not link:
            return Button(index, "URL", self._filling({"name": words or "the link", **given}, "buttons"))
        if not url.startswith(self.click):
            sentence = f"The button “{words}” leads to {urlsplit(url).hostname or 'another address'}, so only the end of its address can be chosen here."
            raise _unfit("buttons", sentence)
        if not is_web_address(link) or len(link) > LONGEST_LINK:
            raise _unfit(
                "buttons", "Give the address that the button leads to, such as https://my-shop.com/rings."
            )
        return Button(index, "URL", link=link, words=words)


def gaps(text: str) -> list[str]:
    """What a template's text leaves open, each once, in order."""
    return list(dict.fromkeys(PLACE.findall(text)))


def tidy(value: Any) -> str:
    """As the platform takes it in a gap: on one line, without long runs of spaces."""
    if value is None or isinstance(value, (dict, list, tuple)):
        return ""
    text = value if isinstance(value, str) else str(value)
    if BREAKS.search(text) or not text.isprintable():
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
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
    if button.link:
        return {**about, "parameters": [{"type": "text", "text": tokens[button.link]}]}
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
    return {**about, "parameters": [{"type": "text", "text": quote(value, safe="/?&=#%-._~:@!$'()*+,;")}]}


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


def _free_words(given: Any, own_fields: frozenset[str]) -> Parsed:
    if not isinstance(given, str) or not given.strip():
        raise Refusal("empty_body", "The message has no text yet. Write something first.", field="text")
    if len(given) > LONGEST_TEXT:
        raise Refusal("too_large", f"The message is longer than {LONGEST_TEXT:,} characters.", field="text")
    try:
        words = parse(given, part=PART)
    except MergeError as error:
        raise Refusal(
            "bad_template", error.sentence, part=error.part, line=error.line, column=error.column
        ) from None
    unknown = unknown_fields(words, own_fields)
    if unknown:
        raise Refusal("unknown_field", unknown[0].sentence, field="text")
    return words


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _too_long(most: int) -> str:
    return (
        f"With this person’s details the message is longer than the {most:,} characters that WhatsApp takes."
    )


def _unfit(where: str, sentence: str) -> Refusal:
    return Refusal("bad_content", sentence, field=where)
