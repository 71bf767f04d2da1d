"""What became of a send, as the pages ask it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.book import customers
from domain.book.message_types import MessageType
from domain.ledger import deliveries
from domain.sending import campaigns, endings, launches, reports
from domain.sending.launches import Press
from domain.sending.reports import Asked, Wanted
from domain.shop import shop as shops
from tests.cast import Cast

LONDON = ZoneInfo("Europe/London")
TEN = 10


@pytest.fixture
def newsletter(shop_db: Path, cast: Cast, now: datetime) -> int:
    """A campaign to ten people."""
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "olive@shop.example"}
        shops.change(session, facts, by=cast.olive, now=now)
        for number in range(TEN):
            person = {"first_name": f"P{number}", "email": f"p{number}@inbox.example"}
            customers.create(session, person, by=cast.olive, now=now)
        content = {"name": "News", "subject": "Opals", "text_body": "Hello", "audience": {"type": "all"}}
        return campaigns.create(session, content, by=cast.olive, now=now).id


def launch(session: Session, campaign_id: int, cast: Cast, now: datetime, press: Press) -> int:
    return launches.launch(session, campaign_id, press, by=cast.olive, now=now).id


def test_a_difference_to_the_button_is_told_with_its_sign(newsletter: int, cast: Cast, now: datetime) -> None:
    with unit() as session:
        dispatch_id = launch(
            session, newsletter, cast, now, Press(undo=timedelta(minutes=1), expected=TEN + 3)
        )
    with reading() as session:
        assert reports.report(session, dispatch_id, now=now).drift == -3


def test_whoever_falls_out_on_the_way_is_no_drift_but_told_apart(
    newsletter: int, cast: Cast, now: datetime
) -> None:
    with unit() as session:
        dispatch_id = launch(session, newsletter, cast, now, Press(expected=TEN))
        out = "UPDATE deliveries SET state = 'skipped', reason = 'opted_out', attempts = 1 WHERE id = 1"
        session.execute(text(out))
    with reading() as session:
        report = reports.report(session, dispatch_id, now=now)
    assert (report.drift, report.left_out_on_the_way) == (0, 1)


def test_a_send_that_only_waits_for_second_tries_has_no_time_left_to_guess(
    newsletter: int, cast: Cast, now: datetime
) -> None:
    with unit() as session:
        dispatch_id = launch(session, newsletter, cast, now, Press())
        session.execute(text("UPDATE dispatches SET started_at = starts_at"))
        session.execute(text("UPDATE deliveries SET state = 'deferred'"))
    with reading() as session:
        report = reports.report(session, dispatch_id, now=now + timedelta(minutes=5))
    assert report.put_off == TEN
    assert report.seconds_left is None


def test_the_bar_knows_what_waits_and_for_how_long(newsletter: int, cast: Cast, now: datetime) -> None:
    with unit() as session:
        dispatch_id = launch(session, newsletter, cast, now, Press(undo=timedelta(seconds=30)))
    with reading() as session:
        (one,) = reports.moving(session, now=now + timedelta(seconds=3))
    assert (one.id, one.waiting, one.seconds_to_undo, one.to_reach, one.done) == (
        dispatch_id,
        True,
        27.0,
        TEN,
        0,
    )
    with unit() as session:
        endings.undo(session, dispatch_id, by=cast.olive, now=now + timedelta(seconds=4))
    with reading() as session:
        assert reports.moving(session, now=now) == []


def test_what_was_called_back_was_not_sent_in_any_month(newsletter: int, cast: Cast, now: datetime) -> None:
    since, until = reports.month(now, LONDON)
    with unit() as session:
        dispatch_id = launch(session, newsletter, cast, now, Press(undo=timedelta(seconds=30)))
        endings.undo(session, dispatch_id, by=cast.olive, now=now)
        rows, total = reports.campaign_rows(session, Asked(since=since, until=until), page=1, size=50)
        assert (rows, total) == ([], 0)
        assert reports.sent_between(session, since, until).sends == 0
        (row,), _ = reports.campaign_rows(session, Asked(), page=1, size=50)
        assert row.dispatch is None
        again = launch(session, newsletter, cast, now, Press())
        session.execute(text("UPDATE deliveries SET state = 'sent' WHERE dispatch_id = :d"), {"d": again})
        assert reports.sent_between(session, since, until) == reports.Sent(1, TEN)
        (row,), total = reports.campaign_rows(session, Asked(since=since, until=until), page=1, size=50)
        assert (row.campaign.id, row.books.sent, total) == (newsletter, TEN, 1)


def test_recipients_are_counted_as_they_are_listed(newsletter: int, cast: Cast, now: datetime) -> None:
    with unit() as session:
        dispatch_id = launch(session, newsletter, cast, now, Press())
        session.execute(text("UPDATE deliveries SET state = 'failed', reason = 'refused' WHERE id <= 4"))
        failed = (deliveries.State.FAILED,)
        for search, expected in (("", 4), ("p1@", 1), ("nobody", 0)):
            listed = deliveries.lines(session, dispatch_id, states=failed, search=search)
            assert len(listed) == expected
            assert deliveries.how_many(session, dispatch_id, states=failed, search=search) == expected
        assert deliveries.reasons(session, dispatch_id, deliveries.State.FAILED) == {"refused": 4}


def test_a_month_begins_at_the_shops_midnight() -> None:
    just_after = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # already July in London
    since, until = reports.month(just_after, LONDON)
    assert (since.astimezone(UTC), until.astimezone(UTC)) == (
        datetime(2026, 6, 30, 23, tzinfo=UTC),
        datetime(2026, 7, 31, 23, tzinfo=UTC),
    )
    january = datetime(2027, 1, 5, 12, tzinfo=UTC)
    assert reports.month(january, LONDON, back=1)[0] == datetime(2026, 12, 1, tzinfo=LONDON)


def test_sends_are_found_by_month_and_type(newsletter: int, cast: Cast, now: datetime) -> None:
    with unit() as session:
        twin = campaigns.duplicate(session, newsletter, by=cast.olive, now=now).id
        old = launch(session, newsletter, cast, now - timedelta(days=40), Press())
        session.execute(text("UPDATE deliveries SET state = 'sent'"))
        new = launch(session, twin, cast, now, Press())
        session.execute(
            text("UPDATE dispatches SET message_type = 'newsletter' WHERE id = :number"), {"number": new}
        )
    october = reports.month(now, LONDON, back=1)

    def found(wanted: Wanted) -> list[int]:
        with reading() as session:
            rows, total = reports.send_rows(session, wanted, page=1, size=50)
        assert total == len(rows)
        return [row.dispatch.id for row in rows]

    assert found(Wanted()) == [new, old]
    assert found(Wanted(*october)) == [old]
    assert found(Wanted(kind=MessageType.NEWSLETTER)) == [new]
    assert found(Wanted(*october, MessageType.NEWSLETTER)) == []
    with reading() as session:
        assert reports.sent_between(session, *october) == reports.Sent(1, TEN)
        assert reports.sent_between(session, *october, MessageType.NEWSLETTER).sends == 0
        assert reports.first_launch(session) == now - timedelta(days=40)
