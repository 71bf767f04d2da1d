"""What must hold whatever happened: the sink's own list against the shop's books."""

from collections import Counter
from dataclasses import dataclass

from data import smtp
from domain.ledger.deliveries import Books, State
from domain.sending.engine import CONNECTIONS
from tests.faults.conftest import Shop

IN_FLIGHT = CONNECTIONS * max(smtp.CHUNKS_AHEAD, smtp.ENVELOPES_AHEAD)  # messages of one process, at most


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
