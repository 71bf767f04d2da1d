"""What the last question says where a launch goes by two channels: how many by each, and the lines about WhatsApp."""

from collections.abc import Iterator

from domain.sending.preview import Prospect
from domain.sending.sibling import Goes
from ui import words
from ui.parts.whatsapp_outlook import cost_said


def also_pairs(found: Prospect) -> Iterator[tuple[str, str]]:
    """Nothing where none goes."""
    also = found.also
    if also is None:
        return
    count = also.usual
    yield (
        "By WhatsApp to",
        words.named(also.first_names, count.reachable) if count.reachable else "nobody at once",
    )
    if also.goes is Goes.AFTER:
        yield (
            "Later by WhatsApp",
            f"whoever does not open the email within {words.counted(also.after_days, 'day')}",
        )
    if also.goes is Goes.TOGETHER and count.reachable:
        yield "On both", "whoever said yes to WhatsApp and has a working address"
    if count.reachable:
        yield "WhatsApp costs", cost_said(also.forecast.cost)
    yield (
        "For WhatsApp, worth a look",
        " ".join(one for one in also.doubts if also.forecast.cost.words not in one),
    )


def whom(found: Prospect, *, to_all: bool = False) -> str:
    """Such as "290 people", or "290 people by email and 22 by WhatsApp"."""
    people = words.people(number(found, to_all))
    there = beside(found, to_all=to_all)
    return f"{people} by email and {words.number(there)} by WhatsApp" if there else people


def sends_said(found: Prospect, *, to_all: bool = False) -> str:
    """For the button: short enough for a phone, where the title says how many by each."""
    there, people = beside(found, to_all=to_all), number(found, to_all)
    return f"Send {people + there:,} messages" if there else f"Send to {words.people(people)}"


def number(found: Prospect, to_all: bool) -> int:
    return (found.everyone if to_all else found.usual).reachable


def beside(found: Prospect, *, to_all: bool = False) -> int:
    """How many get it on the other channel."""
    if found.also is None:
        return 0
    return (found.also.everyone if to_all else found.also.usual).reachable


def messages(found: Prospect) -> int:
    """If it went to everybody, also to whom it reached before."""
    return found.everyone.reachable + beside(found, to_all=True)


def reached(found: Prospect) -> int:
    return found.reached + beside(found, to_all=True) - beside(found)


def was_launched(found: Prospect) -> bool:
    """And reached some of them, by whichever channel."""
    return found.remaining is not None or (found.also is not None and found.also.remaining is not None)


def scheduled_said(found: Prospect) -> str:
    there, people = beside(found), number(found, to_all=False)
    return f"Schedule {people + there:,} messages" if there else f"Schedule for {words.people(people)}"
