"""How often each message was opened and clicked, and by whom: lies ready for the reports.

Triggers keep it true to `events`, whoever writes there; nobody else writes here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DDL, case, event, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.ledger.deliveries import Delivery
from domain.ledger.events import CLICKED, Event
from domain.ledger.targets import Target


class Engagement(Base):
    """One message that something was heard of. The moments are those of the first person, never of a machine."""

    __tablename__ = "engagements"
    __table_args__ = ({"sqlite_with_rowid": False},)

    dispatch_id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(primary_key=True)
    opens: Mapped[int] = mapped_column(default=0)
    machine_opens: Mapped[int] = mapped_column(default=0)
    unsure_opens: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    clicks: Mapped[int] = mapped_column(default=0)
    machine_clicks: Mapped[int] = mapped_column(default=0)
    unsure_clicks: Mapped[int] = mapped_column(default=0)
    clicked_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one send. What counts is what people did; machines, and who can't be told, stand beside it."""

    opens: int = 0
    unique_opens: int = 0
    machine_opens: int = 0
    unsure_opens: int = 0
    clicks: int = 0
    unique_clicks: int = 0
    machine_clicks: int = 0
    unsure_clicks: int = 0
    any_opens: int = 0  # messages that anybody at all opened, "as providers count it"
    any_clicks: int = 0


def counts(session: Session, dispatch_id: int) -> Counts:
    return counts_of(session, [dispatch_id]).get(dispatch_id, Counts())


def counts_of(session: Session, dispatch_ids: list[int]) -> dict[int, Counts]:
    """Sends that nothing was heard of are left out."""
    rows = session.execute(
        select(Engagement.dispatch_id, *_sums())
        .where(Engagement.dispatch_id.in_(dispatch_ids))
        .group_by(Engagement.dispatch_id)
    )
    return {dispatch_id: Counts(*figures) for dispatch_id, *figures in rows}


def counts_over(session: Session, dispatch_ids: Sequence[int]) -> Counts:
    """Over several sends together: every hit, and each person once, whichever of the messages they looked at."""
    person = func.coalesce(Delivery.customer_id, -Delivery.id)
    people = [
        func.count(func.distinct(case((moment.is_not(None), person))))
        for moment in (Engagement.opened_at, Engagement.clicked_at)
    ]
    found = (
        select(*_sums(), *people)
        .join(Delivery, Delivery.id == Engagement.delivery_id)
        .where(Engagement.dispatch_id.in_(dispatch_ids))
    )
    *figures, opened, clicked = (figure or 0 for figure in session.execute(found).one())
    return replace(Counts(*figures), unique_opens=opened, unique_clicks=clicked)


def first_moments(session: Session, dispatch_id: int) -> dict[str, dict[datetime, int]]:
    """For opened and clicked: how many people did it for the first time in which hour, by the hour's first instant."""
    return {kind: _by_hour(session, dispatch_id, column) for column, kind in _MOMENTS.items()}


def _by_hour(session: Session, dispatch_id: int, column: str) -> dict[datetime, int]:
    moment = getattr(Engagement, column)
    hour = func.strftime("%Y-%m-%d %H", moment)
    found = (
        select(hour, func.count())
        .where(Engagement.dispatch_id == dispatch_id, moment.is_not(None))
        .group_by(hour)
        .order_by(hour)
    )
    return {
        datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC): count
        for hour, count in session.execute(found)
    }


@dataclass(frozen=True, slots=True)
class LinkClicks:
    """One link of a send; `people` is the number of messages it was clicked in."""

    place: int
    url: str
    words: str
    clicks: int
    people: int
    machine_clicks: int
    unsure_clicks: int


def link_clicks(session: Session, dispatch_id: int) -> list[LinkClicks]:
    """Every link of the send in the order of the letter, also those that nobody pressed."""
    by_people = Event.who == "human"
    pressed = (
        select(
            Event.link,
            _how_many(by_people),
            func.count(func.distinct(case((by_people, Event.delivery_id)))),
            _how_many(Event.who == "machine"),
            _how_many(Event.who == "unsure"),
        )
        .join(Engagement, Engagement.delivery_id == Event.delivery_id)
        .where(Engagement.dispatch_id == dispatch_id, _was_clicked(), Event.kind == CLICKED)
        .group_by(Event.link)
    )
    found = {link: figures for link, *figures in session.execute(pressed)}
    every = select(Target).where(Target.dispatch_id == dispatch_id).order_by(Target.place)
    return [
        LinkClicks(one.place, one.url, one.words, *found.get(one.place, (0, 0, 0, 0)))
        for one in session.scalars(every)
    ]


def devices(session: Session, dispatch_id: int) -> dict[str, int]:
    """Messages that a person opened or clicked, by the device of the hit; "" where it can't be told."""
    number = func.count(func.distinct(Event.delivery_id))
    found = (
        select(Event.device, number)
        .join(Engagement, Engagement.delivery_id == Event.delivery_id)
        .where(Engagement.dispatch_id == dispatch_id, Event.who == "human")
        .group_by(Event.device)
        .order_by(number.desc())
    )
    return {row[0]: row[1] for row in session.execute(found)}


def _sums() -> list[Any]:
    every = Engagement.opens, Engagement.machine_opens, Engagement.unsure_opens
    pressed = Engagement.clicks, Engagement.machine_clicks, Engagement.unsure_clicks
    return [
        func.sum(every[0]),
        func.count(Engagement.opened_at),
        *map(func.sum, every[1:]),
        func.sum(pressed[0]),
        func.count(Engagement.clicked_at),
        *map(func.sum, pressed[1:]),
        _how_many(every[0] + every[1] + every[2] > 0),
        _how_many(pressed[0] + pressed[1] + pressed[2] > 0),
    ]


def _how_many(which: Any) -> Any:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


def _was_clicked() -> Any:
    return (Engagement.clicks > 0) | (Engagement.machine_clicks > 0) | (Engagement.unsure_clicks > 0)


def of_deliveries(session: Session, delivery_ids: list[int]) -> dict[int, Engagement]:
    """Those of them that something was heard of."""
    here = Engagement.dispatch_id == Delivery.dispatch_id, Engagement.delivery_id == Delivery.id
    found = select(Engagement).join(Delivery, here[0] & here[1]).where(Delivery.id.in_(delivery_ids))
    return {one.delivery_id: one for one in session.scalars(found)}


_COUNTED: Final = {
    "opens": ("opened", "human"), "machine_opens": ("opened", "machine"), "unsure_opens": ("opened", "unsure"),
    "clicks": ("clicked", "human"), "machine_clicks": ("clicked", "machine"), "unsure_clicks": ("clicked", "unsure"),
}  # fmt: skip
_MOMENTS: Final = {"opened_at": "opened", "clicked_at": "clicked"}


def _is(row: str, column: str) -> str:
    kind, who = _COUNTED[column]
    return f"({row}.kind = '{kind}' AND {row}.who = '{who}')"


def _first(row: str, kind: str) -> str:
    return f"CASE WHEN {row}.kind = '{kind}' AND {row}.who = 'human' THEN {row}.at END"


def _again(row: str, column: str) -> str:
    """The first moment of what is left, looked up only where this row could have been it."""
    kind = _MOMENTS[column]
    left = f"SELECT min(at) FROM events WHERE delivery_id = {row}.delivery_id AND kind = '{kind}' AND who = 'human'"
    return f"{column} = CASE WHEN {row}.kind = '{kind}' THEN ({left}) ELSE {column} END"


def _sooner(column: str) -> str:
    both = f"coalesce({column}, excluded.{column})", f"coalesce(excluded.{column}, {column})"
    return f"{column} = min({both[0]}, {both[1]})"


def _of(row: str) -> str:
    the_send = f"SELECT dispatch_id FROM deliveries WHERE id = {row}.delivery_id"
    return f"delivery_id = {row}.delivery_id AND dispatch_id = ({the_send})"


_names = ", ".join((*_COUNTED, *_MOMENTS))
_values = ", ".join(
    (*(_is("new", column) for column in _COUNTED), *(_first("new", kind) for kind in _MOMENTS.values()))
)
_added = ", ".join(
    (*(f"{column} = {column} + excluded.{column}" for column in _COUNTED), *map(_sooner, _MOMENTS))
)
_judged_anew = ", ".join(
    (
        *(f"{column} = {column} + {_is('new', column)} - {_is('old', column)}" for column in _COUNTED),
        *(_again("new", column) for column in _MOMENTS),
    )
)
_taken_away = ", ".join(
    (
        *(f"{column} = {column} - {_is('old', column)}" for column in _COUNTED),
        *(_again("old", column) for column in _MOMENTS),
    )
)

OF_ALL: Final = (
    "INSERT INTO engagements(dispatch_id, delivery_id, " + _names + ") SELECT deliveries.dispatch_id, deliveries.id, "
    + ", ".join((*(f"sum({_is('events', column)})" for column in _COUNTED),
                 *(f"min({_first('events', kind)})" for kind in _MOMENTS.values())))
    + " FROM events JOIN deliveries ON deliveries.id = events.delivery_id GROUP BY deliveries.id"
)  # fmt: skip
TRIGGERS: Final = [
    "CREATE TRIGGER IF NOT EXISTS engagements_added AFTER INSERT ON events BEGIN "
    f"INSERT INTO engagements(dispatch_id, delivery_id, {_names}) SELECT dispatch_id, id, {_values} FROM deliveries "
    f"WHERE id = new.delivery_id ON CONFLICT(dispatch_id, delivery_id) DO UPDATE SET {_added}; END",
    "CREATE TRIGGER IF NOT EXISTS engagements_judged AFTER UPDATE OF who ON events WHEN new.who <> old.who BEGIN "
    f"UPDATE engagements SET {_judged_anew} WHERE {_of('new')}; END",
    "CREATE TRIGGER IF NOT EXISTS engagements_removed AFTER DELETE ON events BEGIN "
    f"UPDATE engagements SET {_taken_away} WHERE {_of('old')}; END",
    "CREATE TRIGGER IF NOT EXISTS engagements_gone AFTER DELETE ON deliveries BEGIN DELETE FROM engagements "
    "WHERE dispatch_id = old.dispatch_id AND delivery_id = old.id; END",
]

for _statement in TRIGGERS:
    event.listen(Base.metadata, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
