"""Segments: those that come with Handbill, the shop's own, and segments inside segments."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import unit
from domain.audience import rules, segments
from domain.audience.segments import Segment
from domain.book.customers import Customer, CustomerDate
from domain.refusal import Kind, Refusal
from domain.shop import audit
from tests.cast import Cast

BY_THE_BOOK = (
    "may_email",
    "new_30",
    "inactive_90",
    "birthday_14",
    "address_problems",
)  # the others need a history
VIPS = {"all": [{"field": "status", "op": "in", "value": ["vip"]}]}


def customer(session: Session, name: str, now: datetime, *, quiet_days: int = 0, **facts: Any) -> Customer:
    then = now - timedelta(days=quiet_days)
    someone = Customer(first_name=name, created_at=then, active_at=then, updated_at=now, **facts)
    session.add(someone)
    session.flush()
    return someone


def system(session: Session, key: str) -> Segment:
    return session.scalars(select(Segment).where(Segment.key == key)).one()


def members(session: Session, segment: Segment, now: datetime) -> set[str | None]:
    condition = segments.condition(session, rules.parse(segment.rule), now=now)
    return set(session.scalars(select(Customer.first_name).where(condition)))


def test_system_segments_are_made_once_and_mended(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        segments.ensure_system(session, now)
        system(session, "new_30").name = "An older name"
        segments.ensure_system(session, now)
        segments.ensure_system(session, now)
        shelf = [segment.name for segment in segments.every(session, by=cast.wes)]
    assert shelf == [
        "Everyone I may email",
        "Everyone I may WhatsApp",
        "New in 30 days",
        "Inactive 90+ days",
        "Bought in 12 months",
        "Top 10 % by spend in 24 months",
        "Birthday in the next 14 days",
        "Anniversary in the next 30 days",
        "Repair ready, not collected",
        "Bought over 11 months ago and no service since",
        "Gift card ends within 30 days",
        "Never opened or clicked in 6 months",
        "Address problems",
        "No recorded consent",
    ]


def test_system_segments_find_their_people(shop_db: Path, now: datetime) -> None:
    with unit() as session:
        segments.ensure_system(session, now)
        customer(session, "New", now, quiet_days=30, email_key="new@x.example")
        customer(session, "Quiet", now, quiet_days=91, email_key="quiet@x.example")
        customer(session, "Bounced", now, quiet_days=90, email_key="b@x.example", email_trouble="bounced")
        party = customer(
            session, "Party", now, quiet_days=31, email_key="p@x.example", marketing_opt_out=True
        )
        session.add(CustomerDate(customer_id=party.id, kind="birthday", month=12, day=5, year=1980))
        found = {key: members(session, system(session, key), now) for key in BY_THE_BOOK}
    assert found == {
        "may_email": {"New", "Quiet"},
        "new_30": {"New"},
        "inactive_90": {"Quiet"},
        "birthday_14": {"Party"},
        "address_problems": {"Bounced"},
    }


def test_a_message_from_the_shop_is_no_activity_and_the_card_says_so(shop_db: Path, now: datetime) -> None:
    with unit() as session:
        segments.ensure_system(session, now)
        quiet = customer(session, "Quiet", now, quiet_days=200)
        quiet.updated_at, quiet.notes = now, "Got the spring letter."
        session.flush()
        inactive = system(session, "inactive_90")
        assert members(session, inactive, now) == {"Quiet"}
        assert "message from you does not count" in inactive.note


def test_a_system_segment_can_be_copied_but_not_changed(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        segments.ensure_system(session, now)
        original = system(session, "new_30")
        with pytest.raises(Refusal, match="Make a copy"):
            segments.change(session, original.id, {"name": "Mine"}, by=cast.olive, now=now)
        with pytest.raises(Refusal, match="Make a copy"):
            segments.delete(session, original.id, used_by=[], by=cast.olive, now=now)
        first = segments.copy(session, original.id, by=cast.max_, now=now)
        second = segments.copy(session, original.id, by=cast.max_, now=now)
        assert (first.name, second.name) == ("New in 30 days (copy)", "New in 30 days (copy 2)")
        assert first.rule == original.rule
        assert not first.is_system
        segments.change(session, first.id, {"name": "Newcomers", "rule": VIPS}, by=cast.max_, now=now)
        assert system(session, "new_30").rule != VIPS


def test_refresh_counts_the_living_and_leaves_the_version(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        vips = segments.create(session, name="VIPs", rule=VIPS, by=cast.olive, now=now)
        assert vips.count is None
        customer(session, "Vera", now, status="vip")
        customer(session, "Gone", now, status="vip", deleted_at=now)
        version = vips.version
        counted = segments.refresh(session, vips.id, by=cast.sal, now=now)
    assert (counted.count, counted.counted_at, counted.version) == (1, now, version)


def test_a_changed_rule_forgets_the_old_count(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        vips = segments.create(session, name="VIPs", rule=VIPS, by=cast.olive, now=now)
        segments.refresh(session, vips.id, by=cast.olive, now=now)
        changed = segments.change(session, vips.id, {"rule": {"all": []}}, by=cast.olive, now=now)
        assert (changed.count, changed.counted_at) == (None, None)


def test_two_people_changing_it_do_not_overwrite_each_other(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        seen = segments.create(session, name="VIPs", rule=VIPS, by=cast.olive, now=now).version
    with unit() as session:
        segments.change(session, 1, {"note": "Olive's"}, by=cast.olive, now=now, version=seen)
    with pytest.raises(Refusal) as refused, unit() as session:
        segments.change(session, 1, {"note": "Max's"}, by=cast.max_, now=now, version=seen)
    assert refused.value.kind is Kind.CONFLICT
    with unit() as session:
        assert segments.get(session, 1, by=cast.olive).note == "Olive's"


def test_a_segment_in_use_stays_and_its_users_are_named(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        vips = segments.create(session, name="VIPs", rule=VIPS, by=cast.olive, now=now)
        tree = {"all": [{"segment": vips.id}]}
        outer = segments.create(session, name="Best friends", rule=tree, by=cast.olive, now=now)
        with pytest.raises(Refusal) as refused:
            segments.delete(session, vips.id, used_by=["Spring letter", "Christmas"], by=cast.olive, now=now)
        sentence = refused.value.sentence
        assert sentence == "VIPs is still used by Spring letter, Christmas and the segment Best friends."
        segments.delete(session, outer.id, used_by=[], by=cast.olive, now=now)
        segments.delete(session, vips.id, used_by=[], by=cast.olive, now=now)
        assert segments.every(session, by=cast.olive) == []
        with pytest.raises(Refusal, match="does not exist"):
            segments.get(session, vips.id, by=cast.olive)
        assert segments.name_of(session, vips.id) == "VIPs"


def test_a_segment_can_name_another_but_not_itself(shop_db: Path, now: datetime, cast: Cast) -> None:
    with unit() as session:
        customer(session, "Vera", now, status="vip")
        customer(session, "Vic", now, status="vip", company="Orchid")
        inner = segments.create(session, name="VIPs", rule=VIPS, by=cast.olive, now=now)
        middle = segments.create(session, name="Same", rule={"segment": inner.id}, by=cast.olive, now=now)
        tree = {"all": [{"segment": middle.id}, {"field": "company", "op": "is_set"}]}
        outer = segments.create(session, name="Firms", rule=tree, by=cast.olive, now=now)
        assert members(session, outer, now) == {"Vic"}
        assert segments.sentence(session, outer) == "in the segment “Same” and company is known"
        for target in (inner.id, middle.id, outer.id):
            with pytest.raises(Refusal, match="part of itself"):
                segments.change(session, inner.id, {"rule": {"segment": target}}, by=cast.olive, now=now)
        with pytest.raises(Refusal, match="was deleted"):
            segments.create(session, name="Lost", rule={"segment": 999}, by=cast.olive, now=now)


def test_segments_that_double_each_time_are_refused_in_time(shop_db: Path, now: datetime, cast: Cast) -> None:
    def doubled(inner: Segment, number: int) -> Segment:
        twice = {"any": [{"segment": inner.id}, {"segment": inner.id}]}
        return segments.create(session, name=f"S{number}", rule=twice, by=cast.olive, now=now)

    with unit() as session:
        last = segments.create(session, name="S", rule=VIPS, by=cast.olive, now=now)
        for number in range(5):
            last = doubled(last, number)
        assert segments.refresh(session, last.id, by=cast.olive, now=now).count == 0
        with pytest.raises(Refusal, match="too long"):
            doubled(last, 5)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "  "}, "invalid"),
        ({"name": "x" * 121}, "invalid"),
        ({"name": None}, "invalid"),
        ({"name": "vips"}, "name_taken"),
        ({"note": "x" * 301}, "invalid"),
        ({"rule": {"colour": 1}}, "bad_rule"),
        ({"colour": "blue"}, "unknown_field"),
    ],
)
def test_bad_input_is_refused(
    shop_db: Path, now: datetime, cast: Cast, fields: dict[str, Any], code: str
) -> None:
    with unit() as session:
        segments.create(session, name="VIPs", rule=VIPS, by=cast.olive, now=now)
        other = segments.create(session, name="Other", rule=VIPS, by=cast.olive, now=now)
        with pytest.raises(Refusal) as refused:
            segments.change(session, other.id, fields, by=cast.olive, now=now)
    assert refused.value.code == code


def test_only_owner_and_manager_write_and_the_audit_log_knows(
    shop_db: Path, now: datetime, cast: Cast
) -> None:
    with unit() as session:
        vips = segments.create(session, name="VIPs", rule=VIPS, by=cast.max_, now=now)
        segments.change(session, vips.id, {"name": "VIP"}, by=cast.olive, now=now)
        for by in cast.who_may_only_look():
            for write in (
                lambda by=by: segments.create(session, name="No", rule=VIPS, by=by, now=now),
                lambda by=by: segments.change(session, vips.id, {"name": "No"}, by=by, now=now),
                lambda by=by: segments.copy(session, vips.id, by=by, now=now),
                lambda by=by: segments.delete(session, vips.id, used_by=[], by=by, now=now),
            ):
                with pytest.raises(Refusal) as refused:
                    write()
                assert refused.value.kind is Kind.FORBIDDEN
        segments.delete(session, vips.id, used_by=[], by=cast.olive, now=now)
        session.flush()
        changed = audit.of(session, "segment.changed", vips.id)
        assert [(entry.before, entry.after) for entry in changed] == [({"name": "VIPs"}, {"name": "VIP"})]
        assert audit.of(session, "segment.created", vips.id)[0].actor_name == "Max"
        assert len(audit.of(session, "segment.deleted", vips.id)) == 1
