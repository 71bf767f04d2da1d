"""What a report says in figures, and who stands behind each of them."""

from collections.abc import Callable
from dataclasses import astuple
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.book import consent, customers
from domain.ledger import deliveries, engagement, received
from domain.ledger.events import Event
from domain.results import figures
from domain.results.figures import Figures, Told
from domain.results.recipients import Figure, behind
from domain.sending import campaigns, dispatches, launches
from domain.sending.launches import Press
from domain.shop import provider_keys
from domain.shop import shop as shops
from tests.cast import Cast

TEN = 10


@pytest.fixture
def campaign(shop_db: Path, cast: Cast, now: datetime) -> int:
    """A campaign to ten people."""
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "olive@shop.example"}
        shops.change(session, facts, by=cast.olive, now=now)
        for number in range(TEN):
            person = {"first_name": f"P{number}", "email": f"p{number}@inbox.example"}
            customers.create(session, person, by=cast.olive, now=now)
        content = {"name": "News", "subject": "Opals", "text_body": "Hello", "audience": {"type": "all"}}
        return campaigns.create(session, content, by=cast.olive, now=now).id


@pytest.fixture
def send(campaign: int, cast: Cast, now: datetime) -> int:
    """Nine were sent, the tenth was refused at once. Deliveries 1 to 10."""
    with unit() as session:
        made = launches.launch(session, campaign, Press(), by=cast.olive, now=now)
        session.execute(text("UPDATE deliveries SET state = 'sent', settled_at = '2026-11-21 09:31:00'"))
        session.execute(text("UPDATE deliveries SET state = 'failed' WHERE id = 10"))
        session.execute(text("UPDATE dispatches SET state = 'sent', measured = 1, practice = 0"))
        dispatches.get(session, made.id).finished_at = now
        return made.id


def heard(session: Session, **words: tuple[int, ...]) -> None:
    for word, numbers in words.items():
        for number in numbers:
            session.execute(
                text("UPDATE deliveries SET heard = :word WHERE id = :row"), {"word": word, "row": number}
            )


def happened(session: Session, kind: str, number: int, at: datetime, who: str = "human") -> None:
    session.add(Event(delivery_id=number, kind=kind, at=at, who=who, rule="person"))


def seen(dispatch_id: int, now: datetime) -> Figures:
    with reading() as session:
        return figures.of_dispatch(session, dispatches.get(session, dispatch_id), now=now)


def names(dispatch_id: int, figure: Figure) -> list[int]:
    with reading() as session:
        return [one.id for one in deliveries.lines(session, behind(figure, dispatch_id))]


def wrote_back(session: Session, event_id: str, person: int, row: int | None, now: datetime) -> None:
    received.keep(
        session, event_id, person, delivery_id=row, subject="Re: Opals", words="Yes", day_began=now, now=now
    )


def test_what_was_heard_divides_those_who_were_sent(send: int, now: datetime) -> None:
    with unit() as session:
        heard(session, delivered=(1, 2, 3, 10), bounced=(4,), returned=(5,), complained=(6,), delayed=(7,))
    found = seen(send, now)
    parts = found.delivered, found.came_back, found.complained, found.pending
    assert (found.books.sent, parts, found.told) == (9, (3, 2, 1, 3), Told.YES)
    assert sum(parts) == found.books.sent


def test_each_figure_has_exactly_its_people_behind_it(send: int, now: datetime) -> None:
    with unit() as session:
        heard(session, delivered=(1, 2, 10), bounced=(4,), returned=(5,), complained=(6,), accepted=(7,))
        happened(session, "opened", 1, now)
        happened(session, "clicked", 2, now)
        happened(session, "opened", 3, now, "machine")
        wrote_back(session, "1", 4, 4, now)
    assert {figure: names(send, figure) for figure in Figure} == {
        Figure.DELIVERED: [1, 2],
        Figure.PENDING: [3, 7, 8, 9],
        Figure.BOUNCED: [4, 5],
        Figure.COMPLAINED: [6],
        Figure.OPENED: [1],
        Figure.CLICKED: [2],
        Figure.REPLIED: [4],
        Figure.HELD: [],
        Figure.UNDELIVERED: [4, 5, 10],
    }


def test_whom_whatsapp_holds_back_stands_apart_and_the_books_still_balance(send: int, now: datetime) -> None:
    """One told later, one refused at once, one who waits for another try; beside a real failure of either kind."""
    with unit() as session:
        session.execute(text("UPDATE dispatches SET channel = 'whatsapp'"))
        heard(session, delivered=(1,), bounced=(4,), returned=(5, 6))
        held = "held_by_whatsapp"
        session.execute(text(f"UPDATE deliveries SET heard_reason = '{held}' WHERE id = 5"))
        session.execute(text(f"UPDATE deliveries SET state = 'failed', reason = '{held}' WHERE id = 9"))
        session.execute(text("UPDATE deliveries SET state = 'deferred', code = 131049 WHERE id = 8"))
    found = seen(send, now)
    assert (found.held.sent, found.held.failed, found.held.waiting, found.held.people) == (1, 1, 1, 3)
    assert (found.came_back, found.failed, found.pending) == (2, 1, 3)
    assert found.delivered + found.came_back + found.held.sent + found.pending == found.books.sent == 7
    assert (found.books.recipients, found.books.failed, found.books.queued) == (TEN, 2, 1)
    assert names(send, Figure.HELD) == [5, 8, 9]
    assert names(send, Figure.BOUNCED) == [4, 6]
    assert names(send, Figure.UNDELIVERED) == [4, 6, 10]


def test_what_nobody_can_press_is_not_counted_and_reading_is_told_by_whatsapp(
    send: int, now: datetime
) -> None:
    with unit() as session:
        session.execute(text("UPDATE dispatches SET channel = 'whatsapp', measured = 0"))
    found = seen(send, now)
    assert (found.open_rate, found.click_rate) == (0, None)
    with unit() as session:
        made = dispatches.get(session, send)
        made.measured, made.content = True, {"buttons": [{"index": 0, "link": "https://shop.example/"}]}
    assert seen(send, now).click_rate == 0


def test_machines_stand_beside_people_and_not_among_them(send: int, now: datetime) -> None:
    with unit() as session:
        for number, who in ((1, "human"), (1, "human"), (2, "human"), (3, "machine"), (4, "unsure")):
            happened(session, "opened", number, now, who)
        happened(session, "clicked", 1, now)
        happened(session, "clicked", 3, now, "machine")
    found = seen(send, now)
    assert (found.counts.opens, found.counts.unique_opens, found.counts.machine_opens) == (3, 2, 1)
    assert (found.counts.unsure_opens, found.counts.unique_clicks, found.counts.machine_clicks) == (1, 1, 1)
    assert (found.open_rate, found.click_rate) == (2 / 9, 1 / 9)


def test_rates_are_of_the_delivered_only_where_that_is_reported(send: int, now: datetime) -> None:
    with unit() as session:
        happened(session, "opened", 1, now)
        happened(session, "opened", 2, now)
    assert (seen(send, now).whole, seen(send, now).is_of_delivered) == (9, False)
    with unit() as session:
        heard(session, delivered=(1,))
    assert seen(send, now).whole == 9, "one report has come, two have opened: the others are on their way"
    with unit() as session:
        heard(session, delivered=(2, 3, 4))
    assert (seen(send, now).whole, seen(send, now).open_rate) == (4, 0.5)


def test_a_provider_that_reports_is_waited_for_but_not_for_ever(send: int, cast: Cast, now: datetime) -> None:
    assert seen(send, now).told is Told.NO
    with unit() as session:
        provider_keys.write(session, "postmark", {}, new_address=False, by=cast.olive, now=now)
    assert seen(send, now).told is Told.AWAITED
    assert seen(send, now + timedelta(days=4)).told is Told.NO
    with unit() as session:
        session.execute(text("UPDATE dispatches SET practice = 1"))
    assert seen(send, now).told is Told.NO


def test_who_left_by_a_message_is_counted_once_and_not_after_coming_back(send: int, now: datetime) -> None:
    def says(
        session: Session, number: int, scope: str, write: Callable[..., object], how: str = "link"
    ) -> None:
        write(session, number, "email", scope, how=how, now=now, source=f"dispatch {send}")

    with unit() as session:
        says(session, 1, "marketing", consent.withdraw)
        says(session, 1, "all", consent.withdraw)
        says(session, 2, "marketing", consent.withdraw)
        says(session, 3, "all", consent.withdraw, how="complaint")
        consent.withdraw(session, 4, "email", "marketing", how="link", now=now, source="dispatch 777")
    assert seen(send, now).unsubscribed == 2
    with unit() as session:
        says(session, 2, "marketing", consent.grant)
    assert seen(send, now).unsubscribed == 1


def test_who_left_by_a_send_is_found_without_reading_the_whole_ledger(send: int) -> None:
    asked: list[tuple[str, Any]] = []
    with reading() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda *seen: asked.append((seen[2], seen[3])))
        figures.unsubscribed(session, [send])
        [(statement, values)] = [one for one in asked if "consents" in one[0]]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert [row for row in plan if "ix_consents_source" in row[-1]], plan
    assert not [row for row in plan if "SCAN consents" in row[-1]], plan


def test_a_campaign_counts_each_person_once_over_its_launches(
    campaign: int, send: int, cast: Cast, now: datetime
) -> None:
    with unit() as session:
        heard(session, delivered=(1, 2))
        happened(session, "opened", 1, now)
        session.execute(text("UPDATE campaigns SET status = 'draft'"))
        session.expire_all()
        again = launches.launch(session, campaign, Press(to="everyone"), by=cast.olive, now=now)
        session.execute(
            text("UPDATE deliveries SET state = 'sent' WHERE dispatch_id = :number"), {"number": again.id}
        )
        second = session.scalars(
            text("SELECT id FROM deliveries WHERE dispatch_id = :number"), {"number": again.id}
        ).all()
        happened(session, "opened", second[0], now)
    with reading() as session:
        found = figures.of_campaign(session, campaign, now=now)
    assert (found.books.recipients, found.books.sent) == (TEN, TEN)
    assert (found.counts.opens, found.counts.unique_opens) == (2, 1), "the same person opened both"
    assert found.delivered == 0, "the second launch is the one that counts for whoever got both"


def test_a_list_of_sends_says_the_same_as_each_report(send: int, now: datetime) -> None:
    with unit() as session:
        heard(session, delivered=(1, 2), bounced=(3,))
        happened(session, "opened", 1, now)
    with reading() as session:
        those = [dispatches.get(session, send)]
        listed = figures.of_many(session, those, deliveries.books_of(session, [send]), now=now)[send]
    assert astuple(listed) == astuple(seen(send, now))


def test_first_opens_are_told_by_the_hour(send: int, now: datetime) -> None:
    with unit() as session:
        happened(session, "opened", 1, now)
        happened(session, "opened", 1, now + timedelta(hours=5))
        happened(session, "opened", 2, now + timedelta(minutes=29))
        happened(session, "clicked", 2, now + timedelta(hours=1))
        happened(session, "opened", 3, now, "machine")
    hour = now.replace(minute=0)
    with reading() as session:
        assert engagement.first_moments(session, send) == {
            "opened": {hour: 2},
            "clicked": {hour + timedelta(hours=1): 1},
        }


def test_who_wrote_back_counts_once_and_is_found_behind_the_figure(
    campaign: int, send: int, now: datetime
) -> None:
    with unit() as session:
        for place, (person, row) in enumerate(((1, 1), (1, 1), (2, 2), (3, None))):
            wrote_back(session, str(place), person, row, now)
    with reading() as session:
        assert figures.of_dispatch(session, dispatches.get(session, send), now=now).replied == 2
        assert figures.of_campaign(session, campaign, now=now).replied == 2
        assert [one.id for one in deliveries.lines(session, behind(Figure.REPLIED, send))] == [1, 2]
        assert deliveries.lines(session, behind(Figure.REPLIED, send + 1)) == []
