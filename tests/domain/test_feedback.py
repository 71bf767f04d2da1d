"""What comes back, in the books: the same end in whatever order it comes, and the right consequence for the person."""

import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from data.database import close_database, open_database, reading, unit
from domain.audience.audience import Audience
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, customers, proof, suppressions
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.suppressions import Suppression
from domain.channels.channel import Draft
from domain.channels.email import links, mark, message_id, read_mark
from domain.ledger import deliveries, farewells, hearing
from domain.ledger.causes import Cause
from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.events import Event
from domain.results import feedback, incoming
from domain.results.feedback import Taken
from domain.results.incoming import IncomingEvent
from domain.results.post import News, Token
from domain.results.providers import ses
from domain.results.report import Kind, Report
from domain.sending import launches
from domain.sending.launches import Press
from tests.cast import Cast
from tests.domain.test_erasing import everything
from tests.letters import add_person, write_to
from tests.twins.providers import notification, ses_bounce

pytestmark = pytest.mark.thorough

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ANNA = "anna@berg.example"


@pytest.fixture
def anna(cast: Cast, now: datetime) -> int:
    with unit() as session:
        return add_person(session, "Anna", ANNA, by=cast.olive, now=now)


@pytest.fixture
def letter(cast: Cast, anna: int, now: datetime) -> int:
    return sent_to(anna, cast, now)


def sent_to(
    customer: int,
    cast: Cast,
    now: datetime,
    kind: MessageType = MessageType.MARKETING,
    state: State = State.SENT,
) -> int:
    with unit() as session:
        number = write_to(session, customer, kind, by=cast.olive, now=now)
        session.execute(
            update(Delivery).where(Delivery.id == number).values(state=state, settled_at=now, attempts=1)
        )
    return number


def report(
    kind: Kind, number: str = "e1", *, letter: int | None = None, address: str = ANNA, **more: Any
) -> Report:
    marked = mark(links(), letter, 1) if letter else ""
    at = more.pop("at", NOW - timedelta(hours=1))
    return Report("ses", kind, number, address, at, mark=marked, **more)


def dead(number: str = "e1", **more: Any) -> Report:
    return report(Kind.BOUNCE, number, permanent=True, reason=Cause.NO_SUCH_ADDRESS, **more)


def full(number: str = "e1", **more: Any) -> Report:
    return report(Kind.BOUNCE, number, permanent=False, reason=Cause.MAILBOX_FULL, **more)


def come(*reports: Report, now: datetime = NOW) -> int:
    with unit() as session:
        return feedback.apply(session, reports, now=now)


def row(number: int) -> Delivery:
    with reading() as session:
        found = session.get(Delivery, number)
        assert found is not None
        return found


def why(customer: int, kind: MessageType = MessageType.MARKETING) -> str | None:
    with reading() as session:
        return session.scalar(select(consent.why_left_out(EMAIL_REACH, kind)).where(Customer.id == customer))


def kept() -> list[IncomingEvent]:
    with reading() as session:
        return incoming.listed(session)


def test_a_mark_reads_back_also_out_of_a_message_id(shop_db: Path) -> None:
    for number, attempt in ((1, 1), (7_000_000, 3), (2**40, 65_535)):
        assert read_mark(mark(links(), number, attempt)) == (number, attempt)
        assert read_mark(message_id("shop@marlow.example", 1, number, attempt)) == (number, attempt)
    assert read_mark(message_id("shop@marlow.example", 0, 5, 1_795_253_400_123)) is None
    for junk in ("", "<>", "x", "A" * 32, "é" * 32, "<a@b>"):
        assert read_mark(junk) is None


@pytest.mark.parametrize(
    ("kinds", "end"),
    [
        ([Kind.ACCEPTED], Heard.ACCEPTED),
        ([Kind.ACCEPTED, Kind.DELAY], Heard.DELAYED),
        ([Kind.DELAY, Kind.DELIVERY, Kind.ACCEPTED], Heard.DELIVERED),
        ([Kind.DELIVERY, Kind.COMPLAINT], Heard.COMPLAINED),
        ([Kind.COMPLAINT, Kind.DELIVERY], Heard.COMPLAINED),
        ([Kind.OPEN, Kind.CLICK], None),
        ([Kind.OTHER], None),
        ([Kind.REFUSED, Kind.ACCEPTED], Heard.BOUNCED),
    ],
)
def test_the_strongest_word_stays(letter: int, kinds: list[Kind], end: Heard | None) -> None:
    for place, kind in enumerate(kinds):
        come(report(kind, f"e{place}", letter=letter))
    assert row(letter).heard == end


def test_a_bounce_for_good_is_stronger_than_a_delivery_and_one_for_now_is_weaker(letter: int) -> None:
    come(full("e1", letter=letter), report(Kind.DELIVERY, "e2", letter=letter))
    assert row(letter).heard is Heard.DELIVERED
    come(dead("e3", letter=letter))
    assert (row(letter).heard, row(letter).heard_reason) == (Heard.BOUNCED, Cause.NO_SUCH_ADDRESS)


def test_the_equation_of_a_send_does_not_move(letter: int) -> None:
    with reading() as session:
        before = deliveries.books(session, row(letter).dispatch_id)
    come(dead("e1", letter=letter), report(Kind.COMPLAINT, "e2", letter=letter))
    with reading() as session:
        assert deliveries.books(session, row(letter).dispatch_id) == before
        assert hearing.heard_of(session, row(letter).dispatch_id) == {Heard.COMPLAINED: 1}


def test_a_repeat_has_no_second_effect(letter: int) -> None:
    assert come(report(Kind.OPEN, letter=letter)) == 1
    assert come(report(Kind.OPEN, letter=letter), report(Kind.OPEN, letter=letter)) == 0
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 1


def test_a_dead_address_is_not_written_to_again_by_anybody_who_has_it(
    cast: Cast, anna: int, letter: int, now: datetime
) -> None:
    with unit() as session:
        twin = add_person(session, "Anni", ANNA, by=cast.olive, now=now)
    come(dead(letter=letter, address="Anna@Berg.example"))
    assert why(anna) == why(twin) == why(anna, MessageType.OPERATIONAL) == LeftOut.BAD_ADDRESS


@pytest.mark.parametrize(
    "reason", [Cause.MAILBOX_FULL, Cause.LOOKS_LIKE_SPAM, Cause.NOT_TRUSTED, Cause.REFUSED]
)
def test_any_other_reason_leaves_the_address_alone(anna: int, letter: int, reason: Cause) -> None:
    come(report(Kind.BOUNCE, letter=letter, permanent=reason is Cause.REFUSED, reason=reason))
    assert why(anna) is None


def test_who_has_moved_since_is_not_meant(anna: int, letter: int, cast: Cast, now: datetime) -> None:
    with unit() as session:
        customers.change(session, anna, {"email": "anna@new.example"}, version=1, by=cast.olive, now=now)
    come(dead(letter=letter))
    assert why(anna) is None
    assert row(letter).heard is Heard.BOUNCED


def test_a_complaint_stops_marketing_for_good_and_stays_in_the_ledger(anna: int, letter: int) -> None:
    come(report(Kind.COMPLAINT, letter=letter))
    assert why(anna) == why(anna, MessageType.NEWSLETTER) == LeftOut.OPTED_OUT
    assert why(anna, MessageType.OPERATIONAL) is None
    with reading() as session:
        assert proof.history(session, anna)[0].how == "complaint"
        assert {one.scope for one in session.scalars(select(Suppression))} == {"marketing", "newsletter"}


def test_a_complaint_about_operational_mail_stops_that_too(cast: Cast, anna: int, now: datetime) -> None:
    come(report(Kind.COMPLAINT, letter=sent_to(anna, cast, now, MessageType.OPERATIONAL)))
    assert why(anna, MessageType.OPERATIONAL) == LeftOut.SUPPRESSED


def test_a_complaint_with_the_address_blacked_out_is_known_by_its_mark(anna: int, letter: int) -> None:
    come(report(Kind.COMPLAINT, letter=letter, address=""))
    assert why(anna) == LeftOut.OPTED_OUT


def test_an_unsubscribe_at_the_provider_counts_here(anna: int, letter: int) -> None:
    come(report(Kind.UNSUBSCRIBE, letter=letter))
    assert why(anna) == LeftOut.OPTED_OUT
    come(report(Kind.RESUBSCRIBE, "e2", letter=letter))
    assert why(anna) == LeftOut.OPTED_OUT, "nobody is written to again because a machine says so"


def test_what_the_provider_refused_because_it_knew_the_address_counts_here(anna: int, letter: int) -> None:
    come(report(Kind.REFUSED, letter=letter, because=Kind.COMPLAINT))
    assert why(anna) == LeftOut.OPTED_OUT
    assert row(letter).heard is Heard.BOUNCED


@pytest.mark.parametrize("kind", [Kind.DELIVERY, Kind.BOUNCE, Kind.ACCEPTED, Kind.OPEN, Kind.CLICK])
def test_a_report_ends_the_doubt_whether_a_message_went_out(
    cast: Cast, anna: int, now: datetime, kind: Kind
) -> None:
    letter = sent_to(anna, cast, now, state=State.UNKNOWN)
    come(report(kind, letter=letter))
    assert (row(letter).state, row(letter).reason) == (State.SENT, "proved")


def test_a_report_that_is_faster_than_our_own_books_counts_later(
    cast: Cast, anna: int, now: datetime
) -> None:
    letter = sent_to(anna, cast, now, state=State.HANDOFF)
    come(report(Kind.DELIVERY, letter=letter))
    with unit() as session:  # the worker dies before it hears the answer
        session.execute(update(Delivery).where(Delivery.id == letter).values(state=State.UNKNOWN))
    with reading() as session:
        assert hearing.any_proved(session)
    with unit() as session:
        assert hearing.settle_proved(session, now=NOW) == 1
    assert (row(letter).state, row(letter).heard) == (State.SENT, Heard.DELIVERED)


def test_a_number_that_a_restored_copy_gave_to_somebody_else_is_not_believed(letter: int) -> None:
    come(dead(letter=letter, address="somebody@else.example"))
    assert row(letter).heard is None
    assert kept()[0].delivery_id is None


def test_a_message_is_known_by_the_number_the_server_gave_it(cast: Cast, anna: int, now: datetime) -> None:
    letter = sent_to(anna, cast, now)
    with unit() as session:
        session.execute(
            update(Delivery).where(Delivery.id == letter).values(reply="Ok 0100018b2c-4d5e-000000")
        )
    come(report(Kind.DELIVERY, message_id="0100018b2c-4d5e-000000"))
    assert row(letter).heard is Heard.DELIVERED


def test_a_number_whose_beginning_was_given_is_known_too(cast: Cast, anna: int, now: datetime) -> None:
    letter = sent_to(anna, cast, now)
    with unit() as session:
        session.execute(
            update(Delivery).where(Delivery.id == letter).values(reply="Ok: queued as 14c5d75ce93abcdef")
        )
    come(report(Kind.DELIVERY, message_id="14c5d75ce93abcdef.filter0307.16648.5515E0B88"))
    assert row(letter).heard is Heard.DELIVERED


@pytest.mark.parametrize("marked_first", [True, False])
def test_one_report_with_our_mark_tells_whose_the_others_are(letter: int, marked_first: bool) -> None:
    marked = report(Kind.ACCEPTED, "e1", letter=letter, message_id="0100-7")
    bare = report(Kind.DELIVERY, "e2", message_id="0100-7")
    for one in (marked, bare) if marked_first else (bare, marked):
        come(one)
    assert row(letter).heard is Heard.DELIVERED
    assert {one.delivery_id for one in kept()} == {letter}


def test_what_is_about_nobody_we_know_is_kept(shop_db: Path) -> None:
    come(
        report(Kind.DELIVERY, address="who@knows.example"),
        report(Kind.OTHER, "e2", address="", said="Something New"),
    )
    assert [(one.kind, one.said, one.delivery_id) for one in kept()] == [
        (Kind.OTHER, "Something New", None),
        (Kind.DELIVERY, "", None),
    ]


def test_an_address_where_too_much_comes_back_gets_a_rest(cast: Cast, anna: int, now: datetime) -> None:
    letters = [sent_to(anna, cast, now + timedelta(hours=place)) for place in range(3)]
    for weeks, one in enumerate(letters):
        assert why(anna) is None
        come(full(f"e{weeks}", letter=one, at=NOW - timedelta(weeks=3 - weeks)))
    assert why(anna) == LeftOut.BAD_ADDRESS


def test_a_delivery_in_between_and_three_in_one_week_are_no_reason(
    cast: Cast, anna: int, now: datetime
) -> None:
    letters = [sent_to(anna, cast, now + timedelta(hours=place)) for place in range(4)]
    for day, one in enumerate(letters[:3]):
        come(full(f"e{day}", letter=one, at=NOW - timedelta(days=3 - day)))
    assert why(anna) is None
    come(full("f", letter=letters[3], at=NOW - timedelta(days=30)))
    assert why(anna) == LeftOut.BAD_ADDRESS
    come(report(Kind.DELIVERY, "g", at=NOW - timedelta(days=10)))
    assert why(anna) is None, "a delivery that was told late shows that the mailbox is read"


def test_many_reports_about_one_message_are_one(anna: int, letter: int) -> None:
    come(*(full(f"e{day}", letter=letter, at=NOW - timedelta(days=day)) for day in range(30)))
    assert why(anna) is None


def test_a_token_serves_one_post(shop_db: Path) -> None:
    def posted(number: str, body: str) -> News:
        return News("mailgun", [report(Kind.OTHER, number)], Token("t" * 50, body))

    answers = []
    for one in (posted("a", "1"), posted("a", "1"), posted("b", "2")):
        with unit() as session:
            answers += feedback.take(session, [one], now=NOW)
    assert answers == [Taken.TAKEN, Taken.REPEAT, Taken.FORGED]
    assert [one.event_id for one in kept()] == ["a"]


def test_old_reports_are_forgotten(letter: int) -> None:
    come(report(Kind.OPEN, "old", letter=letter), now=NOW)
    later = NOW + incoming.KEPT_FOR + timedelta(days=1)
    come(report(Kind.OPEN, "new", letter=letter), now=later)
    with unit() as session:
        incoming.forget_old(session, now=later)
    assert [one.event_id for one in kept()] == ["new"]


def test_who_is_erased_stands_in_no_report_any_more(
    cast: Cast, anna: int, letter: int, now: datetime
) -> None:
    told = {"diagnostic": f"550 5.1.1 <{ANNA}> unknown", "excerpt": f"about {ANNA}"}
    come(
        dead("e1", letter=letter, **told),
        report(Kind.OPEN, "e2", **told),
        report(Kind.OTHER, "e3", letter=letter, address=""),
    )
    bounce = ses.read(notification(ses_bounce(ANNA), NOW).body)
    come(*bounce)
    assert ANNA in everything()
    with unit() as session:
        farewells.erase(session, anna, by=cast.max_, now=now)
    assert "anna@berg" not in everything()
    assert len(kept()) == 4


# A stream of 5,000, in any order, with repeats and losses (F11)

PEOPLE, LETTERS, STREAM = 300, 4, 5_000


def test_any_order_with_repeats_and_losses_ends_the_same(cast: Cast, shop_db: Path, now: datetime) -> None:
    dice = random.Random(5)
    stream = [one for one in told(all_sent(cast, now), dice) if dice.random() > 0.1]
    before = saved(shop_db)
    for lot in parted(stream, dice, 400):
        come(*lot)
    in_order = end()
    again_from(before, shop_db)
    shuffled = [one for one in stream for _ in range(dice.choice((1, 1, 2, 5)))]
    dice.shuffle(shuffled)
    for lot in parted(shuffled, dice, 400):
        come(*lot)
    assert end() == in_order
    assert len(in_order["heard"]) > 800
    assert len({trouble for _, trouble, _ in in_order["people"]}) == 3


def all_sent(cast: Cast, now: datetime) -> list[tuple[int, str]]:
    with unit() as session:
        session.execute(
            insert(Customer), [written_in(f"p{number}@berg.example", now) for number in range(PEOPLE)]
        )
        for round_ in range(LETTERS):
            kind = MessageType.OPERATIONAL if round_ == 3 else MessageType.MARKETING
            draft = Draft(
                kind,
                "Marlow",
                "shop@marlow.example",
                "",
                f"Rings {round_}",
                "",
                "",
                "Look.",
                "Marlow",
                "4 Row",
            )
            launches.launch_one_shot(
                session,
                draft,
                Audience.parse({"type": "all"}),
                Press(),
                channel_name="email",
                by=cast.olive,
                now=now,
            )
        session.execute(update(Delivery).values(state=State.SENT))
        session.execute(update(Delivery).where(Delivery.id % 9 == 0).values(state=State.UNKNOWN))
        return [
            (number, str(key)) for number, key in session.execute(select(Delivery.id, Delivery.address_key))
        ]


def written_in(address: str, now: datetime) -> dict[str, Any]:
    mark = suppressions.fingerprint(address)
    usual = {"first_name": "P", "attrs": {}, "active_at": now, "created_at": now, "updated_at": now}
    return {"email": address, "email_key": address, "email_hash": mark, **usual}


def told(letters: Sequence[tuple[int, str]], dice: random.Random) -> list[Report]:
    """Each message has a fate; some reports carry our mark and some only the provider's number."""
    kinds = [Kind.ACCEPTED, Kind.DELAY, Kind.DELIVERY, Kind.OPEN, Kind.CLICK]
    made: list[Report] = []
    while len(made) < STREAM:
        letter, address = dice.choice(letters)
        rare = dice.random()
        one = report(dice.choice(kinds), f"n{len(made)}", letter=letter, address=address)
        if rare < 0.02:
            one = dead(one.event_id, letter=letter, address=address)
        elif rare < 0.25:
            one = full(one.event_id, letter=letter, address=address)
        elif rare < 0.26:
            one = replace(one, kind=Kind.COMPLAINT)
        elif rare < 0.27:
            one = replace(one, kind=Kind.UNSUBSCRIBE)
        at = NOW - timedelta(minutes=dice.randrange(60 * 24 * 40))
        made.append(
            replace(one, at=at, message_id=f"0100-{letter}", mark=one.mark if dice.random() < 0.7 else "")
        )
    return sorted(made, key=lambda one: one.at or NOW)


def parted(stream: Sequence[Report], dice: random.Random, most: int) -> list[Sequence[Report]]:
    lots, at = [], 0
    while at < len(stream):
        size = dice.randrange(1, most)
        lots.append(stream[at : at + size])
        at += size
    return lots


def end() -> dict[str, Any]:
    heard = select(
        Delivery.id,
        Delivery.state,
        Delivery.heard,
        Delivery.heard_at,
        Delivery.heard_reason,
        Delivery.heard_said,
    )
    with reading() as session:
        return {
            "heard": [tuple(one) for one in session.execute(heard.where(Delivery.heard.is_not(None)))],
            "doubts": session.scalar(select(func.count()).where(Delivery.state == State.UNKNOWN)),
            "people": [
                tuple(one)
                for one in session.execute(
                    select(Customer.id, Customer.email_trouble, Customer.marketing_opt_out)
                )
            ],
            "out": sorted(
                tuple(one) for one in session.execute(select(Suppression.address_hash, Suppression.scope))
            ),
            "opened": sorted(
                tuple(one)
                for one in session.execute(select(Event.delivery_id, Event.kind, Event.at, Event.who))
            ),
            "known": sorted(
                tuple(one)
                for one in session.execute(select(IncomingEvent.event_id, IncomingEvent.delivery_id))
            ),
        }


def saved(path: Path) -> Path:
    close_database()
    copy = path.with_suffix(".before")
    shutil.copyfile(path, copy)
    open_database(path)
    return copy


def again_from(copy: Path, path: Path) -> None:
    close_database()
    for beside in (path.with_name(path.name + end_) for end_ in ("-wal", "-shm")):
        beside.unlink(missing_ok=True)
    shutil.copyfile(copy, path)
    open_database(path)
