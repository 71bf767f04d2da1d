"""The templates that the twin has, in the platform's own shape, and how one looks once it is filled in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
ALWAYS: Final = ("name", "parameter_format", "components", "language", "status", "category", "id")


@dataclass(slots=True)
class Template:
    name: str
    language: str
    category: str
    components: list[dict[str, Any]]
    id: str
    status: str = "APPROVED"
    quality: str = "GREEN"
    rejected_reason: str = "NONE"
    parameter_format: str = "POSITIONAL"
    extra: dict[str, Any] = field(default_factory=dict)  # fields that nobody here knows

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.language

    def part(self, kind: str) -> dict[str, Any]:
        return next((one for one in self.components if one["type"] == kind), {})

    @property
    def buttons(self) -> list[dict[str, Any]]:
        return list(self.part("BUTTONS").get("buttons", []))

    def as_json(self, fields: tuple[str, ...] = ()) -> dict[str, Any]:
        every = {
            "name": self.name,
            "parameter_format": self.parameter_format,
            "components": self.components,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "id": self.id,
            "quality_score": {"score": self.quality, "date": 1_760_000_000},
            "rejected_reason": self.rejected_reason,
        } | self.extra
        return {name: every[name] for name in dict.fromkeys([*(fields or ALWAYS), "id"]) if name in every}


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it stands on the phone. A button is its kind, its words and where it leads or what it says."""

    header: str = ""
    media: str = ""  # image, video, document
    link: str = ""  # of the media
    body: str = ""
    footer: str = ""
    buttons: tuple[tuple[str, str, str], ...] = ()


def places(text: str) -> list[str]:
    """What a text leaves open, each once, in order."""
    return list(dict.fromkeys(PLACE.findall(text)))


def given(component: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = component.get("parameters")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def filled(text: str, parameters: list[Mapping[str, Any]]) -> str:
    """By name where they have one, else by place."""
    words = {
        str(one.get("parameter_name") or place): str(one.get("text", ""))
        for place, one in enumerate(parameters, 1)
    }
    return PLACE.sub(lambda found: words.get(found[1], found[0]), text)


def shown(template: Template, sent: Mapping[str, Any]) -> Shown:
    """`sent`: the `template` of the request."""
    parts = {
        str(one.get("type", "")).upper(): one for one in _components(sent) if one.get("type") != "button"
    }
    header, heading = template.part("HEADER"), given(parts.get("HEADER", {}))
    kind = str(header.get("format", "")).lower()
    media = kind if kind in ("image", "video", "document") else ""
    about = heading[0].get(media) if media and heading else None
    return Shown(
        filled(str(header.get("text", "")), heading) if kind == "text" else "",
        media,
        str(about.get("link", "")) if isinstance(about, Mapping) else "",
        filled(str(template.part("BODY").get("text", "")), given(parts.get("BODY", {}))),
        str(template.part("FOOTER").get("text", "")),
        tuple(_buttons(template, sent)),
    )


def _components(sent: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = sent.get("components")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _buttons(template: Template, sent: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    pressed = {
        str(one.get("index")): given(one)
        for one in _components(sent)
        if str(one.get("type", "")).lower() == "button"
    }
    for place, button in enumerate(template.buttons):
        parameters = pressed.get(str(place), [])
        first = parameters[0] if parameters else {}
        kind, words = str(button["type"]), str(button.get("text", ""))
        if kind == "URL":
            yield kind, words, filled(str(button.get("url", "")), parameters)
        elif kind == "COPY_CODE":
            yield kind, words or "Copy code", str(first.get("coupon_code", ""))
        else:
            yield kind, words, str(first.get("payload", "") or button.get("phone_number", "") or words)


def practice_templates() -> list[Template]:
    """What a jeweller might have: one for each thing that can be in a template, one paused, one turned down."""
    return [
        Template(
            "spring_collection", "en", "MARKETING",
            [
                {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://scontent.example/ring.jpg"]}},
                {"type": "BODY", "text": "Hello {{first_name}}, our spring collection is in the window. Come and try on what you like.",
                 "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Anna"}]}},
                {"type": "FOOTER", "text": "Reply STOP and we stop."},
                {"type": "BUTTONS", "buttons": [
                    {"type": "URL", "text": "See the collection", "url": "https://shop.example/{{1}}", "example": ["https://shop.example/spring"]},
                    {"type": "QUICK_REPLY", "text": "Stop promotions"},
                ]},
            ],
            "594425479261596", parameter_format="NAMED",
        ),
        Template(
            "spring_collection", "de", "MARKETING",
            [
                {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://scontent.example/ring.jpg"]}},
                {"type": "BODY", "text": "Guten Tag {{first_name}}, unsere Frühjahrsstücke liegen im Fenster.",
                 "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Anna"}]}},
                {"type": "FOOTER", "text": "STOP beendet die Nachrichten."},
                {"type": "BUTTONS", "buttons": [
                    {"type": "URL", "text": "Ansehen", "url": "https://shop.example/{{1}}", "example": ["https://shop.example/spring"]},
                    {"type": "QUICK_REPLY", "text": "Keine Werbung mehr"},
                ]},
            ],
            "594425479261597", parameter_format="NAMED",
        ),
        Template(
            "ready_to_collect", "en", "UTILITY",
            [
                {"type": "BODY", "text": "Good news, {{1}}: your {{2}} is ready. We keep it for you until {{3}}.",
                 "example": {"body_text": [["Anna", "ring", "Saturday"]]}},
                {"type": "BUTTONS", "buttons": [{"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+15550783881"}]},
            ],
            "594425479261598",
        ),
        Template(
            "anniversary_in_a_month", "en", "MARKETING",
            [
                {"type": "HEADER", "format": "TEXT", "text": "A month to go, {{1}}", "example": {"header_text": ["Anna"]}},
                {"type": "BODY", "text": "Your anniversary is on {{1}}. Shall we put something aside for you to look at?",
                 "example": {"body_text": [["12 June"]]}},
                {"type": "BUTTONS", "buttons": [
                    {"type": "QUICK_REPLY", "text": "Yes, please"}, {"type": "QUICK_REPLY", "text": "Not this year"},
                ]},
            ],
            "594425479261599",
        ),
        Template(
            "birthday_treat", "en", "MARKETING",
            [
                {"type": "BODY", "text": "Happy birthday, {{1}}. This code is worth a little something until the end of the month.",
                 "example": {"body_text": [["Anna"]]}},
                {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy code", "example": "BIRTHDAY"}]},
            ],
            "594425479261600", quality="YELLOW",
        ),
        Template(
            "open_on_sunday", "en", "MARKETING",
            [{"type": "BODY", "text": "We are open this Sunday from eleven to four. There is coffee."}],
            "594425479261601", quality="UNKNOWN",
        ),
        Template(
            "last_chance", "en", "MARKETING",
            [{"type": "BODY", "text": "Last chance, {{1}}.", "example": {"body_text": [["Anna"]]}}],
            "594425479261602", status="PAUSED", quality="RED",
        ),
        Template(
            "win_a_diamond", "en", "MARKETING",
            [{"type": "BODY", "text": "Win a diamond, {{1}}.", "example": {"body_text": [["Anna"]]}}],
            "594425479261603", status="REJECTED", rejected_reason="PROMOTIONAL", quality="UNKNOWN",
        ),
    ]  # fmt: skip
