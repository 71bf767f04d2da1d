"""Enough is enough: who got as many marketing messages lately as the shop sends at most is left out, and told so."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from data.database import reading, unit
from data.mail_account import Security
from domain.audience import audience as audiences
from domain.audience import judging
from domain.audience.audience import Audience, Count, Verdict
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, customers, suppressions
from domain.book.message_types import MessageType
from domain.ledger import deliveries
from domain.ledger.deliveries import Delivery, State
from domain.refusal import Refusal
from domain.sending import campaigns, endings, launches
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import Dispatch, DispatchState
from domain.sending.launches import Press
from domain.shop import mail
from domain.shop import shop as shops
from tests.cast import Cast

MARKETING, NEWSLETTER, OPERATIONAL = MessageType.MARKETING, MessageType.NEWSLETTER, MessageType.OPERATIONAL
PEOPLE = ("Ana", "Ben", "Cleo")
ALL = {"type": "all"}
WEEK = timedelta(days=7)


@pytest.fixture
def book(shop_db: Path, cast: Cast, now: datetime) -> dict[str, int]:
    """Three people, and a shop that sends no more than one marketing message in seven days."""
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "olive@shop.example"}
        shops.change(session, facts, by=cast.olive, now=now)
        people = {}
        for name in PEOPLE:
            person = {"first_name": name, "email": f"{name}@inbox.example".lower(), "tags": [name.lower()]}
            people[name] = customers.create(session, person, by=cast.olive, now=now).id
    limit(cast, now, 1, 7)
    return people


def limit(cast: Cast, now: datetime, messages: int | None, days: int | None) -> None:
    with unit() as session:
        shops.change(session, {"cap_messages": messages, "cap_days": days}, by=cast.olive, now=now)


def drafted(cast: Cast, now: datetime, audience: dict[str, Any] = ALL, kind: MessageType = MARKETING) -> int:
    content = {"name": "News", "subject": "Opals", "text_body": "Hello", "message_type": str(kind)}
    with unit() as session:
        return campaigns.create(session, content | {"audience": audience}, by=cast.olive, now=now).id


def launched(
    cast: Cast, at: datetime, audience: dict[str, Any] = ALL, kind: MessageType = MARKETING, **press: Any
) -> int:
    campaign_id = drafted(cast, at, audience, kind)
    with unit() as session:
        return launches.launch(session, campaign_id, Press(**press), by=cast.olive, now=at).id


def settled(dispatch_id: int, at: datetime, state: State = State.SENT) -> None:
    """As if the whole send had gone through at that moment."""
    with unit() as session:
        rows = (Delivery.dispatch_id == dispatch_id) & (Delivery.state == State.QUEUED)
        session.execute(update(Delivery).where(rows).values(state=state, handed_at=at, settled_at=at))
        done = {"state": DispatchState.SENT, "finished_at": at}
        session.execute(update(Dispatch).where(Dispatch.id == dispatch_id).values(**done))


def sent(cast: Cast, at: datetime, *names: str, kind: MessageType = MARKETING) -> int:
    """A message that was sent to these at that moment."""
    audience = {"type": "tags", "tags": [name.lower() for name in names]} if names else ALL
    dispatch_id = launched(cast, at, audience, kind)
    settled(dispatch_id, at)
    return dispatch_id


def counted(now: datetime, kind: MessageType = MARKETING, given: dict[str, Any] = ALL, **more: Any) -> Count:
    with reading() as session:
        return audiences.count(session, Audience.parse(given), EMAIL_REACH, kind, now=now, **more)


def told(customer_id: int, now: datetime, kind: MessageType = MARKETING) -> Verdict:
    with reading() as session:
        return audiences.explain(session, Audience(), EMAIL_REACH, kind, customer_id, now=now)


# --- who is spared


def test_who_got_one_this_week_is_spared_and_counted_with_the_reason(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    assert counted(now).left_out == {}
    sent(cast, now - timedelta(days=2), "Ana", "Ben")
    count = counted(now)
    assert (count.matched, count.reachable, count.left_out) == (3, 1, {"enough": 2})
    assert count.sentence() == "3 match · 2 got enough lately"


def test_without_a_limit_nobody_is_spared_and_nobody_is_asked(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    sent(cast, now - timedelta(days=2))
    asked = []
    for messages, days in ((1, 7), (None, None)):
        limit(cast, now, messages, days)
        with reading() as session:
            judged = judging.judge(session, Audience(), EMAIL_REACH, MARKETING, now=now)
            asked.append((str(judged.people()), str(judged.recipients())))
    assert all("spared" in statement for statement in asked[0])
    assert not any("spared" in statement or "dispatches" in statement for statement in asked[1])
    assert counted(now).left_out == {}


def test_the_limit_is_the_number_that_is_still_sent(book: dict[str, int], cast: Cast, now: datetime) -> None:
    limit(cast, now, 2, 7)
    sent(cast, now - timedelta(days=3))
    assert counted(now).left_out == {}
    sent(cast, now - timedelta(days=2), "Ana")
    assert counted(now).left_out == {"enough": 1}
    limit(cast, now, 3, 7)
    assert counted(now).left_out == {}


@pytest.mark.parametrize("state", list(State))
def test_what_was_got_may_have_been_got_or_is_on_its_way_counts(
    book: dict[str, int], cast: Cast, now: datetime, state: State
) -> None:
    before = now - timedelta(days=1)
    dispatch_id = launched(cast, before, {"type": "tags", "tags": ["ana"]})
    settled(dispatch_id, before, state)
    counts = state not in (State.FAILED, State.SKIPPED, State.CANCELLED)
    assert counted(now).left_out == ({"enough": 1} if counts else {})


def test_after_the_days_of_the_limit_a_message_is_forgotten(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    sent(cast, now)
    assert counted(now + WEEK - timedelta(seconds=1)).left_out == {"enough": 3}
    assert counted(now + WEEK).left_out == {}


def test_what_was_paused_counts_from_when_it_really_left(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    dispatch_id = launched(cast, now - timedelta(days=12), {"type": "tags", "tags": ["ana"]})
    assert counted(now).left_out == {"enough": 1}  # still on its way
    settled(dispatch_id, now - timedelta(days=1))
    assert counted(now).left_out == {"enough": 1}
    assert counted(now + WEEK).left_out == {}


def test_of_a_send_that_was_paused_half_way_only_the_second_half_is_lately(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    begun, ended = now - timedelta(days=12), now - timedelta(days=1)
    dispatch_id = launched(cast, begun)
    settled(dispatch_id, ended)
    with unit() as session:
        early = (Delivery.dispatch_id == dispatch_id) & (Delivery.customer_id == book["Ana"])
        session.execute(update(Delivery).where(early).values(handed_at=begun, settled_at=begun))
    assert counted(now).left_out == {"enough": 2}
    assert told(book["Ana"], now).included


def test_a_year_old_send_that_never_ended_still_counts(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    launched(cast, now - timedelta(days=400), {"type": "tags", "tags": ["ana"]})
    assert counted(now).left_out == {"enough": 1}


def test_news_and_offers_count_together_and_what_needs_no_consent_not_at_all(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    sent(cast, now - timedelta(days=1), "Ana", kind=NEWSLETTER)
    sent(cast, now - timedelta(days=1), "Ben", kind=OPERATIONAL)
    assert counted(now, MARKETING).left_out == counted(now, NEWSLETTER).left_out == {"enough": 1}
    assert counted(now, OPERATIONAL).left_out == {}
    assert told(book["Ana"], now).reason == "enough"
    assert told(book["Ana"], now, OPERATIONAL).included
    assert told(book["Ben"], now).included


def test_what_was_undone_does_not_count(book: dict[str, int], cast: Cast, now: datetime) -> None:
    dispatch_id = launched(cast, now, undo=timedelta(seconds=30))
    assert counted(now).left_out == {"enough": 3}
    with unit() as session:
        endings.undo(session, dispatch_id, by=cast.olive, now=now + timedelta(seconds=5))
    assert counted(now).left_out == {}


def test_practice_counts_until_the_shop_goes_live(book: dict[str, int], cast: Cast, now: datetime) -> None:
    sent(cast, now - timedelta(days=1), "Ana")
    assert counted(now).left_out == {"enough": 1}
    with unit() as session:
        account = {"host": "smtp.shop.example", "port": 587, "security": Security.STARTTLS}
        session.add(mail.MailSettings(**account, updated_at=now))
    assert counted(now).left_out == {}
    sent(cast, now - timedelta(hours=1), "Ben")
    assert counted(now).left_out == {"enough": 1}
    assert told(book["Ana"], now).included
    assert told(book["Ben"], now).reason == "enough"


def test_a_deleted_customers_messages_are_nobodys(book: dict[str, int], cast: Cast, now: datetime) -> None:
    sent(cast, now - timedelta(days=1))
    with unit() as session:
        session.execute(
            text("UPDATE deliveries SET customer_id = NULL WHERE customer_id = :id"), {"id": book["Ana"]}
        )
    assert counted(now).left_out == {"enough": 2}


# --- beside the other reasons


def test_a_no_comes_before_enough(book: dict[str, int], cast: Cast, now: datetime) -> None:
    sent(cast, now - timedelta(days=1))
    with unit() as session:
        consent.withdraw(session, book["Ana"], "email", "all", how="link", now=now)
        suppressions.suppress(
            session, "email", suppressions.fingerprint("ben@inbox.example"), reason="complained", now=now
        )
    assert counted(now).left_out == {"opted_out": 1, "suppressed": 1, "enough": 1}
    assert told(book["Ana"], now).reason == "opted_out"
    assert told(book["Ben"], now).reason == "suppressed"


def family(cast: Cast, now: datetime) -> int:
    """Gus reads the mailbox that is Ana's too."""
    with unit() as session:
        gus = {"first_name": "Gus", "email": "ana@inbox.example", "tags": ["gus"]}
        return customers.create(session, gus, by=cast.olive, now=now).id


def test_a_mailbox_that_a_family_shares_gets_no_more_than_one_person(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    """The first of them got enough: the second is not the next in line."""
    limit(cast, now, 2, 7)
    gus = family(cast, now)
    sent(cast, now - timedelta(days=2), "Ana")
    assert counted(now).left_out == {"duplicate": 1}
    sent(cast, now - timedelta(days=1), "Gus")
    count = counted(now)
    assert (count.reachable, count.left_out) == (2, {"enough": 2})
    for one in (book["Ana"], gus):
        assert told(one, now).sentence == (
            "This address already got 2 marketing messages in the last 7 days (19 Nov and 20 Nov), "
            "and the shop sends no more than 2."
        )
    dispatch_id = launched(cast, now)
    with reading() as session:
        queued = (Delivery.dispatch_id == dispatch_id) & (Delivery.state == State.QUEUED)
        assert set(session.scalars(select(Delivery.customer_id).where(queued))) == {book["Ben"], book["Cleo"]}


def test_on_its_way_to_a_shared_mailbox_counts_as_well(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    gus = family(cast, now)
    launched(cast, now - timedelta(hours=1), {"type": "tags", "tags": ["ana"]})
    assert counted(now).left_out == {"enough": 2}
    assert told(gus, now).sentence == (
        "1 marketing message is already on the way to this address, and the shop sends no more than 1."
    )


def test_who_has_a_mailbox_of_her_own_now_is_still_the_same_person(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    sent(cast, now - timedelta(days=1), "Ana")
    with unit() as session:
        ana = customers.get(session, book["Ana"])
        change = {"email": "ana.new@inbox.example"}
        customers.change(session, ana.id, change, version=ana.version, by=cast.olive, now=now)
    assert counted(now).left_out == {"enough": 1}
    assert told(book["Ana"], now).reason == "enough"


def test_what_is_reachable_at_all_does_not_depend_on_what_was_sent_lately(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    family(cast, now)
    sent(cast, now - timedelta(days=1))
    count = counted(now, heeding_limit=False)
    assert (count.reachable, count.left_out) == (3, {"duplicate": 1})


# --- the launch


def test_the_launch_writes_those_spared_as_skipped_with_the_reason(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    sent(cast, now - timedelta(days=1), "Ana", "Ben")
    count = counted(now)
    dispatch_id = launched(cast, now)
    with reading() as session:
        rows = list(session.scalars(select(Delivery).where(Delivery.dispatch_id == dispatch_id)))
        books = deliveries.books(session, dispatch_id)
    assert Counter(row.reason for row in rows if row.state is State.SKIPPED) == count.left_out
    assert {row.customer_id for row in rows if row.state is State.QUEUED} == {book["Cleo"]}
    assert (books.recipients, books.queued, books.skipped) == (3, 1, 2)


def test_where_everybody_got_enough_the_launch_is_refused_and_the_campaign_stays_a_draft(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    sent(cast, now - timedelta(days=1))
    campaign_id = drafted(cast, now)
    with pytest.raises(Refusal) as refused, unit() as session:
        launches.launch(session, campaign_id, Press(), by=cast.olive, now=now)
    assert refused.value.code == "no_recipients"
    assert any("enough" in cause for cause in refused.value.details["causes"])
    with reading() as session:
        assert session.get_one(Campaign, campaign_id).status is Status.DRAFT


def test_of_two_launches_at_the_same_moment_the_second_sees_the_first(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    both = [drafted(cast, now) for _ in range(2)]
    gate, ends = threading.Barrier(2), Counter[str]()

    def press(campaign_id: int) -> None:
        gate.wait(10)
        try:
            with unit() as session:
                launches.launch(session, campaign_id, Press(), by=cast.olive, now=now)
            ends["went"] += 1
        except Refusal as refusal:
            ends[refusal.code] += 1

    presses = [threading.Thread(target=press, args=(campaign_id,)) for campaign_id in both]
    for one in presses:
        one.start()
    for one in presses:
        one.join(30)
    assert ends == {"went": 1, "no_recipients": 1}
    with reading() as session:
        queued = session.scalars(select(Delivery.customer_id).where(Delivery.state == State.QUEUED))
        assert Counter(queued) == Counter(book.values())


def test_the_rest_of_a_campaign_is_not_kept_from_it_by_its_own_first_launch(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    """Only who was reached counts, and who was reached is no part of the rest."""
    campaign_id = drafted(cast, now)
    with unit() as session:
        first = launches.launch(session, campaign_id, Press(), by=cast.olive, now=now).id
        session.execute(
            text("UPDATE deliveries SET state = 'failed' WHERE customer_id <> :id"), {"id": book["Ana"]}
        )
        session.execute(
            text("UPDATE deliveries SET state = 'sent', handed_at = next_at WHERE customer_id = :id"),
            {"id": book["Ana"]},
        )
        session.get_one(Dispatch, first).finished_at = now
    count = counted(now, not_reached_by=campaign_id)
    assert (count.matched, count.reachable, count.left_out) == (2, 2, {})


# --- the words


def test_the_verdict_names_the_days(book: dict[str, int], cast: Cast) -> None:
    limit(cast, datetime(2026, 11, 1, tzinfo=UTC), 2, 7)
    sent(cast, datetime(2026, 11, 12, 10, tzinfo=UTC), "Ana")
    sent(cast, datetime(2026, 11, 16, 10, tzinfo=UTC), "Ana")
    assert told(book["Ana"], datetime(2026, 11, 17, 9, tzinfo=UTC)).sentence == (
        "Already got 2 marketing messages in the last 7 days (12 Nov and 16 Nov), and the shop sends no more than 2."
    )


def test_the_verdict_tells_what_is_still_on_its_way(book: dict[str, int], cast: Cast, now: datetime) -> None:
    limit(cast, now, 2, 1)
    sent(cast, now - timedelta(hours=3), "Ana")
    launched(cast, now, undo=timedelta(minutes=1))
    assert told(book["Ana"], now).sentence == (
        "Already got 1 marketing message in the last 24 hours (21 Nov), 1 more is on the way,"
        " and the shop sends no more than 2."
    )
    limit(cast, now, 1, 7)
    assert told(book["Ben"], now).sentence == (
        "1 marketing message is already on the way, and the shop sends no more than 1."
    )


def test_many_days_are_told_by_the_first_and_the_last(
    book: dict[str, int], cast: Cast, now: datetime
) -> None:
    limit(cast, now, None, None)
    for back in range(6):
        sent(cast, now - timedelta(days=back), "Ana")
    limit(cast, now, 5, 30)
    assert "6 marketing messages in the last 30 days (16 Nov to 21 Nov)" in told(book["Ana"], now).sentence
