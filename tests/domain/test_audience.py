"""The recipient picker's questions: the count, the launch and the explanation tell the same story."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.audience import audience as audiences
from domain.audience import segments
from domain.audience.audience import Audience, Verdict
from domain.audience.pasted import Recognised, recognise
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, customers, reach, suppressions
from domain.book.customers import Customer, Tag
from domain.book.groups import Group, GroupMember
from domain.book.message_types import MessageType
from domain.ledger.deliveries import Delivery, State
from domain.refusal import Refusal
from domain.sending import campaigns
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch, DispatchState
from tests.cast import Cast

MARKETING, NEWSLETTER, OPERATIONAL = MessageType.MARKETING, MessageType.NEWSLETTER, MessageType.OPERATIONAL
ALL = {"type": "all"}
GOLD = {"type": "tags", "tags": ["gold"]}


@pytest.fixture
def book(shop_db: Path, now: datetime, cast: Cast) -> dict[str, int]:
    """Nine people, each with a story of their own."""
    with unit() as session:

        def add(name: str, email: str, *tags: str, **facts: Any) -> Customer:
            fields = {"first_name": name, "email": email, "tags": list(tags), **facts}
            person = customers.create(session, fields, by=cast.olive, now=now)
            session.flush()
            return person

        people = {
            "Ana": add("Ana", "ana@orchid.example", "gold"),
            "Ben": add("Ben", "ben@orchid.example", "watches"),
            "Cat": add("Cat", "", "gold", phone="+442079460123"),
            "Dan": add("Dan", "dan@orchid.example", "gold"),
            "Eve": add("Eve", "eve@orchid.example", "gold"),
            "Fay": add("Fay", "fay@orchid.example", "gold", status="vip"),
            "Gus": add("Gus", "ana@orchid.example", "gold"),  # Ana's husband
            "Hal": add("Hal", "hal@orchid.example"),
            "Ida": add("Ida", "ida@orchid.example", "gold"),
        }
        consent.withdraw(
            session,
            people["Dan"].id,
            "email",
            "all",
            how="link",
            now=datetime(2026, 5, 3, 12, tzinfo=now.tzinfo),
        )
        consent.withdraw(session, people["Fay"].id, "email", MARKETING, how="one_click", now=now)
        reach.mark_address(session, people["Eve"].id, "bounced")
        suppressions.suppress(session, "email", people["Hal"].email_hash or "", reason="complained", now=now)
        people["Ida"].deleted_at = now
        return {name: person.id for name, person in people.items()}


def counted(
    given: dict[str, Any], now: datetime, kind: MessageType = MARKETING, **more: Any
) -> audiences.Count:
    with reading() as session:
        return audiences.count(session, Audience.parse(given), EMAIL_REACH, kind, now=now, **more)


def launched(
    session: Session, given: dict[str, Any], now: datetime, **more: Any
) -> tuple[int, list[Delivery]]:
    """A dispatch with its deliveries, and how many enlist() said are queued."""
    dispatch = Dispatch(
        name="Launch", channel="email", message_type=MARKETING, state=DispatchState.SENDING, from_name="Shop",
        from_email="shop@orchid.example", subject="Hello", content_hash="0", audience=given, audience_label="",
        created_at=now, starts_at=now,
    )  # fmt: skip
    session.add(dispatch)
    session.flush()
    kind = more.pop("kind", MARKETING)
    audience = Audience.parse(given)
    queued = audiences.enlist(
        session,
        dispatch.id,
        audience,
        EMAIL_REACH,
        kind,
        now=now,
        next_at=now + timedelta(seconds=30),
        **more,
    )
    rows = select(Delivery).where(Delivery.dispatch_id == dispatch.id).order_by(Delivery.id)
    return queued, list(session.scalars(rows))


def told(given: dict[str, Any], customer_id: int, now: datetime, **more: Any) -> Verdict:
    kind = more.pop("kind", MARKETING)
    with reading() as session:
        audience = Audience.parse(given)
        return audiences.explain(session, audience, EMAIL_REACH, kind, customer_id, now=now, **more)


# --- counting


def test_everyone_is_counted_with_the_reasons_for_those_left_out(book: dict[str, int], now: datetime) -> None:
    count = counted(ALL, now)
    assert (count.matched, count.reachable) == (8, 2)
    assert count.left_out == {
        "no_address": 1, "bad_address": 1, "opted_out": 2, "suppressed": 1, "duplicate": 1,
    }  # fmt: skip
    assert count.sentence() == (
        "8 match · 1 without an email · 1 with an address that does not work · 2 opted out"
        " · 1 not to be written to · 1 shares an address"
    )


def test_the_message_type_decides_who_may_be_written_to(book: dict[str, int], now: datetime) -> None:
    assert counted(ALL, now, NEWSLETTER).left_out["opted_out"] == 1  # Fay stopped marketing only
    assert "opted_out" not in counted(ALL, now, OPERATIONAL).left_out
    assert counted(ALL, now, OPERATIONAL).left_out["bad_address"] == 1


@pytest.mark.parametrize(
    ("given", "matched", "reachable"),
    [
        (GOLD, 6, 1),
        ({"type": "tags", "tags": ["GOLD", "watches"]}, 7, 2),
        ({"type": "tags", "tags": []}, 0, 0),
        ({"type": "manual", "customerIds": []}, 0, 0),
        ({"type": "manual", "customerIds": [1, 2, 2, 9, 999_999]}, 2, 2),
        ({"type": "status", "statuses": ["vip"]}, 1, 0),
        ({"type": "status", "statuses": []}, 0, 0),
        ({"type": "rule", "rule": {"not": {"tag": ["gold"]}}}, 2, 1),
        ({"type": "rule", "rule": {"reachable": {"channel": "email", "message_type": "marketing"}}}, 3, 2),
    ],
)
def test_every_kind_of_audience_is_counted(
    book: dict[str, int], now: datetime, given: dict[str, Any], matched: int, reachable: int
) -> None:
    count = counted(given, now)
    assert (count.matched, count.reachable) == (matched, reachable)
    assert Audience.parse(Audience.parse(given).as_json()) == Audience.parse(given)


def test_a_segment_follows_its_rule(book: dict[str, int], now: datetime, cast: Cast) -> None:
    with unit() as session:
        made = segments.create(session, name="Golden", rule={"tag": ["gold"]}, by=cast.olive, now=now)
        given = {"type": "segment", "segmentId": made.id}
        assert audiences.describe(session, Audience.parse(given)) == "Segment: Golden"
    assert counted(given, now) == counted(GOLD, now)


def test_of_a_family_with_one_address_the_first_who_may_gets_it(book: dict[str, int], now: datetime) -> None:
    with unit() as session:
        consent.withdraw(session, book["Ana"], "email", "all", how="staff", now=now)
        _, rows = launched(session, ALL, now)
    assert {row.customer_id for row in rows if row.state is State.QUEUED} == {book["Ben"], book["Gus"]}


def test_a_hundred_thousand_chosen_by_hand_are_no_trouble(book: dict[str, int], now: datetime) -> None:
    assert counted({"type": "manual", "customerIds": list(range(1, 100_001))}, now) == counted(ALL, now)


def test_the_longest_rule_allowed_still_counts(book: dict[str, int], now: datetime) -> None:
    sizes = {"field": "attrs.größe des ringes", "op": "gte", "value": 54}
    names = {"field": "attrs.stone", "op": "in", "value": [*map(str, range(5)), *range(5)]}
    assert counted({"type": "rule", "rule": {"any": [sizes] * 200}}, now).matched == 0
    assert counted({"type": "rule", "rule": {"any": [{"not": {"all": [names]}}] * 60}}, now).matched == 8


# --- the launch says the same as the count


@pytest.mark.parametrize("given", [ALL, GOLD, {"type": "manual", "customerIds": [1, 7, 3]}])
@pytest.mark.parametrize("kind", list(MessageType))
def test_the_launch_writes_what_the_count_said(
    book: dict[str, int], now: datetime, given: dict[str, Any], kind: MessageType
) -> None:
    count = counted(given, now, kind)
    with unit() as session:
        queued, rows = launched(session, given, now, kind=kind)
    assert queued == count.reachable == sum(row.state is State.QUEUED for row in rows)
    assert Counter(row.reason for row in rows if row.state is State.SKIPPED) == count.left_out
    assert len(rows) == count.matched
    assert all(row.address_key and row.reason is None for row in rows if row.state is State.QUEUED)
    assert {row.next_at for row in rows} == {now + timedelta(seconds=30)}
    for row in rows:
        assert row.customer_id is not None
        assert told(given, row.customer_id, now, kind=kind).reason == row.reason


def test_first_names_are_of_those_who_get_it(book: dict[str, int], now: datetime) -> None:
    with reading() as session:
        audience = Audience.parse(ALL)
        assert audiences.first_names(session, audience, EMAIL_REACH, MARKETING, now=now) == ["Ana", "Ben"]
        assert audiences.first_names(session, audience, EMAIL_REACH, MARKETING, now=now, most=1) == ["Ana"]


def test_matching_gives_the_living_whether_reachable_or_not(book: dict[str, int], now: datetime) -> None:
    with reading() as session:
        found = set(session.scalars(audiences.matching(session, Audience.parse(ALL), now=now)))
        assert audiences.size(session, Audience.parse(ALL), now=now) == len(found)
    assert found == set(book.values()) - {book["Ida"]}


# --- the remaining


def test_only_those_not_yet_reached_remain(book: dict[str, int], now: datetime) -> None:
    with unit() as session:
        session.add(Campaign(id=7, name="Spring", created_at=now, updated_at=now))
        session.flush()
        _, rows = launched(session, ALL, now)
        dispatch = session.get_one(Dispatch, rows[0].dispatch_id)
        dispatch.campaign_id = 7
        ana, ben = (next(row for row in rows if row.customer_id == book[name]) for name in ("Ana", "Ben"))
        ana.state, ana.settled_at = State.SENT, now
        ben.state, ben.settled_at = State.FAILED, now
    assert counted(ALL, now).reachable == 2
    remaining = counted(ALL, now, not_reached_by=7)
    assert (remaining.matched, remaining.reachable) == (6, 1)  # neither Ana nor Gus, who shares her address
    assert counted(ALL, now, not_reached_by=8) == counted(ALL, now)
    verdict = told(ALL, book["Ana"], now, not_reached_by=7)
    assert (verdict.reason, verdict.sentence) == (
        "already_reached",
        "Already reached by this campaign on 21 November 2026.",
    )
    with unit() as session:
        queued, _ = launched(session, ALL, now, not_reached_by=7)
        assert queued == 1


def test_who_was_reached_at_another_address_does_not_remain(book: dict[str, int], now: datetime) -> None:
    """Corrected since, or the card of somebody else was made one with theirs."""
    with unit() as session:
        session.add(Campaign(id=7, name="Spring", created_at=now, updated_at=now))
        session.flush()
        _, rows = launched(session, ALL, now)
        session.get_one(Dispatch, rows[0].dispatch_id).campaign_id = 7
        for row in rows:
            if row.state is State.QUEUED:
                row.state, row.settled_at = State.SENT, now
        ben = session.get_one(Customer, book["Ben"])
        ben.email = ben.email_key = "ben.new@orchid.example"
    assert counted(ALL, now, not_reached_by=7).reachable == 0
    assert told(ALL, book["Ben"], now, not_reached_by=7).reason == "already_reached"


def test_who_is_about_to_be_reached_does_not_remain(book: dict[str, int], now: datetime) -> None:
    with unit() as session:
        session.add(Campaign(id=7, name="Spring", created_at=now, updated_at=now))
        session.flush()
        _, rows = launched(session, ALL, now)
        session.get_one(Dispatch, rows[0].dispatch_id).campaign_id = 7
    assert counted(ALL, now, not_reached_by=7).reachable == 0
    assert told(ALL, book["Ben"], now, not_reached_by=7) == Verdict(
        False, "already_reached", "An earlier launch of this campaign is about to reach this address."
    )


@pytest.mark.parametrize("state", [State.HANDOFF, State.UNKNOWN])
def test_who_may_have_got_it_is_not_written_to_again(
    book: dict[str, int], now: datetime, state: State
) -> None:
    with unit() as session:
        session.add(Campaign(id=7, name="Spring", created_at=now, updated_at=now))
        session.flush()
        _, rows = launched(session, ALL, now)
        session.get_one(Dispatch, rows[0].dispatch_id).campaign_id = 7
        for row in rows:
            if row.state is State.QUEUED:
                row.state = state
    assert counted(ALL, now, not_reached_by=7).reachable == 0


# --- why is this person in or out?


@pytest.mark.parametrize(
    ("name", "reason", "sentence"),
    [
        ("Ana", None, "Gets this message."),
        ("Cat", "no_address", "Has no email address."),
        ("Dan", "opted_out", "Opted out on 3 May 2026 by the link in a message."),
        ("Eve", "bad_address", "Messages to eve@orchid.example came back undelivered."),
        (
            "Fay",
            "opted_out",
            "Opted out on 21 November 2026 with the unsubscribe button of the mail program.",
        ),
        ("Gus", "duplicate", "Shares the address ana@orchid.example with Ana, who gets this message."),
        (
            "Hal",
            "suppressed",
            "Somebody with this address reported a message as unwanted on 21 November 2026.",
        ),
        ("Ida", "deleted", "This customer was deleted."),
    ],
)
def test_each_person_is_explained(
    book: dict[str, int], now: datetime, name: str, reason: str | None, sentence: str
) -> None:
    assert told(ALL, book[name], now) == Verdict(reason is None, reason, sentence)


@pytest.mark.parametrize(
    ("given", "because"),
    [
        (GOLD, "does not have the tag gold."),
        ({"type": "status", "statuses": ["vip"]}, "has the status customer."),
        ({"type": "manual", "customerIds": [1]}, "was not chosen by hand."),
        (
            {"type": "rule", "rule": {"all": [{"tag": ["watches"]}, {"field": "company", "op": "is_set"}]}},
            "the rule asks for “company is known”.",
        ),
    ],
)
def test_who_does_not_match_learns_why(
    book: dict[str, int], now: datetime, given: dict[str, Any], because: str
) -> None:
    verdict = told(given, book["Ben"], now)
    assert (verdict.included, verdict.reason) == (False, "not_in_audience")
    assert verdict.sentence == f"Not in this audience: {because}"


def test_nobody_is_explained_who_is_not_in_the_book(book: dict[str, int], now: datetime) -> None:
    with pytest.raises(Refusal, match="does not exist"):
        told(ALL, 999_999, now)


# --- what is gone, and what is not understood


def test_a_deleted_segment_or_tag_is_a_sentence(book: dict[str, int], now: datetime, cast: Cast) -> None:
    with unit() as session:
        made = segments.create(session, name="Golden", rule={"tag": ["gold"]}, by=cast.olive, now=now)
        segments.delete(session, made.id, used_by=[], by=cast.olive, now=now)
    gone = {"type": "segment", "segmentId": made.id}
    for given in (gone, {"type": "segment", "segmentId": 99}, {"type": "tags", "tags": ["gold", "ruby"]}):
        with pytest.raises(Refusal) as refused:
            counted(given, now)
        assert refused.value.code == "audience_gone"
    with reading() as session:
        assert audiences.describe(session, Audience.parse(gone)) == "Segment: Golden"
        assert audiences.describe(session, Audience.parse({"type": "segment", "segmentId": 99})) == (
            "A segment that was deleted"
        )
        tag = session.scalars(select(Tag).where(Tag.name == "ruby")).one_or_none()
        assert tag is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (ALL, "Everyone"),
        ({"type": "tags", "tags": ["gold", "pearls", "watches"]}, "Anyone tagged gold, pearls or watches"),
        ({"type": "manual", "customerIds": [1, 2, 3]}, "3 people chosen by hand"),
        ({"type": "manual", "customerIds": [1]}, "1 person chosen by hand"),
        ({"type": "status", "statuses": ["vip", "lead"]}, "Everyone with the status VIP or Lead"),
        ({"type": "rule", "rule": {"tag": ["gold"]}}, "Rule: tagged gold"),
        ({"type": "rule", "rule": {"all": []}}, "Everyone"),
    ],
)
def test_an_audience_has_words(shop_db: Path, given: dict[str, Any], words: str) -> None:
    with reading() as session:
        assert audiences.describe(session, Audience.parse(given)) == words


@pytest.mark.parametrize(
    "given",
    [
        None, [], {}, {"type": "everybody"}, {"type": ["all"]}, {"type": "segment"}, {"type": "segment", "segmentId": "1"},
        {"type": "segment", "segmentId": 2**63}, {"type": "tags"}, {"type": "tags", "tags": "gold"},
        {"type": "tags", "tags": [1]}, {"type": "tags", "tags": ["\ud800"]}, {"type": "manual", "customerIds": [True]},
        {"type": "manual", "customerIds": [-1]}, {"type": "status", "statuses": None}, {"type": "rule"},
        {"type": "rule", "rule": {"record": {}}}, {"type": "dynamic"}, {"type": "dynamic", "filter": {"where": []}},
    ],
)  # fmt: skip
def test_what_is_no_audience_is_refused(given: Any) -> None:
    with pytest.raises(Refusal) as refused:
        Audience.parse(given)
    assert refused.value.code in ("bad_audience", "bad_rule")


# --- the filter language of other programs


def dynamic(where: Any, datatype: str = "contact") -> dict[str, Any]:
    return {"type": "dynamic", "filter": {"datatype": datatype, "where": where}}


@pytest.mark.parametrize(
    ("where", "who"),
    [
        ({}, {"Ana", "Ben", "Cat", "Dan", "Eve", "Fay", "Gus", "Hal"}),
        ({"tags": {"$in": ["watches"]}}, {"Ben"}),
        ({"tags": {"$nin": ["gold"]}}, {"Ben", "Hal"}),
        ({"tags": "gold", "status": "vip"}, {"Fay"}),
        ({"$or": [{"firstName": "ana"}, {"firstName": {"$in": ["Ben"]}}]}, {"Ana", "Ben"}),
        ({"$and": [{"email": {"$exists": True}}, {"$not": {"tags": "gold"}}]}, {"Ben", "Hal"}),
        ({"email": {"$exists": False}}, {"Cat"}),
        (
            {"firstName": {"$ne": "Ana", "$not": {"$in": ["Ben", "Cat"]}}, "tags": "gold"},
            {"Dan", "Eve", "Fay", "Gus"},
        ),
        ({"createdAt": {"$gt": "2026-11-20", "$lte": "2026-11-21"}, "tags": "watches"}, {"Ben"}),
        ({"createdAt": {"$lt": "2026-11-21"}}, set()),
    ],
)
def test_a_where_filter_is_understood(
    book: dict[str, int], now: datetime, where: dict[str, Any], who: set[str]
) -> None:
    with reading() as session:
        ids = audiences.matching(session, Audience.parse(dynamic(where)), now=now)
        assert set(session.scalars(select(Customer.first_name).where(Customer.id.in_(ids)))) == who


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (dynamic({"tags": {"$regex": "g"}}), "$regex"),
        (dynamic({"firstName": {"$size": 2}}), "$size"),
        (dynamic({"$nor": []}), "$nor"),
        (dynamic({"shoeSize": 41}), "shoeSize"),
        (dynamic({"status": "vip"}, "invoice"), "invoice"),
    ],
)
def test_an_unknown_operator_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(Refusal) as refused:
        Audience.parse(given)
    assert f"“{named}”" in refused.value.sentence


# --- several of them, and leaving out


@pytest.fixture
def lists(book: dict[str, int], now: datetime, cast: Cast) -> dict[str, int]:
    """Two segments, and a group of Ana and Ben, by name."""
    with unit() as session:
        made = {
            name: segments.create(session, name=name, rule={"tag": [tag]}, by=cast.olive, now=now).id
            for name, tag in (("Golden", "gold"), ("Timekeepers", "watches"))
        }
        group = Group(name="Ring friends", created_at=now)
        session.add(group)
        session.flush()
        session.add_all(
            GroupMember(group_id=group.id, customer_id=book[who]) for who in ("Ana", "Ben", "Ida")
        )
        return made | {"Ring friends": group.id}


def meant(given: dict[str, Any], now: datetime) -> set[str]:
    with reading() as session:
        ids = audiences.matching(session, Audience.parse(given), now=now)
        return set(session.scalars(select(Customer.first_name).where(Customer.id.in_(ids))))


def test_several_segments_mean_whoever_is_in_any_of_them(lists: dict[str, int], now: datetime) -> None:
    both = {"type": "segment", "segmentIds": [lists["Golden"], lists["Timekeepers"]]}
    assert meant(both, now) == {"Ana", "Ben", "Cat", "Dan", "Eve", "Fay", "Gus"}
    assert meant({"type": "segment", "segmentIds": []}, now) == set()


def test_a_group_means_its_living_members(lists: dict[str, int], now: datetime) -> None:
    assert meant({"type": "group", "groupIds": [lists["Ring friends"]]}, now) == {"Ana", "Ben"}
    assert meant({"type": "group", "groupIds": []}, now) == set()


@pytest.mark.parametrize(
    ("given", "out", "who"),
    [
        (ALL, {"tags": ["GOLD"]}, {"Ben", "Hal"}),
        (ALL, {"segments": ["Golden", "Timekeepers"]}, {"Hal"}),
        (GOLD, {"groups": ["Ring friends"]}, {"Cat", "Dan", "Eve", "Fay", "Gus"}),
        (
            {"type": "manual", "customerIds": [1, 2, 8]},
            {"segments": ["Timekeepers"], "tags": ["gold"]},
            {"Hal"},
        ),
        ({"type": "status", "statuses": ["vip"]}, {"tags": ["gold"]}, set()),
        (
            {"type": "rule", "rule": {"not": {"tag": ["gold"]}}},
            {"groups": ["Ring friends"]},
            {"Hal"},
        ),
        ({"type": "dynamic", "filter": {"where": {}}}, {"tags": ["gold", "watches"]}, {"Hal"}),
        (
            ALL,
            {"segments": [], "tags": [], "groups": []},
            {"Ana", "Ben", "Cat", "Dan", "Eve", "Fay", "Gus", "Hal"},
        ),
    ],
)
def test_people_are_left_out_of_every_kind_of_audience(
    lists: dict[str, int], now: datetime, given: dict[str, Any], out: dict[str, Any], who: set[str]
) -> None:
    numbered = {key: [lists.get(name, name) for name in names] for key, names in out.items()}
    whole = given | {"exclude": numbered}
    assert meant(whole, now) == who
    assert counted(whole, now).matched == len(who)
    assert Audience.parse(Audience.parse(whole).as_json()) == Audience.parse(whole)


def test_who_is_left_out_learns_by_what(lists: dict[str, int], book: dict[str, int], now: datetime) -> None:
    def why(out: dict[str, Any]) -> str:
        return told(ALL | {"exclude": out}, book["Ben"], now).sentence

    left_out = "Not in this audience: left out, because this customer "
    assert (
        why({"segments": [lists["Golden"], lists["Timekeepers"]]})
        == f"{left_out}is in the segment Timekeepers."
    )
    assert why({"tags": ["gold", "WATCHES"]}) == f"{left_out}has the tag watches."
    assert why({"groups": [lists["Ring friends"]]}) == f"{left_out}is in the group Ring friends."
    both = {"type": "segment", "segmentIds": [lists["Golden"], lists["Timekeepers"]]}
    assert told(both, book["Hal"], now).sentence == (
        "Not in this audience: is in none of the segments Golden or Timekeepers."
    )
    group = {"type": "group", "groupIds": [lists["Ring friends"]]}
    assert told(group, book["Hal"], now).sentence == "Not in this audience: is not in the group Ring friends."


def test_what_is_left_out_is_said(lists: dict[str, int]) -> None:
    golden, timekeepers, ring = (lists[name] for name in ("Golden", "Timekeepers", "Ring friends"))
    said = {
        "Segments: Golden or Timekeepers, without the group Ring friends": {
            "type": "segment", "segmentIds": [golden, timekeepers], "exclude": {"groups": [ring]},
        },
        "Everyone, without Golden or anyone tagged pearls": ALL | {"exclude": {"segments": [golden], "tags": ["pearls"]}},
        "Group: Ring friends": {"type": "group", "groupIds": [ring]},
        "Groups: Ring friends or a group that was deleted": {"type": "group", "groupIds": [ring, 99]},
        "Everyone, without a segment that was deleted": ALL | {"exclude": {"segments": [99]}},
        "No group chosen yet": {"type": "group", "groupIds": []},
        "No segment chosen yet": {"type": "segment", "segmentIds": []},
    }  # fmt: skip
    with reading() as session:
        assert {
            words: audiences.describe(session, Audience.parse(given)) for words, given in said.items()
        } == {words: words for words in said}


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ({"segments": ["Golden"]}, "The segment “Golden” was deleted. Choose another."),
        ({"segments": [99]}, "A segment chosen here was deleted. Choose another."),
        ({"tags": ["ruby"]}, "There is no tag “ruby” any more. Choose another."),
        ({"groups": [99]}, "A group chosen here was deleted. Choose another."),
    ],
)
def test_somebody_left_out_by_what_is_gone_is_never_written_to(
    lists: dict[str, int], now: datetime, cast: Cast, out: dict[str, Any], sentence: str
) -> None:
    with unit() as session:
        segments.delete(session, lists["Golden"], used_by=[], by=cast.olive, now=now)
    numbered = {key: [lists.get(name, name) for name in names] for key, names in out.items()}
    with pytest.raises(Refusal) as refused:
        counted(ALL | {"exclude": numbered}, now)
    assert (refused.value.code, refused.value.sentence) == ("audience_gone", sentence)


def test_a_segment_that_is_only_left_out_is_used(lists: dict[str, int], now: datetime, cast: Cast) -> None:
    golden = lists["Golden"]
    uses = {
        "Several": {"type": "segment", "segmentIds": [golden, lists["Timekeepers"]]},
        "Without": ALL | {"exclude": {"segments": [golden]}},
        "By rule": {"type": "rule", "rule": {"segment": golden}},
        "Another": {"type": "segment", "segmentId": lists["Timekeepers"]},
    }
    with unit() as session:
        for name, audience in uses.items():
            campaigns.create(session, {"name": name, "audience": audience}, by=cast.olive, now=now)
        assert sorted(campaigns.using_segment(session, golden)) == ["By rule", "Several", "Without"]


def test_a_group_is_used_by_whoever_writes_to_it_or_leaves_it_out(
    lists: dict[str, int], now: datetime, cast: Cast
) -> None:
    ring = lists["Ring friends"]
    uses = {
        "To it": {"type": "group", "groupIds": [ring]},
        "Without": ALL | {"exclude": {"groups": [ring]}},
        "All": ALL,
    }
    with unit() as session:
        for name, audience in uses.items():
            campaigns.create(session, {"name": name, "audience": audience}, by=cast.olive, now=now)
        assert sorted(campaigns.using_group(session, ring)) == ["To it", "Without"]


@pytest.mark.parametrize(
    "given",
    [
        {"type": "segment", "segmentIds": 1}, {"type": "segment", "segmentIds": ["1"]}, {"type": "group"},
        {"type": "segment", "segmentIds": list(range(1, 202))}, {"type": "group", "groupIds": [0]},
        ALL | {"exclude": []}, ALL | {"exclude": {"people": [1]}}, ALL | {"exclude": {"segments": [True]}},
        ALL | {"exclude": {"tags": "gold"}}, ALL | {"exclude": {"groups": None}}, ALL | {"exclude": {"tags": [1]}},
    ],
)  # fmt: skip
def test_what_is_no_leaving_out_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        Audience.parse(given)
    assert refused.value.code == "bad_audience"


# --- a pasted list of addresses


def test_a_pasted_list_finds_its_people(book: dict[str, int], now: datetime, cast: Cast) -> None:
    pasted = """Email
        Ben Cole <BEN@orchid.example>; "Cole, Ben" <ben@orchid.example>
        ana@orchid.example, mailto:nobody@orchid.example
        ida@orchid.example
        (dan@orchid.example)  ana@@orchid
    """
    with reading() as session:
        found = recognise(session, pasted, by=cast.sal)
    assert [book[name] for name in ("Ben", "Ana", "Gus", "Dan")] == [one for one, _ in found.people]
    assert found.people[0][1] == "Ben"
    assert found.known == 3
    assert found.unknown == ("nobody@orchid.example", "ida@orchid.example")  # Ida was deleted
    assert found.unread == ("Email", "ana@@orchid")


def test_nothing_pasted_finds_nobody_and_too_much_is_refused(book: dict[str, int], cast: Cast) -> None:
    with reading() as session:
        assert recognise(session, " \n\u200b ,;", by=cast.olive) == Recognised((), 0, (), ())
        with pytest.raises(Refusal) as refused:
            recognise(session, "a@orchid.example\n" * 20_000, by=cast.olive)
    assert refused.value.code == "too_long"
