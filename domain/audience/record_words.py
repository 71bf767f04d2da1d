"""How a condition about a record reads: "has a workshop coming up, served by Ana"."""

from typing import Final

from domain.audience.leaf import called, either
from domain.audience.names import Names
from domain.audience.record_terms import RecordTerms

NOUNS: Final = {"order": "order", "appointment": "appointment", "repair": "repair", "workshop": "workshop",
                "pass": "gift card or pass", "subscription": "care plan", "quote": "quote"}  # fmt: skip
USUAL_LABELS: Final = {"workshop": "Workshop place"}  # where label and noun differ
HELD: Final = {"in_store": "in-store", "online": "online", "remote": "remote"}
CAME_TO: Final = {"appointment": "came to", "repair": "had"}
STATES: Final = {"upcoming": "coming up", "ongoing": "running now", "current": "running or coming up"}
SIZE: Final = {"gte": "{} or more", "gt": "more than {}", "lte": "at most {}", "lt": "less than {}", "eq": "exactly {}",
               "ne": "other than {}"}  # fmt: skip
OFTEN: Final = {"gte": "at least", "gt": "more than", "lte": "at most", "lt": "less than", "eq": "exactly"}


def said(leaf: RecordTerms, names: Names) -> str:
    head = _bought(leaf) if _is_purchase(leaf) else _has(leaf, names)
    return head + _spans(leaf) + _narrowed(leaf, names) + _often(leaf)


def _is_purchase(leaf: RecordTerms) -> bool:
    return leaf.kind == ("order",) and leaf.state in ("", "ended")


def _never(leaf: RecordTerms) -> bool:
    return leaf.count == ("eq", 0)


def _bought(leaf: RecordTerms) -> str:
    modes = f" {either([HELD[mode] for mode in leaf.mode])}" if leaf.mode else ""
    return ("bought nothing" if _never(leaf) else "bought") + modes


def _has(leaf: RecordTerms, names: Names) -> str:
    thing = _thing(leaf, names)
    if leaf.state == "ended":
        if _waits(leaf):
            return f"has {thing} ready and not collected"
        verb = CAME_TO.get(leaf.kind[0], "finished") if len(leaf.kind) == 1 else "finished"
        return f"{verb} {thing}"
    if leaf.state == "upcoming" and "starting_within" in leaf.spans:
        return f"has {thing} in the next {leaf.spans['starting_within']}"
    return f"has {thing}{_state(leaf)}"


def _state(leaf: RecordTerms) -> str:
    if leaf.state == "ongoing" and _is_good(leaf):
        return " that is still good"
    if leaf.state == "ongoing" and leaf.kind == ("subscription",):
        return " running"
    return f" {STATES[leaf.state]}" if leaf.state else ""


def _thing(leaf: RecordTerms, names: Names) -> str:
    """an online workshop; a repair or a quote; no workshop"""
    if not leaf.kind:
        return "nothing on record" if _never(leaf) else "something on record"
    held = f"{either([HELD[mode] for mode in leaf.mode])} " if leaf.mode else ""
    nouns = [held + _noun(key, names) for key in leaf.kind]
    return f"no {either(nouns)}" if _never(leaf) else either([_with_article(noun) for noun in nouns])


def _noun(key: str, names: Names) -> str:
    """The shop's own label, unless it is the one that comes with Handbill."""
    label = names.kinds.get(key, "")
    if not label or label == USUAL_LABELS.get(key):
        return NOUNS.get(key, key)
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _is_good(leaf: RecordTerms) -> bool:
    return leaf.kind == ("pass",) and ("ne", 0) in leaf.uses_left


def _waits(leaf: RecordTerms) -> bool:
    return leaf.kind == ("repair",) and leaf.status == ("active",)


def _spans(leaf: RecordTerms) -> str:
    bought = _is_purchase(leaf)
    words = {
        "started_within": "in the last {}" if bought else "begun in the last {}",
        "started_before": "more than {} ago" if bought else "begun more than {} ago",
        "ended_within": "in the last {}" if leaf.state == "ended" else "over in the last {}",
        "starting_within": "" if leaf.state == "upcoming" else "beginning in the next {}",
        "ending_within": "ending in the next {}",
    }
    shown = [
        words[name].format(span.counted if name == "started_before" else span)
        for name, span in leaf.spans.items()
    ]
    return "".join(f" {one}" for one in shown if one)


def _narrowed(leaf: RecordTerms, names: Names) -> str:
    said = [f" for {' and '.join(_sizes(leaf.amount, money=True))}"] if leaf.amount else []
    if leaf.category:
        said.append(f" in category {either(called(leaf.category, names.categories))}")
    if leaf.status and not _is_implied(leaf):
        said.append(f", marked {either(leaf.status)}")
    if leaf.uses_left and not (leaf.state == "ongoing" and _is_good(leaf)):
        said.append(f", with {' and '.join(_sizes(leaf.uses_left))} uses left")
    if leaf.staff:
        said.append(f", served by {either(called(leaf.staff, names.staff))}")
    if leaf.not_mode:
        said.append(f", {either([HELD[mode] for mode in leaf.not_mode])} ones left out")
    if leaf.none_since:
        said.append(f", and no {either([_noun(key, names) for key in leaf.none_since])} since")
    return "".join(said)


def _is_implied(leaf: RecordTerms) -> bool:
    running = leaf.kind == ("subscription",) and leaf.state == "ongoing"
    return leaf.status == ("active",) and (running or (leaf.state == "ended" and _waits(leaf)))


def _sizes(compared: tuple[tuple[str, int], ...], *, money: bool = False) -> list[str]:
    return [SIZE[op].format(_money(number) if money else f"{number:,}") for op, number in compared]


def _money(amount: int) -> str:
    whole, rest = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole:,}.{rest:02}"


def _often(leaf: RecordTerms) -> str:
    op, number = leaf.count
    if leaf.count in (("gte", 1), ("eq", 0)):
        return ""
    return f", {OFTEN[op]} {'once' if number == 1 else f'{number:,} times'}"
