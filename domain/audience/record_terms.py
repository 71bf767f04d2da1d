"""What a condition about a record may ask for, as it is written in a rule."""

from dataclasses import dataclass, field

from domain.audience.span import Span


@dataclass(frozen=True, slots=True)
class RecordTerms:
    kind: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    none_since: tuple[str, ...] = ()  # kinds of which the customer had none after it
    state: str = ""
    mode: tuple[str, ...] = ()
    not_mode: tuple[str, ...] = ()
    spans: dict[str, Span] = field(default_factory=dict)
    amount: tuple[tuple[str, int], ...] = ()  # in the currency's smallest unit
    uses_left: tuple[tuple[str, int], ...] = ()
    count: tuple[str, int] = ("gte", 1)
