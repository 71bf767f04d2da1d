"""What the shop promises its customers: when it keeps quiet, how much is enough, and what is measured. Pure."""

import re
from dataclasses import dataclass
from typing import Any, Final

from domain.refusal import invalid

WALL: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(:00)?")
MOST_MESSAGES, MOST_DAYS = 100, 365
QUIET_FIELDS: Final = ("quiet_from", "quiet_until")
CAP_FIELDS: Final = {"cap_messages": MOST_MESSAGES, "cap_days": MOST_DAYS}
FIELDS: Final = (
    *QUIET_FIELDS,
    "quiet_sundays",
    *CAP_FIELDS,
    "measured",
    "one_click_stops_all",
    "sign_up_open",
)
USUALLY_MEASURED: Final = ["marketing", "newsletter"]
MEASURABLE: Final = (*USUALLY_MEASURED, "operational")  # kinds of messages


@dataclass(frozen=True, slots=True)
class Quiet:
    """In minutes after midnight on the shop's wall, over midnight where `until_minute` is the smaller one.

    Without both, or where they are the same, there are no quiet hours. When it ends: `calendar.quiet_until`.
    """

    from_minute: int | None
    until_minute: int | None
    sundays: bool

    @property
    def hours(self) -> tuple[int, int] | None:
        if self.from_minute is None or self.until_minute is None or self.from_minute == self.until_minute:
            return None
        return self.from_minute, self.until_minute


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many marketing messages to one person in so many days."""

    messages: int
    days: int

    @property
    def window(self) -> str:
        return "the last 24 hours" if self.days == 1 else f"the last {self.days} days"


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    """Those of `fields` that are rules, as they are kept. Empty turns a rule off. Raises Refusal by field."""
    return {name: _READ[name](name, value) for name, value in fields.items() if name in FIELDS}


def require_pairs(rules: dict[str, Any]) -> None:
    """Hours need both ends, and a limit needs its days. Raises Refusal at the one that is missing."""
    for one, other, sentence in PAIRS:
        for missing, given in ((one, other), (other, one)):
            if rules[missing] is None and rules[given] is not None:
                raise invalid(missing, sentence)


def on_the_wall(minute: int | None) -> str:
    """ "21:00"; empty for none."""
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"


PAIRS: Final = (
    ("quiet_from", "quiet_until", "Quiet hours need both: when they begin and when they end."),
    ("cap_messages", "cap_days", "The limit needs both: how many messages, and in how many days."),
)


def _minute(name: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    found = WALL.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise invalid(name, "This is not a time of day. Use a form such as 21:00.")
    return int(found[1]) * 60 + int(found[2])


def _yes_or_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid(name, "This is either true or false.")
    return value


def _number(name: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    most = CAP_FIELDS[name]
    digits = value.strip() if isinstance(value, str) else ""
    number = int(digits) if digits.isdecimal() and len(digits) < 5 else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
        raise invalid(name, f"This must be a whole number from 1 to {most}.")
    return number


def _kinds(name: str, value: Any) -> list[str]:
    """Kinds of messages whose opens and clicks are counted, in one order however they were given."""
    if not isinstance(value, list) or any(one not in MEASURABLE for one in value):
        raise invalid(name, "These are kinds of messages: " + ", ".join(MEASURABLE) + ".")
    return [one for one in MEASURABLE if one in value]


_READ: Final = {
    **dict.fromkeys(QUIET_FIELDS, _minute),
    "quiet_sundays": _yes_or_no,
    **dict.fromkeys(CAP_FIELDS, _number),
    "measured": _kinds,
    "one_click_stops_all": _yes_or_no,
    "sign_up_open": _yes_or_no,
}
