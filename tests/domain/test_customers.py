"""The customer book: writing people down, finding them, changing and removing them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from data.database import reading, unit
from domain.book import customers, records, search, statuses, tags
from domain.book.contact import did_you_mean
from domain.refusal import Kind, Refusal
from domain.shop import audit
from tests.cast import Cast

ANNA = {
    "first_name": "Anna",
    "last_name": "Müller",
    "email": "Anna.Mueller@Gmail.com",
    "tags": ["gold", "VIP evening"],
}


def added(cast: Cast, now: datetime, **fields: Any) -> int:
    with unit() as session:
        return customers.create(session, fields, by=cast.olive, now=now).id


def unused(_: str) -> list[str]:
    return []


def refusal(cast: Cast, now: datetime, **fields: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        added(cast, now, **fields)
    return caught.value


def found(text: str, **more: Any) -> list[str]:
    with reading() as session:
        return [person.shown_name for person in search.page(session, search=text, **more).items]


def test_a_person_is_written_down_with_tags_and_birthday(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, **ANNA, birthday="--05-17", phone="020 7946 0958", attrs={"ring_size": 54})
    with reading() as session:
        person = customers.get(session, anna)
        assert person.email == "Anna.Mueller@Gmail.com"
        assert person.email_key == "anna.mueller@gmail.com"
        assert person.phone_key == "+442079460958"
        assert [tag.name for tag in person.tags] == ["gold", "VIP evening"]
        assert customers.birthday_of(person) == "--05-17"
        assert person.attrs == {"ring_size": 54}
        assert (person.status, person.active_at, person.source) == ("customer", now, "typed")


def test_only_owner_and_manager_may_write(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, **ANNA)
    for actor in cast.who_may_only_look():
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            customers.create(session, ANNA, by=actor, now=now)
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            customers.change(session, anna, {"notes": "x"}, by=actor, now=now)
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            customers.delete(session, anna, by=actor, now=now)
    with unit() as session:
        customers.change(session, anna, {"notes": "likes pearls"}, by=cast.max_, now=now)


@pytest.mark.parametrize(
    ("fields", "field", "part"),
    [
        ({"email": "anna@"}, "email", "'anna@' is not an email address"),
        ({"email": "jürg@example.com"}, "email", "before the @"),
        ({"email": "a@b.com\nBcc: c@d.com"}, "email", "not an email address"),
        ({"phone": "call me"}, "phone", "can't be read as a phone number"),
        ({"first_name": "x" * 121}, "first_name", "at most 120"),
        ({"first_name": ["Anna"]}, "first_name", "must be text"),
        ({"first_name": "A", "birthday": "2023-02-29"}, "birthday", "not a day"),
        ({"first_name": "A", "birthday": "2099-01-01"}, "birthday", "future"),
        ({"first_name": "A", "status": "king"}, "status", "lead, customer"),
        ({"first_name": "A", "tags": ["x" * 61]}, "tags", "at most 60"),
        ({"first_name": "A", "tags": "gold"}, "tags", "list"),
        ({"first_name": "A", "attrs": {"deep": {"er": 1}}}, "attrs", "text"),
        ({"first_name": "A", "attrs": {str(n): n for n in range(101)}}, "attrs", "at most 100"),
        ({"first_name": "A", "attrs": {"n": float("nan")}}, "attrs", "too large"),
        ({"first_name": "A", "timezone": "Mars/Base"}, "timezone", "not known"),
        ({"first_name": "A", "preferences": {"spam": True}}, "preferences", "marketing or newsletter"),
        ({"first_name": "A", "marketing_opt_out": "yes"}, "marketing_opt_out", "yes or no"),
        ({"notes": "nobody"}, "first_name", "at least a name"),
        ({"first_name": "\u202e\x00 \t"}, "first_name", "at least a name"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    cast: Cast, now: datetime, fields: dict[str, Any], field: str, part: str
) -> None:
    no = refusal(cast, now, **fields)
    assert no.details["field"] == field
    assert part in no.sentence


def test_an_unknown_field_is_refused_by_name(cast: Cast, now: datetime) -> None:
    assert "favourite_colour" in refusal(cast, now, first_name="A", favourite_colour="red").sentence


def test_unseen_characters_are_taken_out(cast: Cast, now: datetime) -> None:
    person = added(cast, now, first_name=" An\x00na\u202e \ud800 Lee ", notes="one\r\ntwo\x07")
    with reading() as session:
        anna = customers.get(session, person)
        assert (anna.first_name, anna.notes) == ("Anna Lee", "one\ntwo")


def test_a_foreign_domain_is_kept_as_typed_and_compared_in_ascii(cast: Cast, now: datetime) -> None:
    with reading() as session:
        person = customers.get(session, added(cast, now, email="Jo@Müller.example"))
    assert (person.email, person.email_key) == ("Jo@Müller.example", "jo@xn--mller-kva.example")


def test_a_likely_slip_is_a_question_and_no_refusal(cast: Cast, now: datetime) -> None:
    assert did_you_mean("anna@gmial.com") == "anna@gmail.com"
    assert did_you_mean("anna@gmail.com") is None
    assert did_you_mean("anna@berg.example") is None
    assert did_you_mean("anna") is None
    added(cast, now, email="anna@gmial.com")


def test_a_family_may_share_an_address(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, first_name="Anna", email="berg@family.example")
    ben = added(cast, now, first_name="Ben", email="BERG@family.example")
    with reading() as session:
        assert [person.id for person in customers.others_with(session, "berg@family.example", ben)] == [anna]


def test_a_change_touches_only_what_was_given_and_is_on_record(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, **ANNA, birthday="1984-05-17")
    with unit() as session:
        customers.change(session, anna, {"last_name": "Berg", "tags": ["GOLD"]}, by=cast.olive, now=now)
    with reading() as session:
        person = customers.get(session, anna)
        assert (person.full_name, customers.birthday_of(person)) == ("Anna Berg", "1984-05-17")
        assert [tag.name for tag in person.tags] == ["gold"]
        [entry] = audit.of(session, "customer.changed", anna)
        assert entry.before == {"last_name": "Müller", "tags": ["VIP evening", "gold"]}
        assert entry.after == {"last_name": "Berg", "tags": ["gold"]}


def test_the_slower_of_two_editors_is_told(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, **ANNA)
    with reading() as session:
        seen = customers.get(session, anna).version
    with unit() as session:
        customers.change(session, anna, {"tags": ["pearls"]}, by=cast.olive, now=now, version=seen)
    with pytest.raises(Refusal) as caught, unit() as session:
        customers.change(session, anna, {"first_name": "Ann"}, by=cast.max_, now=now, version=seen)
    assert caught.value.kind is Kind.CONFLICT


def test_dates_are_changed_in_place_and_taken_away(cast: Cast, now: datetime) -> None:
    wedding = {"kind": "wedding", "date": "2019-06-08"}
    anna = added(cast, now, first_name="Anna", birthday="1984-05-17", dates=[wedding])
    with unit() as session:
        customers.change(session, anna, {"dates": [wedding | {"date": "2019-06-09"}]}, by=cast.olive, now=now)
    with reading() as session:
        person = customers.get(session, anna)
        assert {(day.kind, str(day.as_day)) for day in person.dates} == {
            ("birthday", "1984-05-17"),
            ("wedding", "2019-06-09"),
        }
    with unit() as session:
        customers.change(session, anna, {"birthday": "", "dates": []}, by=cast.olive, now=now)
    with reading() as session:
        assert customers.get(session, anna).dates == []


def test_a_new_address_starts_without_the_old_ones_trouble(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, **ANNA)
    with unit() as session:
        customers.get(session, anna).email_trouble = "bounced"
    with unit() as session:
        person = customers.change(session, anna, {"email": "anna@berg.example"}, by=cast.olive, now=now)
        assert person.email_trouble is None


def test_a_deleted_person_is_gone_from_every_list(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, **ANNA)
    with unit() as session:
        customers.delete(session, anna, by=cast.olive, now=now)
    with pytest.raises(Refusal, match="does not exist"), reading() as session:
        customers.get(session, anna)
    assert found("Anna") == []
    with reading() as session:
        assert search.tags_with_counts(session) == []


@pytest.mark.parametrize(
    "typed",
    ["anna", "MULLER", "mül ann", "anna.mueller@g", "gmail", "0958", "+44 20 79", "02079460958", "7946 0958"],
)
def test_a_person_is_found_by_the_beginning_of_any_word(cast: Cast, now: datetime, typed: str) -> None:
    added(cast, now, **ANNA, phone="020 7946 0958")
    added(cast, now, first_name="Ben", last_name="Other", email="ben@other.example", phone="020 7111 2222")
    assert found(typed) == ["Anna Müller"]


@pytest.mark.parametrize("typed", ["f", "F", " f "])
def test_one_letter_finds_everybody_with_such_a_name_however_it_goes_on(
    cast: Cast, now: datetime, typed: str
) -> None:
    names = "F", "Fay", "F\u00e9", "F\u00f8ge", "F\u0153hn", "F\u0436", "F2"
    for name in names:
        added(cast, now, first_name=name, last_name="Berg")
    added(cast, now, first_name="Ben", last_name="Berg")
    assert set(found(typed)) == {f"{name} Berg" for name in names}


@pytest.mark.parametrize(
    "typed", ['"', "'", '" OR 1=1', "a*b:c^(", "NEAR(a b)", "-", "\x00", "\ud800", "x" * 5000, "a " * 500]
)
def test_no_search_ever_fails(cast: Cast, now: datetime, typed: str) -> None:
    added(cast, now, **ANNA)
    assert "Ben" not in found(typed)


def test_the_word_index_follows_every_change(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, **ANNA)
    with unit() as session:
        customers.change(session, anna, {"last_name": "Berg"}, by=cast.olive, now=now)
    assert found("Müller") == []
    assert found("Berg") == ["Anna Berg"]
    with unit() as session:
        session.execute(text("INSERT INTO customers_fts(customers_fts) VALUES ('integrity-check')"))


@pytest.mark.parametrize("sort", ["name", "newest"])
def test_pages_follow_one_another_without_gap_or_repeat(cast: Cast, now: datetime, sort: search.Sort) -> None:
    names = [f"N{n % 5}" for n in range(23)]
    for number, name in enumerate(names):
        added(cast, now + timedelta(minutes=number % 7), first_name=f"F{number}", last_name=name)
    seen: list[int] = []
    after = None
    while True:
        with reading() as session:
            page = search.page(session, limit=5, after=after, sort=sort)
        assert page.total == 23
        seen += [person.id for person in page.items]
        after = page.next_cursor
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 23


def test_the_list_can_be_narrowed(cast: Cast, now: datetime) -> None:
    added(cast, now, first_name="Anna", status="vip", tags=["Gold"])
    added(cast, now, first_name="Ben", tags=["gold", "pearls"])
    assert found("", status="vip") == ["Anna"]
    assert found("", tag="gold") == ["Anna", "Ben"]
    assert found("", tag="pearls") == ["Ben"]
    with reading() as session:
        assert tags.with_counts(session) == [("Gold", 2), ("pearls", 1)]


@pytest.mark.parametrize("cursor", ["x", "%%%", "bnVsbA", "WzFd", "W10", "WyJuYW1lIiwxLDIsM10"])
def test_a_made_up_cursor_is_refused(shop_db: object, cursor: str) -> None:
    with pytest.raises(Refusal) as caught, reading() as session:
        search.page(session, after=cursor)
    assert caught.value.kind is Kind.MALFORMED


def test_a_status_in_use_stays(cast: Cast, now: datetime) -> None:
    added(cast, now, first_name="Anna", status="vip")
    kept: list[dict[str, Any]] = [
        {"key": "customer", "label": "Regular", "is_active": True},
        {"label": "Bride to be"},
    ]
    with pytest.raises(Refusal, match="1 customer has the status VIP"), unit() as session:
        statuses.save(session, kept, used_by=unused, by=cast.olive, now=now)
    with unit() as session:
        statuses.save(
            session,
            [{"key": "vip", "label": "Very important"}, *kept],
            used_by=unused,
            by=cast.olive,
            now=now,
        )
    with reading() as session:
        assert [(s.key, s.label) for s in statuses.every(session)] == [
            ("vip", "Very important"),
            ("customer", "Regular"),
            ("bride_to_be", "Bride to be"),
        ]


def test_only_the_owner_changes_statuses(cast: Cast, now: datetime) -> None:
    with pytest.raises(Refusal, match="may not"), unit() as session:
        statuses.save(session, [{"label": "Any"}], used_by=unused, by=cast.max_, now=now)


def test_what_a_customer_did_counts_as_activity_and_what_lies_ahead_does_not(
    cast: Cast, now: datetime
) -> None:
    anna = added(cast, now - timedelta(days=200), first_name="Anna")
    with unit() as session:
        bought = {"kind": "order", "starts_at": now - timedelta(days=20), "amount": 12_900, "currency": "gbp"}
        records.add(session, anna, bought, by=cast.olive, now=now)
        older = {"kind": "repair", "starts_at": now - timedelta(days=90)}
        records.add(session, anna, older, by=cast.olive, now=now)
        ahead = {"kind": "appointment", "starts_at": now + timedelta(days=3), "status": "active"}
        records.add(session, anna, ahead, by=cast.olive, now=now)
    with reading() as session:
        assert customers.get(session, anna).active_at == now - timedelta(days=20)
        assert [record.kind for record in records.of(session, anna)] == ["appointment", "order", "repair"]


def test_a_record_comes_in_once(cast: Cast, now: datetime) -> None:
    anna = added(cast, now, first_name="Anna")
    till = {"kind": "order", "starts_at": now.isoformat(), "source": "till", "external_id": "A-17"}
    with unit() as session:
        records.add(session, anna, till, by=cast.olive, now=now)
    with pytest.raises(Refusal, match="A-17 is already"), unit() as session:
        records.add(session, anna, till, by=cast.olive, now=now)
    with pytest.raises(Refusal, match="Choose what this is"), unit() as session:
        records.add(session, anna, {"kind": "dance", "starts_at": now}, by=cast.olive, now=now)
