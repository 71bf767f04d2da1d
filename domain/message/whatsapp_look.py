"""How a message by WhatsApp looks on one person's phone, and what its template leaves open; also while it is half written. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final, Literal

from domain.message.merge import MergeError, parse
from domain.message.whatsapp import MEDIA, Filling
from domain.message.whatsapp_compiling import PART, PLACE, gaps

Wants = Literal["words", "file", "ending", "link", "code"]
Where = Literal["header", "body", "buttons"]
AROUND: Final = 60  # characters of the template that are quoted beside a gap
# What WhatsApp itself makes of stars and dashes: only around whole words, and within one line.
VERBATIM: Final = re.compile(r"```(?P<block>.+?)```|`(?P<line>[^`\n]+)`", re.DOTALL)
ADDRESS: Final = re.compile(r"(?:https?://|www\.)[^\s<>\ue000\ue001]*[^\s<>\ue000\ue001.,;:!?)\]*_~'\"]")
MARKS: Final = re.compile(
    r"(?<![\w*])\*(?=\S)(?P<b>[^\n*]+)(?<=\S)\*(?![\w*])"
    r"|(?<!\w)_(?=\S)(?P<i>[^\n_]+)(?<=\S)_(?!\w)"
    r"|(?<![\w~])~(?=\S)(?P<s>[^\n~]+)(?<=\S)~(?![\w~])"
)
KEPT: Final = re.compile("[\ue000-\ue001]")  # stand for what is put back later
PLACED: Final = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True, slots=True)
class Gap:
    """`name` as the template calls it; of a button what it says. `around`: the template's own words there."""

    where: Where
    name: str
    wants: Wants = "words"
    index: int = 0  # of the button
    around: str = ""
    starts: str = ""  # the part of a button's address that stays

    @property
    def key(self) -> str:
        return f"buttons-{self.index}" if self.where == "buttons" else f"{self.where}-{self.name}"


@dataclass(frozen=True, slots=True)
class Look:
    """A button is its kind and its words. `empty` are the gaps for which there is nothing to say."""

    heading: str = ""
    media: str = ""  # image, video, document
    link: str = ""  # of it
    body: str = ""
    footer: str = ""
    buttons: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()


def left_open(components: Sequence[Any], *, click: str) -> list[Gap]:
    """In the order of the message. `click`: how the shop's own counted links begin."""
    parts = _parts(components)
    return [*_of_the_header(parts.get("HEADER", {})), *_of_the_body(parts), *_of_buttons(parts, click)]


def changed_since(gaps: Sequence[Gap], content: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Of a message that was written for an earlier shape of its template: gaps that nothing was written for, and what was
    written for gaps that are no more. Names are compared, not places.
    """
    there: dict[tuple[Where, str], str] = {(one.where, _slot(one)): one.name for one in gaps}
    kept: set[tuple[Where, str]] = {
        ("body", str(one.get("name") or place)) for place, one in enumerate(_list(content, "body"), 1)
    }
    kept |= {("buttons", str(one.get("index"))) for one in _list(content, "buttons")}
    if isinstance(content.get("header"), Mapping):
        kept.add(("header", ""))
    new = [name for key, name in there.items() if key not in kept]
    return new, sorted(_said_of(*key) for key in kept - there.keys())


def carried(content: Mapping[str, Any], *, same: bool) -> dict[str, Any]:
    """What was written already, for another template to begin with. `same`: it is that one, or stands in for it; else only
    what has a name of its own, for {{1}} means something else there.
    """
    if same:
        return {part: content[part] for part in ("header", "body", "buttons") if part in content}
    named = [one for one in _list(content, "body") if not str(one.get("name") or "1").isdigit()]
    return {"body": named} if named else {}


def look(components: Sequence[Any], content: Mapping[str, Any], person: Mapping[str, Any]) -> Look:
    """As this person would get it. What nobody filled in yet stands there as the template has it."""
    if isinstance(content.get("text"), str):
        return Look(body=_free(content["text"], person))
    parts, empty = _parts(components), list[str]()
    header = parts.get("HEADER", {})
    about = content.get("header")
    given = about if isinstance(about, Mapping) else {}
    kind = str(header.get("format", "TEXT")).upper()
    is_media = bool(header) and kind in MEDIA
    return Look(
        heading="" if is_media else _filled(str(header.get("text", "")), [given], person, empty),
        media=kind.lower() if is_media else "",
        link=_value({**given, "text": given.get("link") or given.get("text")}, person) if is_media else "",
        body=_filled(str(parts.get("BODY", {}).get("text", "")), _list(content, "body"), person, empty),
        footer=str(parts.get("FOOTER", {}).get("text", "")),
        buttons=tuple((str(one.get("type", "")), str(one.get("text", ""))) for one in _buttons(parts)),
        empty=tuple(dict.fromkeys(empty)),
    )


def marked(text: str) -> str:
    """The words as HTML, with *bold*, _italic_, ~strike~ and ```verbatim``` shown as WhatsApp shows them.

    All else is escaped, and nothing in it leads anywhere: an address only looks like one.
    """
    kept = list[str]()

    def keep(html: str) -> str:
        kept.append(html)
        return f"\ue000{len(kept) - 1}\ue001"

    plain = VERBATIM.sub(lambda found: keep(_verbatim(found)), KEPT.sub("", text))
    plain = ADDRESS.sub(lambda found: keep(f'<span class="link">{escape(found[0])}</span>'), plain)
    return PLACED.sub(lambda found: kept[int(found[1])], _styled(plain))


def _verbatim(found: re.Match[str]) -> str:
    return f"<code>{escape(found['block'] or found['line'])}</code>"


def _styled(text: str) -> str:
    """No mark can stand within one of its own kind, so this goes three deep at most."""
    made, at = list[str](), 0
    for found in MARKS.finditer(text):
        tag = found.lastgroup or ""
        made += [escape(text[at : found.start()]), f"<{tag}>{_styled(found[tag])}</{tag}>"]
        at = found.end()
    return "".join([*made, escape(text[at:])])


def _slot(gap: Gap) -> str:
    return {"body": gap.name, "buttons": str(gap.index), "header": ""}[gap.where]


def _said_of(where: Where, slot: str) -> str:
    return {"body": f"{{{{{slot}}}}}", "buttons": "a button", "header": "the heading"}[where]


def _parts(components: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    return {str(one.get("type", "")).upper(): one for one in components if isinstance(one, Mapping)}


def _of_the_header(header: Mapping[str, Any]) -> Iterator[Gap]:
    kind = str(header.get("format", "TEXT")).upper()
    if header and kind in MEDIA:
        yield Gap("header", kind.lower(), "file")
        return
    text = str(header.get("text", ""))
    for name in gaps(text)[:1]:
        yield Gap("header", name, around=_around(text, name))


def _of_the_body(parts: Mapping[str, Mapping[str, Any]]) -> Iterator[Gap]:
    text = str(parts.get("BODY", {}).get("text", ""))
    for name in gaps(text):
        yield Gap("body", name, around=_around(text, name))


def _of_buttons(parts: Mapping[str, Mapping[str, Any]], click: str) -> Iterator[Gap]:
    for index, one in enumerate(_buttons(parts)):
        kind, words, url = str(one.get("type", "")).upper(), str(one.get("text", "")), str(one.get("url", ""))
        if kind == "COPY_CODE":
            yield Gap("buttons", words, "code", index)
        elif kind == "URL" and gaps(url):
            wants: Wants = "link" if url.startswith(click) else "ending"
            yield Gap("buttons", words, wants, index, starts=PLACE.split(url)[0])


def _buttons(parts: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found = parts.get("BUTTONS", {}).get("buttons")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _around(text: str, name: str) -> str:
    """A line of the template with this gap in it, cut where it is long."""
    found = next((one for one in PLACE.finditer(text) if one[1] == name), None)
    if found is None:
        return ""
    begin, end = max(0, found.start() - AROUND // 2), min(len(text), found.end() + AROUND // 2)
    cut = " ".join(text[begin:end].split())
    return f"{'…' if begin else ''}{cut}{'…' if end < len(text) else ''}"


def _list(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = content.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _filled(
    text: str, given: Sequence[Mapping[str, Any]], person: Mapping[str, Any], empty: list[str]
) -> str:
    by_name = {str(one.get("name") or place): one for place, one in enumerate(given, 1)}
    values = {name: _value(by_name.get(name, {}), person) for name in gaps(text)}
    empty.extend(name for name, value in values.items() if not value)
    return PLACE.sub(lambda found: values[found[1]] or found[0], text)


def _value(given: Mapping[str, Any], person: Mapping[str, Any]) -> str:
    words = {name: str(given.get(name) or "").strip() for name in ("field", "fallback", "text")}
    return Filling("", **words).value(person)


def _free(text: str, person: Mapping[str, Any]) -> str:
    try:
        return parse(text, part=PART).render(person, escape="none").strip()
    except MergeError:
        return text
