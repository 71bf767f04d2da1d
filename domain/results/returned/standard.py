"""Delivery reports by the standard (RFC 3464, its UTF-8 form RFC 6533), and by those who nearly follow it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.results.returned.heading import Heading, addresses_in, fields_of
from domain.results.returned.reasons import judge, status_in
from domain.results.returned.returned import Action, Person

MOST_PEOPLE: Final = 1_000
ABOUT_ONE: Final = ("final-recipient", "original-recipient", "x-actual-recipient", "x-original-recipient")
ARRIVED: Final = ("deliver", "relay", "expand")


@dataclass(frozen=True, slots=True)
class Verdicts:
    people: tuple[Person, ...]
    arrived: bool  # it says of somebody that the message did arrive


def read_statuses(texts: list[str], original: Heading, notice: str) -> Verdicts:
    """Everybody in the report whose message failed or waits."""
    people: dict[str, Person] = {}
    arrived = False
    for group in _groups(texts):
        if group.get("action").casefold().startswith(ARRIVED):
            arrived = True
        elif one := _person(group, original, notice):
            people.setdefault(one.address.casefold(), one)
            if len(people) >= MOST_PEOPLE:
                break
    return Verdicts(tuple(people.values()), arrived)


def has_groups(text: str) -> bool:
    return FIRST_FIELD.search(text) is not None


FIRST_FIELD: Final = re.compile(r"(?im)^(final|original)-recipient[ \t]*:")


def _groups(texts: list[str]) -> Iterator[Heading]:
    """One for each person. Some programs leave empty lines within a group, some leave none between two."""
    for text in texts:
        current: list[tuple[str, str]] = []
        seen: set[str] = set()
        for name, value in _in_order(text):
            again = name.casefold() in seen and name.casefold() in (*ABOUT_ONE, "action", "status")
            if again and not seen.isdisjoint(ABOUT_ONE):
                yield Heading.of_pairs(current)
                current, seen = [], set()
            current.append((name, value))
            seen.add(name.casefold())
        if current:
            yield Heading.of_pairs(current)


def _in_order(text: str) -> list[tuple[str, str]]:
    return fields_of("\n".join(line for line in text.splitlines() if line.strip()), MOST_PEOPLE * 12)


def _person(group: Heading, original: Heading, notice: str) -> Person | None:
    address, reached = _whose(group, original)
    if not address:
        return None
    status, diagnostic = _status(group), _diagnostic(group)
    action = _action(group, status)
    cause, permanent = judge(status, diagnostic, action, notice)
    return Person(
        address, permanent, cause, status or status_in(diagnostic), diagnostic[:1000], action, reached
    )


def _whose(group: Heading, original: Heading) -> tuple[str, str]:
    """Original-Recipient is whom we wrote to, Final-Recipient where it ended; whoever stands in our own To is right."""
    wanted = _one(group.get("original-recipient", "x-original-recipient"))
    ended = _one(group.get("final-recipient")) or _one(group.get("x-actual-recipient"))
    ours = original.addresses("to")
    known = {one.casefold() for one in ours}
    address = next((one for one in (wanted, ended) if one.casefold() in known), wanted or ended)
    if not address and len(ours) == 1 and (group.get(*ABOUT_ONE) or group.get("action")):
        address = ours[0]
    return address, ended if ended.casefold() != address.casefold() else ""


def _one(value: str) -> str:
    """`rfc822; <them@there>` in all its spellings; what has no @ is a mailbox on somebody's own machine."""
    found = addresses_in(value.partition(";")[2] or value)
    return found[-1] if found else ""


def _status(group: Heading) -> str:
    return status_in(group.get("status")) or status_in(group.get("diagnostic-code"))


def _diagnostic(group: Heading) -> str:
    said = group.get(
        "diagnostic-code", "x-supplementary-info", "x-smtp-diagnostic", "x-display-name", "failure-reason"
    )
    return re.sub(r"(?i)^\s*(x-)?[a-z0-9-]{2,20}\s*;\s*", "", said).strip()


def _action(group: Heading, status: str) -> Action:
    said = group.get("action").casefold()
    if said.startswith(("delay", "verz", "warn")) or (not said and status.startswith("4")):
        return Action.DELAYED
    return Action.FAILED
