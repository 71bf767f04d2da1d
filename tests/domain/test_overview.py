"""Several sends told as one: spans side by side, hours that are honest about small numbers, and what was bought."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.book import customers, records
from domain.ledger.deliveries import Delivery
from domain.ledger.events import Event
from domain.refusal import Refusal
from domain.results import bought, hours, overview
from domain.results.bought import Bought
from domain.results.overview import Span
from domain.sending import campaigns, dispatches, launches
from domain.sending.launches import Press
from domain.shop import mail_accounts
from domain.shop import shop as shops
from domain.shop.mail_accounts import Wish
from tests.cast import Cast

TEN = 10
DAY = timedelta(days=1)
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def book(shop_db: Path, cast: Cast, now: datetime) -> list[int]:
    """Ten people."""
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "olive@shop.example"}
        shops.change(session, facts, by=cast.olive, now=now)
        people = [{"first_name": f"P{n}", "email": f"p{n}@inbox.example"} for n in range(TEN)]
        return [customers.create(session, one, by=cast.olive, now=now).id for one in people]


def sent(
    session: Session, cast: Cast, at: datetime, name: str = "News", opens: int = 0, back: int = 0
) -> int:
    """A campaign to all ten that is over; the first of them opened it an hour later, the last came back."""
    content = {"name": name, "subject": "Opals", "text_body": "Hello", "audience": {"type": "all"}}
    campaign = campaigns.create(session, content, by=cast.olive, now=at).id
    dispatch = launches.launch(session, campaign, Press(to=None), by=cast.olive, now=at).id
    over = (
        "UPDATE dispatches SET state = 'sent', started_at = starts_at, finished_at = starts_at WHERE id = :id"
    )
    session.execute(text(over), {"id": dispatch})
    session.execute(text("UPDATE deliveries SET state = 'sent', settled_at = next_at"))
    rows = list(session.query(Delivery.id).where(Delivery.dispatch_id == dispatch).order_by(Delivery.id))
    session.add_all(
        Event(delivery_id=row.id, kind="opened", at=at + timedelta(hours=1)) for row in rows[:opens]
    )
    for row in rows[: TEN - back]:
        session.execute(text("UPDATE deliveries SET heard = 'delivered' WHERE id = :id"), {"id": row.id})
    for row in rows[TEN - back :]:
        session.execute(text("UPDATE deliveries SET heard = 'bounced' WHERE id = :id"), {"id": row.id})
    session.flush()
    return dispatch


def test_thirty_days_stand_beside_the_thirty_before(book: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        sent(session, cast, now - 40 * DAY, opens=1)
        sent(session, cast, now - 20 * DAY, opens=4, back=2)
        sent(session, cast, now - DAY, opens=2)
        seen = overview.overview(session, overview.last_days(now, LONDON), now=now)
    assert (seen.now.sends, seen.now.sent, seen.now.delivered, seen.now.came_back) == (2, 20, 18, 2)
    assert (seen.now.opened, seen.now.open_rate) == (6, 6 / 18)
    assert (seen.before.sends, seen.before.sent, seen.before.opened) == (1, 10, 1)


def test_what_one_channel_tells_is_no_share_of_what_went_by_another(
    book: list[int], cast: Cast, now: datetime
) -> None:
    """Ten people by email, of which nobody reports; four of them by WhatsApp too, which reports all and has no link."""
    with unit() as session:
        by_email = sent(session, cast, now - DAY, opens=2)
        by_whatsapp = sent(session, cast, now - DAY, opens=3)
        silent = "UPDATE deliveries SET heard = NULL WHERE dispatch_id = :id"
        session.execute(text(silent), {"id": by_email})
        others = "DELETE FROM deliveries WHERE dispatch_id = :id AND customer_id > :fourth"
        session.execute(text(others), {"id": by_whatsapp, "fourth": book[3]})
        beside = (
            "UPDATE dispatches SET channel = 'whatsapp', part = 'also', content = '{}', "
            "campaign_id = (SELECT campaign_id FROM dispatches WHERE id = :main) WHERE id = :id"
        )
        session.execute(text(beside), {"main": by_email, "id": by_whatsapp})
        session.expire_all()
        totals = overview.totals(session, overview.last_days(now, LONDON), now=now)
    assert (totals.sends, totals.sent) == (1, 10)
    assert (totals.delivered, totals.reported) == (4, 4)
    assert (totals.opened, totals.measured) == (5, 14)
    assert totals.linked == 10


def test_only_chosen_campaigns_are_added_up(book: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        sent(session, cast, now - 2 * DAY, opens=4)
        chosen = dispatches.get(session, sent(session, cast, now - DAY, opens=2)).campaign_id or 0
        span = overview.last_days(now, LONDON)
        totals = overview.totals(session, span, campaigns=[chosen], now=now)
        assert (totals.sends, totals.opened) == (1, 2)
        assert overview.totals(session, span, campaigns=[], now=now).sends == 0
        with pytest.raises(Refusal, match="no campaign 999"):
            overview.require_known(session, [chosen, 999])


def test_nothing_sent_is_no_rate_of_nought(book: list[int], now: datetime) -> None:
    with reading() as session:
        totals = overview.totals(session, overview.last_days(now, LONDON), now=now)
    assert (totals.sends, totals.open_rate, totals.delivery_rate, totals.unsubscribe_rate) == (
        0,
        None,
        None,
        None,
    )


def test_what_was_only_practice_counts_no_more_once_the_shop_is_live(
    book: list[int], cast: Cast, now: datetime
) -> None:
    with unit() as session:
        sent(session, cast, now - DAY)
        assert overview.totals(session, overview.last_days(now, LONDON), now=now).sends == 1
        account = Wish(
            name="Post", host="mail.example", port=587, security="starttls", username="o", password="p"
        )
        mail_accounts.replace(session, [account], by=cast.olive, now=now)
        assert overview.totals(session, overview.last_days(now, LONDON), now=now).sends == 0


def test_a_span_that_ends_before_it_begins_is_refused(now: datetime) -> None:
    with pytest.raises(Refusal, match="after its beginning"):
        overview.checked(now, now)
    assert overview.checked(now - DAY, now).before == Span(now - 2 * DAY, now - DAY)


def test_hours_are_the_shops_and_few_openings_have_no_best(
    book: list[int], cast: Cast, now: datetime
) -> None:
    """Opened at 10:30 in London; the same instant is 16:00 in Kolkata."""
    with unit() as session:
        dispatch = sent(session, cast, now, opens=TEN)
        seen = hours.hours(session, [dispatch], LONDON)
        elsewhere = hours.hours(session, [dispatch], ZoneInfo("Asia/Kolkata"))
    assert (seen.total, seen.blocks[9], seen.days["Saturday"]) == (TEN, TEN, TEN)
    assert elsewhere.blocks[15] == TEN
    assert (seen.best_block, seen.best_day) == (None, None)


def test_many_openings_have_a_best_hour_and_day(book: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        morning = [sent(session, cast, now + week * 7 * DAY, opens=TEN) for week in range(4)]
        evening = [sent(session, cast, now + timedelta(days=week, hours=9), opens=TEN) for week in range(2)]
        seen = hours.hours(session, [*morning, *evening], LONDON)
    assert (seen.total, seen.best_block, seen.best_day) == (60, 9, "Saturday")


def test_what_was_bought_afterwards_stands_beside_an_equal_span_before(
    book: list[int], cast: Cast, now: datetime
) -> None:
    begun = now - 20 * DAY
    with unit() as session:
        dispatch = dispatches.get(session, sent(session, cast, begun))
        for customer, at, amount, status in (
            (book[0], begun + DAY, 5000, "done"),
            (book[0], begun + 2 * DAY, 1000, "done"),
            (book[1], begun + 3 * DAY, 200, "active"),
            (book[2], begun + 4 * DAY, 9900, "cancelled"),
            (book[3], begun + 15 * DAY, 9900, "done"),
            (book[4], begun - 13 * DAY, 700, "done"),
            (book[5], begun - 15 * DAY, 9900, "done"),
        ):
            order = {"kind": "order", "starts_at": at, "amount": amount, "currency": "GBP", "status": status}
            records.add(session, customer, order, by=cast.olive, now=now)
        outsider = customers.create(
            session, {"first_name": "New", "email": "new@inbox.example"}, by=cast.olive, now=now
        )
        order = {
            "kind": "order",
            "starts_at": begun + DAY,
            "amount": 9900,
            "currency": "GBP",
            "status": "done",
        }
        records.add(session, outsider.id, order, by=cast.olive, now=now)
        seen = bought.afterwards(session, dispatch, days=14, now=now)
        early = bought.afterwards(session, dispatch, days=14, now=begun + 2 * DAY)
    assert seen.is_over
    assert seen.after == Bought(2, 3, {"GBP": 6200})
    assert seen.before == Bought(1, 1, {"GBP": 700})
    assert not early.is_over
    assert (early.after.orders, early.before.orders) == (1, 0)
