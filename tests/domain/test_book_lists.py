"""The shop's own lists: groups, categories, staff, kinds of records, and its own fields."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from data.database import reading, unit
from domain.book import categories, customers, groups, own_fields, record_kinds, records, staff
from domain.book.customers import Customer
from domain.refusal import Kind, Refusal
from domain.shop import audit
from tests.cast import Cast


def person(cast: Cast, now: datetime, name: str = "Ana", **fields: Any) -> int:
    with unit() as session:
        return customers.create(session, {"first_name": name, **fields}, by=cast.olive, now=now).id


def record(cast: Cast, now: datetime, customer_id: int, **fields: Any) -> int:
    with unit() as session:
        told = {"kind": "workshop", "starts_at": now, **fields}
        return records.add(session, customer_id, told, by=cast.olive, now=now).id


def refused(verb: Any, *given: Any, by: Any, now: datetime, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught, unit() as session:
        verb(session, *given, by=by, now=now, **more)
    return caught.value


# Groups


def test_a_group_is_filled_by_hand_and_counts_only_who_is_in_the_book(cast: Cast, now: datetime) -> None:
    ana, ben, gone = (person(cast, now, name) for name in ("Ana", "Ben", "Cleo"))
    with unit() as session:
        group = groups.create(session, "Opening night", by=cast.max_, now=now)
        assert groups.add_members(session, group.id, [ana, ben, gone, 999_999], by=cast.max_, now=now) == 3
        assert groups.add_members(session, group.id, [ana], by=cast.max_, now=now) == 0
        customers.delete(session, gone, by=cast.max_, now=now)
    with reading() as session:
        assert groups.counts(session) == {group.id: 2}
        assert [one.first_name for one in groups.members(session, group.id)] == ["Ana", "Ben"]
        assert [one.name for one in groups.of(session, ana)] == ["Opening night"]
    with unit() as session:
        assert groups.remove_members(session, group.id, [ana], by=cast.max_, now=now) == 1
        assert groups.how_many(session, group.id) == 1


def test_everybody_a_query_finds_is_put_into_a_group_at_once(cast: Cast, now: datetime) -> None:
    for name in ("Ana", "Ben", "Cleo"):
        person(cast, now, name, status="vip" if name != "Ben" else "lead")
    with unit() as session:
        group = groups.create(session, "VIPs of today", by=cast.olive, now=now)
        vips = select(Customer.id).where(Customer.status == "vip").order_by(Customer.id)
        assert groups.fill(session, group.id, vips, by=cast.olive, now=now) == 2
        assert groups.fill(session, group.id, vips, by=cast.olive, now=now) == 0
        assert [one.first_name for one in groups.members(session, group.id)] == ["Ana", "Cleo"]


def test_two_groups_cannot_have_one_name_and_a_used_one_stays(cast: Cast, now: datetime) -> None:
    with unit() as session:
        first = groups.create(session, "Evening", by=cast.olive, now=now).id
        second = groups.create(session, "Morning", by=cast.olive, now=now).id
    assert refused(groups.create, "EVENING", by=cast.olive, now=now).code == "name_taken"
    assert refused(groups.create, "  ", by=cast.olive, now=now).details["field"] == "name"
    with unit() as session:
        groups.change(session, first, name="evening", note="Bring glasses", by=cast.olive, now=now)
    assert refused(groups.change, second, name="Evening", by=cast.olive, now=now).kind is Kind.CONFLICT
    used = refused(groups.delete, first, used_by=["Spring letter"], by=cast.olive, now=now)
    assert (used.code, used.sentence) == ("in_use", "evening is still used by Spring letter.")
    with unit() as session:
        groups.delete(session, first, used_by=[], by=cast.olive, now=now)
        assert [one.name for one in groups.every(session)] == ["Morning"]


def test_a_customers_groups_are_set_by_name_and_a_slip_of_the_pen_makes_none(
    cast: Cast, now: datetime
) -> None:
    with unit() as session:
        for name in ("Evening", "Morning"):
            groups.create(session, name, by=cast.olive, now=now)
    ana = person(cast, now, groups=["evening"])
    wrong = refused(customers.change, ana, {"groups": ["Evning"]}, by=cast.olive, now=now)
    assert wrong.details["field"] == "groups"
    with unit() as session:
        customers.change(session, ana, {"groups": ["Morning"]}, by=cast.olive, now=now)
    with reading() as session:
        assert [one.name for one in groups.of(session, ana)] == ["Morning"]
        assert audit.of(session, "customer.changed", ana)[0].before == {"groups": ["Evening"]}


@pytest.mark.parametrize("who", ["sal", "wes", "ada"])
def test_who_may_only_look_changes_no_list(cast: Cast, now: datetime, who: str) -> None:
    by = getattr(cast, who)
    for verb, given in ((groups.create, ["X"]), (categories.add, ["X"]), (staff.add, ["X"]), (record_kinds.add, [{"label": "X"}]), (own_fields.define, ["X"])):  # fmt: skip
        assert refused(verb, *given, by=by, now=now).kind is Kind.FORBIDDEN


def test_the_shops_lists_are_the_owners(cast: Cast, now: datetime) -> None:
    for verb, given in ((categories.add, ["X"]), (staff.add, ["X"]), (own_fields.define, ["X"])):
        assert refused(verb, *given, by=cast.max_, now=now).kind is Kind.FORBIDDEN


# Categories and staff


def test_a_record_with_a_new_category_and_a_new_name_adds_both_to_their_lists(
    cast: Cast, now: datetime
) -> None:
    ana = person(cast, now)
    for category, who in (("Rings", "Bo"), ("rings", "bo"), ("Watches", "")):
        record(cast, now, ana, category=category, staff=who)
    with reading() as session:
        assert categories.labels(session) == {"Rings": "Rings", "Watches": "Watches"}
        assert staff.labels(session) == {"Bo": "Bo"}
        assert categories.counts(session) == {"Rings": 2, "Watches": 1}


def test_a_renamed_category_keeps_its_records_and_answers_to_both_names(cast: Cast, now: datetime) -> None:
    ana = person(cast, now)
    record(cast, now, ana, category="Rings")
    with unit() as session:
        categories.rename(session, "Rings", "Engagement rings", by=cast.olive, now=now)
    for word in ("engagement RINGS", "Rings"):
        record(cast, now, ana, category=word)
    with reading() as session:
        assert categories.labels(session) == {"Rings": "Engagement rings"}
        assert categories.counts(session) == {"Rings": 3}


def test_categories_nest_one_level_and_never_in_a_circle(cast: Cast, now: datetime) -> None:
    with unit() as session:
        for label, parent in (("Jewellery", None), ("Rings", "Jewellery"), ("Watches", None)):
            categories.add(session, label, parent=parent, by=cast.olive, now=now)
        assert categories.with_children(session, "Jewellery") == ["Jewellery", "Rings"]
    for key, parent in (("Rings", "Rings"), ("Jewellery", "Rings"), ("Jewellery", "Watches"), ("Watches", "Rings"), ("Watches", "Nowhere")):  # fmt: skip
        assert refused(categories.nest, key, parent, by=cast.olive, now=now).details["field"] == "parent"
    with unit() as session:
        categories.delete(session, "Jewellery", used_by=[], by=cast.olive, now=now)
        assert [(one.key, one.parent_key) for one in categories.every(session)] == [
            ("Rings", None),
            ("Watches", None),
        ]


def test_a_used_category_goes_only_with_another_in_its_place(cast: Cast, now: datetime) -> None:
    ana = person(cast, now)
    record(cast, now, ana, category="Rings")
    record(cast, now, ana, category="Watches")
    used = refused(categories.delete, "Rings", used_by=[], by=cast.olive, now=now)
    assert (used.code, used.details["records"]) == ("in_use", 1)
    with unit() as session:
        assert (
            categories.delete(session, "Rings", replacement="Watches", used_by=[], by=cast.olive, now=now)
            == 1
        )
        assert categories.counts(session) == {"Watches": 2}
        assert categories.labels(session) == {"Watches": "Watches"}


def test_lists_stand_in_the_order_they_were_given(cast: Cast, now: datetime) -> None:
    with unit() as session:
        for name in ("Bo", "Cy", "Di"):
            staff.add(session, name, by=cast.olive, now=now)
        staff.order(session, ["Di", "Bo"], by=cast.olive, now=now)
        assert list(staff.labels(session)) == ["Di", "Bo", "Cy"]
    assert refused(staff.order, ["Nobody"], by=cast.olive, now=now).kind is Kind.MALFORMED


# Kinds of records


def test_the_shop_adds_a_kind_of_its_own_and_uses_it(cast: Cast, now: datetime) -> None:
    ana = person(cast, now)
    with unit() as session:
        made = record_kinds.add(
            session, {"label": "Lay-by plan", "has_end": True, "icon": "savings"}, by=cast.olive, now=now
        )
        assert (made.key, made.colour) == ("lay_by_plan", "slate")
        record_kinds.order(session, ["lay_by_plan"], by=cast.olive, now=now)
        assert next(iter(records.kinds(session))) == "lay_by_plan"
    record(cast, now, ana, kind="lay_by_plan")
    assert (
        refused(record_kinds.delete, "lay_by_plan", used_by=[], by=cast.olive, now=now).details["records"]
        == 1
    )


def test_usual_kinds_can_be_renamed_but_not_deleted(cast: Cast, now: datetime) -> None:
    with unit() as session:
        record_kinds.change(session, "workshop", {"label": "Course"}, by=cast.olive, now=now)
        record_kinds.ensure_usual(session)
        assert records.kinds(session)["workshop"] == "Course"
    assert refused(record_kinds.delete, "workshop", used_by=[], by=cast.olive, now=now).code == "usual_kind"
    for fields in ({"label": "course"}, {"colour": "#fff"}, {"icon": "<b>"}, {"has_end": 1}, {"nothing": 1}):
        refused(record_kinds.change, "repair", fields, by=cast.olive, now=now)


# Records


def test_a_record_is_changed_and_deleted_and_both_are_noted(cast: Cast, now: datetime) -> None:
    ana = person(cast, now)
    made = record(cast, now, ana, title="Stone setting", amount=5000, staff="Bo")
    with unit() as session:
        changed = records.change(
            session, made, {"amount": 6000, "ends_at": now + timedelta(hours=2)}, by=cast.max_, now=now
        )
        assert (changed.title, changed.staff, changed.amount, changed.updated_at) == ("Stone setting", "Bo", 6000, now)  # fmt: skip
        noted = audit.of(session, "record.changed", ana)[0]
        assert (noted.before or {})["amount"] == 5000
        records.delete(session, made, by=cast.max_, now=now)
    with reading() as session:
        assert records.of(session, ana) == []
        assert (audit.of(session, "record.deleted", ana)[0].before or {})["title"] == "Stone setting"


def test_an_amount_is_in_the_shops_own_money(cast: Cast, now: datetime) -> None:
    ana = person(cast, now)
    made = record(cast, now, ana, amount=5000)
    with reading() as session:
        assert records.get(session, made).currency == "GBP"


def test_what_lies_ahead_or_goes_on_is_open_unless_somebody_says_otherwise(cast: Cast, now: datetime) -> None:
    ana, day = person(cast, now), timedelta(days=1)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"kind": "order", "starts_at": now - day}, "done"),
        ({"kind": "appointment", "starts_at": now - day}, "done"),
        ({"kind": "appointment", "starts_at": now + day}, "active"),
        ({"kind": "pass", "starts_at": now - day}, "active"),
        ({"kind": "subscription", "starts_at": now - 9 * day, "ends_at": now - day}, "done"),
        ({"kind": "repair", "starts_at": now - day, "status": "cancelled"}, "cancelled"),
    ]
    for fields, status in cases:
        made = record(cast, now, ana, **fields)
        with reading() as session:
            assert records.get(session, made).status == status, fields


def test_two_records_cannot_be_made_one_by_a_change(cast: Cast, now: datetime) -> None:
    ana = person(cast, now)
    record(cast, now, ana, source="till", external_id="A1")
    other = record(cast, now, ana, source="till", external_id="A2")
    again = refused(records.change, other, {"external_id": "A1"}, by=cast.olive, now=now)
    assert again.code == "already_there"
    assert refused(records.change, other, {"ends_at": now - timedelta(1)}, by=cast.olive, now=now).details["field"] == "ends_at"  # fmt: skip
    assert refused(records.change, other, {"uses_left": -1}, by=cast.olive, now=now).details["field"] == "uses_left"  # fmt: skip


# Own fields


@pytest.mark.parametrize(
    ("sort", "typed", "kept"),
    [
        ("number", "16,5", 16.5),
        ("number", "17", 17),
        ("date", "2026-05-17", "2026-05-17"),
        ("yes_no", True, "yes"),
        ("yes_no", "N", "no"),
        ("choice", "GOLD", "Gold"),
        ("text", "M and a half", "M and a half"),
    ],
)
def test_an_own_field_holds_what_it_is_for(
    cast: Cast, now: datetime, sort: str, typed: Any, kept: Any
) -> None:
    with unit() as session:
        own_fields.define(session, "Ring size", sort=sort, choices=["Gold", "Silver"], by=cast.olive, now=now)
    ana = person(cast, now, attrs={"ring_size": typed})
    with reading() as session:
        assert customers.get(session, ana).attrs == {"ring_size": kept}


@pytest.mark.parametrize(("sort", "typed"), [("number", "big"), ("date", "17.5.2026"), ("yes_no", "maybe"), ("choice", "Tin")])  # fmt: skip
def test_an_own_field_refuses_what_it_is_not_for(cast: Cast, now: datetime, sort: str, typed: str) -> None:
    with unit() as session:
        own_fields.define(session, "Ring size", sort=sort, choices=["Gold"], by=cast.olive, now=now)
    wrong = refused(customers.create, {"first_name": "A", "attrs": {"ring_size": typed}}, by=cast.olive, now=now)  # fmt: skip
    assert wrong.details["field"] == "attrs.ring_size"
    assert wrong.sentence.startswith("Ring size: ")


def test_values_from_before_that_do_not_fit_stay_and_are_told(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, attrs={"ring size": "about M"})
    person(cast, now, "Ben", attrs={"ring size": "16"})
    with unit() as session:
        field = own_fields.define(
            session, "Ring size", sort="number", key="ring size", by=cast.olive, now=now
        )
        told = own_fields.unfit(session, field.key)
        assert (told.customers, told.some) == (1, [(ana, "about M")])
        customers.change(
            session, ana, {"notes": "x", "attrs": {"ring size": "about M"}}, by=cast.olive, now=now
        )
        assert customers.get(session, ana).attrs == {"ring size": "about M"}
        assert own_fields.used(session, "ring size") == 2
    assert refused(customers.change, ana, {"attrs": {"ring size": "about N"}}, by=cast.olive, now=now).code == "invalid"  # fmt: skip


def test_a_deleted_field_leaves_its_values(cast: Cast, now: datetime) -> None:
    with unit() as session:
        own_fields.define(session, "Ring size", by=cast.olive, now=now)
    ana = person(cast, now, attrs={"ring_size": "M"})
    with unit() as session:
        own_fields.delete(session, "ring_size", used_by=[], by=cast.olive, now=now)
        assert own_fields.every(session) == []
        assert customers.get(session, ana).attrs == {"ring_size": "M"}
    assert refused(own_fields.delete, "ring_size", used_by=[], by=cast.olive, now=now).kind is Kind.MISSING


def test_how_somebody_likes_to_hear_from_the_shop_is_kept(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, preferred_channel="whatsapp", postcode="sw1a 1aa")
    with reading() as session:
        found = customers.get(session, ana)
        assert (found.preferred_channel, found.postcode) == ("whatsapp", "SW1A 1AA")
    assert refused(customers.change, ana, {"preferred_channel": "owl"}, by=cast.olive, now=now).details["field"] == "preferred_channel"  # fmt: skip
