"""All the way round: the worker sends, the platform at the other end reports by real HTTP, people answer, and the next send
heeds what they said."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.database import now, reading
from data.whatsapp_twin import Twin
from domain.ledger import received
from domain.ledger.deliveries import Heard
from domain.ledger.events import Event
from domain.shop import provider_keys
from tests.jobs.conftest import Desk
from tests.jobs.whatsapp_desk import READY, SUNDAY, Counter, counter, worker
from tests.twins.open_door import open_door

ANA, BEN = "+491700000001", "+491700000002"
NOT_THERE, HELD = "+15550131026", "+15550131049"


@pytest.fixture
def shop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setattr("domain.shop.whatsapp_reach.BETWEEN", timedelta(0))
    with open_door() as port, Twin() as twin:
        twin.account.per_person = 0.0
        twin.manners.sent = twin.manners.delivered = twin.manners.failed = twin.manners.read = 0.0
        twin.manners.repeats, twin.manners.backwards = 2, True
        with counter(desk, twin) as found:
            secret = provider_keys.secret("whatsapp", 1)
            assert twin.report_to(f"http://127.0.0.1:{port}/webhooks/whatsapp/{secret}")
            yield found


def test_what_is_sent_is_reported_answered_and_heeded(shop: Counter) -> None:
    ana, *_ = shop.know(ANA, BEN, NOT_THERE, HELD)
    dispatch = shop.press(READY)
    with worker(shop.desk.folder):
        shop.desk.until_over(dispatch)
        assert shop.twin.flush()
        lines = shop.desk.lines(dispatch)
        heard = {number: (lines[number].heard, lines[number].heard_reason) for number in lines}
        assert heard == {
            ANA: (Heard.DELIVERED, None),
            BEN: (Heard.DELIVERED, None),
            NOT_THERE: (Heard.BOUNCED, "not_on_whatsapp"),
            HELD: (Heard.RETURNED, "held_by_whatsapp"),
        }
        with reading() as session:
            assert session.scalars(select(Event.rule)).all() == ["read_receipt"] * 2
        shop.twin.say(BEN, "Lovely, thank you")
        shop.twin.say(ANA, "Stop", answers=lines[ANA].reply or "")
        assert shop.twin.flush()
        again = shop.press(SUNDAY)
        books = shop.desk.until_over(again)
    assert (books.sent, books.skipped) == (2, 2)
    reasons = {number: line.reason for number, line in shop.desk.lines(again).items() if line.reason}
    assert reasons == {ANA: "opted_out", NOT_THERE: "bad_address"}
    with reading() as session:
        [answer] = received.of(session, ana)
        assert (answer.delivery_id, answer.received_at <= now()) == (lines[ANA].id, True)
