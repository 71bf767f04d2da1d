"""A template and what is to fill its gaps, brought together once: what can't be sent to anybody is refused here. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from domain.message.merge import MergeError, Parsed, parse, unknown_fields
from domain.message.whatsapp import (
    FIELDS,
    LONGEST_TEXT,
    MEDIA,
    OWN,
    Button,
    Content,
    Filling,
    is_web_address,
    tidy,
)
from domain.refusal import Refusal

PLACE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
FILLABLE: Final = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS"})
BUTTONS: Final = frozenset({"URL", "QUICK_REPLY", "COPY_CODE", "PHONE_NUMBER", "VOICE_CALL", "FLOW"})
PART: Final = "Message"
LONGEST_LINK: Final = 2_000


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
        if trouble := unfillable(self.template.components):
            raise Refusal("strange_template", trouble)
        header, body = parts.get("HEADER", {}), _text(parts.get("BODY", {}).get("text"))
        kind = str(header.get("format", "TEXT")).upper() if header else ""
        heading = _text(header.get("text"))
        return Content(
            template=self.template.name,
            language=self.template.language,
            is_named=self.template.is_named or any(not name.isdecimal() for name in gaps(body) + gaps(heading)),
            header=self._header(kind, heading),
            media=kind if kind in MEDIA else "",
            file_name=_text(self._about_header().get("filename"))[:200],
            body=tuple(self._fillings("body", _in_order(gaps(body)), self._list("body"))),
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
            link = _text(given.get("link")) or _text(given.get("text"))
            if not _text(given.get("field")) and not is_web_address(link):
                raise _unfit(
                    "header", "Give the address of the picture or file, such as https://my-shop.com/ring.jpg."
                )
            return self._filling({"name": kind.lower(), **given, "text": link}, "header")
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
        if not text and where == "buttons":
            raise _unfit(where, f"Choose what fills the button “{name}” of this template.")
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
        gap = next((name for name in gaps(url) if not name.isdecimal()), "")
        if not link:
            filling = self._filling({"name": words or "the link", **given}, "buttons")
            return Button(index, "URL", filling, gap=gap)
        if not url.startswith(self.click):
            sentence = f"The button “{words}” leads to {urlsplit(url).hostname or 'another address'}, so only the end of its address can be chosen here."
            raise _unfit("buttons", sentence)
        if not is_web_address(link) or len(link) > LONGEST_LINK:
            raise _unfit(
                "buttons", "Give the address that the button leads to, such as https://my-shop.com/rings."
            )
        return Button(index, "URL", link=link, words=words, gap=gap)


def unfillable(components: Sequence[Any]) -> str:
    """Why this template can't be sent from here, whatever is chosen for its gaps; empty where it can."""
    for one in (found for found in components if isinstance(found, Mapping)):
        kind, heading = str(one.get("type", "")).upper(), str(one.get("format", "TEXT")).upper()
        if kind not in FILLABLE:
            return f"Handbill can’t fill this kind of template yet ({kind.lower()})."
        if kind == "HEADER" and heading not in (*MEDIA, "TEXT"):
            return f"Handbill can’t fill this kind of heading yet ({heading.lower()})."
        buttons = one.get("buttons")
        for button in buttons if isinstance(buttons, list) else []:
            pressed = str(button.get("type", "")).upper() if isinstance(button, Mapping) else ""
            if pressed not in BUTTONS:
                return f"Handbill can’t fill this kind of button yet ({pressed.lower()})."
    return ""


def gaps(text: str) -> list[str]:
    """What a template's text leaves open, each once, in order."""
    return list(dict.fromkeys(PLACE.findall(text)))


def _in_order(found: list[str]) -> list[str]:
    """Those that are numbered are filled by their numbers, wherever they stand in the text."""
    return sorted(found, key=int) if all(name.isdecimal() for name in found) else found


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


def _unfit(where: str, sentence: str) -> Refusal:
    return Refusal("bad_content", sentence, field=where)
