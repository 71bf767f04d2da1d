"""The line at the gate: messages that wait for their turn, where an account may send so many in a second."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from domain.channels.channel import Route
from domain.shop import limits
from domain.shop.limits import Grant, Journeys

NEXT_ASKING: Final = (
    0.05  # seconds before who waits for a turn asks again: by then there are turns for several
)


@dataclass(slots=True, eq=False)
class Asked:
    """A message at the gate. `turn`: when it may go, where so many go in a second."""

    row: int
    attempt: int
    address: str
    route: Route
    answer: asyncio.Future[bool]
    turn: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that has been answered was there by then."""

    account_id: int
    turn: datetime
    at: datetime


class Line:
    """Belongs to one event loop. Whoever waits for the same account asks again together, through `ask`."""

    def __init__(self, clock: Callable[[], datetime], ask: Callable[[Iterable[Asked]], None]) -> None:
        self.clock, self.ask = clock, ask
        self._waiting: dict[int, deque[Asked]] = {}  # by account
        self._gone: dict[int, Asked] = {}  # by row: who took a turn and was not answered yet
        self._journeys: dict[int, Journeys] = {}  # by account

    def joined(self, asked: Asked) -> bool:
        """Behind those who wait already; False where nobody does."""
        line = self._waiting.get(asked.route.account_id)
        if line is None:
            return False
        line.append(asked)
        return True

    def wait(self, asked: Asked, until: datetime, now: datetime) -> None:
        account_id = asked.route.account_id
        if account_id not in self._waiting:
            self._waiting[account_id] = deque()
            delay = max((until - now).total_seconds(), NEXT_ASKING)
            asyncio.get_running_loop().call_later(delay, self._ask_again, account_id)
        self._waiting[account_id].append(asked)

    def let_through(self, asked: Asked, may_go: bool) -> None:
        """At its turn, never sooner."""
        if asked.turn:
            self._gone[asked.row] = asked
        self._at_its_turn(asked, may_go)

    def answered(self, row: int) -> Arrived | None:
        """Whatever the answer was: a message that took a turn is there now, or never will be. None: it took none."""
        asked = self._gone.pop(row, None)
        if asked is None or asked.turn is None:
            return None
        route = asked.route
        journeys = self._journeys.setdefault(route.account_id, Journeys(route.limits.per_second or 1))
        return Arrived(route.account_id, asked.turn, journeys.arrived(asked.turn, self.clock()))

    def _at_its_turn(self, asked: Asked, may_go: bool) -> None:
        """The timer may be a moment too early."""
        wait = (asked.turn - self.clock()).total_seconds() if asked.turn else 0.0
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._at_its_turn, asked, may_go)
        else:
            tell(asked.answer, may_go)

    def _ask_again(self, account_id: int) -> None:
        line = self._waiting.pop(account_id)
        self.ask(asked for asked in line if not asked.answer.done())


def take_turns(session: Session, asked: list[Asked], *, now: datetime) -> dict[Asked, Grant]:
    """Each who may go by its account's limits has a turn now. Those who may not, and what stands in the way."""
    late: dict[Asked, Grant] = {}
    for route in {one.route.account_id: one.route for one in asked if one.route.limits.are_timed}.values():
        mine = [one for one in asked if one.route.account_id == route.account_id]
        grant = limits.grant(session, route.account_id, route.limits, len(mine), now=now)
        for one, turn in zip(mine, grant.turns, strict=False):
            one.turn = turn
        late.update(dict.fromkeys(mine[grant.granted :], grant))
    return late


def give_back(session: Session, asked: list[Asked], *, now: datetime) -> None:
    """Turns of those who were let go by the account's limits, and then were not to go."""
    turns: dict[int, list[datetime]] = {}
    for one in asked:
        if one.turn is not None:
            turns.setdefault(one.route.account_id, []).append(one.turn)
            one.turn = None
    for account_id, theirs in turns.items():
        limits.give_back(session, account_id, theirs, now=now)


def note_arrived(session: Session, arrived: list[Arrived], *, now: datetime) -> None:
    for account_id in {one.account_id for one in arrived}:
        mine = {one.turn: one.at for one in arrived if one.account_id == account_id}
        limits.note_arrived(session, account_id, mine, now=now)


def tell(answer: asyncio.Future[Any], what: Any) -> None:
    if not answer.done():
        answer.set_result(what)
