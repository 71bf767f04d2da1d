"""Tags are renamed, made one, taken away; and whatever asks for one by name goes on finding its people."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.audience import audience as audiences
from domain.audience import segments
from domain.audience.audience import Audience
from domain.book import customers, tag_keeping
from domain.refusal import Kind, Refusal
from domain.sending import campaigns, retagging
from domain.sending.dispatches import Dispatch
from domain.shop.audit import AuditEntry
from tests.cast import Cast
from tests.domain.test_one_person import sent_to


def person(cast: Cast, now: datetime, name: str, *tags: str) -> int:
    with unit() as session:
        fields = {"first_name": name, "email": f"{name}@x.example".lower(), "tags": list(tags)}
        return customers.create(session, fields, by=cast.olive, now=now).id


def segment(cast: Cast, now: datetime, rule: dict[str, Any]) -> int:
    with unit() as session:
        return segments.create(session, name="About tags", rule=rule, by=cast.olive, now=now).id


def draft(cast: Cast, now: datetime, audience: dict[str, Any]) -> int:
    with unit() as session:
        fields = {"name": "Spring", "audience": audience}
        return campaigns.create(session, fields, by=cast.olive, now=now).id


def renamed(cast: Cast, now: datetime, name: str, to: str, *, merge: bool = False) -> None:
    with unit() as session:
        retagging.rename(session, name, to, merge=merge, by=cast.max_, now=now)


def tags_of(session: Session, customer_id: int) -> list[str]:
    return [tag.name for tag in customers.get(session, customer_id).tags]


def means(session: Session, rule: dict[str, Any], now: datetime) -> int:
    return audiences.size(session, Audience.parse({"type": "rule", "rule": rule}), now=now)


def test_renamed_tag_is_found_by_everything_that_asked_for_it(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, "Ana", "Gold", "pearls")
    nested = {"any": [{"not": {"tag": ["pearls"]}}, {"all": [{"tag": ["gold", "pearls"]}]}]}
    one = segment(cast, now, nested)
    by_tags = draft(cast, now, {"type": "tags", "tags": ["GOLD"]})
    but = draft(cast, now, {"type": "all", "exclude": {"tags": ["gold"]}})
    by_rule = draft(cast, now, {"type": "rule", "rule": {"all": [{"tag": ["gold"]}]}})
    renamed(cast, now, "gold", "Best customers")
    with reading() as session:
        assert tags_of(session, ana) == ["Best customers", "pearls"]
        rule = segments.get(session, one, by=cast.olive).rule
        assert rule == {
            "any": [{"not": {"tag": ["pearls"]}}, {"all": [{"tag": ["Best customers", "pearls"]}]}]
        }
        assert means(session, rule, now) == 1
        found = [
            audiences.size(session, Audience.parse(campaigns.get(session, number).audience), now=now)
            for number in (by_tags, but, by_rule)
        ]
        assert found == [1, 0, 1]


def test_what_is_open_somewhere_does_not_write_the_old_name_back(cast: Cast, now: datetime) -> None:
    person(cast, now, "Ana", "gold")
    one, other = segment(cast, now, {"tag": ["gold"]}), draft(cast, now, {"type": "tags", "tags": ["gold"]})
    with reading() as session:
        seen = segments.get(session, one, by=cast.olive).version, campaigns.get(session, other).version
    renamed(cast, now, "gold", "silver")
    by: dict[str, Any] = {"by": cast.olive, "now": now}
    with pytest.raises(Refusal, match="Somebody else changed"), unit() as session:
        segments.change(session, one, {"rule": {"tag": ["gold"]}}, version=seen[0], **by)
    with pytest.raises(Refusal, match="Somebody changed this campaign"), unit() as session:
        campaigns.change(session, other, {"name": "Summer"}, version=seen[1], **by)


def test_what_was_sent_keeps_its_words_and_its_copy_finds_the_people(cast: Cast, now: datetime) -> None:
    person(cast, now, "Ana", "gold")
    sent_to(cast, now, {"type": "tags", "tags": ["gold"]})
    renamed(cast, now, "gold", "silver")
    with unit() as session:
        dispatch = session.scalars(select(Dispatch)).one()
        assert (dispatch.audience["tags"], "gold" in dispatch.audience_label) == (["gold"], True)
        copy = campaigns.duplicate(session, dispatch.campaign_id or 0, by=cast.olive, now=now)
        assert copy.audience == {"type": "tags", "tags": ["silver"]}


def test_two_that_mean_the_same_become_one_after_it_was_said(cast: Cast, now: datetime) -> None:
    ana, ben, cara = (
        person(cast, now, "Ana", "gold", "Golden"), person(cast, now, "Ben", "golden"), person(cast, now, "Cara", "gold")
    )  # fmt: skip
    one = segment(cast, now, {"all": [{"tag": ["gold", "Golden"]}]})
    with pytest.raises(Refusal) as asked, unit() as session:
        retagging.rename(session, "golden", "GOLD", by=cast.max_, now=now)
    assert (asked.value.code, asked.value.details["people"], asked.value.details["together"]) == (
        "would_merge",
        2,
        3,
    )
    assert "2 people have" in asked.value.sentence
    assert "3 people have gold, and Golden is gone" in asked.value.sentence
    renamed(cast, now, "golden", "GOLD", merge=True)
    with reading() as session:
        assert tag_keeping.every(session) == [("gold", 3)]
        assert [tags_of(session, number) for number in (ana, ben, cara)] == [["gold"]] * 3
        assert segments.get(session, one, by=cast.olive).rule == {"all": [{"tag": ["gold"]}]}
        log = session.scalars(select(AuditEntry).where(AuditEntry.action == "tag.merged")).one()
        assert (log.actor_name, log.before, log.after) == (
            "Max",
            {"name": "Golden", "people": 2},
            {"name": "gold"},
        )


@pytest.mark.parametrize("to", ["Gold", "gold", "GÖLD"])
def test_a_tag_may_be_written_differently(cast: Cast, now: datetime, to: str) -> None:
    ana = person(cast, now, "Ana", "göld" if "Ö" in to else "gold")
    one = segment(cast, now, {"all": [{"tag": ["göld" if "Ö" in to else "GOLD"]}]})
    renamed(cast, now, to.lower(), to)
    with reading() as session:
        assert tags_of(session, ana) == [to]
        assert means(session, segments.get(session, one, by=cast.olive).rule, now) == 1


def test_a_tag_goes_and_its_people_stay_but_not_while_something_asks_for_it(
    cast: Cast, now: datetime
) -> None:
    ana = person(cast, now, "Ana", "gold", "pearls")
    one = segment(cast, now, {"not": {"tag": ["GOLD"]}})
    with pytest.raises(Refusal, match="still used by the segment About tags"), unit() as session:
        retagging.delete(session, "gold", by=cast.max_, now=now)
    with unit() as session:
        segments.delete(session, one, used_by=[], by=cast.olive, now=now)
        assert retagging.delete(session, "gold", by=cast.max_, now=now) == 1
    with reading() as session:
        assert tags_of(session, ana) == ["pearls"]
        log = session.scalars(select(AuditEntry).where(AuditEntry.action == "tag.deleted")).one()
        assert log.before == {"name": "gold", "people": 1}


def test_odd_names_and_tags_that_are_not_there_are_refused(cast: Cast, now: datetime) -> None:
    person(cast, now, "Ana", "gold")
    for to in ("", "  ", "x" * 61, None, ["gold"], True):
        with pytest.raises(Refusal), unit() as session:
            retagging.rename(session, "gold", to, by=cast.max_, now=now)
    with pytest.raises(Refusal) as gone, unit() as session:
        retagging.rename(session, "nobody's", "x", by=cast.max_, now=now)
    assert gone.value.kind is Kind.MISSING


def test_only_who_may_change_customers_keeps_tags(cast: Cast, now: datetime) -> None:
    person(cast, now, "Ana", "gold")
    for by in cast.who_may_only_look():
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            retagging.rename(session, "gold", "silver", by=by, now=now)
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            retagging.delete(session, "gold", by=by, now=now)
