"""WhatsApp: a template with its gaps filled for each person, or free words to whoever has just written to the shop."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select
from sqlalchemy.orm import Session

from data.answer import HELD_BACK, Answer, Fate
from data.config import config
from data.graph import HeldBack, NoAnswer, NotSent, Sender, Told
from domain.audience.reach import WHATSAPP_REACH
from domain.book.merging import own_fields
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.channels.channel import Barred, Draft, Gate, Job, Line, Parcel, Route
from domain.channels.email import links, mark
from domain.ledger import targets, whatsapp_errors, windows
from domain.ledger.causes import Cause
from domain.ledger.whatsapp_errors import WhatsAppError
from domain.message import tracking, whatsapp_templates
from domain.message import whatsapp_compiling as messages
from domain.message.links import CLICK, PLACE_BITS, Links
from domain.message.merge import MergeError
from domain.message.whatsapp import Content, Unfilled
from domain.message.whatsapp_templates import WhatsAppTemplate
from domain.refusal import Refusal
from domain.shop import shop as shops
from domain.shop import whatsapp, whatsapp_reach
from domain.shop.limits import Grant

log = logging.getLogger(__name__)

AT_ONCE: Final = 8  # messages on the way on one line, which has as many connections
BACK_OFF, LONGEST_BACK_OFF = 1.0, 60.0  # seconds that everybody waits after "too fast"
NOT_LISTENING: Final = Answer(Fate.REFUSED, 0, "", "left_out", str(Cause.WINDOW_CLOSED))
UNWRITABLE: Final = (
    "The message could not be put together with this person's details. Look at their own fields."
)
NO_ID: Final = "WhatsApp's answer could not be read."
ODD: Final = "What answered was not WhatsApp, or it could not be read."
STANDING: Final[Mapping[str, str]] = {
    "PENDING": "WhatsApp has not looked at this template yet. Wait until it is approved.",
    "IN_APPEAL": "WhatsApp is looking at this template again. Wait until it is approved.",
    "REJECTED": "WhatsApp has turned this template down. Choose another one.",
    "PAUSED": "WhatsApp has paused this template, because too many people did not like it. Choose another one.",
    "DISABLED": "WhatsApp has switched this template off for good. Choose another one.",
    "LIMIT_EXCEEDED": "The account has more templates than it may have, and this one is not usable.",
    "PENDING_DELETION": "This template is being deleted at WhatsApp. Choose another one.",
}


class WhatsApp:
    name = "whatsapp"
    label = "WhatsApp"

    def reach(self) -> Reach:
        return WHATSAPP_REACH

    def is_connected(self, session: Session) -> bool:
        return whatsapp.is_connected(session)

    def routes(self, session: Session, *, now: datetime) -> Sequence[Route]:
        return whatsapp.routes(session)

    def rest(
        self, session: Session, account_id: int, sentence: str, *, until: datetime, now: datetime
    ) -> None:
        whatsapp.rest(session, sentence, until=until, now=now)

    def note_success(self, session: Session, account_id: int, *, now: datetime) -> None:
        whatsapp.note_success(session, now=now)

    def room(self, session: Session, *, now: datetime) -> Grant | None:
        return whatsapp.room(session, now=now)

    def known(self, *, now: datetime) -> Select[str] | None:
        return whatsapp_reach.known(now)

    def resting(self, *, now: datetime) -> Select[str] | None:
        return whatsapp_reach.resting(now)

    def turns(self, session: Session, addresses: Sequence[str], *, now: datetime) -> Mapping[str, Grant]:
        return whatsapp.turns(session, addresses, now=now)

    def check(self, session: Session, draft: Draft) -> None:
        content = compiled(session, draft)
        if content.links and str(draft.message_type) not in shops.read(session).measured:
            raise Refusal(
                "not_measured",
                "A button of this template leads through the shop, so that presses are counted, and counting is switched "
                "off for this kind of message. Switch it on under Settings, or choose a template that leads there directly.",
                field="buttons",
            )

    def prepare(
        self, session: Session, draft: Draft, *, now: datetime, measured_as: int | None = None
    ) -> Job:
        content = compiled(session, draft)
        whatsapp.kept(session, now=now)
        places = {} if measured_as is None else targets.places(session, measured_as, content.links)
        open_windows = _open_windows(session, now) if content.words is not None else {}
        retries = draft.content.get("retry_held") is True
        routes = whatsapp.routes(session)
        return WhatsAppJob(content, routes, links(), draft.shop_name, places, open_windows, retries)


def _open_windows(session: Session, now: datetime) -> dict[int, datetime]:
    there = list(session.scalars(windows.open_now(whatsapp.NAME, now=now)))
    return windows.open_of(session, there, now=now)


def compiled(session: Session, draft: Draft) -> Content:
    """Raises Refusal with what is to be mended."""
    own, click = own_fields(session), tracking.click_base(config().public_url)
    named = draft.content.get("template")
    if draft.content.get("text") is not None or not isinstance(named, Mapping):
        return messages.compiled(draft.content, None, own_fields=own, click=click)
    row = usable(session, str(named.get("name", "")), str(named.get("language", "")), draft.message_type)
    template = messages.Template(row.name, row.language, row.named, row.components)
    return messages.compiled(draft.content, template, own_fields=own, click=click)


def usable(session: Session, name: str, language: str, kind: MessageType) -> WhatsAppTemplate:
    """Raises Refusal where it may not be sent, or not as this kind of message."""
    row = whatsapp_templates.find(session, name, language)
    if row is None:
        raise Barred(
            "template_gone",
            f"There is no template “{name[:60]}” in this language at WhatsApp any more. Choose another one.",
            field="template",
        )
    if not row.is_approved:
        sentence = STANDING.get(row.status, "WhatsApp does not let this template be sent now.")
        raise Barred("template_not_approved", sentence, field="template", status=row.status)
    if row.category == "AUTHENTICATION":
        raise Refusal(
            "wrong_category",
            "This template is for sign-in codes. Choose another one.",
            field="template",
        )
    if row.category == "MARKETING" and not kind.needs_consent:
        raise Refusal(
            "wrong_category",
            "WhatsApp counts this template as marketing, so it can’t go out as a message about somebody’s own order.",
            field="template",
        )
    return row


@dataclass(slots=True)
class Pace:
    """What was learned of how fast the platform takes messages while a job runs. Moments are seconds, monotonic."""

    quiet_until: float = 0.0
    pause: float = BACK_OFF

    def slow_down(self) -> None:
        """Many are told at once: that is one reason to wait."""
        now = time.monotonic()
        if now >= self.quiet_until:
            self.quiet_until, self.pause = now + self.pause, min(self.pause * 2, LONGEST_BACK_OFF)

    async def wait(self) -> None:
        while (left := self.quiet_until - time.monotonic()) > 0:
            await asyncio.sleep(left)


@dataclass(frozen=True, slots=True)
class WhatsAppJob:
    content: Content
    routes: Sequence[whatsapp.Route]
    links: Links
    shop_name: str
    places: Mapping[str, int]  # of the counted links
    open_windows: Mapping[int, datetime]  # until when free words may be said, by customer
    retries_held: bool = False
    pace: Pace = field(default_factory=Pace)

    async def open(self, route: Route) -> Line:
        chosen = next(one for one in self.routes if one.account_id == route.account_id)
        room = max(1, min(AT_ONCE, (route.limits.per_second or whatsapp.PER_SECOND) // 5))
        return WhatsAppLine(self, [Sender(chosen.access) for _ in range(room)])

    def request(self, parcel: Parcel) -> bytes:
        """Raises Unfilled or MergeError."""
        person = {**parcel.person, "shopName": self.shop_name}
        number = parcel.delivery_id << PLACE_BITS
        tokens = {url: self.links.token(CLICK, number | place) for url, place in self.places.items()}
        marked = mark(self.links, parcel.delivery_id, parcel.attempt)
        return self.content.request(parcel.address, person, mark=marked, tokens=tokens)

    def may_be_said(self, parcel: Parcel) -> bool:
        if self.content.words is None:
            return True
        until = self.open_windows.get(parcel.customer_id or 0)
        return until is not None and parcel.now < until

    def judged(self, told: Told) -> Answer:
        """What the platform said, in our own terms."""
        if told.is_good:
            self.pace.pause = BACK_OFF
            if told.message_id:
                return Answer(Fate.ACCEPTED, told.status, told.message_id, "final")
            return Answer(Fate.UNKNOWN, told.status, NO_ID, "final")
        if told.code is None:
            return _unread(told)
        known = whatsapp_errors.error(
            told.code, status=told.status, said=" ".join(told.words), is_passing=told.is_passing
        )
        answer = heard(known, *told.words, retries_held=self.retries_held)
        if known.slows_everybody:
            self.pace.slow_down()
        return answer


@dataclass(slots=True)
class WhatsAppLine:
    """Several connections to one number, each for one message at a time."""

    job: WhatsAppJob
    idle: list[Sender]
    all: list[Sender] = field(init=False)
    room: int = field(init=False)
    is_lost: bool = False
    answered: int = 0

    def __post_init__(self) -> None:
        self.all, self.room = list(self.idle), len(self.idle)

    @property
    def takes_more(self) -> bool:
        return not self.is_lost

    @property
    def is_fresh(self) -> bool:
        return not self.answered

    @property
    def is_excused(self) -> bool:
        return False

    async def deliver(self, parcel: Parcel, hand_over: Gate) -> Answer:
        if not self.job.may_be_said(parcel):
            return NOT_LISTENING
        try:
            request = self.job.request(parcel)
        except (Unfilled, MergeError) as error:  # this person's own values; nobody else is to suffer
            return _not_written(error)
        except Exception:
            log.exception("A message could not be written: delivery %s", parcel.delivery_id)
            return Answer(Fate.REFUSED, 0, UNWRITABLE, "data")
        await self.job.pace.wait()
        return await self._carry(request, hand_over)

    async def _carry(self, request: bytes, hand_over: Gate) -> Answer:
        sender = self.idle.pop()
        try:
            told = await sender.send(request, hand_over)
        except HeldBack:
            return HELD_BACK
        except NoAnswer as trouble:
            return Answer(Fate.UNKNOWN, 0, trouble.sentence, "final")
        except NotSent as trouble:
            self.is_lost = True
            return Answer(Fate.UNSENT, 0, trouble.sentence, "mail")
        finally:
            self.idle.append(sender)
        answer = self.job.judged(told)
        is_lost = answer.fate is Fate.UNSENT  # somebody else answers there
        self.is_lost, self.answered = self.is_lost or is_lost, self.answered + (not is_lost)
        return answer

    async def close(self) -> None:
        for sender in self.all:
            with suppress(Exception):
                await sender.close()


def heard(known: WhatsAppError, *said: str, retries_held: bool = False) -> Answer:
    """An error of the platform, by the table."""
    code, text = known.code, whatsapp_errors.words(known.code, *said)
    match known.about:
        case "content" | "account":
            return Answer(Fate.REFUSED, code, known.sentence, known.about, known.reason)
        case "held" if not retries_held:
            return Answer(Fate.REFUSED, code, text, "rcpt", known.reason)
        case "pace" | "unclear" | "held":
            return Answer(Fate.DEFERRED, code, text, "rcpt", known.reason, known.again)
    return Answer(Fate.REFUSED, code, text, "rcpt", known.reason)


def _unread(told: Told) -> Answer:
    """Not one of its errors. Behind a fault of the server the message may have gone; before one of ours it did not."""
    if told.status >= 500 or told.is_good:
        return Answer(Fate.UNKNOWN, told.status, ODD, "final")
    return Answer(Fate.UNSENT, 0, f"{ODD} ({told.status})", "mail")


def _not_written(error: Unfilled | MergeError) -> Answer:
    code = error.code if isinstance(error, Unfilled) else 0
    if not code:
        return Answer(Fate.REFUSED, 0, error.sentence, "data")
    return Answer(
        Fate.REFUSED, code, whatsapp_errors.words(code, error.sentence), "data",
        whatsapp_errors.error(code).reason,
    )  # fmt: skip


CHANNEL: Any = WhatsApp()
