"""A random rule gives the same people by SQL as by a plain reading of the rule, for everybody at once and for each alone.

The plain reader knows nothing of the compiler: it walks over every person's records, one by one.
"""

import calendar
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.audience import names, phrases, rules
from domain.audience.numbers import how_many
from domain.book.categories import Category
from domain.book.groups import Group, GroupMember
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.book.preferences import Preference
from domain.book.proof import Consent
from domain.book.record import CustomerRecord
from domain.ledger.deliveries import Delivery, State
from domain.ledger.events import Event
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch, DispatchState

pytestmark = pytest.mark.thorough

Tree = dict[str, Any]
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LONDON, AUCKLAND = ZoneInfo("Europe/London"), ZoneInfo("Pacific/Auckland")
PARENT = {"rings": "jewellery", "pearls": "jewellery"}
CAMPAIGN_OF = {1: 1, 2: 2, 3: None, 4: 1}  # by launch
PRACTICE = {2}
BY_WHATSAPP = {4}
GOT_IT = ("sent", "handoff", "unknown")


@dataclass
class Thing:
    kind: str
    starts: datetime
    ends: datetime | None
    status: str
    staff: str
    category: str
    mode: str | None
    amount: int | None
    currency: str | None
    uses_left: int | None


@dataclass
class Got:
    launch: int
    state: str
    days_ago: int
    events: list[tuple[str, str, int]]  # kind, who, days ago


@dataclass
class Person:
    things: list[Thing] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    groups: set[int] = field(default_factory=set)
    said: dict[str, bool] = field(default_factory=dict)  # by email
    said_there: dict[str, bool] = field(default_factory=dict)  # by WhatsApp
    consents: list[bool] = field(default_factory=list)
    opted_out: bool = False
    deleted: bool = False


# --- the book of the test: the same each time, full of edges


def book() -> list[Person]:
    chance = random.Random(1861)

    def pick(*choices: Any) -> Any:
        return chance.choice(choices)

    moments = [NOW + timedelta(days=days, hours=hours) for days in (-800, -366, -365, -31, -30, -29, -1, 0, 1, 14, 15, 31)
               for hours in (-10, 0, 15)]  # fmt: skip

    def thing() -> Thing:
        starts = pick(*moments)
        ends = pick(
            None, starts, starts + timedelta(hours=3), starts + timedelta(days=30), NOW + timedelta(days=10)
        )
        return Thing(
            pick("order", "order", "workshop", "pass", "repair"), starts, max(ends, starts) if ends else None,
            pick("active", "done", "done", "cancelled", "paused"), pick("Ana", "Bo", ""),
            pick("rings", "pearls", "jewellery", "clocks", ""), pick(None, "online", "remote", "in_store"),
            pick(None, 0, 100, 5_000, 5_000, 9_999), pick("GBP", "GBP", "EUR", None), pick(None, None, 0, 1, 3),
        )  # fmt: skip

    def got() -> Got:
        events = [(pick("opened", "clicked"), pick("human", "machine", "unsure"), pick(1, 29, 30, 31, 200))
                  for _ in range(pick(0, 1, 3))]  # fmt: skip
        state = pick("sent", "sent", "failed", "queued", "unknown", "handoff", "skipped")
        return Got(pick(1, 2, 3, 4), state, pick(1, 29, 30, 31, 200), events)

    people = []
    for _ in range(90):
        one = Person([thing() for _ in range(pick(0, 1, 2, 4))], [])
        letters = {(letter.launch): letter for letter in (got() for _ in range(pick(0, 1, 2)))}
        one.got = list(letters.values())
        one.groups = set(pick([], [1], [2], [1, 2]))
        one.said = pick({}, {"newsletter": True}, {"newsletter": False, "marketing": True})
        one.said_there = pick({}, {}, {"marketing": True}, {"marketing": False, "newsletter": True})
        one.consents = pick([], [True], [False], [False, True])
        one.opted_out, one.deleted = pick(False, False, False, True), pick(False, False, False, False, True)
        people.append(one)
    return people


BOOK = book()


def write(session: Session) -> None:
    session.execute(text("PRAGMA defer_foreign_keys=ON"))
    session.add_all([Category(key="jewellery", label="Jewellery"), Category(key="clocks", label="Clocks")])
    session.flush()
    session.add_all([Category(key=key, label=key, parent_key=parent) for key, parent in PARENT.items()])
    session.add_all([Group(id=number, name=f"List {number}", created_at=NOW) for number in (1, 2)])
    for launch, campaign in CAMPAIGN_OF.items():
        write_launch(session, launch, campaign)
    session.flush()
    for number, person in enumerate(BOOK, 1):
        write_person(session, number, person)


def write_launch(session: Session, launch: int, campaign: int | None) -> None:
    at = NOW - timedelta(days=200)
    session.add(
        Dispatch(
            id=launch, campaign_id=None, name="Launch", channel=channel_of(launch), message_type=MessageType.MARKETING,
            state=DispatchState.SENT, from_name="Shop", from_email="shop@x.example", subject="Hello",
            content_hash="0", audience={"type": "all"}, audience_label="Everyone", practice=launch in PRACTICE,
            created_at=at, starts_at=at, finished_at=NOW if launch != 3 else None,
        )
    )  # fmt: skip
    session.flush()
    if campaign is not None:
        if session.get(Campaign, campaign) is None:
            session.add(Campaign(id=campaign, name=f"Campaign {campaign}", created_at=at, updated_at=at))
            session.flush()
        session.execute(
            text("UPDATE dispatches SET campaign_id = :c, run_no = :d WHERE id = :d"),
            {"c": campaign, "d": launch},
        )


def channel_of(launch: int) -> str:
    return "whatsapp" if launch in BY_WHATSAPP else "email"


def write_person(session: Session, number: int, person: Person) -> None:
    deleted_at = NOW if person.deleted else None
    session.add(
        Customer(id=number, first_name=str(number), created_at=NOW, active_at=NOW, updated_at=NOW,
                 marketing_opt_out=person.opted_out, deleted_at=deleted_at)
    )  # fmt: skip
    session.flush()
    for one in person.things:
        facts = {"kind": one.kind, "starts_at": one.starts, "ends_at": one.ends, "status": one.status, "staff": one.staff,
                 "category": one.category, "mode": one.mode, "amount": one.amount, "currency": one.currency,
                 "uses_left": one.uses_left}  # fmt: skip
        session.add(CustomerRecord(customer_id=number, created_at=NOW, **facts))
    session.add_all([GroupMember(group_id=group, customer_id=number) for group in person.groups])
    for channel, answers in (("email", person.said), ("whatsapp", person.said_there)):
        for kind, allowed in answers.items():
            session.add(Preference(customer_id=number, channel=channel, message_type=MessageType(kind), allowed=allowed,
                                   changed_at=NOW))  # fmt: skip
    for allowed in person.consents:
        session.add(
            Consent(
                customer_id=number, channel="email", message_type="all", allowed=allowed, at=NOW, how="staff"
            )
        )
    for got in person.got:
        write_letter(session, number, got)


def write_letter(session: Session, number: int, got: Got) -> None:
    at = NOW - timedelta(days=got.days_ago)
    delivery = Delivery(dispatch_id=got.launch, customer_id=number, address_key=f"{number}@x.example",
                        state=State(got.state), next_at=at, handed_at=at)  # fmt: skip
    session.add(delivery)
    session.flush()
    for kind, who, days in got.events:
        session.add(Event(delivery_id=delivery.id, kind=kind, who=who, at=NOW - timedelta(days=days)))


# --- random rules

SPANS = st.one_of(
    st.builds(lambda days: {"days": days}, st.sampled_from([0, 1, 14, 29, 30, 31, 365])),
    st.builds(lambda months: {"months": months}, st.sampled_from([0, 1, 12, 24])),
)
SIZES = st.dictionaries(
    st.sampled_from(["gte", "lte", "gt", "lt", "eq", "ne"]),
    st.sampled_from([0, 1, 100, 5_000]),
    min_size=1,
    max_size=2,
)


def some(*words: str) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.sampled_from(words), st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True)
    )


ABOUT: dict[str, st.SearchStrategy[Any]] = {
    "kind": some("order", "workshop", "pass", "repair", "quote"),
    "state": st.sampled_from(["upcoming", "ongoing", "current", "ended"]),
    "status": some("active", "done", "cancelled", "paused"),
    "staff": some("Ana", "Bo"),
    "category": some("jewellery", "rings", "clocks"),
    "mode": st.one_of(some("online", "remote"), st.builds(lambda m: {"not": m}, some("online", "remote"))),
    "none_since": some("order", "repair"),
    "amount": SIZES,
    "uses_left": SIZES,
    "started_within": SPANS,
    "started_before": SPANS,
    "ended_within": SPANS,
    "starting_within": SPANS,
    "ending_within": SPANS,
}
# Few demands on one record, or hardly anybody would have one.
RECORD = st.lists(
    st.one_of(*[st.tuples(st.just(key), values) for key, values in ABOUT.items()]),
    min_size=1, max_size=3, unique_by=lambda pair: pair[0],
).map(dict)  # fmt: skip
COUNTS = st.builds(
    lambda op, n: {op: n}, st.sampled_from(["gte", "lte", "gt", "lt", "eq"]), st.integers(0, 3)
)
ENGAGED = st.fixed_dictionaries(
    {},
    optional={
        "campaign": st.sampled_from(["any", 1, 2]),
        "within_days": st.sampled_from([1, 29, 30, 31, 300]),
        "channel": st.sampled_from(["email", "whatsapp"]),
    },
)
LEAVES = st.one_of(
    st.builds(lambda record: {"record": record}, RECORD),
    st.builds(lambda record, count: {"record": record, "count": count}, RECORD, COUNTS),
    st.builds(lambda given: {"not_received": given}, ENGAGED),
    st.builds(
        lambda word, given, times: {word: {**given, "at_least": times}},
        st.sampled_from(["opened", "clicked", "received"]), ENGAGED, st.integers(1, 3),
    ),
    st.builds(lambda groups: {"in_group": groups}, st.lists(st.sampled_from([1, 2]), min_size=1, max_size=2)),
    st.builds(
        lambda channel, kind, state: {"preference": {"channel": channel, "message_type": kind, "state": state}},
        st.sampled_from(["email", "whatsapp"]), st.sampled_from(["marketing", "newsletter"]), st.sampled_from(["yes", "no", "unknown"]),
    ),
    st.builds(lambda yes: {"consent_recorded": yes}, st.booleans()),
    st.builds(
        lambda how, number, months: {"top_spend": {how: number, **({"within_months": months} if months else {})}},
        st.sampled_from(["percent", "count"]), st.sampled_from([1, 10, 30, 50, 100]), st.sampled_from([None, 1, 12]),
    ),
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES, zone=st.sampled_from([LONDON, AUCKLAND]), practising=st.booleans())
def test_sql_finds_the_same_people_as_a_plain_reading(
    shop_db: Path, tree: Tree, zone: ZoneInfo, practising: bool
) -> None:
    with unit() as session:
        if session.scalar(select(Customer.id).limit(1)) is None:
            write(session)
    rule = rules.parse(tree)
    expected = {number for number, one in enumerate(BOOK, 1) if holds(tree, one, Seen(zone, practising))}
    for of_many in (True, False):
        condition = rule.where(NOW, zone, of_many=of_many, practising=practising)
        with reading() as session:
            assert set(session.scalars(select(Customer.id).where(condition))) == expected
            assert how_many(session, condition) == len(expected)
    assert rules.parse(rule.as_json()) == rule
    assert rule.sentence()


@settings(max_examples=300, deadline=None)
@given(tree=LEAVES)
def test_a_line_of_the_catalogue_says_the_same_rule(tree: Tree) -> None:
    """What the catalogue reads, it writes back without loss."""
    line = phrases.read(rules.parse(tree).as_json())
    assert line is None or rules.parse(line.tree) == rules.parse(tree)


FILLED: dict[str, dict[str, Any]] = {  # what begins empty, filled
    "status": {"value": ["vip"]},
    "own": {"field": "attrs.ring", "value": "M"},
    "tag": {"tag": ["gold"]},
    "in_group": {"in_group": [3]},
    "segment": {"segment": 4},
}


def test_every_line_of_the_catalogue_begins_as_a_rule() -> None:
    for entry in phrases.ENTRIES:
        typed = {one.key: "x" for one in entry.missing(entry.values)}
        values = {**entry.values, **typed, **FILLED.get(entry.key, {})}
        rule = rules.parse(entry.tree(values))
        again = phrases.read(rule.as_json())
        assert again is not None, entry.key
        assert again.entry is entry
        assert rule.sentence(names.NONE)


# --- the plain reading


@dataclass
class Seen:
    zone: ZoneInfo
    practising: bool

    @property
    def today(self) -> date:
        return NOW.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def back(self, span: dict[str, int]) -> datetime:
        return self.midnight(shifted(self.today, span, -1))

    def ahead(self, span: dict[str, int]) -> datetime:
        return self.midnight(shifted(self.today, span, 1) + timedelta(days=1))


def shifted(day: date, span: dict[str, int], sign: int) -> date:
    if "days" in span:
        return day + sign * timedelta(days=span["days"])
    for _ in range(span["months"]):
        first = day.replace(day=1)
        other = (
            (first + timedelta(days=40)).replace(day=1)
            if sign > 0
            else (first - timedelta(days=1)).replace(day=1)
        )
        day = other.replace(day=min(day.day, calendar.monthrange(other.year, other.month)[1]))
    return day


def holds(tree: Tree, person: Person, seen: Seen) -> bool:
    if "all" in tree:
        return all(holds(part, person, seen) for part in tree["all"])
    if "any" in tree:
        return any(holds(part, person, seen) for part in tree["any"])
    if "not" in tree:
        return not holds(tree["not"], person, seen)
    key = next(key for key in READ if key in tree)
    return READ[key](tree, person, seen)


def has_records(tree: Tree, person: Person, seen: Seen) -> bool:
    number = sum(fits(tree["record"], one, person, seen) for one in person.things)
    [(op, wanted)] = tree.get("count", {"gte": 1}).items()
    return compares(number, op, wanted)


def fits(asked: Tree, one: Thing, person: Person, seen: Seen) -> bool:
    return all(ASKED[key](wanted, one, person, seen) for key, wanted in {"status": None, **asked}.items())


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def state_of(one: Thing) -> str:
    if one.starts > NOW:
        return "upcoming"
    return "ended" if one.status == "done" or (one.ends is not None and one.ends <= NOW) else "ongoing"


def in_state(wanted: str, one: Thing, *_: Any) -> bool:
    return state_of(one) in (("upcoming", "ongoing") if wanted == "current" else (wanted,))


def has_status(wanted: Any, one: Thing, *_: Any) -> bool:
    return one.status != "cancelled" if wanted is None else one.status in listed(wanted)


def in_category(wanted: Any, one: Thing, *_: Any) -> bool:
    return one.category in listed(wanted) or PARENT.get(one.category, "nothing") in listed(wanted)


def in_mode(wanted: Any, one: Thing, *_: Any) -> bool:
    return one.mode not in listed(wanted["not"]) if isinstance(wanted, dict) else one.mode in listed(wanted)


def nothing_since(kinds: Any, one: Thing, person: Person, seen: Seen) -> bool:
    later = [other for other in person.things if other.starts > one.starts and other.status != "cancelled"]
    return not any(other.kind in listed(kinds) for other in later)


def sized(name: str) -> Callable[..., bool]:
    return lambda wanted, one, *_: all(compares(getattr(one, name), op, n) for op, n in wanted.items())


def compares(number: int | None, op: str, wanted: int) -> bool:
    if number is None:
        return op == "ne"
    return {"gte": number >= wanted, "lte": number <= wanted, "gt": number > wanted, "lt": number < wanted,
            "eq": number == wanted, "ne": number != wanted}[op]  # fmt: skip


ASKED: dict[str, Callable[..., bool]] = {
    "kind": lambda wanted, one, *_: one.kind in listed(wanted),
    "staff": lambda wanted, one, *_: one.staff in listed(wanted),
    "status": has_status,
    "state": in_state,
    "category": in_category,
    "mode": in_mode,
    "none_since": nothing_since,
    "amount": sized("amount"),
    "uses_left": sized("uses_left"),
    "started_within": lambda span, one, person, seen: seen.back(span) <= one.starts <= NOW,
    "started_before": lambda span, one, person, seen: one.starts < seen.back(span),
    "ended_within": lambda span, one, person, seen: (
        state_of(one) == "ended" and (one.ends or one.starts) >= seen.back(span)
    ),
    "starting_within": lambda span, one, person, seen: NOW < one.starts < seen.ahead(span),
    "ending_within": lambda span, one, person, seen: (
        one.ends is not None and NOW < one.ends < seen.ahead(span)
    ),
}


def engaged(tree: Tree, person: Person, seen: Seen) -> bool:
    [(word, given)] = tree.items()
    since = NOW - timedelta(days=given.get("within_days", 10**5))
    campaign = given.get("campaign", "any")
    mine = [got for got in person.got if campaign in ("any", CAMPAIGN_OF[got.launch])]
    mine = [got for got in mine if seen.practising or got.launch not in PRACTICE]
    mine = [got for got in mine if given.get("channel") in (None, channel_of(got.launch))]
    if "received" in word:
        number = sum(got.state in GOT_IT and NOW - timedelta(days=got.days_ago) >= since for got in mine)
        return number == 0 if word == "not_received" else number >= given.get("at_least", 1)
    done = [event for got in mine for event in got.events if event[:2] == (word, "human")]
    return sum(NOW - timedelta(days=days) >= since for *_, days in done) >= given.get("at_least", 1)


def agreed(tree: Tree, person: Person, seen: Seen) -> bool:
    asked = tree["preference"]
    answers = person.said if asked["channel"] == "email" else person.said_there
    said = False if person.opted_out else answers.get(asked["message_type"])
    return bool(said is {"yes": True, "no": False, "unknown": None}[asked["state"]])


def spends(tree: Tree, person: Person, seen: Seen) -> bool:
    asked = tree["top_spend"]
    since = (
        seen.back({"months": asked["within_months"]})
        if "within_months" in asked
        else datetime.min.replace(tzinfo=UTC)
    )
    return any(at_the_top(asked, person, since, currency) for currency in ("GBP", "EUR", None))


def at_the_top(asked: Tree, person: Person, since: datetime, currency: str | None) -> bool:
    mine = spent(person, since, currency)
    everybody = [spent(other, since, currency) for other in BOOK if not other.deleted]
    buyers = [sum_ for sum_ in everybody if sum_ > 0]
    places = asked["count"] if "count" in asked else -(-len(buyers) * asked["percent"] // 100)
    return not person.deleted and mine > 0 and sum(other > mine for other in buyers) < places


def spent(person: Person, since: datetime, currency: str | None) -> int:
    orders = [one for one in person.things if one.kind == "order" and one.status != "cancelled"]
    return sum(one.amount or 0 for one in orders if one.currency == currency and since <= one.starts <= NOW)


READ: dict[str, Callable[[Tree, Person, Seen], bool]] = {
    "record": has_records,
    "opened": engaged,
    "clicked": engaged,
    "received": engaged,
    "not_received": engaged,
    "in_group": lambda tree, person, seen: bool(person.groups & set(tree["in_group"])),
    "preference": agreed,
    "consent_recorded": lambda tree, person, seen: any(person.consents) is tree["consent_recorded"],
    "top_spend": spends,
}
