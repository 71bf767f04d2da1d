"""What a customer wants to get, for each channel and kind of message, and how each answer came about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from data.database import now, reading, unit
from domain.book import customers, preferences, proof, wishes, wordings
from domain.book.message_types import MessageType
from domain.book.proof import Consent
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui import consent_words, words
from ui.consent_words import CHANNELS
from ui.frame import current_actor
from ui.parts.basics import box, button, card, link_button, pill, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, text_input

SAID: Final = {True: ("Yes", "good"), False: ("No", "mute"), None: ("Never said", "info")}
HEAD: Final = (
    "A no counts at once, also for messages that wait to go. Messages about their own orders go by email in any case, and by "
    "WhatsApp to whoever said yes there."
)


@dataclass(frozen=True)
class Wish:
    channel: str
    message_type: MessageType
    label: str
    allowed: bool | None
    since: str


@dataclass(frozen=True)
class Said:
    when: str
    words: str
    more: str
    allowed: bool


class Preferences:
    def __init__(self, customer_id: int, name: str, by: Actor) -> None:
        self.customer_id, self.name = customer_id, name
        self.edits = by.may(Right.EDIT_CUSTOMERS)
        self.room = box("full hb-stack")

    async def fetch(self) -> None:
        wanted, said = await io(_looked_up, self.customer_id)
        if self.room.is_deleted:
            return
        self.room.clear()
        with self.room:
            with card("What they want", HEAD, testid="preferences"):
                for wish in wanted:
                    self._line(wish)
            _history(said, self.customer_id if self.edits else None)

    def _line(self, wish: Wish) -> None:
        key = f"{wish.channel}-{wish.message_type}"
        with box("hb-wish", testid=f"wish-{key}"):
            pill(*SAID[wish.allowed])
            with box("grow"):
                text(wish.label, "strong")
                text(wish.since, "muted small")
            if self.edits and wish.allowed is not False:
                button("They said no", lambda: self._no(wish), small=True, testid=f"no-{key}")
            if self.edits and wish.allowed is not True:
                button("They said yes", lambda: self._yes(wish), small=True, testid=f"yes-{key}")

    async def _no(self, wish: Wish) -> None:
        yes = await confirm(
            f"No more {wish.label.lower()}?",
            f"{self.name} gets none from now on, also of what waits to go.",
            confirm_label="Write down the no",
        )
        if yes:
            await io(_taken_down, self.customer_id, wish, False, "", await current_actor())
            toast("Their no is written down.")
            await self.fetch()

    async def _yes(self, wish: Wish) -> None:
        with sheet(f"{wish.label} for {self.name}?") as dialog:
            text("Only if they asked for it themselves. What you write is kept as the proof.", "body", "p")
            field = Field(
                "How did they ask?", "For example: asked in the shop when collecting a ring.", testid="why"
            )
            with field.body:
                entry = text_input(label="How did they ask?", testid="why-input").props("autofocus")

            async def go() -> None:
                by = await current_actor()
                with refusals_to(lambda _, sentence: field.wrong(sentence)):
                    await io(_taken_down, self.customer_id, wish, True, entry.value or "", by)
                    dialog.submit(True)

            entry.on("keydown.enter", go, [])
            with box("actions"):
                button("Cancel", lambda: dialog.submit(False))
                button("Write down the yes", go, kind="primary", testid="why-save")
        if await ask(dialog):
            toast("Their yes is written down.")
            await self.fetch()


def _history(said: list[Said], proof_of: int | None) -> None:
    """`proof_of`: whose sheet may be drawn."""
    with card("How it came about", "What this person said, the newest first. Nothing here can be changed."):
        if not said:
            text("Nothing is written down yet.", "muted", testid="no-consent")
        with box("hb-timeline", "ol", testid="consent-history"):
            for one in said:
                with box("is-yes" if one.allowed else "is-no", "li"):
                    text(one.words, "strong")
                    text(one.more, "muted small")
                    text(one.when, "muted small num")
        if proof_of is not None:
            with box("hb-row"):
                target = f"/customers/{proof_of}/proof"
                link_button("Proof to print", target, icon="shield", whole=True, testid="proof-sheet")


def _looked_up(customer_id: int) -> tuple[list[Wish], list[Said]]:
    moment = now()
    with reading() as session:
        zone, lines = read_shop(session).zone, proof.history(session, customer_id)
        sources = {line.id: consent_words.source(session, line.source) for line in lines}
        shown = wordings.of(session, [line.wording_id for line in lines])
        known = {
            (one.channel, one.message_type): (one.allowed, words.when(one.changed_at, zone, moment))
            for one in preferences.states(session, customer_id)
        }
        has_phone = bool(customers.get(session, customer_id).whatsapp_key)
    channels = [
        name
        for name in CHANNELS
        if name == "email"
        or (name == "whatsapp" and has_phone)
        or any(channel == name for channel, _ in known)
    ]
    wanted = [
        _wish(channel, kind, known.get((channel, kind)))
        for channel in channels
        for kind in MessageType
        if kind.needs_consent
    ]
    return wanted, [
        _said(
            line,
            sources[line.id],
            wordings.told(line.wording, shown.get(line.wording_id or 0, "")),
            zone,
            moment,
        )
        for line in lines
    ]


def _wish(channel: str, kind: MessageType, known: tuple[bool, str] | None) -> Wish:
    label = f"{words.MESSAGE_TYPE[kind]} by {CHANNELS[channel]}"
    if known is None:
        return Wish(channel, kind, label, None, "Nobody asked them, and they never said.")
    return Wish(channel, kind, label, known[0], f"Said {'yes' if known[0] else 'no'} {_lower(known[1])}.")


def _lower(when: str) -> str:
    """ "Today, 10:00" in the middle of a sentence; the name of a month keeps its capital."""
    return when[0].lower() + when[1:] if when[0] in "TY" else f"on {when}"


def _said(line: Consent, source: str, shown: str, zone: ZoneInfo, moment: datetime) -> Said:
    more = " · ".join(filter(None, [consent_words.how(line), source, shown and f"“{shown}”"]))
    return Said(words.when(line.at, zone, moment), consent_words.what(line), more, line.allowed)


def _taken_down(customer_id: int, wish: Wish, allowed: bool, reason: str, by: Actor) -> None:
    with unit() as session:
        wishes.take_down(
            session,
            customer_id,
            wish.channel,
            wish.message_type,
            allowed=allowed,
            reason=reason,
            by=by,
            now=now(),
        )
