"""What came of a send: six figures, each with what it is a share of, each a way to the people behind it.

Which six, and what hangs on them, goes by the channel: WhatsApp tells of everybody, and holds some back itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import ui

from domain.results.figures import Figures, Told
from domain.results.recipients import Figure
from ui import channel_words, words
from ui.parts.basics import box, put, text
from ui.parts.equation import ALL, marked
from ui.parts.feedback import handled

LABELS: Final = {
    ALL: "Recipients",
    "sent": "Sent",
    Figure.DELIVERED: "Delivered",
    Figure.PENDING: "Pending",
    Figure.OPENED: "Opened",
    Figure.CLICKED: "Clicked",
}
BY_WHATSAPP: Final = {
    "sent": "Sent",
    Figure.DELIVERED: "Delivered",
    Figure.OPENED: "Read",
    Figure.REPLIED: "Replied",
    Figure.UNDELIVERED: "Failed",
    Figure.HELD: "Held by WhatsApp",
}
MEANING: Final[dict[str, str]] = {
    Figure.DELIVERED: "A report came that it arrived.",
    Figure.PENDING: "Sent, and no report of it came yet.",
    Figure.CLICKED: "People who pressed a link of the message.",
    Figure.REPLIED: "People who wrote back.",
    Figure.UNDELIVERED: "WhatsApp refused it at once, or took it and could not deliver it.",
    Figure.HELD: "They get many marketing messages just now, from any business, so WhatsApp keeps this one back.",
}
# Above zero only: the words, their tone, and the card that they stand on.
Badges = dict[str, tuple[str, str, str]]
BADGES: Final[Badges] = {
    Figure.BOUNCED: ("came back", "bad", Figure.DELIVERED),
    Figure.COMPLAINED: ("complained", "bad", Figure.DELIVERED),
    "failed": ("failed", "bad", Figure.DELIVERED),
    Figure.REPLIED: ("wrote back", "good", Figure.CLICKED),
}
BADGES_BY_WHATSAPP: Final[Badges] = {
    Figure.PENDING: ("not reported yet", "mute", Figure.DELIVERED),
    Figure.COMPLAINED: ("complained", "bad", Figure.DELIVERED),
    Figure.CLICKED: ("pressed a link", "good", Figure.OPENED),
}
WHATSAPP: Final = "whatsapp"
UNKNOWN: Final = "–"


@dataclass(frozen=True)
class Said:
    value: str
    share: str  # with what it is a share of
    beside: str = ""  # what machines did


class OutcomeCards:
    """`set` changes the figures in place; `paint` marks the one whose people are listed, unless everybody is."""

    def __init__(self, on_pick: Callable[[str], Any], picked: str = ALL, *, channel: str = "email") -> None:
        self.on_pick, self.words = on_pick, channel_words.of(channel)
        self.by_badge = BADGES_BY_WHATSAPP if channel == WHATSAPP else BADGES
        self.said: dict[str, tuple[ui.label, ui.label, ui.label]] = {}
        self.faces: dict[str, ui.element] = {}
        self.badges: dict[str, tuple[ui.element, ui.label]] = {}
        with put(box("hb-figures", testid="figures"), role="group", aria_label="What came of it"):
            for term, label in (BY_WHATSAPP if channel == WHATSAPP else LABELS).items():
                self._card(term, label)
        self.paint(picked)

    def set(self, figures: Figures) -> None:
        for term, labels in self.said.items():
            said = _said(term, figures)
            for place, told in zip(labels, (said.value, said.share, said.beside), strict=True):
                place.set_text(told)
            labels[2].visible = bool(said.beside)
        for term, (badge, label) in self.badges.items():
            count = _on_a_badge(term, figures)
            badge.visible = count > 0
            label.set_text(f"{words.number(count)} {self.by_badge[term][0]}")

    def paint(self, picked: str) -> None:
        for term, face in [*self.faces.items(), *((term, badge) for term, (badge, _) in self.badges.items())]:
            marked(face, term == picked != ALL)

    def _card(self, term: str, label: str) -> None:
        with box("hb-figure"):
            with put(box("face", "button", testid=f"figure-{term}"), type="button") as face:
                text(label, "k", "span")
                value = text("", "v", "span", testid=f"value-{term}")
                share = text("", "d", "span", testid=f"share-{term}")
                beside = text("", "d", "span", testid=f"beside-{term}")
                if meaning := self._meaning(term):
                    ui.tooltip(meaning)
            face.on("click", handled(lambda: self.on_pick(term)), [])
            self.faces[term], self.said[term] = face, (value, share, beside)
            if mine := [badge for badge, (_, _, card) in self.by_badge.items() if card == term]:
                with box("badges"):
                    for badge in mine:
                        self._badge(badge)

    def _meaning(self, term: str) -> str:
        own = {"sent": self.words.taken, Figure.OPENED: self.words.opening}
        return own.get(term) or MEANING.get(term, "")

    def _badge(self, term: str) -> None:
        with put(
            box(f"hb-pill {self.by_badge[term][1]}", "button", testid=f"badge-{term}"), type="button"
        ) as made:
            label = text("", tag="span")
        made.on("click", handled(lambda: self.on_pick(term)), [])
        self.badges[term] = made, label


def as_of(figures: Figures, zone: ZoneInfo, at: datetime) -> str:
    """When the figures were looked at; those of a day that is over come with the day."""
    left = f" {words.people(figures.unsubscribed)} unsubscribed by it." if figures.unsubscribed else ""
    return f"As of {at.astimezone(zone):%H:%M}.{left}"


def _said(term: str, figures: Figures) -> Said:
    books = figures.books
    match term:
        case "sent":
            return Said(words.number(books.sent), _share(books.sent, books.recipients, "recipients"))
        case Figure.DELIVERED:
            return _delivered(figures)
        case Figure.PENDING:
            if figures.told is Told.NO:
                return Said(UNKNOWN, "No reports to wait for")
            return Said(words.number(figures.pending), "sent, no report yet")
        case Figure.OPENED | Figure.CLICKED:
            return _engaged(term, figures)
        case Figure.REPLIED:
            return Said(words.number(figures.replied), _share(figures.replied, books.sent, "sent"))
        case Figure.UNDELIVERED:
            return _undelivered(figures)
        case Figure.HELD:
            held, tried = figures.held.people, books.sent + books.failed + figures.held.waiting
            return Said(
                words.number(held), _share(held, tried, "those tried"), "not your fault" if held else ""
            )
    return Said(words.number(books.recipients), "everybody on the list")


def _delivered(figures: Figures) -> Said:
    match figures.told:
        case Told.YES:
            share = _share(figures.delivered, figures.books.sent, "sent")
            return Said(words.number(figures.delivered), share)
        case Told.NO if not figures.tells_reading:
            return Said(UNKNOWN, "Not reported by your mail provider")
    return Said(UNKNOWN, "Nothing reported yet")


def _undelivered(figures: Figures) -> Said:
    """Both kinds, so that the sum below can be found in it again."""
    both = figures.failed and figures.came_back
    at_once = f"{words.number(figures.failed)} at once, {words.number(figures.came_back)} after it was sent"
    later = "after it was sent" if figures.came_back else "refused at once"
    many = figures.failed + figures.came_back
    return Said(words.number(many), at_once if both else later if many else "nobody")


def _on_a_badge(term: str, figures: Figures) -> int:
    match term:
        case Figure.BOUNCED:
            return figures.came_back
        case Figure.COMPLAINED:
            return figures.complained
        case Figure.REPLIED:
            return figures.replied
        case Figure.PENDING:
            return figures.pending if figures.told is not Told.NO else 0
        case Figure.CLICKED:
            return figures.counts.unique_clicks
    return figures.books.failed


def _engaged(term: str, figures: Figures) -> Said:
    counts = figures.counts
    people, machines, unsure, is_counted = (
        (counts.unique_opens, counts.machine_opens, counts.unsure_opens, figures.counts_opens)
        if term == Figure.OPENED
        else (counts.unique_clicks, counts.machine_clicks, counts.unsure_clicks, figures.counts_clicks)
    )
    if not is_counted:
        return Said(UNKNOWN, "Not counted for this send")
    share = _share(people, figures.whole, "delivered" if figures.is_of_delivered else "sent")
    beside = [
        f"{words.number(machines)} by machines" if machines else "",
        f"{words.number(unsure)} can’t be told" if unsure else "",
    ]
    told = ", ".join(filter(None, beside))
    return Said(words.number(people), share, f"+ {told}" if told else "")


def _share(part: int, whole: int, of: str) -> str:
    """Such as "96% of recipients"; a few of many are more than none."""
    if not whole:
        return "nobody yet"
    share = f"{words.percent(part, whole)}" if part == 0 or part * 200 >= whole else "under 1"
    return f"{share}% of {of}"
