"""Whose turn it is where a provider takes so many messages a second. Pure; moments are whole microseconds since 1970.

Eighty a second are eighty places. A message takes one, and lets go of it a second after it has certainly arrived. So
whichever second one looks at, each place was used in it once at most: here, and just so at the provider.
"""

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

SECOND: Final = 1_000_000
AHEAD: Final = 100_000  # so long before its turn a message may be told of it
CLOCK_SET_BACK: Final = 2 * SECOND  # no turn is given so long before: the clock must have been ahead

Place = tuple[int, int]  # the turn of its message, and when it is free again


@dataclass(slots=True)
class Places:
    """`taken` in the order of their turns."""

    taken: list[Place]
    most: int = 1  # a second
    journey: int = 0  # after which a message that nobody answered is thought to have arrived
    spread: int = SECOND  # over so much time as many as may go in a second are spread
    hurry: int = 1  # so many times closer may follow who takes a place again: what came late is made up for

    def turns(self, now: int) -> Iterator[int]:
        """One after the other, without an end. Nothing is taken."""
        free = sorted(until for _, until in self.taken)
        last = self.taken[-1][0] if self.taken else now - self._distance
        while True:
            there = len(free) - self.most
            if there >= 0:
                last = max(now, last + -(-self._distance // self.hurry), free[there])
            else:
                last = max(now, last + self._distance)
            yield last
            insort(free, last + SECOND + self.journey)

    def take(self, turns: Iterable[int]) -> None:
        """Until an answer tells sooner when each is free again."""
        self.taken += [(turn, turn + SECOND + self.journey) for turn in turns]

    def give_back(self, turns: Iterable[int]) -> None:
        """Nobody went."""
        unused = set(turns)
        self.taken = [place for place in self.taken if place[0] not in unused]

    def note_arrived(self, arrived: dict[int, int]) -> None:
        """By their turns: when they were there at the latest."""
        self.taken = [
            (turn, min(until, max(turn, arrived.get(turn, until)) + SECOND)) for turn, until in self.taken
        ]

    @property
    def _distance(self) -> int:
        return -(-self.spread // self.most)


def still(taken: Iterable[Iterable[int]], now: int) -> list[Place]:
    """Those of them that are not free yet."""
    places = [(turn, until) for turn, until in taken]
    return [(turn, until) for turn, until in places if until > now and turn <= now + CLOCK_SET_BACK]
