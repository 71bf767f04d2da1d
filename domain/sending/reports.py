"""What became of a send, and what the lists of campaigns and sends show. Read only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.book.message_types import MessageType
from domain.ledger import deliveries, pace, standing
from domain.ledger.deliveries import Books, Delivery, State
from domain.sending import campaigns, dispatches, preview, sibling
from domain.sending.campaigns import Campaign, Status
from domain.sending.content import frozen_draft
from domain.sending.dispatches import RUNNING, Dispatch, DispatchState, Hold, Part
from domain.sending.pauses import Pause, pauses_of
from domain.sending.preview import Sight
from domain.sending.sibling import Sibling


@dataclass(frozen=True, slots=True)
class Report:
    """One dispatch as it stands at this moment."""

    dispatch: Dispatch
    books: Books
    put_off: int = 0  # the server said "later"
    next_try: datetime | None = None
    left_out_on_the_way: int = 0
    seconds_left: float | None = None
    pauses: tuple[Pause, ...] = ()

    @property
    def done(self) -> int:
        """Those with an outcome."""
        return self.to_reach - self.books.queued - self.books.cancelled

    @property
    def to_reach(self) -> int:
        """Everybody on the list who may be written to."""
        return self.books.recipients - self.books.skipped

    @property
    def moves(self) -> bool:
        """Also after a stop, until the last message on its way has its answer and the books are closed."""
        return self.dispatch.finished_at is None

    @property
    def drift(self) -> int | None:
        """How many more (or, below zero, fewer) were on the list than the button had said."""
        if self.dispatch.expected is None:
            return None
        return self.to_reach + self.left_out_on_the_way - self.dispatch.expected


def report(session: Session, dispatch_id: int, *, now: datetime) -> Report:
    dispatch = dispatches.get(session, dispatch_id)
    books = deliveries.books(session, dispatch_id)
    later, next_try = deliveries.put_off(session, dispatch_id) if books.queued else (0, None)
    paused = pauses_of(session, dispatch)
    return Report(
        dispatch,
        books,
        later,
        next_try,
        deliveries.left_out_on_the_way(session, dispatch_id) if books.skipped else 0,
        _seconds_left(session, dispatch, books, paused, later, now),
        paused,
    )


@dataclass(frozen=True, slots=True)
class Story:
    """A campaign with all its launches, newest first, and what went beside or after them on another channel."""

    campaign: Campaign
    audience: str
    launches: list[Dispatch]
    books: dict[int, Books]  # of these, and of those beside them
    reached: int  # people, over all launches and channels
    beside: tuple[Dispatch, ...] = ()  # newest first
    sibling: Sibling | None = None

    @property
    def told(self) -> Dispatch | None:
        """The launch to tell about: the last one that was not called back, or the one that runs."""
        return next((one for one in self.launches if one.state is not DispatchState.UNDONE), None)

    def run(self, launch: Dispatch) -> list[Dispatch]:
        """The sends that this launch consists of, itself first, without a question that was called back."""
        mine = [one for one in self.beside if one.run_no == launch.run_no]
        others = [one for one in mine if not (one.part is Part.ASKED and one.state is DispatchState.UNDONE)]
        return [launch, *reversed(others)]

    @property
    def asked(self) -> Dispatch | None:
        """What went by the other channel because somebody had not been reached, or not looked at it."""
        last = self.told
        return next((one for one in self.run(last) if one.part is Part.ASKED), None) if last else None


def story(session: Session, campaign_id: int) -> Story:
    campaign = campaigns.get(session, campaign_id)
    every = dispatches.of_campaign(session, campaign_id)
    return Story(
        campaign,
        audiences.describe(session, Audience.parse(campaign.audience)),
        [one for one in every if one.part is Part.MAIN],
        deliveries.books_of(session, [one.id for one in every]),
        deliveries.reached_in_campaign(session, campaign_id),
        tuple(one for one in every if one.part is not Part.MAIN),
        sibling.of(session, campaign_id),
    )


@dataclass(frozen=True, slots=True)
class Moving:
    """A send that every screen should know of."""

    id: int
    campaign_id: int | None
    name: str
    waiting: bool  # the undo window is open
    seconds_to_undo: float
    to_reach: int
    done: int
    put_off: int
    state: DispatchState
    held_for: Hold
    held_until: datetime | None
    held_by: str
    channel: str = "email"
    part: Part = Part.MAIN


def moving(session: Session, *, now: datetime) -> list[Moving]:
    """What waits to go or goes just now, oldest first."""
    running = list(session.scalars(select(Dispatch).where(Dispatch.state.in_(RUNNING)).order_by(Dispatch.id)))
    if not running:
        return []
    books = deliveries.books_of(session, [one.id for one in running])
    return [_moving(session, one, books.get(one.id, Books()), now) for one in running]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which campaigns a list should show. `since` and `until` speak of when they were launched."""

    pill: str = "all"
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign in the list, with its last launch that was not called back; the books are those of all its sends."""

    campaign: Campaign
    dispatch: Dispatch | None
    books: Books
    run: tuple[Dispatch, ...] = ()  # the sends of that launch, itself first
    also: str = ""  # the other channel that it goes to, or went


def campaign_rows(session: Session, asked: Asked, *, page: int, size: int) -> tuple[list[Row], int]:
    """One page, newest first, and how many there are in all."""
    total = how_many_campaigns(session, asked)
    query = select(Campaign).where(*_conditions(asked)).order_by(Campaign.id.desc())
    found = list(session.scalars(query.offset((page - 1) * size).limit(size)))
    last = _last_launches(session, [one.id for one in found])
    runs = _runs(session, last)
    books = deliveries.books_of(session, [one.id for one in last.values()])
    books |= {
        number: standing.books_over(session, standing.in_sends([one.id for one in run]))
        for number, run in runs.items()
        if len(run) > 1
    }
    others = sibling.of_many(session, [one.id for one in found])
    return [_row(one, last.get(one.id), books, runs, others.get(one.id)) for one in found], total


def how_many_campaigns(session: Session, asked: Asked) -> int:
    return session.scalar(select(func.count()).select_from(Campaign).where(*_conditions(asked))) or 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sends: launched in a span of time, of one type."""

    since: datetime | None = None
    until: datetime | None = None
    kind: MessageType | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.since and self.until:
            found += [Dispatch.created_at >= self.since, Dispatch.created_at < self.until]
        if self.kind:
            found.append(Dispatch.message_type == self.kind)
        return found


EVERY_SEND: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out in a span of time, one-shots included."""

    sends: int = 0
    messages: int = 0


def sent_between(session: Session, since: datetime, until: datetime, kind: MessageType | None = None) -> Sent:
    launched = and_(*Wanted(since, until, kind).conditions())
    went = Delivery.state.in_([State.SENT, State.UNKNOWN])
    query = (
        select(func.count(func.distinct(Dispatch.id)), func.count())
        .select_from(Dispatch)
        .join(Delivery, Delivery.dispatch_id == Dispatch.id)
        .where(launched, went)
    )
    return Sent(*session.execute(query).one())


@dataclass(frozen=True, slots=True)
class SendRow:
    dispatch: Dispatch
    books: Books


def send_rows(
    session: Session, wanted: Wanted = EVERY_SEND, *, page: int, size: int
) -> tuple[list[SendRow], int]:
    """These launches, newest first, and how many there are."""
    total = session.scalar(select(func.count()).select_from(Dispatch).where(*wanted.conditions())) or 0
    query = select(Dispatch).where(*wanted.conditions()).order_by(Dispatch.id.desc())
    found = list(session.scalars(query.offset((page - 1) * size).limit(size)))
    books = deliveries.books_of(session, [one.id for one in found])
    return [SendRow(one, books.get(one.id, Books())) for one in found], total


def first_launch(session: Session) -> datetime | None:
    return session.scalar(select(func.min(Dispatch.created_at)))


def upcoming(session: Session, most: int = 5) -> list[Campaign]:
    """Scheduled campaigns, the next one first."""
    waiting = (Campaign.status == Status.SCHEDULED) & Campaign.deleted_at.is_(None)
    return list(session.scalars(select(Campaign).where(waiting).order_by(Campaign.scheduled_at).limit(most)))


def letter(session: Session, dispatch: Dispatch) -> tuple[str, Sight]:
    """The first recipient's name, and the frozen content as they read it. Raises Refusal where it can't be read."""
    dispatches.require_content(dispatch)
    lines = deliveries.lines(session, dispatch.id, limit=20)
    first = next((one for one in lines if one.customer_id), None)
    seen = preview.sight(session, frozen_draft(dispatch), first.customer_id if first else None)
    return first.name if first else "", seen


def month(now: datetime, zone: ZoneInfo, back: int = 0) -> tuple[datetime, datetime]:
    """The first instant of the present month on the shop's wall, or of one `back` before it, and of the next."""
    here = now.astimezone(zone)
    count = here.year * 12 + here.month - 1 - back
    return _first_of(count, zone), _first_of(count + 1, zone)


def _first_of(count: int, zone: ZoneInfo) -> datetime:
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=zone)


def _seconds_left(
    session: Session, dispatch: Dispatch, books: Books, paused: tuple[Pause, ...], later: int, now: datetime
) -> float | None:
    """At the pace of the last minutes. What the server put off is not waited for here; a send that is held stands."""
    if dispatch.state is not DispatchState.SENDING or dispatch.held_for or not books.sent:
        return None
    since = paused[-1].until if paused else None
    each = pace.seconds_a_message(session, dispatch.id, since=since, now=now)
    if each is None:
        return None
    settled = books.sent + books.failed + books.not_sure
    return each * (books.queued - later) * books.sent / settled


def _moving(session: Session, dispatch: Dispatch, books: Books, now: datetime) -> Moving:
    later, _ = deliveries.put_off(session, dispatch.id)
    return Moving(
        dispatch.id,
        dispatch.campaign_id,
        dispatch.name,
        dispatch.state is DispatchState.WAITING,
        max(0.0, (dispatch.starts_at - now).total_seconds()),
        books.recipients - books.skipped,
        books.recipients - books.skipped - books.queued,
        later,
        dispatch.state,
        dispatch.held_for,
        dispatch.held_until,
        dispatch.held_by,
        dispatch.channel,
        dispatch.part,
    )


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    conditions = [Campaign.deleted_at.is_(None), campaigns.stands_under(asked.pill)]
    if like := asked.search.strip():
        in_name = Campaign.name.icontains(like, autoescape=True)
        conditions.append(in_name | Campaign.subject.icontains(like, autoescape=True))
    if asked.since and asked.until:
        within = (Dispatch.created_at >= asked.since) & (Dispatch.created_at < asked.until)
        launched = select(Dispatch.campaign_id).where(
            within, _not_undone(), Dispatch.campaign_id.is_not(None)
        )
        conditions.append(Campaign.id.in_(launched))
    return conditions


def _last_launches(session: Session, campaign_ids: list[int]) -> dict[int, Dispatch]:
    last = (
        select(func.max(Dispatch.id))
        .where(Dispatch.campaign_id.in_(campaign_ids), Dispatch.part == Part.MAIN, _not_undone())
        .group_by(Dispatch.campaign_id)
    )
    rows = session.scalars(select(Dispatch).where(Dispatch.id.in_(last)))
    return {one.campaign_id: one for one in rows if one.campaign_id is not None}


def _runs(session: Session, last: dict[int, Dispatch]) -> dict[int, list[Dispatch]]:
    """By the number of the launch: its sends, itself first."""
    found = {one.id: [one] for one in last.values()}
    beside = select(Dispatch).where(Dispatch.campaign_id.in_(last), Dispatch.part != Part.MAIN, _not_undone())
    for one in session.scalars(beside.order_by(Dispatch.id)):
        main = last[one.campaign_id or 0]
        if one.run_no == main.run_no:
            found[main.id].append(one)
    return found


def _row(
    campaign: Campaign,
    launch: Dispatch | None,
    books: dict[int, Books],
    runs: dict[int, list[Dispatch]],
    other: Sibling | None,
) -> Row:
    run = tuple(runs[launch.id]) if launch else ()
    return Row(campaign, launch, _books(books, launch), run, other.channel if other else "")


def _not_undone() -> ColumnElement[bool]:
    return Dispatch.state != DispatchState.UNDONE


def _books(books: dict[int, Books], dispatch: Dispatch | None) -> Books:
    return books.get(dispatch.id, Books()) if dispatch else Books()
