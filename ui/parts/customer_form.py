"""The form of one customer. Being told what is odd is help; only what can't be right is refused, on saving."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import reading
from domain.book import customers, own_fields, search, statuses
from domain.book.contact import did_you_mean, read_email
from domain.book.customers import birthday_of
from domain.book.own_fields import OwnField
from domain.book.person import Customer
from domain.book.sheet import BIRTHDAY
from domain.refusal import Refusal
from ui.frame import current_actor
from ui.parts.basics import box, button, card, link, put, text
from ui.parts.customer_dates import Begun, CustomerDates
from ui.parts.day_inputs import DayInputs
from ui.parts.feedback import handled, io
from ui.parts.inputs import Field, Form, select, text_area, text_input
from ui.parts.own_inputs import OwnInputs

LANGUAGES: Final = {
    "": "Not said", "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch",
    "pt": "Portuguese", "pl": "Polish", "cy": "Welsh", "ga": "Irish", "uk": "Ukrainian", "tr": "Turkish",
    "ar": "Arabic", "zh": "Chinese", "hi": "Hindi",
}  # fmt: skip
CHANNELS: Final = {
    "": "Not said", "email": "Email", "whatsapp": "WhatsApp", "phone": "A call", "post": "A letter",
}  # fmt: skip
TEXTS: Final = ("first_name", "last_name", "company", "email", "phone", "postcode", "notes")
TO_THE_FAULT: Final = (
    "setTimeout(() => document.querySelector('.hb-field.is-wrong, [data-testid=form-wrong]:not(.hidden)')"
    "?.scrollIntoView({block: 'center'}), 60)"
)


@dataclass(frozen=True)
class Start:
    """What the form begins with, and what it offers."""

    statuses: dict[str, str]
    tags: list[str]
    values: dict[str, Any]
    customer_id: int | None = None
    version: int | None = None
    name: str = ""
    own_fields: tuple[OwnField, ...] = ()
    dates: tuple[Begun, ...] = ()  # all but the birthday


def start_new(session: Session) -> Start:
    values = {"status": statuses.first(session), "tags": [], "birthday": "", "attrs": {}}
    return Start(_labels(session), _tag_names(session), values, own_fields=_own_fields(session))


def start_change(session: Session, customer_id: int) -> Start:
    found = customers.get(session, customer_id)
    return Start(
        _labels(session),
        _tag_names(session),
        _values(found),
        found.id,
        found.version,
        found.shown_name,
        _own_fields(session),
        _other_dates(found),
    )


class CustomerForm:
    """`values` are the fields as domain.book.customers wants them."""

    def __init__(self, begin: Start) -> None:
        self.begun = begin
        self.asked = 0
        self.refused: str | None = None  # the address that was said to be wrong
        self.fields: dict[str, Field] = {}
        self.texts: dict[str, ui.input | ui.textarea] = {}
        with card("Who it is"):
            with box("hb-two"):
                self._line("first_name", "First name")
                self._line("last_name", "Last name")
            self._line("company", "Company", optional=True)
        with card("How to reach them"), box("hb-two"):
            self._email()
            self._line(
                "phone", "Phone", "As it is dialled here, or with + and the country’s code.", kind="tel"
            )
            self._line("postcode", "Postcode", optional=True)
            self._reached_by()
            self._language()
        with card("What the shop knows"):
            with box("hb-two"):
                self._status()
                self._tags()
            self._own_fields()
            self._notes()
        with card("Dates"):
            self._dates()
        self.form = Form(self.fields)

    @property
    def values(self) -> dict[str, Any]:
        """Raises Refusal when half of a date is there."""
        return {
            **{name: self.texts[name].value or "" for name in TEXTS},
            "status": self.status.value,
            "tags": list(self.tags.value or []),
            "birthday": self.birthday.value("birthday"),
            "dates": self.dates.values,
            "language": self.language.value or "",
            "preferred_channel": self.channel.value or "",
            "attrs": self.own.values,
        }

    def clear(self) -> None:
        self.form.clear()

    def wrong(self, name: str, sentence: str) -> None:
        """Say it beside the field, and bring that into sight."""
        self.refused = (self.texts["email"].value or "").strip() if name == "email" else None
        self.form.wrong(name, sentence)
        ui.run_javascript(TO_THE_FAULT)

    async def look_at_address(self) -> None:
        """Both questions about an address: is it mistyped, and does somebody else have it?"""
        self.asked += 1
        mine, typed = self.asked, (self.texts["email"].value or "").strip()
        if typed != self.refused:  # a browser may tell of leaving the field after it told of pressing Save
            self.fields["email"].wrong()
        await current_actor()
        others = await io(_others, typed, self.begun.customer_id) if typed else []
        if mine == self.asked and not self.hints.is_deleted:
            self._hint(did_you_mean(typed) if typed else None, others)

    def _line(
        self, name: str, label: str, help_text: str = "", *, optional: bool = False, kind: str = "text"
    ) -> None:
        self.fields[name] = Field(label, help_text, optional=optional, testid=f"{name}-field")
        with self.fields[name].body:
            self.texts[name] = text_input(self._begun(name), label=label, kind=kind, testid=name)

    def _email(self) -> None:
        self._line("email", "Email", kind="email")
        self.texts["email"].on("blur", handled(self.look_at_address), [])
        with self.fields["email"].body:
            self.hints = put(box("hb-hints", testid="email-hints"), role="status")

    def _hint(self, meant: str | None, others: Sequence[tuple[int, str]]) -> None:
        self.hints.clear()
        with self.hints:
            if meant:
                button(
                    f"Did you mean {meant}?",
                    lambda: self._take_hint(meant),
                    small=True,
                    testid="did-you-mean",
                )
            if others:
                with box("hb-help", testid="same-address"):
                    text("Also the address of ", "", "span")
                    for place, (key, name) in enumerate(others):
                        text(", " if place else "", "", "span")
                        link(name, f"/customers/{key}")
                    text(". Families may share one; each message goes to it once.", "", "span")

    async def _take_hint(self, meant: str) -> None:
        self.texts["email"].set_value(meant)
        await self.look_at_address()

    def _status(self) -> None:
        self.fields["status"] = Field("Status")
        with self.fields["status"].body:
            self.status = select(
                self.begun.statuses, self.begun.values.get("status"), label="Status", testid="status"
            )

    def _tags(self) -> None:
        self.fields["tags"] = Field("Tags", "Choose, or type a new one and press Enter.", optional=True)
        with self.fields["tags"].body:
            self.tags = tag_input(self.begun.tags, self.begun.values["tags"])

    def _dates(self) -> None:
        self.fields["birthday"] = Field("Birthday", "The year may stay empty.", optional=True)
        with self.fields["birthday"].body:
            self.birthday = DayInputs(self._begun("birthday"), of="birth", testid="birthday")
        self.fields["dates"] = Field(
            "Other days that come round",
            "Segments can ask who has one soon.",
            optional=True,
            testid="dates-field",
        )
        with self.fields["dates"].body:
            self.dates = CustomerDates(self.begun.dates)

    def _language(self) -> None:
        now = self._begun("language")
        self.fields["language"] = Field("Language", optional=True)
        with self.fields["language"].body:
            options = LANGUAGES | ({now: now} if now not in LANGUAGES else {})
            self.language = select(options, now, label="Language", testid="language")

    def _own_fields(self) -> None:
        self.own = OwnInputs(self.begun.own_fields, self.begun.values.get("attrs") or {})
        self.fields |= self.own.fields

    def _reached_by(self) -> None:
        now = self._begun("preferred_channel")
        self.fields["preferred_channel"] = Field("Likes to hear by", optional=True)
        with self.fields["preferred_channel"].body:
            self.channel = select(CHANNELS, now, label="Likes to hear by", testid="preferred-channel")

    def _notes(self) -> None:
        self.fields["notes"] = Field("Notes", "Only for the shop; no message can use them.", optional=True)
        with self.fields["notes"].body:
            self.texts["notes"] = text_area(self._begun("notes"), label="Notes", height=96, testid="notes")

    def _begun(self, name: str) -> str:
        return str(self.begun.values.get(name) or "")


def tag_input(known: Sequence[str], chosen: Sequence[str]) -> ui.select:
    """Chips with suggestions; what is typed and not in the list becomes a new tag."""
    made = select(
        list(dict.fromkeys([*known, *chosen])),
        list(chosen),
        label="Tags",
        multiple=True,
        searchable=True,
        testid="tags",
    )
    made.props["new-value-mode"] = "add-unique"
    return made


def _values(found: Customer) -> dict[str, Any]:
    names = (*TEXTS, "status", "language", "preferred_channel", "attrs")
    return {
        **{name: getattr(found, name) for name in names},
        "tags": [tag.name for tag in found.tags],
        "birthday": birthday_of(found),
    }


def _other_dates(found: Customer) -> tuple[Begun, ...]:
    rows = sorted(found.dates, key=lambda row: (row.month, row.day))
    return tuple(Begun(row.kind, str(row.as_day), row.note) for row in rows if row.kind != BIRTHDAY)


def _own_fields(session: Session) -> tuple[OwnField, ...]:
    return tuple(own_fields.every(session))


def _labels(session: Session) -> dict[str, str]:
    return {status.key: status.label for status in statuses.every(session)}


def _tag_names(session: Session) -> list[str]:
    return [name for name, _ in search.tags_with_counts(session)]


def _others(typed: str, except_id: int | None) -> list[tuple[int, str]]:
    try:
        key = read_email(typed).key
    except Refusal:
        return []  # what is wrong with it is said on saving, not while somebody still types
    with reading() as session:
        return [(one.id, one.shown_name) for one in customers.others_with(session, key, except_id)]
