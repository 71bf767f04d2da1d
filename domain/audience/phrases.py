"""The conditions that can be said, in the order in which a screen offers them; particular ones before general ones."""

from collections.abc import Mapping
from typing import Any, Final

from domain.audience.catalogue import Ask, Entry, Input, Line, Of, Path, Tree
from domain.audience.catalogue import read as read_with

WHO, DAYS, LISTS = "Who they are", "Their days", "Groups, tags and segments"
BOUGHT, BOOKED, GOT, MAY = (
    "What they bought",
    "What they booked",
    "What they got from you",
    "What they agreed to",
)
GROUPS: Final = (WHO, DAYS, LISTS, BOUGHT, BOOKED, GOT, MAY)

IS: Final = {"in": "is any of", "not_in": "is none of"}
TEXT_OPS: Final = {
    "contains": "contains", "starts_with": "begins with", "eq": "is", "ne": "is not",
    "is_set": "is known", "is_not_set": "is not known",
}  # fmt: skip
SIZE_OPS: Final = {"gt": "is above", "gte": "is at least", "lt": "is below", "lte": "is at most"}
BARE: Final = ("op", ("is_set", "is_not_set"))
STATES: Final = {
    "upcoming": "coming up",
    "ongoing": "running now",
    "current": "running or coming up",
    "ended": "over",
}
MODES: Final = {"in_store": "in the shop", "online": "online", "remote": "remote"}
RECORD_STATUSES: Final = {"active": "active", "paused": "paused", "done": "done", "cancelled": "cancelled"}
MESSAGE_TYPES: Final = {
    "marketing": "marketing",
    "newsletter": "newsletters",
    "operational": "messages about orders",
}
REFUSABLE: Final = {"marketing": "marketing", "newsletter": "newsletters"}
SAID: Final = {"yes": "has said yes to", "no": "has said no to", "unknown": "has said nothing about"}
CHANNELS: Final = {"email": "email", "whatsapp": "WhatsApp"}
YEAR: Final = 366


def days(path: Path, label: str = "days", most: int = 36_500) -> Input:
    return Input(path, Ask.DAYS, label, most=most)


def _field(field: str, label: str) -> Entry:
    begin = {"field": field, "op": "contains", "value": ""}
    return Entry(field, label, WHO, begin, (_op(TEXT_OPS), Input(("value",), Ask.TEXT, label, not_with=BARE)))


def _op(ops: Mapping[Any, str]) -> Input:
    return Input(("op",), Ask.CHOICE, "How", ops)


def _span(field: str, op: str, key: str, label: str, number: int) -> Entry:
    return Entry(key, label, WHO, {"field": field, "op": op, "value": number}, (days(("value",)),))


def _switch(key: str, label: str, group: str, tree: Tree) -> Entry:
    return Entry(key, label, group, tree)


def _date(kind: str, label: str) -> Entry:
    begin = {"date": kind, "within_days": 14, "ignore_year": True}
    note = Input(("note",), Ask.TEXT, "called", optional=True)
    gaps = (days(("within_days",), "days from today", YEAR), *([note] if kind == "custom" else []))
    return Entry(kind, label, DAYS, begin, gaps)


def _narrowings(*left_out: str) -> tuple[Input, ...]:
    """What may be added to every condition about a record."""
    every = (
        Input(("record", "staff"), Ask.CHOICES, "served by", of=Of.STAFF, optional=True, usual=[]),
        Input(("record", "category"), Ask.CHOICES, "in category", of=Of.CATEGORIES, optional=True, usual=[]),
        Input(("record", "mode"), Ask.CHOICE, "held", MODES, optional=True, usual="online"),
        Input(("record", "mode", "not"), Ask.CHOICE, "leaving out", MODES, optional=True, usual="remote"),
        Input(("record", "status"), Ask.CHOICES, "marked", RECORD_STATUSES, optional=True, usual=["active"]),
        Input(("record", "amount", "gte"), Ask.MONEY, "for at least", least=1, optional=True, usual=100_00),
        Input(("record", "amount", "lte"), Ask.MONEY, "for at most", least=1, optional=True, usual=100_00),
        Input(
            ("count", "gte"), Ask.NUMBER, "at least this often", least=1, most=1_000, optional=True, usual=2
        ),
    )
    return tuple(one for one in every if one.key not in left_out)


def _when(name: str, label: str, *, optional: bool = True, usual: Any = None) -> Input:
    number = {"days": 30} if usual is None else usual
    return Input(("record", name), Ask.SPAN, label, least=1, optional=optional, usual=number)


KIND: Final = Input(("record", "kind"), Ask.CHOICES, "what", of=Of.KINDS)
WITHIN: Final = "in the last"


def _bought(key: str, label: str, word: str, months: int) -> Entry:
    begin = {"record": {"kind": "order", word: {"months": months}}}
    said = WITHIN if word == "started_within" else "more than this long ago"
    since = Input(
        ("record", "none_since"), Ask.CHOICES, "with none of these since then", of=Of.KINDS, optional=True
    )
    gaps = (_when(word, said, optional=False), *([since] if word == "started_before" else []), *_narrowings())
    return Entry(key, label, BOUGHT, begin, gaps)


def _spender(key: str, label: str, unit: str, word: str, number: int, most: int) -> Entry:
    begin = {"top_spend": {word: number, "within_months": 24}}
    size = Input(("top_spend", word), Ask.NUMBER, unit, least=1, most=most)
    months = Input(
        ("top_spend", "within_months"), Ask.NUMBER, "in the last months", least=1, most=240, optional=True
    )
    return Entry(key, label, BOUGHT, begin, (size, months))


def _record(key: str, label: str, kind: str, state: str, *extra: Input, **fixed: Any) -> Entry:
    begin = {"record": {"kind": kind, "state": state, **fixed}}
    fixed_keys = [f"record.{name}" for name in fixed]
    return Entry(key, label, BOOKED, begin, (*extra, *_narrowings(*fixed_keys)))


def _any_record() -> Entry:
    state = Input(("record", "state"), Ask.CHOICE, "when", STATES, optional=True, usual="current")
    spans = (
        _when("started_within", "begun in the last"),
        _when("started_before", "begun more than this long ago"),
        _when("ended_within", "over within the last"),
        _when("starting_within", "beginning in the next"),
        _when("ending_within", "ending in the next"),
    )
    uses = Input(
        ("record", "uses_left", "gte"),
        Ask.NUMBER,
        "with uses left, at least",
        least=1,
        optional=True,
        usual=1,
    )
    since = Input(
        ("record", "none_since"), Ask.CHOICES, "with none of these since then", of=Of.KINDS, optional=True
    )
    begin = {"record": {"kind": ["appointment"], "state": "current"}}
    return Entry("record", "Has, or had", BOOKED, begin, (KIND, state, *spans, uses, since, *_narrowings()))


def _never() -> Entry:
    begin = {"record": {"kind": ["order"]}, "count": {"eq": 0}}
    gaps = (KIND, _when("started_within", WITHIN), *_narrowings("count.gte"))
    return Entry("no_record", "Has never had", BOOKED, begin, gaps)


def _got(word: str, label: str, *, often: bool = True) -> Entry:
    campaign = Input((word, "campaign"), Ask.CHOICE, "of the campaign", of=Of.CAMPAIGNS, optional=True)
    within = Input((word, "within_days"), Ask.DAYS, "in the last days", least=1, optional=True, usual=90)
    times = Input(
        (word, "at_least"), Ask.NUMBER, "at least this often", least=1, most=1_000, optional=True, usual=2
    )
    channel = Input((word, "channel"), Ask.CHOICE, "by", CHANNELS, optional=True, usual="whatsapp")
    begin: Tree = {word: {"within_days": 90}}
    return Entry(word, label, GOT, begin, (campaign, within, channel, *([times] if often else [])))


ENTRIES: Final[tuple[Entry, ...]] = (
    Entry("status", "Status", WHO, {"field": "status", "op": "in", "value": []},
          (_op(IS), Input(("value",), Ask.CHOICES, "Which", of=Of.STATUSES))),
    _switch("active", "Is an active customer", WHO, {"status_active": True}),
    _span("created_at", "within_days", "new", "Is new", 30),
    _span("created_at", "older_than_days", "known_for", "Was added a while ago", 365),
    _span("active_at", "within_days", "active_lately", "Was active lately", 90),
    _span("active_at", "older_than_days", "quiet", "Has been quiet", 90),
    _field("first_name", "First name"),
    _field("last_name", "Last name"),
    _field("company", "Company"),
    _field("email", "Email address"),
    _field("phone", "Phone number"),
    _field("postcode", "Postcode"),
    _field("language", "Language"),
    Entry("own", "Your own field", WHO, {"field": "attrs.", "op": "eq", "value": ""},
          (Input(("field",), Ask.OWN_FIELD, "Field"), _op({**TEXT_OPS, **SIZE_OPS}),
           Input(("value",), Ask.VALUE, "Value", not_with=BARE))),
    _date("birthday", "Birthday"),
    _date("wedding", "Wedding anniversary"),
    _date("engagement", "Engagement anniversary"),
    _date("name_day", "Name day"),
    _date("custom", "Another special day"),
    Entry("tag", "Has any of these tags", LISTS, {"tag": []}, (Input(("tag",), Ask.CHOICES, "Which", of=Of.TAGS),)),
    _switch("tagged", "Has a tag at all", LISTS, {"tagged": True}),
    Entry("in_group", "Is in the group", LISTS, {"in_group": []},
          (Input(("in_group",), Ask.CHOICES, "Which", of=Of.GROUPS),)),
    Entry("segment", "Belongs to the segment", LISTS, {"segment": None},
          (Input(("segment",), Ask.CHOICE, "Which", of=Of.SEGMENTS),)),
    _bought("bought", "Bought lately", "started_within", 12),
    _bought("bought_before", "Bought a while ago", "started_before", 11),
    _spender("top_percent", "Among those who spend most, in per cent", "per cent", "percent", 10, 100),
    _spender("top_count", "Among those who spend most, by number", "people", "count", 20, 1_000_000),
    _record("pass", "Has a gift card or pass that is still good", "pass", "ongoing",
            _when("ending_within", "ending in the next"), uses_left={"ne": 0}),
    _record("care_plan", "Has a care plan running", "subscription", "ongoing",
            _when("ending_within", "ending in the next"), status="active"),
    _record("repair_ready", "Has a repair that waits to be collected", "repair", "ended",
            _when("ended_within", "ready since at most"), status="active"),
    _record("appointment_ahead", "Has an appointment coming up", "appointment", "upcoming",
            _when("starting_within", "in the next")),
    _record("appointment_past", "Came to an appointment", "appointment", "ended", _when("ended_within", WITHIN)),
    _record("workshop_running", "Has a workshop running now", "workshop", "ongoing"),
    _record("workshop_ahead", "Has a workshop coming up", "workshop", "upcoming",
            _when("starting_within", "in the next")),
    _record("workshop_current", "Has a workshop running or coming up", "workshop", "current"),
    _record("workshop_past", "Finished a workshop", "workshop", "ended", _when("ended_within", WITHIN)),
    _any_record(),
    _never(),
    _got("opened", "Opened a message"),
    _got("clicked", "Clicked in a message"),
    _got("received", "Received a message"),
    _got("not_received", "Received no message", often=False),
    Entry("reachable", "May be written to", MAY, {"reachable": {"channel": "email", "message_type": "marketing"}},
          (Input(("reachable", "channel"), Ask.CHOICE, "by", CHANNELS),
           Input(("reachable", "message_type"), Ask.CHOICE, "with", MESSAGE_TYPES))),
    Entry("preference", "Has said yes or no", MAY,
          {"preference": {"channel": "email", "message_type": "newsletter", "state": "yes"}},
          (Input(("preference", "state"), Ask.CHOICE, "What", SAID),
           Input(("preference", "message_type"), Ask.CHOICE, "to", REFUSABLE),
           Input(("preference", "channel"), Ask.CHOICE, "by", CHANNELS))),
    _switch("no_consent", "Has no recorded consent", MAY, {"consent_recorded": False}),
    _switch("consent", "Has a recorded consent", MAY, {"consent_recorded": True}),
    _switch("no_marketing", "Wants no marketing at all", MAY,
            {"field": "marketing_opt_out", "op": "eq", "value": True}),
    _switch("trouble", "Has an address problem", MAY, {"field": "email_trouble", "op": "is_set"}),
    _switch("whatsapp_known", "Has a number or a name for WhatsApp", MAY,
            {"field": "whatsapp_address", "op": "is_set"}),
    _switch("whatsapp_trouble", "Can’t be reached on WhatsApp", MAY,
            {"field": "whatsapp_trouble", "op": "is_set"}),
)  # fmt: skip
BY_KEY: Final[Mapping[str, Entry]] = {entry.key: entry for entry in ENTRIES}


def read(tree: Tree) -> Line | None:
    """The line that says this condition, or None."""
    return read_with(tree, ENTRIES)
