"""People who show WhatsApp a name instead of a number: they are known, written to and left alone by the id they have there."""

from datetime import datetime

import pytest
from sqlalchemy import func, select

from data.database import now as present
from data.database import reading, unit
from domain.audience import audience as audiences
from domain.audience.audience import Audience
from domain.audience.reach import WHATSAPP_REACH
from domain.book import customers, exporting, preferences, proof, search
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.suppressions import fingerprint
from domain.ledger import farewells
from domain.ledger.deliveries import Delivery, Heard, State
from domain.shop import whatsapp_reach, whatsapp_words
from tests.cast import Cast
from tests.twins.whatsapp import ANNA, ANNAS_ID, add_anna, became, marked, send_to, wrote
from tests.ui.test_webhooks import Door
from tests.ui.test_whatsapp_webhook import HOUR, at, door, open_door, row, tell, why

__all__ = ["at", "door", "open_door"]  # fixtures


def joins(door: Door, when: datetime, *, number: str = "", user: str = ANNAS_ID, name: str = "Anna") -> int:
    with reading() as session:
        words = whatsapp_words.read(session).join
    tell(
        door,
        wrote(words, when, number=number, user=user, name=name, message_id=f"wamid.{when}{user}{number}"),
    )
    with reading() as session:
        return session.scalars(select(func.max(Customer.id))).one() or 0


def card(customer_id: int) -> Customer:
    with reading() as session:
        return session.get_one(Customer, customer_id)


def living() -> int:
    with reading() as session:
        return customers.how_many(session)


def addresses(kind: MessageType = MessageType.MARKETING) -> list[str]:
    """Whom a launch to everybody would write to."""
    with unit() as session:
        [probe] = send_to(session, [session.scalars(select(func.min(Customer.id))).one() or 0], now=present())
        dispatch = session.get_one(Delivery, probe).dispatch_id
        session.delete(session.get_one(Delivery, probe))
        session.flush()
        everybody = Audience.parse({"type": "all"})
        audiences.enlist(session, dispatch, everybody, WHATSAPP_REACH, kind, now=present(), next_at=present())
        queued = select(Delivery.address_key).where(
            Delivery.dispatch_id == dispatch, Delivery.state == State.QUEUED
        )
        return sorted(one or "" for one in session.scalars(queued))


def test_whoever_shows_no_number_is_written_to_by_the_id_and_can_say_no(
    open_door: Door, at: datetime
) -> None:
    anna = joins(open_door, at)
    assert addresses() == [ANNAS_ID]
    with unit() as session:
        letter = send_to(session, [anna], now=at)[0]
    tell(open_door, became("read", at, of=marked(letter), number="", user=ANNAS_ID))
    assert row(letter).heard == Heard.DELIVERED
    tell(open_door, wrote("STOP", at + HOUR, number="", user=ANNAS_ID, message_id="wamid.stop"))
    assert (why(anna), addresses()) == (LeftOut.OPTED_OUT, [])


def test_a_number_that_is_told_later_joins_the_same_card_and_counts_once(
    open_door: Door, at: datetime
) -> None:
    anna = joins(open_door, at)
    with unit() as session:
        whatsapp_reach.turns(session, [ANNAS_ID], None, now=present())
        waiting = send_to(session, [anna], state=State.QUEUED, now=at)[0]
    before = card(anna).version
    tell(open_door, wrote("Is it ready?", at + HOUR, number=ANNA, user=ANNAS_ID, message_id="wamid.both"))
    assert (living(), card(anna).phone_key, card(anna).wa_user_id) == (1, ANNA, ANNAS_ID)
    assert (row(waiting).address_key, addresses()) == (ANNA, [ANNA])
    assert card(anna).version > before
    with reading() as session:
        assert whatsapp_reach.used(session, now=present()) == 1
        assert set(session.scalars(whatsapp_reach.known(present()))) == {ANNA}


def test_two_cards_of_one_person_are_written_to_once(open_door: Door, cast: Cast, at: datetime) -> None:
    """One came by the link without a number, the other stood in the book with it; the platform tells that they are one."""
    joins(open_door, at)
    with unit() as session:
        other = add_anna(session, by=cast.olive, now=at)
    joins(open_door, at + HOUR, number=ANNA)
    assert (living(), addresses()) == (2, [ANNA])
    assert card(other).wa_user_id == ANNAS_ID


def test_an_id_belongs_to_one_number_at_a_time(open_door: Door, cast: Cast, at: datetime) -> None:
    first = joins(open_door, at, number=ANNA)
    joins(open_door, at + HOUR, number="447700900999", name="New number")
    assert card(first).wa_user_id is None
    assert addresses() == [ANNA, "+447700900999"]


def test_a_strangers_no_by_the_id_holds_when_their_number_is_known(
    open_door: Door, cast: Cast, at: datetime
) -> None:
    tell(open_door, wrote("STOP", at, number="", user=ANNAS_ID))
    with unit() as session:
        anna = add_anna(session, by=cast.olive, now=at)
    tell(open_door, wrote("Hello", at + HOUR, number=ANNA, user=ANNAS_ID, message_id="wamid.in2"))
    assert why(anna) == LeftOut.OPTED_OUT
    joins(open_door, at + 2 * HOUR, number=ANNA)
    assert why(anna) is None


def test_merging_keeps_the_id_and_who_is_found_by_it(open_door: Door, cast: Cast, at: datetime) -> None:
    nameless = joins(open_door, at)
    with unit() as session:
        anna = add_anna(session, by=cast.olive, now=at)
        farewells.merge(session, anna, nameless, by=cast.olive, now=present())
    assert (card(anna).phone_key, card(anna).wa_user_id, why(anna)) == (ANNA, ANNAS_ID, None)
    tell(open_door, wrote("stop", at + HOUR, number="", user=ANNAS_ID, message_id="wamid.in2"))
    assert why(anna) == LeftOut.OPTED_OUT


def test_merging_two_with_ids_finds_the_survivor_by_either(open_door: Door, cast: Cast, at: datetime) -> None:
    one, other = joins(open_door, at), joins(open_door, at, user="GB.2", name="Ann")
    with unit() as session:
        farewells.merge(session, one, other, by=cast.olive, now=present())
    tell(open_door, wrote("stop", at + HOUR, number="", user="GB.2", message_id="wamid.in2"))
    assert (why(one), living()) == (LeftOut.OPTED_OUT, 1)


def test_who_is_erased_is_not_written_to_by_the_id_again(open_door: Door, cast: Cast, at: datetime) -> None:
    anna = joins(open_door, at)
    with unit() as session:
        whatsapp_reach.turns(session, [ANNAS_ID], None, now=present())
        assert farewells.erase_address(session, ANNAS_ID, by=cast.olive, now=present()) == [anna]
    assert (card(anna).wa_user_id, card(anna).whatsapp_key, card(anna).whatsapp_hash) == (None, None, None)
    with unit() as session:
        assert not session.scalars(whatsapp_reach.known(present())).all()
        again = Customer(first_name="Anna", wa_user_id=ANNAS_ID, wa_user_hash=fingerprint(ANNAS_ID),
                         active_at=at, created_at=at, updated_at=at)  # fmt: skip
        session.add(again)
        session.flush()
        preferences.keep(session, again, "whatsapp", "marketing", True, at)
    assert why(again.id) == LeftOut.SUPPRESSED


def test_the_id_is_searched_for_taken_away_and_kept_when_a_number_is_written_in(
    open_door: Door, cast: Cast, at: datetime
) -> None:
    anna = joins(open_door, at)
    with reading() as session:
        assert [one.id for one in search.page(session, search=ANNAS_ID).items] == [anna]
        assert exporting.person(session, anna)["wa_user_id"] == ANNAS_ID
    with unit() as session:
        customers.change(session, anna, {"phone": ANNA}, by=cast.olive, now=present())
    assert (card(anna).wa_user_id, card(anna).whatsapp_key) == (ANNAS_ID, ANNA)
    with unit() as session:
        customers.change(session, anna, {"phone": "+447700900998"}, by=cast.olive, now=present())
    assert card(anna).wa_user_id is None, "what was learned belongs to the number it was learned of"


@pytest.mark.parametrize("number", ["", ANNA])
def test_the_practice_of_nobody_is_one_person_however_they_are_told(
    open_door: Door, at: datetime, number: str
) -> None:
    """The same post again, and the sentence a second time: one card, and the proof has no second yes."""
    anna = joins(open_door, at, number=number)
    with reading() as session:
        lines = len(proof.history(session, anna))
    joins(open_door, at + HOUR, number=number)
    assert (living(), lines) == (1, 2)
    with reading() as session:
        assert len(proof.history(session, anna)) == lines


# The link that opens a chat


@pytest.mark.parametrize(
    ("around", "is_yes"),
    [
        ("{}", True),
        ("Hi!\n{} 😊 Thanks, Anna", True),
        ("{} And is my ring ready?", True),
        ("{}, but not on Sundays", False),
        ("Bitte nicht: {}", False),
        ("{} " + "and so on " * 60, False),
        ("Please send me news", False),
    ],
)
def test_the_sentence_of_the_link_may_be_added_to_and_not_taken_back(
    open_door: Door, at: datetime, around: str, is_yes: bool
) -> None:
    with reading() as session:
        join = whatsapp_words.read(session).join
    tell(open_door, wrote(around.format(join), at, number=ANNA, name="Anna"))
    assert (living() == 1) is is_yes
    assert bool(addresses() if is_yes else []) is is_yes


def test_a_short_word_of_the_shop_counts_only_alone(open_door: Door, cast: Cast, at: datetime) -> None:
    with unit() as session:
        whatsapp_words.change(session, {"join": "Join"}, by=cast.olive, now=at)
    tell(open_door, wrote("Where can I join the workshop?", at, name="Anna"))
    assert living() == 0
    tell(open_door, wrote("join!", at + HOUR, name="Anna", message_id="wamid.in2"))
    assert living() == 1


def test_a_couple_with_one_number_both_agree_and_are_written_to_once(
    open_door: Door, cast: Cast, at: datetime
) -> None:
    with unit() as session:
        both = [add_anna(session, by=cast.olive, now=at) for _ in range(2)]
    joins(open_door, at + HOUR, number=ANNA)
    assert ([why(one) for one in both], living(), addresses()) == ([None, None], 2, [ANNA])


def test_who_was_erased_comes_back_by_their_own_word_only(open_door: Door, cast: Cast, at: datetime) -> None:
    anna = joins(open_door, at - 9 * HOUR, number=ANNA)
    with unit() as session:
        farewells.erase(session, anna, by=cast.olive, now=at)
        again = add_anna(session, by=cast.olive, now=at)
        preferences.keep(session, customers.get(session, again), "whatsapp", "marketing", True, at)
    assert why(again) == LeftOut.SUPPRESSED, "an old list brings nobody back"
    joins(open_door, at + HOUR, number=ANNA)
    assert why(again) is None
