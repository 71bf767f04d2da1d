"""The cells in which a list says whether somebody wants to be written to: yes, no, or neither. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from domain.book.moments import STAMP, TIME, read_moment
from domain.book.person_rows import Incoming, Word
from domain.book.words import squeeze
from domain.refusal import Refusal

_NO = "no n false f 0 nein non nee off never nie jamais nooit nunca - -- none null [] {} falsch faux onwaar"
NO: Final = frozenset(_NO.split())
# What other programs call somebody who may not be written to: they said no, or they never said yes.
_STOPPED = (
    "unsubscribed unsubscribe opted-out opted_out optedout cleaned blocked blocklisted blacklisted bounced disabled"
    " suppressed nonsubscribed non-subscribed never_subscribed not_subscribed unconfirmed pending transactional"
    " abgemeldet uitgeschreven désabonné desinscrit"
)
STOPPED: Final = frozenset(_STOPPED.split()) | {"never subscribed", "not subscribed", "non subscribed"}
# Of these the ones that say no more than that nobody ever said yes.
_UNASKED = (
    "unknown unconfirmed pending transactional never_subscribed not_subscribed nonsubscribed non-subscribed"
)
UNASKED: Final = frozenset(_UNASKED.split()) | {
    "never subscribed",
    "not subscribed",
    "non subscribed",
    "not set",
}
_YES = (
    "y yes true t 1 x ok ✓ ✔ on ja oui si sí sim agreed accepted granted given allowed active enabled confirmed"
    " subscribed opted-in opted_in optedin opt-in opt_in optin wahr vrai vero verdadero"
)
YES: Final = frozenset(_YES.split()) | {"opted in", "opt in", "has agreed"}

Read = Callable[[Incoming, str], None]


class WhatsAppCells:
    """Whether and when somebody agreed to messages by WhatsApp. `leave_out` hears of what could not be read."""

    def __init__(self, zone: str, day_first: Mapping[str, bool], now: datetime, leave_out: Read) -> None:
        self._zone, self._now, self._leave_out = zone, now, leave_out
        self._day_first = day_first.get("whatsapp_agreed_on", day_first.get("whatsapp_agreed", True))
        self.readers: dict[str, Read] = {
            "whatsapp_agreed": self._agreed,
            "whatsapp_agreed_on": self._since,
            "whatsapp_out": self._out,
        }

    def _agreed(self, person: Incoming, text: str) -> None:
        word = squeeze(text).casefold()
        if word in UNASKED:
            person.say(Word.NEVER_ASKED)
        elif word in NO or word in STOPPED:
            person.say(Word.NO)
        elif word in YES:
            person.say(Word.YES)
        elif any(sign.isdecimal() for sign in word):  # the day on which they agreed, in place of a yes
            self._since(person, text)
        else:
            self._leave_out(person, f"'{squeeze(text)[:30]}' is neither a yes nor a no to WhatsApp")

    def _since(self, person: Incoming, text: str) -> None:
        shown = squeeze(text)[:30]
        try:
            at = beginning(squeeze(text), self._zone, self._day_first)
        except Refusal:
            return self._leave_out(person, f"'{shown}' is not a day on which somebody agreed")
        if at > self._now:
            return self._leave_out(person, f"the day {shown} on which they agreed lies ahead")
        person.say(Word.YES, at)

    @staticmethod
    def _out(person: Incoming, text: str) -> None:
        """Anything but a plain no: also the day on which they left."""
        if squeeze(text).casefold() not in NO:
            person.say(Word.NO)


def beginning(text: str, zone: str, day_first: bool = True) -> datetime:
    """A day without a time of day counts from its first moment on. Raises Refusal."""
    at = read_moment(text, zone, field="day", day_first=day_first)
    has_time = TIME.search(text) or STAMP.fullmatch(text)
    return at if has_time else at - timedelta(hours=12)
