"""May this person get this? The state, the proof of it, and the suppressions that outlive a person."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from data.database import reading, unit
from domain.book import consent, customers, proof, reach, suppressions
from domain.book.consent import LeftOut
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer
from domain.book.reach import Reach
from domain.refusal import Refusal
from domain.shop import audit
from tests.cast import Cast

EMAIL = Reach("email", Customer.email_key, Customer.email_hash, Customer.email_trouble)


def added(cast: Cast, now: datetime, **fields: Any) -> int:
    with unit() as session:
        wanted = {"first_name": "Anna", "email": "anna@berg.example"} | fields
        return customers.create(session, wanted, by=cast.olive, now=now).id


def why(customer_id: int, message_type: MessageType = MessageType.MARKETING) -> str | None:
    with reading() as session:
        reason = consent.why_left_out(EMAIL, message_type)
        return session.scalar(select(reason).where(Customer.id == customer_id))


def test_nobody_is_left_out_without_a_reason(cast: Cast, now: datetime) -> None:
    anna = added(cast, now)
    assert [why(anna, message_type) for message_type in MessageType] == [None, None, None]


def test_without_an_address_nothing_can_be_sent(cast: Cast, now: datetime) -> None:
    assert why(added(cast, now, email=""), MessageType.OPERATIONAL) == LeftOut.NO_ADDRESS


def test_a_no_to_everything_leaves_word_about_ones_own_business(cast: Cast, now: datetime) -> None:
    anna = added(cast, now)
    with unit() as session:
        consent.withdraw(session, anna, "email", EVERY_TYPE, how="link", now=now)
    assert why(anna, MessageType.MARKETING) == LeftOut.OPTED_OUT
    assert why(anna, MessageType.NEWSLETTER) == LeftOut.OPTED_OUT
    assert why(anna, MessageType.OPERATIONAL) is None


def test_a_no_to_one_type_leaves_the_other(cast: Cast, now: datetime) -> None:
    anna = added(cast, now)
    with unit() as session:
        consent.withdraw(session, anna, "email", MessageType.NEWSLETTER, how="one_click", now=now)
    assert (why(anna, MessageType.NEWSLETTER), why(anna)) == (LeftOut.OPTED_OUT, None)


def test_a_no_to_another_channel_is_not_a_no_to_mail(cast: Cast, now: datetime) -> None:
    anna = added(cast, now)
    with unit() as session:
        consent.withdraw(session, anna, "whatsapp", MessageType.MARKETING, how="link", now=now)
    assert why(anna) is None


def test_a_yes_after_a_no_counts_and_both_are_on_record(cast: Cast, now: datetime) -> None:
    anna = added(cast, now)
    with unit() as session:
        consent.withdraw(
            session, anna, "email", MessageType.MARKETING, how="link", now=now, source="letter 7"
        )
        consent.grant(session, anna, "email", MessageType.MARKETING, how="form", now=now, address="192.0.2.7")
    assert why(anna) is None
    with reading() as session:
        lines = proof.history(session, anna)
        assert [(line.allowed, line.how) for line in lines] == [(True, "form"), (False, "link")]
        assert lines[0].address_hash == customers.get(session, anna).email_hash


def test_staff_clear_a_no_only_with_a_reason(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, marketing_opt_out=True)
    assert why(anna) == LeftOut.OPTED_OUT
    with pytest.raises(Refusal, match="asked in the shop"), unit() as session:
        customers.change(session, anna, {"marketing_opt_out": False}, by=cast.max_, now=now)
    assert why(anna) == LeftOut.OPTED_OUT
    with unit() as session:
        fields = {"marketing_opt_out": False, "opt_out_reason": "Asked at the till on Friday"}
        customers.change(session, anna, fields, by=cast.max_, now=now)
    assert why(anna) is None
    with reading() as session:
        last = proof.history(session, anna)[0]
        assert (last.allowed, last.how, last.source, last.by_name) == (
            True,
            "staff",
            "Asked at the till on Friday",
            "Max",
        )
        assert len(audit.of(session, "customer.opt_out", anna)) == 2


def test_saying_the_same_again_adds_no_line(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, marketing_opt_out=True, preferences={"newsletter": False})
    with unit() as session:
        fields = {"marketing_opt_out": True, "preferences": {"newsletter": False}, "last_name": "Berg"}
        customers.change(session, anna, fields, by=cast.olive, now=now)
    with reading() as session:
        assert len(proof.history(session, anna)) == 2


def test_who_may_only_look_may_not_decide_for_others(cast: Cast, now: datetime) -> None:
    anna = added(cast, now)
    for actor in cast.who_may_only_look():
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            consent.set_by_staff(session, anna, opted_out=True, reason="x", by=actor, now=now)


@pytest.mark.parametrize("scope", [EVERY_TYPE, MessageType.MARKETING])
def test_a_suppressed_address_is_not_written_to_whoever_has_it(cast: Cast, now: datetime, scope: str) -> None:
    anna = added(cast, now)
    with unit() as session:
        for _ in range(2):
            hashed = suppressions.fingerprint("anna@berg.example")
            suppressions.suppress(session, "email", hashed, reason="complained", now=now, scope=scope)
    assert why(anna) == LeftOut.SUPPRESSED
    with unit() as session:
        customers.delete(session, anna, by=cast.olive, now=now)
    assert why(added(cast, now, first_name="Somebody else", email="ANNA@Berg.example")) == LeftOut.SUPPRESSED
    assert why(added(cast, now, email="other@berg.example")) is None


def test_an_address_in_trouble_rests_until_it_is_changed(cast: Cast, now: datetime) -> None:
    anna = added(cast, now)
    with unit() as session:
        reach.mark_address(session, anna, "bounced")
    assert why(anna, MessageType.OPERATIONAL) == LeftOut.BAD_ADDRESS
    with unit() as session:
        customers.change(session, anna, {"email": "new@berg.example"}, by=cast.olive, now=now)
    assert why(anna) is None
    with unit() as session:
        customers.change(session, anna, {"email": ""}, by=cast.olive, now=now)
    assert why(anna) == LeftOut.NO_ADDRESS


def test_being_written_down_anew_is_not_a_new_yes(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, marketing_opt_out=True)
    with unit() as session:
        customers.delete(session, anna, by=cast.olive, now=now)
    again = added(cast, now, email="Anna@BERG.example")
    assert again != anna
    assert why(again) == LeftOut.OPTED_OUT
    with reading() as session:
        assert [line.allowed for line in proof.history(session, again)] == [False]


def test_a_yes_on_the_form_of_a_new_card_does_not_lift_an_earlier_no(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, preferences={"marketing": False})
    with unit() as session:
        customers.delete(session, anna, by=cast.olive, now=now)
    again = added(cast, now, preferences={"marketing": True}, marketing_opt_out=False)
    assert (why(again), why(again, MessageType.NEWSLETTER)) == (LeftOut.OPTED_OUT, None)
    with unit() as session:
        fields = {"preferences": {"marketing": True}, "opt_out_reason": "Asked in the shop"}
        customers.change(session, again, fields, by=cast.olive, now=now)
    assert why(again) is None


def test_a_no_belongs_to_the_mailbox_and_holds_for_a_second_card_with_it(cast: Cast, now: datetime) -> None:
    added(cast, now, marketing_opt_out=True)
    assert why(added(cast, now, first_name="Ben")) == LeftOut.OPTED_OUT
