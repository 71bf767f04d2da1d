"""An audience in the words of the recipient picker; also one whose segment, tag or group is gone."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from domain.audience import rules, segments
from domain.audience.leaves import either
from domain.audience.names import read as read_names
from domain.audience.unmet import group_names
from domain.audience.who import Audience, Except, Who
from domain.book import statuses

GONE_SEGMENT, GONE_GROUP = "a segment that was deleted", "a group that was deleted"


def describe(session: Session, audience: Audience) -> str:
    """Such as "Segments: VIP or Rings lovers, without Complaints"."""
    meant = _meant(session, audience)
    return f"{meant}, without {_without(session, audience.exclude)}" if audience.exclude else meant


def _meant(session: Session, audience: Audience) -> str:
    match audience.kind:
        case Who.SEGMENT:
            known = segments.names(session)
            return _named("Segment", known, audience.segment_ids, GONE_SEGMENT, "No segment chosen yet")
        case Who.GROUP:
            return _named(
                "Group", group_names(session), audience.group_ids, GONE_GROUP, "No group chosen yet"
            )
        case Who.TAGS:
            return f"Anyone tagged {either(audience.tags)}" if audience.tags else "No tag chosen yet"
        case Who.MANUAL:
            return _by_hand(len(audience.customer_ids))
        case Who.STATUS:
            return _with_status(session, audience.statuses)
        case Who.RULE:
            said = (audience.rule or rules.EVERYBODY).sentence(read_names(session))
            return "Everyone" if said == "everyone" else f"Rule: {said}"
    return "Everyone"


def _named(noun: str, names: Mapping[int, str], chosen: Sequence[int], gone: str, none: str) -> str:
    known = [names[one] for one in chosen if one in names]
    if not chosen:
        return none
    if not known:
        return gone.capitalize()
    return f"{noun if len(chosen) == 1 else noun + 's'}: {either(known + _lost(chosen, known, gone))}"


def _lost(chosen: Sequence[int], known: Sequence[str], gone: str) -> list[str]:
    return [gone] if len(known) < len(chosen) else []


def _by_hand(number: int) -> str:
    if not number:
        return "Nobody chosen yet"
    return f"{number:,} {'person' if number == 1 else 'people'} chosen by hand"


def _with_status(session: Session, keys: Sequence[str]) -> str:
    label_of = {status.key: status.label for status in statuses.every(session)}
    labels = [label_of.get(key, key) for key in keys]
    return f"Everyone with the status {either(labels)}" if labels else "No status chosen yet"


def _without(session: Session, out: Except) -> str:
    names, lists = segments.names(session), group_names(session)
    said = [names.get(one, GONE_SEGMENT) for one in out.segments]
    said += [f"the group {lists[one]}" if one in lists else GONE_GROUP for one in out.groups]
    return either([*said, *([f"anyone tagged {either(out.tags)}"] if out.tags else [])])
