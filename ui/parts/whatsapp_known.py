"""What WhatsApp told of the shop's number and its templates, and the way to look again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.message import whatsapp_templates
from domain.shop import shop as shops
from domain.shop import whatsapp, whatsapp_reach
from jobs import whatsapp as jobs
from ui import words
from ui.frame import current_actor
from ui.parts.basics import alert, box, button, card, facts, link, pill, text
from ui.parts.feedback import io, toast
from ui.parts.whatsapp_templates import CATEGORY, QUALITY, STATUS, Template, as_shown, language

LIKED: Final[Mapping[str, str]] = {
    "GREEN": "Good: people like what you send",
    "YELLOW": "So-so: some people block or report your messages",
    "RED": "Poor: many people block or report your messages",
}
STATES: Final[Mapping[str, str]] = {
    "CONNECTED": "Works",
    "FLAGGED": "Watched by WhatsApp, because its quality fell",
    "RESTRICTED": "Restricted by WhatsApp for a while",
    "BANNED": "Blocked by WhatsApp",
    "PENDING": "Not ready yet",
    "DISCONNECTED": "Not connected at WhatsApp",
}
NONE: Final = (
    "There are none yet. Write them in Meta’s WhatsApp Manager; WhatsApp looks at each before it can be sent."
)
NOT_YET: Final = "WhatsApp has not been asked yet. That happens by itself within a few minutes."
MOST: Final = 8  # templates that are shown before the rest is unfolded


@dataclass(frozen=True)
class Known:
    practice: bool
    facts: list[tuple[str, str]]
    templates: list[Template]
    looked: str
    trouble: str


class NumberCard:
    """`await fetch()` draws it, and again after something changed."""

    def __init__(self) -> None:
        self.room = box("hb-stack full")

    async def fetch(self) -> None:
        known = await io(_known)
        if self.room.is_deleted:
            return
        self.room.clear()
        with self.room:
            _number(known)


class TemplatesCard:
    """The same of the templates."""

    def __init__(self) -> None:
        self.room = box("hb-stack full")

    async def fetch(self) -> None:
        known = await io(_known)
        if self.room.is_deleted:
            return
        self.room.clear()
        approved = sum(not one.why_not for one in known.templates)
        said = f"{approved} of {words.counted(len(known.templates), 'template')} can be sent. {known.looked}"
        with self.room, card("Message templates", said if known.looked else "", testid="templates-card"):
            if known.trouble:
                alert("WhatsApp could not be asked", known.trouble, tone="warn", testid="sync-trouble")
            if not known.templates:
                text(NONE if known.looked else NOT_YET, "body", "p")
            _list(known.templates[:MOST])
            if len(known.templates) > MOST:
                with box("full", "details"):
                    text(f"{words.number(len(known.templates) - MOST)} more", "hb-link", "summary")
                    _list(known.templates[MOST:])
            with box("hb-row end"):
                button("Look again", self._look, icon="refresh", testid="look-again")

    async def _look(self) -> None:
        by = await current_actor()
        synced = await io(jobs.refresh_now, by)
        await self.fetch()
        toast(f"{words.counted(synced.there, 'template')} found")


def _number(known: Known) -> None:
    if known.practice:
        alert(
            "Practice",
            "No number is connected. Messages go to the practice phones, and nothing leaves this computer.",
            actions=lambda: link("To the practice phones", "/practice/whatsapp", testid="to-phones"),
            testid="whatsapp-practice",
        )
    title = "The practice number" if known.practice else "Your number"
    with card(title, testid="whatsapp-number"):
        if known.facts:
            facts(known.facts, left=True, testid="number-facts")
        else:
            text(NOT_YET, "muted", testid="number-not-yet")


def _list(templates: Sequence[Template]) -> None:
    with box("hb-findings", "ul"):
        for one in templates:
            _template(one)


def _template(one: Template) -> None:
    with box("hb-finding", "li", testid=f"template-{one.name}-{one.language}"):
        with box("grow"):
            text(one.name, "strong")
            about = [language(one.language), CATEGORY.get(one.category, one.category.capitalize())]
            if one.quality in QUALITY:
                about.append(QUALITY[one.quality][0].lower())
            text(" · ".join(about), "muted small")
            if one.why_not:
                text(one.why_not, "small")
        label, tone, _ = STATUS.get(one.status, (one.status.replace("_", " ").capitalize(), "mute", ""))
        pill(label, tone)


def _known() -> Known:
    moment = now()
    with reading() as session:
        zone, row = shops.read(session).zone, whatsapp.number(session)
        practice = not whatsapp.is_connected(session)
        asked = row is not None and row.synced_at is not None  # what lies there otherwise is another number's
        found = [as_shown(one) for one in whatsapp_templates.every(session)] if asked else []
        reached = whatsapp_reach.used(session, now=moment)
    looked = (
        f"Looked at {words.within(words.when(row.synced_at, zone, moment))}." if row and row.synced_at else ""
    )
    facts_ = _facts(row, reached, zone, moment) if row and row.checked_at else []
    return Known(practice, facts_, found, looked, row.sync_error if row else "")


def _facts(
    row: whatsapp.WhatsAppNumber, reached: int, zone: ZoneInfo, moment: datetime
) -> list[tuple[str, str]]:
    reach = "As many people as you like" if row.reach is None else f"{words.number(row.reach)} different people in 24 hours"  # fmt: skip
    told = [
        ("Number", row.shown),
        ("People see", row.name),
        ("State", STATES.get(row.status, row.status.replace("_", " ").capitalize())),
        ("Quality", LIKED.get(row.quality, "Not known yet")),
        ("Reach", f"{reach}, {words.number(reached)} of them written to by now"),
        ("Speed", f"{words.counted(row.per_second, 'message')} a second"),
        ("Last sent", words.when(row.last_success_at, zone, moment) if row.last_success_at else ""),
        ("Last trouble", row.last_error),
    ]
    return [(name, said) for name, said in told if said]
