"""What a customer got from the shop and did with it: received, opened, clicked.

Received is what was handed over, also where nobody is sure that it arrived: "received nothing" must never write to
somebody twice. Opened and clicked is what people did; what a machine did, or may have done, does not count.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, column, func, not_, or_, select, table

from data.base import Instant
from domain.audience.fields import whole
from domain.audience.leaf import Reference, Thing, at_least, days, inner, one_of, only
from domain.audience.look import Look
from domain.audience.names import Names
from domain.audience.reach import NAMES, REACHES
from domain.ledger.deliveries import REACHED, Delivery
from domain.ledger.events import Event

# That wing lies above this one; here only these of its columns are looked at.
DISPATCHES: Final = table(
    "dispatches",
    column("id"),
    column("campaign_id"),
    column("channel"),
    column("practice"),
    column("finished_at", Instant),
)
WORDS: Final = ("opened", "clicked", "received", "not_received")
LARGEST_ID, MOST_DAYS, MOST_TIMES = 2**63 - 1, 36_500, 1_000


@dataclass(frozen=True, slots=True)
class EngagementLeaf:
    """Of one campaign or of any message, lately or ever, at least so many times."""

    word: str
    campaign: int | None = None
    within_days: int | None = None
    at_least: int = 1
    channel: str | None = None
    weight: int = 4

    @property
    def refers(self) -> tuple[Reference, ...]:
        return () if self.campaign is None else ((Thing.CAMPAIGN, self.campaign),)

    def where(self, look: Look) -> ColumnElement[bool]:
        since = None if self.within_days is None else look.now - timedelta(days=self.within_days)
        such = self._received(look, since) if "received" in self.word else self._did(look, since)
        found = at_least(look, Delivery.customer_id, self.at_least, *such)
        return not_(found) if self.word == "not_received" else found

    def sentence(self, names: Names) -> str:
        when = "" if self.within_days is None else f" in the last {days(self.within_days)}"
        if self.word == "not_received" and self.campaign is None:
            return f"was not contacted{self._by}{when or ' at all'}"
        verb = {"clicked": "clicked in", "not_received": "did not receive"}.get(self.word, self.word)
        what = "a message" if self.campaign is None else f"the campaign {self._campaign(names)}"
        often = "" if self.at_least == 1 else f", at least {self.at_least} times"
        return f"{verb} {what}{self._by}{when}{often}"

    def as_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "campaign": self.campaign,
            "within_days": self.within_days,
            "channel": self.channel,
        }
        if self.at_least > 1:
            made["at_least"] = self.at_least
        return {self.word: {name: value for name, value in made.items() if value is not None}}

    @property
    def _by(self) -> str:
        return f" by {NAMES[self.channel]}" if self.channel else ""

    def _campaign(self, names: Names) -> str:
        name = names.campaigns.get(self.campaign or 0)
        return f"\u201c{name}\u201d" if name else str(self.campaign)

    def _received(self, look: Look, since: datetime | None) -> list[ColumnElement[bool]]:
        at = func.coalesce(Delivery.handed_at, Delivery.settled_at, type_=Instant)
        lately = [] if since is None else [at >= since, Delivery.dispatch_id.in_(_going_on(since))]
        return [Delivery.state.in_(REACHED), *lately, *self._of(look)]

    def _did(self, look: Look, since: datetime | None) -> list[ColumnElement[bool]]:
        such = and_(Event.kind == self.word, Event.who == "human", Event.delivery_id == Delivery.id)
        return [such, *([] if since is None else [Event.at >= since]), *self._of(look)]

    def _of(self, look: Look) -> list[ColumnElement[bool]]:
        such = [] if self.campaign is None else [DISPATCHES.c.campaign_id == self.campaign]
        if self.channel is not None:
            such.append(DISPATCHES.c.channel == self.channel)
        if not look.practising:
            such.append(DISPATCHES.c.practice.is_(False))
        return [Delivery.dispatch_id.in_(select(DISPATCHES.c.id).where(*such))] if such else []


def _going_on(since: datetime) -> Any:
    """Launches that may have handed something over since then: the index by launch finds their messages."""
    lately = or_(DISPATCHES.c.finished_at.is_(None), DISPATCHES.c.finished_at >= since)
    return select(DISPATCHES.c.id).where(lately)


def read_engagement(tree: dict[str, Any]) -> EngagementLeaf:
    [key] = [one for one in WORDS if one in tree][:1]
    only(tree, key)
    given = inner(tree, key)
    only(given, "campaign", "within_days", "at_least", "channel", of=key)
    campaign, within, often = given.get("campaign", "any"), given.get("within_days"), given.get("at_least", 1)
    channel = given.get("channel")
    return EngagementLeaf(
        key,
        None if campaign == "any" else whole(campaign, "campaign", 1, LARGEST_ID),
        None if within is None else whole(within, "within_days", 1, MOST_DAYS),
        whole(often, "at_least", 1, 1 if key == "not_received" else MOST_TIMES),
        None if channel is None else one_of(channel, "channel", tuple(REACHES)),
    )
