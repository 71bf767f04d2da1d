"""What came of a send, in figures: who was reached, what was heard since, who opened and clicked. Read only.

Delivered, pending, bounced, complained and those whom WhatsApp held back later divide those who were sent. Opens and clicks are what people did; machines
stand beside them. They are a share of those delivered where that is reported, and of those sent where it is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from domain.book.proof import SAID_BY_THEMSELVES, Consent
from domain.ledger import deliveries, engagement, hearing, held, received, standing
from domain.ledger.deliveries import Books, Heard
from domain.ledger.engagement import Counts
from domain.ledger.held import Held
from domain.sending import dispatches
from domain.sending.dispatches import Dispatch
from domain.shop.provider_keys import ProviderSettings

AWAITED_FOR: Final = timedelta(
    days=3
)  # after the end of a send; a provider that reports does so within minutes
STILL_COMING: Final = timedelta(days=3)  # opens and clicks: nearly all of them
WHATSAPP: Final = "whatsapp"
COMPLAINED: Final = "complaint"  # how the proof calls it; whoever complains is no unsubscriber


class Told(StrEnum):
    """Whether anybody tells the shop what arrived."""

    YES = "yes"
    AWAITED = "awaited"  # the provider reports, and has not yet
    NO = "no"


@dataclass(frozen=True, slots=True)
class Figures:
    books: Books = field(default_factory=Books)
    heard: Mapping[Heard, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    told: Told = Told.NO
    is_measured: bool = False  # opens and clicks are counted at all
    unsubscribed: int = 0
    replied: int = 0  # people who wrote back, where an inbox is read
    held: Held = field(default_factory=Held)  # by WhatsApp itself
    tells_reading: bool = False  # the channel says so by itself
    has_links: bool = True  # any of which a press is counted
    wholes: int | None = None  # over several channels: what opens are a share of on each of them, added up

    @property
    def delivered(self) -> int:
        return self.heard.get(Heard.DELIVERED, 0)

    @property
    def came_back(self) -> int:
        """Bounced, for good and for now together (S3-21); whom WhatsApp held back stands apart."""
        return sum(self.heard.get(word, 0) for word in hearing.CAME_BACK) - self.held.sent

    @property
    def failed(self) -> int:
        """Refused at once, without those whom WhatsApp held back."""
        return self.books.failed - self.held.failed

    @property
    def complained(self) -> int:
        return self.heard.get(Heard.COMPLAINED, 0)

    @property
    def pending(self) -> int:
        """Sent, and nothing that settles it was heard since."""
        return self.books.sent - self.delivered - self.came_back - self.held.sent - self.complained

    @property
    def is_of_delivered(self) -> bool:
        """Not while fewer are known to be delivered than opened it: the reports are still on their way."""
        return self.delivered >= max(1, self.counts.unique_opens, self.counts.unique_clicks)

    @property
    def whole(self) -> int:
        """What opens and clicks are a share of (D14)."""
        if self.wholes is not None:
            return self.wholes
        return self.delivered if self.is_of_delivered else self.books.sent

    @property
    def counts_opens(self) -> bool:
        return self.is_measured or self.tells_reading or self.counts.any_opens > 0

    @property
    def counts_clicks(self) -> bool:
        return (self.is_measured and self.has_links) or self.counts.any_clicks > 0

    @property
    def open_rate(self) -> float | None:
        return self._share(self.counts.unique_opens) if self.counts_opens else None

    @property
    def click_rate(self) -> float | None:
        return self._share(self.counts.unique_clicks) if self.counts_clicks else None

    def _share(self, people: int) -> float | None:
        """From 0 to 1; nothing where there is nothing to share."""
        return min(1.0, people / self.whole) if self.whole else None


def of_dispatch(
    session: Session, dispatch: Dispatch, *, now: datetime, books: Books | None = None
) -> Figures:
    """`books` where they were read already."""
    heard = hearing.heard_of(session, dispatch.id)
    return Figures(
        deliveries.books(session, dispatch.id) if books is None else books,
        heard,
        engagement.counts(session, dispatch.id),
        _told(heard, [dispatch], any_listened_to(session), now),
        dispatch.measured,
        unsubscribed(session, [dispatch.id]),
        received.answered(session, [dispatch.id]),
        held.held_of(session, dispatch.id) if _may_be_held([dispatch]) else Held(),
        *_by_channel([dispatch]),
    )


def of_campaign(session: Session, campaign_id: int, *, now: datetime) -> Figures:
    """Over all launches and channels, each person once."""
    return of_sends(session, dispatches.of_campaign(session, campaign_id), now=now)


def of_sends(session: Session, sends: Sequence[Dispatch], *, now: datetime) -> Figures:
    """These told as one. What opens are a share of is each channel's own, added up."""
    if len(sends) == 1:
        return of_dispatch(session, sends[0], now=now)
    numbers = [one.id for one in sends]
    those = standing.in_sends(numbers)
    heard = hearing.heard_of(session, those)
    each = by_channel(session, sends, now=now) if len({one.channel for one in sends}) > 1 else {}
    return Figures(
        standing.books_over(session, those),
        heard,
        engagement.counts_over(session, numbers),
        _told(heard, sends, any_listened_to(session), now),
        any(one.measured for one in sends),
        unsubscribed(session, numbers),
        received.answered(session, numbers),
        held.held_of(session, those) if _may_be_held(sends) else Held(),
        *_by_channel(sends),
        sum(one.whole for one in each.values()) if each else None,
    )


def by_channel(session: Session, sends: Sequence[Dispatch], *, now: datetime) -> dict[str, Figures]:
    """The same apart: on each channel each person once. Added up they are more than all, where somebody is on both."""
    found: dict[str, list[Dispatch]] = {}
    for one in sorted(sends, key=lambda send: send.id):
        found.setdefault(one.channel, []).append(one)
    return {channel: of_sends(session, theirs, now=now) for channel, theirs in found.items()}


def of_launches(session: Session, runs: Sequence[Sequence[Dispatch]], *, now: datetime) -> dict[int, Figures]:
    """For a list of launches, each with the sends it consists of, by the number of the first of these."""
    alone = [run[0] for run in runs if len(run) == 1]
    found = of_many(session, alone, deliveries.books_of(session, [one.id for one in alone]), now=now)
    return found | {run[0].id: of_sends(session, run, now=now) for run in runs if len(run) > 1}


def of_many(
    session: Session, those: Sequence[Dispatch], books: Mapping[int, Books], *, now: datetime
) -> dict[int, Figures]:
    """For a list of sends; who unsubscribed or wrote back is not told there."""
    numbers = [one.id for one in those]
    heard, counts = hearing.heard_of_many(session, numbers), engagement.counts_of(session, numbers)
    listens = any_listened_to(session)
    back = held.held_of_many(session, [one.id for one in those if _may_be_held([one])])
    return {
        one.id: Figures(
            books.get(one.id, Books()),
            heard.get(one.id, {}),
            counts.get(one.id, Counts()),
            _told(heard.get(one.id, {}), [one], listens, now),
            one.measured,
            0,
            0,
            back.get(one.id, Held()),
            *_by_channel([one]),
        )
        for one in those
    }


def unsubscribed(session: Session, dispatch_ids: Sequence[int]) -> int:
    """Addresses that said no by the way out in these sends, and did not take it back there."""
    if not dispatch_ids:
        return 0
    who = func.coalesce(Consent.address_hash, Consent.customer_id)
    no = func.max(case((Consent.allowed.is_(False), Consent.id), else_=0))
    yes = func.max(case((Consent.allowed.is_(True), Consent.id), else_=0))
    by_them = (
        select(who)
        .where(
            Consent.source.in_([f"dispatch {number}" for number in dispatch_ids]),
            Consent.how != COMPLAINED,
            SAID_BY_THEMSELVES,
        )
        .group_by(who)
        .having(no > yes)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(by_them)) or 0


def any_listened_to(session: Session) -> bool:
    """Whether the shop listens to any provider."""
    return session.scalar(select(ProviderSettings.name).limit(1)) is not None


def is_moving(dispatch: Dispatch, now: datetime) -> bool:
    """Whether its figures may still change from minute to minute."""
    return dispatch.finished_at is None or now - dispatch.finished_at < STILL_COMING


def _told(heard: Mapping[Heard, int], those: Sequence[Dispatch], listens: bool, now: datetime) -> Told:
    if heard.get(Heard.DELIVERED) or heard.get(Heard.COMPLAINED):
        return Told.YES
    is_fresh = any(one.finished_at is None or now - one.finished_at < AWAITED_FOR for one in those)
    is_real = any(not one.practice for one in those)
    return Told.AWAITED if listens and is_fresh and is_real else Told.NO


def _may_be_held(those: Sequence[Dispatch]) -> bool:
    return any(one.channel == WHATSAPP for one in those)


def _by_channel(those: Sequence[Dispatch]) -> tuple[bool, bool]:
    """Whether reading is told by the channel itself, and whether there are links of which a press is counted."""
    by_letter = [one for one in those if one.channel != WHATSAPP]
    return len(by_letter) < len(those), bool(by_letter) or any(_has_a_link(one.content) for one in those)


def _has_a_link(content: Mapping[str, Any]) -> bool:
    buttons = content.get("buttons")
    found = buttons if isinstance(buttons, list) else []
    return any(isinstance(one, Mapping) and one.get("link") for one in found)
