"""Two cards of one person: found, told apart, or made one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from data.database import reading, unit
from domain.audience.reach import EMAIL_REACH
from domain.book import (
    customers,
    duplicates,
    groups,
    preferences,
    proof,
    reach,
    records,
    suppressions,
)
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.proof import Consent
from domain.ledger import communications, farewells, steps
from domain.ledger.deliveries import Delivery, State
from domain.refusal import Kind, Refusal
from domain.sending import campaigns, launches
from domain.sending.dispatches import Dispatch, DispatchState
from domain.sending.launches import Press
from domain.shop import audit
from domain.shop import shop as shops
from tests.cast import Cast

ANA = {"first_name": "Ana", "last_name": "Berg"}


def person(cast: Cast, now: datetime, **fields: Any) -> int:
    with unit() as session:
        return customers.create(session, fields, by=cast.olive, now=now).id


def merged(cast: Cast, now: datetime, survivor: int, other: int, *take: str) -> None:
    with unit() as session:
        farewells.merge(session, survivor, other, take=take, by=cast.max_, now=now)


def card(customer_id: int) -> Customer:
    with reading() as session:
        return customers.get(session, customer_id)


def suggested() -> list[tuple[int, int, str]]:
    with reading() as session:
        return [(one.first_id, one.second_id, one.reason) for one in duplicates.suggest(session)]


# Finding them


def test_a_shared_address_a_shared_number_and_likely_names_are_suggested_best_first(
    cast: Cast, now: datetime
) -> None:
    first = person(cast, now, **ANA, email="ana@x.example", postcode="HG1 1AA")
    same_mail = person(cast, now, first_name="Anna", last_name="Berg", email="ANA@x.example")
    number = person(cast, now, company="Finch Ltd", phone="020 7946 0018")
    same_number = person(cast, now, phone="+44 20 7946 0018", first_name="Finn")
    spelt = person(cast, now, first_name="Ana", last_name="Bergh", postcode="hg11aa")
    person(cast, now, first_name="Carl", last_name="Bergmann", email="carl@elsewhere.example")
    assert suggested() == [
        (first, same_mail, "the same email address, and names alike"),
        (number, same_number, "the same phone number"),
        (first, spelt, "names alike and the same postcode"),
    ]


def test_a_family_with_one_address_is_suggested_with_doubt(cast: Cast, now: datetime) -> None:
    person(cast, now, **ANA, email="berg@x.example")
    person(cast, now, first_name="Tobias", last_name="Berg", email="berg@x.example")
    with reading() as session:
        [found] = duplicates.suggest(session)
    assert found.score < 60
    assert "perhaps a family" in found.reason


def test_two_people_of_one_name_with_two_addresses_and_two_numbers_are_two(cast: Cast, now: datetime) -> None:
    person(cast, now, **ANA, email="ana@x.example", phone="020 7946 0018")
    person(cast, now, **ANA, email="berg@y.example", phone="020 7946 0019")
    assert suggested() == []


def test_who_was_told_apart_is_not_suggested_again(cast: Cast, now: datetime) -> None:
    one, other = person(cast, now, **ANA), person(cast, now, **ANA)
    assert len(suggested()) == 1
    with unit() as session:
        duplicates.different(session, other, one, by=cast.max_, now=now)
        duplicates.different(session, one, other, by=cast.max_, now=now)
    assert suggested() == []
    with reading() as session:
        assert duplicates.of(session, one) == []


def test_a_page_of_one_customer_finds_their_twins(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example")
    twin = person(cast, now, first_name="ANA", last_name="Bérg", phone="020 7946 0018")
    with reading() as session:
        [found] = duplicates.of(session, twin)
        assert (found.first_id, found.second_id) == (ana, twin)
        assert duplicates.suggest(session, about=[ana]) == [found]
        assert duplicates.suggest(session, about=[twin + 1]) == []


def test_deleted_people_are_no_twins(cast: Cast, now: datetime) -> None:
    person(cast, now, **ANA)
    gone = person(cast, now, **ANA)
    with unit() as session:
        customers.delete(session, gone, by=cast.olive, now=now)
    assert suggested() == []


# Making them one


def test_the_survivor_keeps_its_own_and_its_gaps_are_filled(cast: Cast, now: datetime) -> None:
    old = now - timedelta(days=400)
    ana = person(
        cast, now, **ANA, email="ana@x.example", tags=["gold"], notes="Likes opals", attrs={"size": "M"}
    )
    other = person(
        cast, old, first_name="Anna", phone="020 7946 0018", email="anna@y.example", tags=["pearls", "Gold"],
        notes="Allergic to nickel", attrs={"size": "L", "metal": "gold"}, birthday="--05-17", company="Berg Ltd",
    )  # fmt: skip
    with unit() as session:
        group = groups.create(session, "Evening", by=cast.olive, now=now).id
        groups.add_members(session, group, [other], by=cast.olive, now=now)
        records.add(session, other, {"kind": "order", "starts_at": now}, by=cast.olive, now=now)
    merged(cast, now, ana, other)
    one = card(ana)
    assert (one.first_name, one.last_name, one.company, one.email) == ("Ana", "Berg", "Berg Ltd", "ana@x.example")  # fmt: skip
    assert (one.phone_key, one.notes) == ("+442079460018", "Likes opals\n\nAllergic to nickel")
    assert (one.attrs, one.created_at) == ({"size": "M", "metal": "gold"}, old)
    assert ([tag.name for tag in one.tags], customers.birthday_of(one)) == (["gold", "pearls"], "--05-17")
    with reading() as session:
        assert [record.kind for record in records.of(session, ana)] == ["order"]
        assert [one.name for one in groups.of(session, ana)] == ["Evening"]


def test_what_is_chosen_comes_from_the_other_one(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example", birthday="--05-17", attrs={"size": "M"})
    other = person(
        cast, now, first_name="Anna", email="anna@y.example", birthday="1984-05-18", attrs={"size": "L"}
    )
    merged(cast, now, ana, other, "first_name", "email", "birthday", "attrs.size")
    one = card(ana)
    assert (one.first_name, one.last_name, one.email_key) == ("Anna", "Berg", "anna@y.example")
    assert (customers.birthday_of(one), one.attrs) == ("1984-05-18", {"size": "L"})
    assert one.email_hash == suppressions.fingerprint("anna@y.example")


def test_the_other_one_leads_to_the_survivor(cast: Cast, now: datetime) -> None:
    ana, other, third = (person(cast, now, **ANA) for _ in range(3))
    merged(cast, now, other, third)
    merged(cast, now, ana, other)
    with reading() as session:
        assert [customers.followed(session, number) for number in (ana, other, third)] == [ana] * 3
        with pytest.raises(Refusal, match="merged with another") as gone:
            customers.get(session, third)
    assert (gone.value.code, gone.value.kind, gone.value.details["customer_id"]) == ("merged", Kind.MISSING, ana)  # fmt: skip


def test_a_no_of_either_one_counts_for_both(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example", preferences={"newsletter": True})
    other = person(
        cast, now, **ANA, email="anna@y.example", preferences={"newsletter": False, "marketing": True}
    )
    merged(cast, now, ana, other)
    with reading() as session:
        assert preferences.allows(session, ana, "email", "newsletter") is False
        assert preferences.allows(session, ana, "email", "marketing") is True
        lines = proof.history(session, ana)
    assert {line.customer_id for line in lines} == {ana, other}
    assert any("the same person" in line.source and not line.allowed for line in lines)


def test_a_global_no_and_a_complaint_follow_the_person(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example")
    out = person(cast, now, **ANA, email="b@y.example", marketing_opt_out=True)
    complained = person(cast, now, **ANA, email="c@y.example")
    with unit() as session:
        mark = suppressions.fingerprint("c@y.example")
        suppressions.suppress(session, "email", mark, reason="complained", now=now)
    merged(cast, now, ana, complained)
    with reading() as session:
        assert preferences.allows(session, ana, "email", "marketing") is False
        assert not customers.get(session, ana).marketing_opt_out
    merged(cast, now, ana, out)
    assert card(ana).marketing_opt_out


def test_trouble_stays_with_its_address(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example")
    other = person(cast, now, **ANA, email="old@y.example")
    with unit() as session:
        reach.mark_address(session, other, "bounced")
    merged(cast, now, ana, other)
    assert card(ana).email_trouble is None
    third = person(cast, now, first_name="Ana", email="new@y.example")
    with unit() as session:
        reach.mark_address(session, third, "bounced")
    merged(cast, now, ana, third, "email")
    assert card(ana).email_trouble == "bounced"


def test_merging_is_noted_with_what_was_there_before(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example")
    other = person(cast, now, first_name="Anna", phone="020 7946 0018")
    merged(cast, now, ana, other, "first_name")
    with reading() as session:
        [entry] = audit.of(session, "customer.merged", ana)
    assert (entry.before or {})["mine"] == {"first_name": "Ana", "phone": ""}
    assert (entry.before or {})["other"]["phone"] == "020 7946 0018"
    assert (entry.after or {})["other_id"] == other


def test_nobody_merges_with_themselves_with_the_gone_or_without_the_right(cast: Cast, now: datetime) -> None:
    ana, other = person(cast, now, **ANA), person(cast, now, **ANA)
    for one, two, by, code in ((ana, ana, cast.olive, "same_customer"), (ana, 9_999, cast.olive, "not_found"), (ana, other, cast.sal, "forbidden")):  # fmt: skip
        with pytest.raises(Refusal) as no, unit() as session:
            farewells.merge(session, one, two, by=by, now=now)
        assert no.value.code == code
    with pytest.raises(Refusal, match="no field called shoe"), unit() as session:
        farewells.merge(session, ana, other, take=["shoe"], by=cast.olive, now=now)


# While a message is on its way


def sent_to(cast: Cast, now: datetime, audience: dict[str, Any] | None = None) -> int:
    """A dispatch that has just begun; to everybody, unless it is said to whom."""
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "olive@shop.example"}
        shops.change(session, facts, by=cast.olive, now=now)
        draft = {
            "name": "News",
            "subject": "Opals",
            "text_body": "Hello",
            "audience": audience or {"type": "all"},
        }
        campaign = campaigns.create(session, draft, by=cast.olive, now=now).id
        dispatch = launches.launch(session, campaign, Press(), by=cast.olive, now=now)
        session.execute(update(Dispatch).values(state=DispatchState.SENDING))
        return dispatch.id


def went_out(dispatch_id: int, now: datetime) -> list[str]:
    """Everything that a worker may hand over, handed over."""
    with unit() as session:
        held = steps.claim(session, dispatch_id, 1, now=now, most=100)
        pairs = [(one.id, one.attempt) for one in held]
        may = steps.hand_over(session, dispatch_id, 1, pairs, EMAIL_REACH, MessageType.MARKETING, now=now)
        return [one.address for one in held if one.id in may]


def states(dispatch_id: int) -> dict[str | None, State]:
    with reading() as session:
        rows = select(Delivery.address_key, Delivery.state).where(Delivery.dispatch_id == dispatch_id)
        return dict(iter(session.execute(rows)))


@pytest.mark.parametrize(("take", "address"), [((), "ana@x.example"), (("email",), "anna@y.example")])
def test_two_queued_cards_made_one_get_one_message(
    cast: Cast, now: datetime, take: tuple[str, ...], address: str
) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example")
    other = person(cast, now, **ANA, email="anna@y.example")
    dispatch = sent_to(cast, now)
    merged(cast, now, ana, other, *take)
    assert went_out(dispatch, now) == [address]
    with reading() as session:
        assert communications.how_many(session, ana) == 2


def test_who_was_reached_on_one_card_is_not_written_to_on_the_other(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example")
    other = person(cast, now, **ANA, email="anna@y.example")
    dispatch = sent_to(cast, now)
    with unit() as session:
        session.execute(update(Delivery).where(Delivery.customer_id == ana).values(state=State.SENT))
    merged(cast, now, ana, other, "email")
    assert went_out(dispatch, now) == []
    assert states(dispatch) == {"ana@x.example": State.SENT, "anna@y.example": State.SKIPPED}


def test_of_two_cards_with_one_address_the_queued_one_still_goes(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, email="ana@x.example")
    other = person(cast, now, **ANA, email="ana@x.example")
    dispatch = sent_to(cast, now)
    merged(cast, now, other, ana)
    assert went_out(dispatch, now) == ["ana@x.example"]


def test_ledger_of_consent_is_only_added_to_by_a_merge(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, **ANA, preferences={"newsletter": True})
    other = person(cast, now, **ANA, preferences={"newsletter": False})
    with reading() as session:
        before = [(one.id, one.customer_id) for one in session.scalars(select(Consent))]
    merged(cast, now, ana, other)
    with reading() as session:
        after = [(one.id, one.customer_id) for one in session.scalars(select(Consent))]
    assert after[: len(before)] == before
