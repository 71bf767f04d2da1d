"""What must hold whatever happened: the sink's own list against the shop's books."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import time_machine

from data import ways
from data.database import now
from domain.ledger.deliveries import REACHED, Books, State
from domain.sending.engine import CONNECTIONS
from tests.faults.conftest import Shop
from ui.public import health

IN_FLIGHT = CONNECTIONS * max(ways.CHUNKS_FAR, ways.ENVELOPES)  # messages of one process, at most

HALF_A_MINUTE: Final = 31.0  # seconds without a beat, and a little


@dataclass(frozen=True)
class Truth:
    books: Books
    got: Counter[str]  # what the sink took, of this dispatch
    sent: set[str]
    unsure: set[str]


def truth(shop: Shop, dispatch_id: int, *, among: str = "") -> Truth:
    """Of a dispatch that is over. `among`: how the addresses of its recipients begin."""
    received = shop.sink.received()
    return Truth(
        shop.books(dispatch_id),
        Counter({address: times for address, times in received.items() if address.startswith(among)}),
        shop.addresses(dispatch_id, State.SENT),
        shop.addresses(dispatch_id, State.UNKNOWN),
    )


def nobody_twice_nobody_lost(
    shop: Shop, dispatch_id: int, recipients: int, *, at_most_unsure: int, among: str = ""
) -> Truth:
    seen = truth(shop, dispatch_id, among=among)
    got = set(seen.got)
    assert seen.got.total() == len(got), f"written to twice: {seen.got.most_common(3)}"
    assert seen.sent <= got, f"counts as sent and got nothing: {sorted(seen.sent - got)[:3]}"
    assert got <= seen.sent | seen.unsure, (
        f"got it without a word: {sorted(got - seen.sent - seen.unsure)[:3]}"
    )
    assert seen.books.recipients == recipients
    assert seen.books.sent + seen.books.not_sure == recipients, f"not everybody has an outcome: {seen.books}"
    assert seen.books.not_sure <= at_most_unsure
    assert (len(seen.sent), len(seen.unsure)) == (seen.books.sent, seen.books.not_sure)
    return seen


def nothing_left_unwritten(shop: Shop, dispatch_id: int) -> None:
    """At any moment: whoever got it stands in the books as reached, or as perhaps reached."""
    got = set(shop.sink.received())  # first: what comes later is written by then
    reached = set().union(*(shop.addresses(dispatch_id, state) for state in REACHED))
    assert got <= reached, f"left without a committed row: {sorted(got - reached)[:3]}"


def health_in(seconds: float) -> str:
    """What the shop would say of itself so long from now, should nothing be written until then."""
    with time_machine.travel(now() + timedelta(seconds=seconds)):
        return str(json.loads(bytes(health.health().body))["status"])
