"""A rule means the same in the database and in plain words, and what it does not understand it names."""

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.audience import rules
from domain.book.customers import Customer, CustomerDate, Tag
from domain.refusal import Refusal

LONDON = ZoneInfo("Europe/London")
AUCKLAND = ZoneInfo("Pacific/Auckland")


@dataclass
class Person:
    first_name: str = ""
    company: str = ""
    status: str = "customer"
    trouble: str | None = None
    opted_out: bool = False
    added_days_ago: int = 0
    tags: list[str] = field(default_factory=list)
    birthday: tuple[int, int] | None = None
    attrs: dict[str, Any] = field(default_factory=dict)


def write(session: Session, people: list[Person], now: datetime) -> None:
    tags = {name: Tag(name=name) for name in sorted({tag for person in people for tag in person.tags})}
    for person in people:
        session.add(
            Customer(
                first_name=person.first_name,
                company=person.company,
                status=person.status,
                email_trouble=person.trouble,
                marketing_opt_out=person.opted_out,
                attrs=person.attrs,
                created_at=now - timedelta(days=person.added_days_ago),
                active_at=now - timedelta(days=person.added_days_ago),
                updated_at=now,
                tags=[tags[name] for name in person.tags],
                dates=[
                    CustomerDate(kind="birthday", month=m, day=d) for m, d in filter(None, [person.birthday])
                ],
            )
        )


def found(tree: dict[str, Any], now: datetime, zone: ZoneInfo = LONDON) -> set[int]:
    with reading() as session:
        return set(session.scalars(select(Customer.id).where(rules.parse(tree).where(now, zone))))


def names(tree: dict[str, Any], now: datetime, zone: ZoneInfo = LONDON) -> set[str]:
    with reading() as session:
        return set(session.scalars(select(Customer.first_name).where(rules.parse(tree).where(now, zone))))


# --- the same people by SQL and by a plain reading

BOOK = [
    Person("Ana", "Orchid Ltd", "vip", None, False, 3, ["gold"], (11, 25), {"ring": 54, "stone": "Ruby"}),
    Person("ana", "", "lead", "bounced", True, 40, ["gold", "watches"], (2, 29), {"ring": "54"}),
    Person("Ben_", "100% Gold", "customer", None, False, 91, [], None, {"ring": "large", "größe": "M"}),
    Person("Ben%", "a\\b", "former", "complained", False, 90, ["pearls"], (12, 31), {}),
    Person("", "", "customer", None, True, 0, ["watches"], (1, 1), {"stone": ""}),
    Person("O'Neil", 'The "Shop"', "vip", None, False, 400, ["o'clock"], (11, 21), {"ring": 54.5}),
    Person("Émile", "gold", "lead", "invalid", False, 29, [], (3, 1), {"größe": "m"}),
]
TEXTS = [
    "Ana",
    "ana",
    "a",
    "%",
    "_",
    "\\",
    "O'Neil",
    '"',
    "gold",
    "Émile",
    "é",
    "M",
    "54",
    "ruby",
    "large",
    "zzz",
]
texts = st.sampled_from(TEXTS)
words = st.one_of(
    st.tuples(st.sampled_from(["eq", "ne", "contains", "starts_with"]), texts),
    st.tuples(st.sampled_from(["in", "not_in"]), st.lists(texts, max_size=3)),
    st.tuples(st.sampled_from(["is_set", "is_not_set"]), st.none()),
)
statuses = st.sampled_from(["vip", "lead", "customer", "former", "nobody"])
LEAVES = st.one_of(
    st.builds(
        lambda name, compared: {"field": name, "op": compared[0], "value": compared[1]},
        st.sampled_from(["first_name", "company", "attrs.ring", "attrs.stone", "attrs.größe"]),
        words,
    ),
    st.builds(
        lambda op, number: {"field": "attrs.ring", "op": op, "value": number},
        st.sampled_from(["gt", "gte", "lt", "lte", "eq", "ne"]),
        st.sampled_from([53, 54, 54.5, 55]),
    ),
    st.builds(
        lambda op, chosen: {"field": "status", "op": op, "value": chosen},
        st.sampled_from(["in", "not_in"]),
        st.lists(statuses, max_size=3),
    ),
    st.builds(
        lambda op, days: {"field": "created_at", "op": op, "value": days},
        st.sampled_from(["within_days", "older_than_days"]),
        st.sampled_from([0, 3, 29, 30, 90, 91, 500]),
    ),
    st.builds(
        lambda op, trouble: {"field": "email_trouble", "op": op, "value": trouble},
        st.sampled_from(["eq", "ne"]),
        st.sampled_from(["bounced", "complained"]),
    ),
    st.builds(
        lambda op, value: {"field": "marketing_opt_out", "op": op, "value": value},
        st.sampled_from(["eq", "ne"]),
        st.booleans(),
    ),
    st.builds(
        lambda days: {"date": "birthday", "within_days": days, "ignore_year": True},
        st.sampled_from([0, 4, 40, 41, 99, 100, 366]),
    ),
    st.builds(
        lambda tags: {"tag": tags}, st.lists(st.sampled_from(["gold", "PEARLS", "o'clock", "x"]), max_size=2)
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)


@pytest.mark.thorough
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES, zone=st.sampled_from([LONDON, AUCKLAND]))
def test_sql_finds_the_same_people_as_a_plain_reading(
    shop_db: Path, now: datetime, tree: dict[str, Any], zone: ZoneInfo
) -> None:
    with unit() as session:
        if session.scalar(select(Customer.id).limit(1)) is None:
            write(session, BOOK, now)
    today = now.astimezone(zone).date()
    expected = {number for number, person in enumerate(BOOK, 1) if holds(tree, person, today)}
    rule = rules.parse(tree)
    assert found(tree, now, zone) == expected
    assert rules.parse(rule.as_json()) == rule
    assert rule.sentence()


def holds(tree: dict[str, Any], person: Person, today: date) -> bool:
    """The plain reading."""
    if "all" in tree:
        return all(holds(part, person, today) for part in tree["all"])
    if "any" in tree:
        return any(holds(part, person, today) for part in tree["any"])
    if "not" in tree:
        return not holds(tree["not"], person, today)
    if "tag" in tree:
        return bool({tag.lower() for tag in tree["tag"]} & set(person.tags))
    if "date" in tree:
        return person.birthday is not None and comes_within(person.birthday, tree["within_days"], today)
    return compares(person, tree["field"], tree["op"], tree["value"])


def compares(person: Person, name: str, op: str, value: Any) -> bool:
    if op in ("ne", "not_in", "is_not_set"):
        return not compares(person, name, {"ne": "eq", "not_in": "in", "is_not_set": "is_set"}[op], value)
    if op == "within_days":
        return person.added_days_ago <= int(value)
    if op == "older_than_days":
        return person.added_days_ago > int(value)
    if name == "marketing_opt_out":
        return person.opted_out is value
    own = {"email_trouble": person.trouble or "", "status": person.status}.get(name)
    own = own if own is not None else value_of(person, name)
    if op in ("gt", "gte", "lt", "lte") or isinstance(value, float | int):
        number = as_number(own)
        return (
            number is not None
            and {
                "gt": number > value,
                "gte": number >= value,
                "lt": number < value,
                "lte": number <= value,
                "eq": number == value,
            }[op]
        )
    mine = ascii_lower(str(own))
    if op == "eq":
        return mine == ascii_lower(value)
    if op == "in":
        return mine in [ascii_lower(one) for one in value]
    if op == "contains":
        return ascii_lower(value) in mine
    if op == "starts_with":
        return mine.startswith(ascii_lower(value))
    return mine != ""


def value_of(person: Person, name: str) -> Any:
    if name.startswith("attrs."):
        return person.attrs.get(name.removeprefix("attrs."), "")
    return getattr(person, name)


def as_number(own: Any) -> float | None:
    try:
        return float(own)
    except ValueError:
        return None


def ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def comes_within(birthday: tuple[int, int], days: int, today: date) -> bool:
    for step in range(days + 1):
        day = today + timedelta(days=step)
        kept = birthday
        if birthday == (2, 29) and not calendar.isleap(day.year):
            kept = (2, 28)
        if (day.month, day.day) == kept:
            return True
    return False


@pytest.mark.parametrize("op", ["contains", "starts_with"])
@pytest.mark.parametrize("sign", ["%", "_", "\\", "/"])
def test_signs_that_mean_anything_to_a_database_mean_themselves(
    shop_db: Path, now: datetime, op: str, sign: str
) -> None:
    with unit() as session:
        write(session, [Person("Plain"), Person(f"{sign}Signed")], now)
    assert names({"field": "first_name", "op": op, "value": sign}, now) == {f"{sign}Signed"}


# --- dates and zones


@pytest.fixture
def birthdays(shop_db: Path, now: datetime) -> None:
    with unit() as session:
        days = {"Leap": (2, 29), "Last": (2, 28), "First": (3, 1), "Eve": (12, 31), "New": (1, 1)}
        write(session, [Person(name, birthday=day) for name, day in days.items()], now)


def birthday_within(days: int) -> dict[str, Any]:
    return {"date": "birthday", "within_days": days, "ignore_year": True}


@pytest.mark.parametrize(
    ("today", "days", "who"),
    [
        ("2026-12-30", 2, {"Eve", "New"}),
        ("2026-12-31", 0, {"Eve"}),
        ("2027-02-28", 0, {"Leap", "Last"}),
        ("2027-03-01", 0, {"First"}),
        ("2028-02-28", 0, {"Last"}),
        ("2028-02-29", 0, {"Leap"}),
        ("2027-02-20", 7, set()),
        ("2027-02-20", 8, {"Leap", "Last"}),
        ("2027-06-01", 366, {"Leap", "Last", "First", "Eve", "New"}),
    ],
)
def test_birthdays_come_round_over_new_year_and_leap_days(
    birthdays: None, today: str, days: int, who: set[str]
) -> None:
    noon = datetime.fromisoformat(today).replace(hour=12, tzinfo=UTC)
    assert names(birthday_within(days), noon) == who


def test_today_is_the_shops_today(birthdays: None) -> None:
    late = datetime(2026, 12, 31, 12, 30, tzinfo=UTC)  # already New Year's Day in Auckland
    assert names(birthday_within(0), late, LONDON) == {"Eve"}
    assert names(birthday_within(0), late, AUCKLAND) == {"New"}


def test_a_day_begins_at_midnight_in_the_shop(shop_db: Path) -> None:
    just_before = datetime(2026, 5, 31, 22, 59, tzinfo=UTC)  # London is an hour ahead in May
    with unit() as session:
        write(session, [Person("Late")], just_before)
        write(session, [Person("Early")], just_before + timedelta(minutes=1))
    assert names({"field": "created_at", "op": "before", "value": "2026-06-01"}, just_before) == {"Late"}
    assert names({"field": "created_at", "op": "gte", "value": "2026-06-01"}, just_before) == {"Early"}
    assert names({"field": "created_at", "op": "after", "value": "2026-05-31"}, just_before) == {"Early"}
    assert names({"field": "created_at", "op": "lte", "value": "2026-05-31"}, just_before) == {"Late"}


def test_an_exact_date_needs_its_year(shop_db: Path, now: datetime) -> None:
    with unit() as session:
        write(session, [Person("Someday", birthday=(11, 25)), Person("This year", birthday=(11, 25))], now)
        second = session.scalar(select(CustomerDate).order_by(CustomerDate.id.desc()).limit(1))
        assert second is not None
        second.year = 2026
    assert names({"date": "birthday", "within_days": 14, "ignore_year": False}, now) == {"This year"}


# --- what it says


def test_a_rule_reads_as_a_sentence() -> None:
    tree = {
        "all": [
            {"field": "status", "op": "in", "value": ["vip", "lead"]},
            {"any": [birthday_within(14), {"tag": ["gold", "watches"]}]},
            {"not": {"field": "active_at", "op": "older_than_days", "value": 90}},
        ]
    }
    assert rules.parse(tree).sentence() == (
        "status is vip or lead and (birthday in the next 14 days or tagged gold or watches)"
        " and last active not more than 90 days ago"
    )
    assert rules.parse({"all": []}).sentence() == "everyone"
    assert rules.parse({"segment": 4}).sentence({4: "Gold friends"}) == "in the segment “Gold friends”"


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"tag": ["wedding bands"]}, "not tagged wedding bands"),
        ({"tagged": True}, "has no tag"),
        ({"in_group": [3]}, "is not in the group 3"),
        ({"field": "status", "op": "in", "value": ["vip"]}, "status is not vip"),
        ({"field": "status", "op": "not_in", "value": ["vip"]}, "status is vip"),
        ({"field": "email", "op": "contains", "value": "x"}, "email address does not contain x"),
        ({"field": "marketing_opt_out", "op": "eq", "value": True}, "has not said no to all marketing"),
        ({"field": "created_at", "op": "within_days", "value": 30}, "is not new (30 days)"),
        ({"field": "attrs.is it", "op": "gt", "value": 4}, "is it is not above 4"),
        (birthday_within(14), "birthday not in the next 14 days"),
        (birthday_within(0), "birthday is not today"),
        ({"record": {"kind": "order", "started_within": {"months": 12}}}, "did not buy in the last 12 months"),
        ({"record": {"kind": "order"}, "count": {"eq": 0}}, "bought something"),
        ({"record": {"kind": "workshop", "state": "upcoming"}}, "does not have a workshop coming up"),
        (
            {"record": {"kind": "order", "started_before": {"months": 11}, "none_since": ["order"]}},
            "not anyone who bought more than 11 months ago, and no order since",
        ),
        ({"opened": {"within_days": 90}}, "did not open a message in the last 90 days"),
        ({"not_received": {"within_days": 9}}, "was contacted in the last 9 days"),
        ({"top_spend": {"percent": 10}}, "not among the top 10 % by spend"),
        ({"any": [{"tag": ["a"]}, {"tag": ["b"]}, {"tagged": False}]}, "neither tagged a nor tagged b nor has no tag"),
        ({"all": [{"tag": ["a"]}, {"tag": ["b"]}]}, "not both tagged a and tagged b"),
        ({"all": [{"tag": ["a"]}]}, "not tagged a"),
        ({"not": {"tag": ["a"]}}, "tagged a"),
        ({"all": []}, "nobody"),
    ],
)  # fmt: skip
def test_what_must_not_be_so_reads_like_words_and_not_like_code(tree: dict[str, Any], sentence: str) -> None:
    assert rules.parse({"not": tree}).sentence() == sentence
    both = rules.parse({"all": [{"tag": ["gold"]}, {"not": tree}]}).sentence()
    assert both == f"tagged gold and {sentence}"


# --- what it refuses


@pytest.mark.parametrize(
    ("tree", "named"),
    [
        ({"record": {"colour": "blue"}}, "colour"),
        ({"opened": {"colour": 1}}, "colour"),
        ({"colour": "blue"}, "colour"),
        ({}, "empty"),
        ([], "groups"),
        (None, "groups"),
        ({"all": {"tag": ["gold"]}}, "all"),
        ({"all": [], "any": []}, "all"),
        ({"not": []}, "groups"),
        ({"field": "password_hash", "op": "eq", "value": "x"}, "password_hash"),
        ({"field": "attrs.", "op": "eq", "value": "x"}, "attrs."),
        ({"field": ["status"], "op": "eq", "value": "x"}, "field"),
        ({"field": "status", "op": "like", "value": "x"}, "like"),
        ({"field": "status", "op": "within_days", "value": 3}, "within_days"),
        ({"field": "status", "op": "eq"}, "value"),
        ({"field": "status", "op": "eq", "value": "a\x00b"}, "value"),
        ({"field": "status", "op": "eq", "value": "\ud800"}, "value"),
        ({"field": "status", "op": "eq", "value": "x" * 400}, "value"),
        ({"field": "status", "op": "in", "value": "vip"}, "in"),
        ({"field": "status", "op": "eq", "value": "x", "valu": 1}, "valu"),
        ({"field": "created_at", "op": "within_days", "value": True}, "value"),
        ({"field": "created_at", "op": "within_days", "value": 10**9}, "value"),
        ({"field": "created_at", "op": "before", "value": "yesterday"}, "yesterday"),
        ({"field": "created_at", "op": "after", "value": "9999-12-31"}, "9999-12-31"),
        ({"field": "created_at", "op": "after", "value": "2026-01-01T10:00:00"}, "2026-01-01T10:00:00"),
        ({"field": "marketing_opt_out", "op": "eq", "value": "yes"}, "no marketing"),
        ({"field": "attrs.ring", "op": "gte", "value": "54"}, "number"),
        ({"field": "attrs.ring", "op": "gte", "value": float("nan")}, "number"),
        ({"date": "funeral", "within_days": 3}, "funeral"),
        ({"date": "birthday"}, "within_days"),
        ({"date": "birthday", "within_days": -1}, "within_days"),
        ({"tag": 7}, "tag"),
        ({"tag": [7]}, "tag"),
        ({"status_active": "yes"}, "status_active"),
        ({"reachable": {"channel": "pigeon"}}, "pigeon"),
        ({"reachable": {"channel": "email", "message_type": "spam"}}, "spam"),
        ({"segment": "5"}, "segment"),
        ({"segment": 2**70}, "segment"),
    ],
)
def test_what_is_not_understood_is_named(tree: Any, named: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.parse(tree)
    assert refused.value.code == "bad_rule"
    assert named in refused.value.sentence


def test_too_deep_and_too_long_are_refused() -> None:
    deep: dict[str, Any] = {"tag": ["gold"]}
    for _ in range(5000):
        deep = {"not": deep}
    leaf = {"field": "status", "op": "in", "value": [str(number) for number in range(500)]}
    long: list[dict[str, Any]] = [
        {"any": [{"tag": ["gold"]}] * 201},
        {"all": [leaf] * 5},
        {"all": [{"any": [{"all": []}] * 150}] * 2},
    ]
    for tree in (deep, *long):
        with pytest.raises(Refusal, match=r"too (deeply|long)"):
            rules.parse(tree)
