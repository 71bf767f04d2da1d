"""Email: the words are compiled by `domain.message`, and travel by the session of `data.smtp`."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from sqlalchemy import Select
from sqlalchemy.orm import Session

from data import smtp
from data.config import config
from data.secrets import keys
from data.smtp import Answer
from domain.audience.reach import EMAIL_REACH
from domain.book import measuring
from domain.book.merging import own_fields
from domain.book.reach import Reach
from domain.channels.channel import Draft, Gate, Job, Line, Parcel, Route
from domain.ledger import targets
from domain.message import marks, tracking
from domain.message.compose import (
    AddressError,
    Content,
    EmptyBody,
    Letter,
    Sender,
    ShopFacts,
    compile_letter,
)
from domain.message.links import CLICK, OPEN, PLACE_BITS, Links
from domain.message.merge import MergeError
from domain.message.sanitize import UnsafeHtml
from domain.message.wire import ascii_address
from domain.refusal import Refusal
from domain.shop import mail, mailbox, provider_keys
from domain.shop.colour import by_day
from domain.shop.limits import Grant

log = logging.getLogger(__name__)

MARK, TRIAL, MARK_LENGTH = "mark", "trial", 32
LARGEST = 2**63 - 1
UNWRITABLE = "The message could not be put together with this person's details. Look at their own fields."


class Email:
    name = "email"
    label = "Email"

    def reach(self) -> Reach:
        return EMAIL_REACH

    def is_connected(self, session: Session) -> bool:
        return not mail.is_practice(session)

    def routes(self, session: Session, *, now: datetime) -> Sequence[Route]:
        return mail.routes(session, now=now)

    def rest(
        self, session: Session, account_id: int, sentence: str, *, until: datetime, now: datetime
    ) -> None:
        mail.rest(session, account_id, sentence, until=until, now=now)

    def note_success(self, session: Session, account_id: int, *, now: datetime) -> None:
        mail.note_success(session, now, account_id)

    def room(self, session: Session, *, now: datetime) -> Grant | None:
        return None

    def known(self, *, now: datetime) -> Select[str] | None:
        return None

    def resting(self, *, now: datetime) -> None:
        return None

    def turns(self, session: Session, addresses: Sequence[str], *, now: datetime) -> Mapping[str, Grant]:
        return {}

    def check(self, session: Session, draft: Draft) -> None:
        _check_sender(draft)
        if not draft.subject.strip():
            raise Refusal(
                "no_subject",
                "Write a subject line first: it is what the inbox shows.",
                field="subject",
            )
        _check_fields(letter(session, draft))

    def prepare(
        self, session: Session, draft: Draft, *, now: datetime, measured_as: int | None = None
    ) -> Job:
        counted = None if measured_as is None else _counted(session, draft, measured_as)
        routes = mail.routes(session, now=now)
        job = EmailJob(letter(session, draft), routes, draft.from_email, links(), counted)
        return replace(job, configuration_set=_configuration_set(session), inbox=_inbox(session))


@dataclass(slots=True)
class Manners:
    """What was learned about a mail server while a job runs."""

    without: frozenset[str] = frozenset()  # extensions it offers and does not master
    longest: int | None = None  # messages after which it hangs up
    last: int = 0  # how many the connection before this one carried until it was hung up

    def learn(self, session: smtp.Session) -> None:
        """It hung up. Twice after the same number of messages is a habit."""
        self.without |= session.broken
        if session.answered and not session.broken:
            self.longest = session.answered if session.answered == self.last else self.longest
            self.last = session.answered


@dataclass(frozen=True, slots=True)
class Counted:
    """The letter whose links lead through the shop. Whoever does not want to be measured gets the other one."""

    letter: Letter
    places: tuple[tuple[str, int], ...]  # what each link's token is called, and its place among the targets
    refusing: frozenset[int]  # customers

    def tokens(self, links: Links, delivery_id: int) -> dict[str, str]:
        """For one message: its own picture, and each of its links."""
        made = {tracking.PIXEL: links.token(OPEN, delivery_id)}
        for name, place in self.places:
            made[name] = links.token(CLICK, delivery_id << PLACE_BITS | place)
        return made


@dataclass(frozen=True, slots=True)
class EmailJob:
    letter: Letter
    routes: Sequence[mail.Route]
    sender: str
    links: Links
    counted: Counted | None = None
    manners: dict[int, Manners] = field(default_factory=dict)  # by account
    configuration_set: str = ""  # of Amazon SES, where the shop names one
    inbox: str = ""  # the address of the shop's inbox, where it has one: mail to it may unsubscribe

    def way_by_mail(self, unsubscribe_url: str) -> str:
        """The same token as in the link, where a mail program puts it into a letter to us."""
        token = unsubscribe_url.rpartition("/")[2]
        return f"mailto:{self.inbox}?subject=unsubscribe%20{token}" if self.inbox else ""

    async def open(self, route: Route) -> Line:
        chosen = next(one for one in self.routes if one.account_id == route.account_id)
        manners = self.manners.setdefault(route.account_id, Manners())
        session = await smtp.connect(chosen.account, without=manners.without)
        most = [number for number in (route.limits.per_connection, manners.longest) if number]
        is_paced = route.limits.per_second is not None
        return EmailLine(self, session, manners, min(most, default=None), is_paced, chosen.account.host)


@dataclass(slots=True)
class EmailLine:
    job: EmailJob
    session: smtp.Session
    manners: Manners
    most: int | None  # messages on this connection
    is_paced: bool  # so many a second
    host: str  # of the mail server: each provider repeats our mark in a way of its own
    begun: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def room(self) -> int:
        return self.session.room

    @property
    def takes_more(self) -> bool:
        return self.session.alive and (self.most is None or self.begun < self.most)

    @property
    def is_fresh(self) -> bool:
        return not self.session.answered

    @property
    def is_excused(self) -> bool:
        return bool(self.session.broken)

    async def deliver(self, parcel: Parcel, hand_over: Gate) -> Answer:
        self.begun += 1
        try:
            body = self._marks(parcel) + written(self.job, parcel)
        except (AddressError, MergeError) as error:  # this person's own values; nobody else is to suffer
            return Answer(smtp.Fate.REFUSED, 0, error.sentence, "data")
        except Exception:
            log.exception("A message could not be written: delivery %s", parcel.delivery_id)
            return Answer(smtp.Fate.REFUSED, 0, UNWRITABLE, "data")
        if self.is_paced:
            return await self._deliver_alone(parcel.address, body, hand_over)
        return await self.session.send(self.job.sender, parcel.address, body, hand_over)

    def _marks(self, parcel: Parcel) -> bytes:
        ours = mark(self.job.links, parcel.delivery_id, parcel.attempt)
        return marks.lines(self.host, ours, configuration_set=self.job.configuration_set)

    async def _deliver_alone(self, address: str, body: bytes, hand_over: Gate) -> Answer:
        """Handed over only when the one before it is answered: what lies ready while a server stalls would come all at
        once afterwards."""
        async with AsyncExitStack() as until_answered:

            async def gate() -> bool:
                await until_answered.enter_async_context(self.turn)
                return self.session.alive and await hand_over()

            return await self.session.send(self.job.sender, address, body, gate)

    async def close(self) -> None:
        if not self.session.alive:
            self.manners.learn(self.session)
        await self.session.close()


def written(job: EmailJob, parcel: Parcel) -> bytes:
    counted = job.counted
    if counted is not None and parcel.customer_id in counted.refusing:
        counted = None
    way_out = job.links.unsubscribe(parcel.delivery_id)
    return (counted or job).letter.render(
        parcel.person,
        address=parcel.address,
        unsubscribe_url=way_out,
        unsubscribe_mail=job.way_by_mail(way_out),
        message_id=message_id(job.sender, parcel.dispatch_id, parcel.delivery_id, parcel.attempt),
        date=_date(parcel.now),
        tokens=None if counted is None else counted.tokens(job.links, parcel.delivery_id),
    )


def _counted(session: Session, draft: Draft, dispatch_id: int) -> Counted:
    compiled = letter(session, draft, measured=True)
    places = targets.places(session, dispatch_id, [(link.url, link.words) for link in compiled.links])
    numbered = tuple(
        (tracking.token_name(index), places[link.url]) for index, link in enumerate(compiled.links)
    )
    return Counted(compiled, numbered, measuring.refusing(session))


def _configuration_set(session: Session) -> str:
    row = provider_keys.kept(session, "ses")
    try:
        return provider_keys.opened(row).get("configuration_set", "") if row else ""
    except Refusal:  # without it a report may be missing; the mail goes all the same
        return ""


def _inbox(session: Session) -> str:
    """In ASCII, and fit to stand in a web address. Nothing but a practice shop's own catcher hears of practice mail."""
    address = "" if mail.is_practice(session) else mailbox.address(session)
    return quote(ascii_address(address).decode(), safe="@+") if address else ""


def letter(session: Session, draft: Draft, *, measured: bool = False) -> Letter:
    """Compile, and say in a shop owner's words why that can't be done."""
    content = Content(draft.subject, draft.preheader, draft.html_body, draft.text_body)
    sender = Sender(draft.from_name, draft.from_email, draft.reply_to or None)
    facts = ShopFacts(
        draft.shop_name,
        draft.postal_address,
        _domain(draft.from_email),
        config().public_url,
        by_day(draft.colour).base if draft.colour else "",
    )
    try:
        return compile_letter(
            content,
            sender,
            facts,
            str(draft.message_type),
            attr_keys=own_fields(session),
            measured=measured,
        )
    except MergeError as error:
        raise Refusal(
            "bad_template",
            error.sentence,
            part=error.part,
            line=error.line,
            column=error.column,
        ) from None
    except EmptyBody:
        raise Refusal(
            "empty_body",
            "The message has no text yet. Write something first.",
            field="body",
        ) from None
    except (UnsafeHtml, AddressError) as error:
        raise Refusal("bad_content", error.sentence) from None


def links() -> Links:
    return Links(config().public_url, keys().every("links"))


def message_id(sender: str, dispatch_id: int, delivery_id: int, attempt: int) -> str:
    """The same for the same attempt, so that an owner can look for it; says nothing to a stranger. Dispatch 0: a trial."""
    if not dispatch_id:
        return (
            f"<{links().token(TRIAL, (attempt << 20 | delivery_id & 0xFFFFF) & LARGEST)}@{_domain(sender)}>"
        )
    return f"<{mark(links(), delivery_id, attempt)}@{_domain(sender)}>"


def mark(links: Links, delivery_id: int, attempt: int) -> str:
    """Names one attempt at one message wherever it turns up again: in a provider's report, in mail that came back."""
    return links.token(MARK, delivery_id << 16 | attempt & 0xFFFF)


def read_mark(text: str) -> tuple[int, int] | None:
    """The delivery and the attempt behind a mark of ours, or behind the Message-ID that is made of one."""
    token = text.strip().strip("<>").partition("@")[0]
    number = links().read(MARK, token) if len(token) == MARK_LENGTH else None
    return None if number is None else (number >> 16, number & 0xFFFF)


def _check_sender(draft: Draft) -> None:
    if not draft.from_email:
        raise Refusal(
            "no_sender",
            "Say first from which address the shop writes: Settings, Shop.",
            field="fromEmail",
        )
    if draft.message_type.needs_consent and not draft.postal_address.strip():
        raise Refusal(
            "no_postal_address",
            "Marketing messages must carry the shop's postal address. Add it under Settings, Shop.",
        )


def _check_fields(compiled: Letter) -> None:
    """A field that nobody has would leave a hole in every single message."""
    for one in compiled.unknown_fields:
        raise Refusal("unknown_merge_field", one.sentence, part=one.part, line=one.line, column=one.column)


@lru_cache(16)
def _domain(address: str) -> str:
    """In its ASCII form, as it stands in the headers."""
    try:
        return ascii_address(f"x@{address.rpartition('@')[2]}").decode()[2:]
    except AddressError:
        return "localhost"


_last_date: tuple[int, str] = (0, "")


def _date(now: datetime) -> str:
    """The Date header; written anew once a second."""
    global _last_date
    second = int(now.timestamp())
    if _last_date[0] != second:
        _last_date = (second, format_datetime(now))
    return _last_date[1]


CHANNEL: Any = Email()
