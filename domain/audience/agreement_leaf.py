"""What a customer agreed to: may be written to, has said yes or no, has said so on record."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, not_, or_, select

from domain.audience.fields import bad_rule, word
from domain.audience.leaf import Reference, inner, one_of, only, owns, switch
from domain.audience.look import Look
from domain.audience.names import Names
from domain.audience.reach import NAMES, REACHES
from domain.book.consent import why_left_out
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.book.preferences import Preference
from domain.book.proof import Consent
from domain.book.side_tables import Aside, aside_of

SAID: Final = {"yes": "has said yes to", "no": "has said no to", "unknown": "has not said anything about"}
WHAT: Final = {MessageType.MARKETING: "marketing", MessageType.NEWSLETTER: "newsletters"}


@dataclass(frozen=True, slots=True)
class ReachableLeaf:
    """May be written to: what the launch asks, too. Where the answers lie ready, nobody's card is opened."""

    channel: str
    message_type: MessageType
    weight: int = 1
    refers: tuple[Reference, ...] = ()

    def where(self, look: Look) -> ColumnElement[bool]:
        aside = aside_of(self.channel, self.message_type)
        if aside is None:
            return why_left_out(REACHES[self.channel], self.message_type, of_many=look.of_many).is_(None)
        return not_(owns(look, Aside.customer_id, aside.is_not(None)))

    def sentence(self, names: Names) -> str:
        what = "" if self.message_type is MessageType.OPERATIONAL else f" {self.message_type}"
        return f"may be sent{what} messages by {NAMES[self.channel]}"

    def as_json(self) -> dict[str, Any]:
        return {"reachable": {"channel": self.channel, "message_type": str(self.message_type)}}


@dataclass(frozen=True, slots=True)
class PreferenceLeaf:
    """Has said yes, no or nothing. "No marketing at all" is a no to everything."""

    channel: str
    message_type: MessageType
    state: str
    weight: int = 2
    refers: tuple[Reference, ...] = ()

    def where(self, look: Look) -> ColumnElement[bool]:
        never = Customer.marketing_opt_out
        match self.state:
            case "yes":
                return and_(not_(never), self._said(look, Preference.allowed.is_(True)))
            case "no":
                return or_(never, self._said(look, Preference.allowed.is_(False)))
        return and_(not_(never), not_(self._said(look)))

    def sentence(self, names: Names) -> str:
        by = "" if self.channel == "email" else f" by {NAMES[self.channel]}"
        return f"{SAID[self.state]} {WHAT[self.message_type]}{by}"

    def as_json(self) -> dict[str, Any]:
        made = {"channel": self.channel, "message_type": str(self.message_type), "state": self.state}
        return {"preference": made}

    def _said(self, look: Look, *answer: ColumnElement[bool]) -> ColumnElement[bool]:
        about = Preference.channel == self.channel, Preference.message_type == self.message_type
        return owns(look, Preference.customer_id, *about, *answer)


@dataclass(frozen=True, slots=True)
class ConsentLeaf:
    """The ledger has a line in which they, or somebody merged into them, said yes."""

    recorded: bool
    weight: int = 1
    refers: tuple[Reference, ...] = ()

    def where(self, look: Look) -> ColumnElement[bool]:
        found = or_(owns(look, Consent.customer_id, Consent.allowed.is_(True)), self._before_merging())
        return found if self.recorded else not_(found)

    def sentence(self, names: Names) -> str:
        return "has a recorded consent" if self.recorded else "has no recorded consent"

    def as_json(self) -> dict[str, Any]:
        return {"consent_recorded": self.recorded}

    def _before_merging(self) -> ColumnElement[bool]:
        """The merged are few: they are found by themselves, also for one customer."""
        said_yes = select(Consent.customer_id).where(Consent.allowed, Consent.customer_id.is_not(None))
        merged = select(_MERGED.c.merged_into).where(_MERGED.c.merged_into.is_not(None))
        return Customer.id.in_(merged.where(_MERGED.c.id.in_(said_yes)))


_MERGED: Final = Customer.__table__.alias("merged")


def read_reachable(tree: dict[str, Any]) -> ReachableLeaf:
    only(tree, "reachable")
    given = tree["reachable"]
    if not isinstance(given, dict):
        raise bad_rule("\u201creachable\u201d needs a channel and a message_type.")
    only(given, "channel", "message_type", of="reachable")
    channel, message_type = (word(given.get("channel"), "channel"), given.get("message_type", "marketing"))
    if channel not in REACHES:
        raise bad_rule(f"There is no channel called \u201c{channel}\u201d.")
    return ReachableLeaf(channel, _message_type(message_type))


def read_preference(tree: dict[str, Any]) -> PreferenceLeaf:
    only(tree, "preference")
    given = inner(tree, "preference")
    only(given, "channel", "message_type", "state", of="preference")
    channel = one_of(given.get("channel", "email"), "channel", tuple(REACHES))
    message_type = _message_type(given.get("message_type", "marketing"))
    if message_type not in WHAT:
        raise bad_rule("Nobody can say no to messages about their own orders.")
    return PreferenceLeaf(channel, message_type, one_of(given.get("state"), "state", SAID))


def read_consent(tree: dict[str, Any]) -> ConsentLeaf:
    only(tree, "consent_recorded")
    return ConsentLeaf(switch(tree["consent_recorded"], "consent_recorded"))


def _message_type(given: Any) -> MessageType:
    if given not in list(MessageType):
        raise bad_rule(f"There is no message type called \u201c{given}\u201d.")
    return MessageType(given)
