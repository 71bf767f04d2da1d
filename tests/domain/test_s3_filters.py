"""The filters of a booking shop, each by its rule, on a shop where every filter has somebody who just misses it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.audience import names, rules, segments
from domain.book import groups
from domain.book.categories import Category
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.book.preferences import Preference
from domain.book.record import CustomerRecord
from domain.book.staff import StaffMember
from domain.refusal import Refusal
from tests.cast import Cast

Tree = dict[str, Any]
Find = Callable[[Tree], set[str]]

# Who has what: kind, from and to in days from now, and what else is known of it.
HISTORY: list[tuple[str, str, float, float | None, dict[str, Any]]] = [
    ("Runs", "workshop", -1, 1, {"staff": "Bo", "category": "Rings", "mode": "in_store"}),
    ("Open", "workshop", -400, None, {"status": "active"}),
    ("Ahead", "workshop", 3, 4, {"staff": "Ana", "category": "Stones", "mode": "online"}),
    ("Far", "workshop", 60, 61, {"staff": "Ana", "mode": "remote"}),
    ("Mixed", "workshop", 5, 6, {"staff": "Bo"}),
    ("Mixed", "workshop", -90, -89, {"staff": "Ana"}),
    ("Past", "workshop", -20, -19, {"staff": "Ana", "category": "Pearls"}),
    ("Early", "workshop", -5, 30, {"status": "done"}),
    ("Called off", "workshop", 3, 4, {"status": "cancelled", "staff": "Ana", "mode": "online"}),
    ("Called off", "workshop", -3, -2, {"status": "cancelled"}),
    ("Fitting", "appointment", 6, 6.1, {}),
    ("Later", "appointment", 40, 40.1, {}),
    ("Visited", "appointment", -10, -9.9, {}),
    ("Long ago", "appointment", -200, -199.9, {}),
    ("Missed", "appointment", -10, -9.9, {"status": "cancelled"}),
    ("Gift", "pass", -30, 335, {"status": "active", "uses_left": 1}),
    ("Endless gift", "pass", -30, None, {"status": "active"}),
    ("Used up", "pass", -30, 335, {"status": "active", "uses_left": 0}),
    ("Expired", "pass", -400, -35, {"status": "active", "uses_left": 1}),
    ("Plan", "subscription", -30, None, {"status": "active"}),
    ("Paused plan", "subscription", -30, None, {"status": "paused"}),
    ("Ended plan", "subscription", -300, -1, {"status": "active"}),
    ("Buyer", "order", -200, None, {}),
    ("Old buyer", "order", -400, None, {}),
    ("Sent back", "order", -2, None, {"status": "cancelled"}),
]


@pytest.fixture
def book(cast: Cast, now: datetime) -> None:
    with unit() as session:
        session.add_all([StaffMember(key="Ana", label="Ana"), StaffMember(key="Bo", label="Bo")])
        session.add_all([Category(key="Courses", label="Courses"), Category(key="Pearls", label="Pearls")])
        session.flush()
        session.add_all([Category(key=key, label=key, parent_key="Courses") for key in ("Rings", "Stones")])
        session.flush()
        for line in HISTORY:
            write(session, *line, now=now)


def write(
    session: Session, name: str, kind: str, start: float, end: float | None, facts: Any, *, now: datetime
) -> None:
    owner = person(session, name, now)
    record = {
        "status": "done" if (start if end is None else end) < 0 else "active",
        "source": "typed",
        **facts,
    }
    ends_at = None if end is None else now + timedelta(days=end)
    session.add(
        CustomerRecord(
            customer_id=owner.id, kind=kind, starts_at=now + timedelta(days=start), ends_at=ends_at, created_at=now,
            **record,
        )
    )  # fmt: skip


def person(session: Session, name: str, now: datetime, **facts: Any) -> Customer:
    found = session.scalar(select(Customer).where(Customer.first_name == name))
    if found is None:
        long_ago = now - timedelta(days=500)
        facts = {"created_at": long_ago, "active_at": long_ago, "updated_at": long_ago, **facts}
        found = Customer(first_name=name, **facts)
        session.add(found)
        session.flush()
    return found


@pytest.fixture
def find(book: None, now: datetime) -> Find:
    """The first names of those whom the rule means; asked of everybody at once, and of each alone."""

    def look(tree: Tree) -> set[str]:
        rule = rules.parse(tree)
        assert rules.parse(rule.as_json()) == rule
        with reading() as session:
            of_many = segments.condition(session, rule, now=now)
            of_one = segments.condition(session, rule, now=now, of_many=False)
            found = set(session.scalars(select(Customer.first_name).where(of_many)))
            assert set(session.scalars(select(Customer.first_name).where(of_one))) == found
        return found

    return look


def said(tree: Tree) -> str:
    with reading() as session:
        return rules.parse(tree).sentence(names.read(session))


def record(kind: str, **facts: Any) -> Tree:
    return {"record": {"kind": kind, **facts}}


# --- the filters


def test_ongoing_enrolments(find: Find) -> None:
    tree = record("workshop", state="ongoing")
    assert find(tree) == {"Runs", "Open"}
    assert said(tree) == "has a workshop running now"


def test_upcoming_enrolments(find: Find) -> None:
    tree = record("workshop", state="upcoming")
    assert find(tree) == {"Ahead", "Far", "Mixed"}
    assert said(tree) == "has a workshop coming up"


def test_current_enrolments_run_or_come_up(find: Find) -> None:
    tree = record("workshop", state="current")
    assert find(tree) == {"Runs", "Open", "Ahead", "Far", "Mixed"}
    assert said(tree) == "has a workshop running or coming up"


def test_ended_enrolments(find: Find) -> None:
    tree = record("workshop", state="ended")
    assert find(tree) == {"Mixed", "Past", "Early"}
    assert said(tree) == "finished a workshop"


def test_ended_enrolments_of_the_last_days(find: Find) -> None:
    tree = record("workshop", state="ended", ended_within={"days": 30})
    assert find(tree) == {"Past", "Early"}
    assert said(tree) == "finished a workshop in the last 30 days"


def test_online_enrolments(find: Find) -> None:
    tree = record("workshop", mode="online")
    assert find(tree) == {"Ahead"}
    assert said(tree) == "has an online workshop"


def test_upcoming_bookings(find: Find) -> None:
    tree = record("appointment", state="upcoming")
    assert find(tree) == {"Fitting", "Later"}
    assert said(tree) == "has an appointment coming up"


def test_upcoming_bookings_of_the_next_days(find: Find) -> None:
    tree = record("appointment", state="upcoming", starting_within={"days": 14})
    assert find(tree) == {"Fitting"}
    assert said(tree) == "has an appointment in the next 14 days"


def test_past_bookings(find: Find) -> None:
    tree = record("appointment", state="ended", ended_within={"days": 30})
    assert find(tree) == {"Visited"}
    assert said(tree) == "came to an appointment in the last 30 days"
    assert find(record("appointment", state="ended")) == {"Visited", "Long ago"}


def test_valid_pass_holders(find: Find) -> None:
    tree = record("pass", state="ongoing", uses_left={"ne": 0})
    assert find(tree) == {"Gift", "Endless gift"}
    assert said(tree) == "has a gift card or pass that is still good"


def test_active_subscription_holders(find: Find) -> None:
    tree = record("subscription", state="ongoing", status="active")
    assert find(tree) == {"Plan"}
    assert said(tree) == "has a care plan running"


def test_past_orders_of_the_last_months(find: Find) -> None:
    tree = record("order", started_within={"months": 12})
    assert find(tree) == {"Buyer"}
    assert said(tree) == "bought in the last 12 months"


def test_recently_created_accounts(find: Find, now: datetime) -> None:
    with unit() as session:
        person(session, "Newcomer", now, created_at=now - timedelta(days=29))
    tree = {"field": "created_at", "op": "within_days", "value": 30}
    assert find(tree) == {"Newcomer"}
    assert said(tree) == "is new (30 days)"


def test_active_users(find: Find, now: datetime) -> None:
    with unit() as session:
        person(session, "Gone", now, status="former")
    found = find({"status_active": True})
    assert "Buyer" in found
    assert "Gone" not in found
    assert find({"status_active": False}) == {"Gone"}
    assert said({"status_active": True}) == "is an active customer"


def test_members_of_a_group(find: Find, cast: Cast, now: datetime) -> None:
    with unit() as session:
        list_id = groups.create(session, "Bridal fair", by=cast.olive, now=now).id
        someone = person(session, "Gift", now).id
        groups.add_members(session, list_id, [someone], by=cast.olive, now=now)
        empty = groups.create(session, "Nobody yet", by=cast.olive, now=now).id
    assert find({"in_group": list_id}) == {"Gift"}
    assert find({"in_group": [empty, list_id]}) == {"Gift"}
    assert find({"in_group": empty}) == set()
    assert said({"in_group": list_id}) == "is in the group Bridal fair"


# --- the four narrowings: always of the same record


def test_narrowed_to_a_trainer(find: Find) -> None:
    tree = record("workshop", staff="Ana")
    assert find(tree) == {"Ahead", "Far", "Mixed", "Past"}
    assert said(tree) == "has a workshop, served by Ana"
    assert find(record("workshop", staff=["Ana", "Bo"])) == {"Ahead", "Far", "Mixed", "Past", "Runs"}


def test_upcoming_workshop_with_ana_is_not_one_with_bo_and_an_old_one_with_ana(find: Find) -> None:
    tree = record("workshop", state="upcoming", staff="Ana")
    assert find(tree) == {"Ahead", "Far"}
    both = {"all": [record("workshop", state="upcoming"), record("workshop", staff="Ana")]}
    assert find(both) == {"Ahead", "Far", "Mixed"}, "two conditions may mean two records; one means one"
    assert said(tree) == "has a workshop coming up, served by Ana"


def test_narrowed_to_a_category_with_what_lies_under_it(find: Find) -> None:
    assert find(record("workshop", category="Rings")) == {"Runs"}
    tree = record("workshop", category="Courses")
    assert find(tree) == {"Runs", "Ahead"}
    assert find(record("workshop", category=["Courses", "Pearls"])) == {"Runs", "Ahead", "Past"}
    assert said(tree) == "has a workshop in category Courses"


def test_narrowed_to_a_preference(find: Find, now: datetime) -> None:
    with unit() as session:
        for name, allowed in (("Ahead", True), ("Far", False), ("Gift", True)):
            prefer(session, person(session, name, now), allowed, now)
        person(session, "Gift", now).marketing_opt_out = True
    yes = {"preference": {"channel": "email", "message_type": "newsletter", "state": "yes"}}
    assert find(yes) == {"Ahead"}, "no marketing at all is a no to everything"
    assert find({"all": [record("workshop", state="upcoming"), yes]}) == {"Ahead"}
    assert find({"preference": {"message_type": "newsletter", "state": "no"}}) == {"Far", "Gift"}
    unknown = find({"preference": {"message_type": "newsletter", "state": "unknown"}})
    assert {"Buyer", "Ahead", "Far", "Gift"} & unknown == {"Buyer"}
    assert said(yes) == "has said yes to newsletters"


def prefer(session: Session, someone: Customer, allowed: bool, now: datetime) -> None:
    words = {"channel": "email", "message_type": MessageType.NEWSLETTER, "changed_at": now}
    session.add(Preference(customer_id=someone.id, allowed=allowed, **words))


def test_leaving_out_remote_ones_keeps_records_without_a_mode(find: Find) -> None:
    tree = record("workshop", state="upcoming", mode={"not": "remote"})
    assert find(tree) == {"Ahead", "Mixed"}
    assert said(tree) == "has a workshop coming up, remote ones left out"


def test_a_cancelled_record_counts_only_where_it_is_asked_for(find: Find) -> None:
    assert find(record("workshop", status="cancelled")) == {"Called off"}
    assert find(record("workshop", status="cancelled", state="upcoming")) == {"Called off"}
    assert "Missed" not in find(record("appointment"))


# --- how often, how much, since when


def test_how_often_is_counted_over_records_that_fit(find: Find) -> None:
    assert find({**record("workshop"), "count": {"gte": 2}}) == {"Mixed"}
    assert find({**record("workshop", state="upcoming"), "count": {"gte": 2}}) == set()
    assert find({"all": [record("workshop"), {**record("workshop"), "count": {"lt": 2}}]}) == {
        "Runs", "Open", "Ahead", "Far", "Past", "Early",
    }  # fmt: skip
    never = find({**record("workshop"), "count": {"eq": 0}})
    assert "Called off" in never
    assert not never & {"Runs", "Mixed", "Past"}
    assert said({**record("workshop"), "count": {"gte": 2}}) == "has a workshop, at least 2 times"
    assert said({**record("order"), "count": {"eq": 0}}) == "bought nothing"


def test_bought_long_ago_and_no_service_since(find: Find, now: datetime) -> None:
    tree = record("order", started_before={"months": 11}, none_since="repair")
    assert find(tree) == {"Old buyer"}
    with unit() as session:
        write(session, "Old buyer", "repair", -390, -388, {}, now=now)
        write(session, "Cautious", "repair", -500, -499, {}, now=now)
        write(session, "Cautious", "order", -450, None, {}, now=now)
    assert find(tree) == {"Cautious"}
    assert said(tree) == "bought more than 11 months ago, and no repair since"


def test_months_are_those_of_the_shops_calendar(find: Find, now: datetime) -> None:
    """A year ago today counts from its first minute, at midnight in the shop."""
    with unit() as session:
        a_year_ago = (now.replace(year=2025, hour=0, minute=0) - now).total_seconds() / 86_400
        write(session, "Just in", "order", a_year_ago, None, {}, now=now)
        write(session, "Just out", "order", a_year_ago - 0.0001, None, {}, now=now)
    assert find(record("order", started_within={"months": 12})) == {"Buyer", "Just in"}


def test_an_amount_belongs_to_the_same_record(find: Find, now: datetime) -> None:
    with unit() as session:
        write(session, "Thrifty", "order", -10, None, {"amount": 40_00}, now=now)
        write(session, "Thrifty", "order", -400, None, {"amount": 900_00}, now=now)
        write(session, "Lavish", "order", -10, None, {"amount": 900_00}, now=now)
    tree = record("order", started_within={"months": 1}, amount={"gte": 500_00})
    assert find(tree) == {"Lavish"}
    assert said(tree) == "bought in the last month for 500.00 or more"


# --- what is gone


@pytest.mark.parametrize(
    ("tree", "named"),
    [
        (record("workshop", staff="Cleo"), "Cleo"),
        (record("workshop", category="Clocks"), "Clocks"),
        (record("cruise"), "cruise"),
        (record("order", none_since="cruise"), "cruise"),
        ({"in_group": 77}, "a group"),
        ({"opened": {"campaign": 77}}, "a campaign"),
        ({"tag": "moonstone"}, "moonstone"),
        ({"field": "status", "op": "not_in", "value": ["vip", "royal"]}, "royal"),
    ],
)
def test_what_is_gone_is_told_when_saved_and_when_counted(
    find: Find, cast: Cast, now: datetime, tree: Tree, named: str
) -> None:
    with pytest.raises(Refusal) as counted:
        find({"not": tree})
    with pytest.raises(Refusal) as saved, unit() as session:
        segments.create(session, name="Lost", rule={"any": [tree]}, by=cast.olive, now=now)
    for refused in (counted, saved):
        assert refused.value.code == "audience_gone"
        assert named in refused.value.sentence
