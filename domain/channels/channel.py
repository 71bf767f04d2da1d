"""The shape of a channel. A channel is one file in this folder; everything that offers channels finds it here."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Select
from sqlalchemy.orm import Session

import domain.channels
from data.smtp import Answer
from domain.book.message_types import MessageType
from domain.book.reach import Reach
from domain.refusal import Kind, Refusal
from domain.shop.limits import Grant, Limits


class Barred(Refusal):
    """Nobody can get it as things are now. A send that has begun stands still, instead of being called off."""


Gate = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of a message as somebody wrote it, with the facts that go into its frame."""

    message_type: MessageType
    from_name: str
    from_email: str
    reply_to: str
    subject: str
    preheader: str
    html_body: str
    text_body: str
    shop_name: str
    postal_address: str
    colour: str = ""  # the shop's
    content: Mapping[str, Any] = field(
        default_factory=dict, hash=False
    )  # what a channel of another kind says


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for one person; `attempt` tells repeats of it apart."""

    delivery_id: int
    attempt: int
    dispatch_id: int
    address: str
    person: Mapping[str, Any]  # the values of the merge fields
    now: datetime
    customer_id: int | None = None


class Route(Protocol):
    """An account at a provider: one way to the recipients."""

    @property
    def account_id(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Limits: ...


class Line(Protocol):
    """An open connection that carries up to `room` messages at a time."""

    @property
    def room(self) -> int: ...

    @property
    def takes_more(self) -> bool:
        """False once it is lost, and once it has carried as many as the provider likes on one connection."""

    @property
    def is_fresh(self) -> bool:
        """Nothing was ever answered on it: should it be lost now, that is no habit of the server but trouble."""

    @property
    def is_excused(self) -> bool:
        """It was lost over something that will be done otherwise from now on."""

    async def deliver(self, parcel: Parcel, hand_over: Gate) -> Answer:
        """`hand_over` must have answered True before the first byte of the message leaves."""

    async def close(self) -> None: ...


class Job(Protocol):
    """A content compiled once, and the ways to its recipients, the first choice first."""

    @property
    def routes(self) -> Sequence[Route]: ...

    async def open(self, route: Route) -> Line:
        """Raises data.smtp.AccountTrouble."""


class Channel(Protocol):
    name: str
    label: str

    def reach(self) -> Reach: ...

    def is_connected(self, session: Session) -> bool: ...

    def routes(self, session: Session, *, now: datetime) -> Sequence[Route]:
        """The ways that may be tried now, the best first. Raises Refusal where there can be none."""

    def rest(
        self, session: Session, account_id: int, sentence: str, *, until: datetime, now: datetime
    ) -> None:
        """That account had trouble of its own."""

    def note_success(self, session: Session, account_id: int, *, now: datetime) -> None:
        """That account carried a message."""

    def room(self, session: Session, *, now: datetime) -> Grant | None:
        """How many people may be written to now, where not messages are counted but people. None: any number."""

    def known(self, *, now: datetime) -> Select[str] | None:
        """The addresses that cost no more room: such people were written to lately."""

    def resting(self, *, now: datetime) -> Select[str] | None:
        """The addresses that were written to a moment ago: they are stepped over, and come later."""

    def turns(self, session: Session, addresses: Sequence[str], *, now: datetime) -> Mapping[str, Grant]:
        """Who of these has to wait, and why; the others are written down as written to now, in this unit of work."""

    def check(self, session: Session, draft: Draft) -> None:
        """Raises Refusal where this can't be sent; the sentence says what to mend."""

    def prepare(
        self, session: Session, draft: Draft, *, now: datetime, measured_as: int | None = None
    ) -> Job:
        """Compile once; `measured_as` is the dispatch whose opens and clicks are counted. Raises Refusal."""


def every() -> Iterator[Channel]:
    yield from _found().values()


def named(name: str) -> Channel:
    if name not in _found():
        raise Refusal(
            "unknown_channel",
            f"Handbill can't send by {name} yet.",
            Kind.REFUSED,
            channel=name,
        )
    return _found()[name]


@cache
def _found() -> dict[str, Channel]:
    rooms = [room.name for room in pkgutil.iter_modules(domain.channels.__path__) if room.name != "channel"]
    channels = [importlib.import_module(f"domain.channels.{room}").CHANNEL for room in sorted(rooms)]
    return {channel.name: channel for channel in channels}
