"""A post of WhatsApp taken apart: what each part is about, when it was told, and whether it is about the shop. Pure.

It comes as entries with changes; from their test button as a bare change, from older forms and from programs in between as
what stands in one. Wherever one thing stands where a list is meant, it is a list of one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from domain.results.report import Kind, Report, moment, part, tidy

NAME: Final = "whatsapp"
INSIDE: Final = ("messages", "statuses", "errors")  # what may stand in a change of the field "messages"
NUMBER: Final = re.compile(r"\d{1,20}(\.\d{1,9})?")
FIRST: Final = datetime(2009, 1, 1, tzinfo=UTC)  # nobody wrote by WhatsApp before


@dataclass(frozen=True, slots=True)
class Part:
    """`is_ours`: about the shop's number and account, as far as they are named; a business may have more of both."""

    field: str
    value: Any
    whole: Any
    at: datetime | None
    time: Any  # when it was told, as they write it; the same thing may happen twice
    is_ours: bool = True


def parts(whole: Any, keys: Mapping[str, str]) -> Iterator[Part]:
    for one in several(whole):
        if isinstance(one, dict) and "entry" in one:
            for entry in several(one["entry"]):
                yield from _of_entry(entry, keys)
        else:
            yield from _of_entry(one, keys)


def _of_entry(entry: Any, keys: Mapping[str, str]) -> Iterator[Part]:
    changes = part(entry, "changes")
    for change in several(changes) if changes is not None else several(_as_change(entry)):
        field, value = tidy(part(change, "field"), 60), part(change, "value")
        time = part(entry, "time")
        at = instant(part(value, "timestamp")) or instant(time)
        yield Part(field, value, change, at, time, _is_ours(entry, value, keys))


def _as_change(found: Any) -> Any:
    """A bare change, or what stands in one; None where it is neither."""
    if not isinstance(found, dict):
        return None
    if "value" in found:
        return found
    return (
        {"field": found.get("field") or "messages", "value": found}
        if any(one in found for one in INSIDE)
        else None
    )


def _is_ours(entry: Any, value: Any, keys: Mapping[str, str]) -> bool:
    number, mine = tidy(part(value, "metadata", "phone_number_id"), 40), keys.get("phone_number_id", "")
    if number and mine:
        return number == mine
    about = part(value, "waba_info")  # then the entry is of whoever has to do with the account
    account = tidy(part(about, "waba_id") if isinstance(about, dict) else part(entry, "id"), 40)
    mine = keys.get("business_account_id", "")
    return (not account and about is None) or not mine or account == mine


def several(found: Any) -> list[Any]:
    """A list as it is, one thing as a list of one, anything else as none."""
    return found if isinstance(found, list) else [found] if isinstance(found, dict) else []


def instant(told: Any) -> datetime | None:
    """Seconds, or thousandths or millionths of them; None for what can't be meant."""
    if isinstance(told, str) and NUMBER.fullmatch(told.strip()) and told.isascii():
        told = float(told)
    if isinstance(told, int | float) and not isinstance(told, bool):
        told = next((told / by for by in (1, 1_000, 1_000_000) if told / by < 1e11), None)
    found = moment(told)
    return found if found is not None and found >= FIRST else None


def told(kind: Kind, event_id: str, **more: Any) -> Report:
    return Report(provider=NAME, channel=NAME, kind=kind, event_id=event_id, **more)
