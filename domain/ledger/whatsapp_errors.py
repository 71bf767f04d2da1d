"""What WhatsApp's error numbers mean: in words, for whom, and whether it may be tried again. Pure.

The numbers are the platform's documented ones (read in 2026). `about` says who is to blame:

- person: this one can't be reached, or not with this; the others get it
- content: nobody can get this message now; the send stands still until somebody has looked
- account: the shop itself is kept from sending; the send stands still until that is mended
- pace: too fast; the same message goes out again a little later
- held: WhatsApp itself keeps it from this person for now, so that people don't get too much
- unclear: they can't say what went wrong; nothing was sent, and it is tried again later
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from domain.ledger.causes import Cause

About = Literal["person", "content", "account", "pace", "held", "unclear"]

SOON: Final = timedelta(minutes=5)
HELD_FOR: Final = timedelta(hours=24)  # never sooner, and only where the campaign asks for it
PAIR: Final = 131056  # too much to one person
GENERAL: Final = frozenset({100, 131008, 131009})  # something of the message is wrong; the words say what
RECIPIENT: Final = re.compile(
    r"\brecipient\b|\bparam(?:eter)?\b[:\s]*[\[\"'(]*to\b|phone number is (?:not|in)", re.IGNORECASE
)
OURS: Final = re.compile(r"^\(#(\d{1,7})\)")  # how the words of the platform begin in the ledger


@dataclass(frozen=True, slots=True)
class WhatsAppError:
    """`again`: how long it has to wait at least; None: never by itself. `by_email`: the other channel may do instead."""

    code: int
    cause: Cause
    about: About
    sentence: str
    again: timedelta | None = None
    by_email: bool = False

    @property
    def reason(self) -> str:
        """The ledger's word."""
        return str(self.cause)

    @property
    def slows_everybody(self) -> bool:
        """Too much from the shop as a whole, and not only to one person."""
        return self.about == "pace" and self.code != PAIR


def _person(code: int, cause: Cause, sentence: str, *, by_email: bool = True) -> WhatsAppError:
    return WhatsAppError(code, cause, "person", sentence, None, by_email)


def _content(code: int, sentence: str, cause: Cause = Cause.TEMPLATE) -> WhatsAppError:
    return WhatsAppError(code, cause, "content", sentence)


def _account(code: int, sentence: str) -> WhatsAppError:
    return WhatsAppError(code, Cause.SHOP_ACCOUNT, "account", sentence)


def _pace(code: int, sentence: str, again: timedelta) -> WhatsAppError:
    return WhatsAppError(code, Cause.TOO_FAST, "pace", sentence, again)


def _unclear(code: int, sentence: str) -> WhatsAppError:
    return WhatsAppError(code, Cause.THEIR_TROUBLE_THERE, "unclear", sentence, SOON, True)


TOKEN: Final = (
    "WhatsApp does not accept the shop’s access any more. Enter a new access token under Settings, WhatsApp."
)
RIGHTS: Final = (
    "The shop’s access may not do this at WhatsApp. Give it the permissions to send messages and to manage the account, "
    "then enter the token again under Settings, WhatsApp."
)
BLOCKED: Final = (
    "WhatsApp has restricted the shop’s account. Open WhatsApp Manager to read why, and what can be done."
)
REQUEST: Final = "WhatsApp did not understand the message as it was put together."
MISFIT: Final = (
    "What fills the gaps does not fit the template. Look at the template, then choose it once more."
)

_TABLE: Final = (
    _account(0, TOKEN),
    _unclear(1, "WhatsApp could not say what went wrong. Handbill tries again."),
    _unclear(2, "WhatsApp was not available for a moment. Handbill tries again."),
    _account(3, RIGHTS),
    _pace(4, "The shop asked WhatsApp for too much at once. It goes on a little later.", SOON),
    _account(10, RIGHTS),
    _pace(17, "The shop asked WhatsApp for too much at once. It goes on a little later.", SOON),
    _pace(32, "The shop asked WhatsApp for too much at once. It goes on a little later.", SOON),
    _account(33, "The shop’s number is not known at WhatsApp any more. Look at it under Settings, WhatsApp."),
    _content(100, REQUEST),
    _account(102, TOKEN),
    _account(
        104,
        "The shop’s app at WhatsApp asks for a proof with each message. Switch “Require app secret” off in the app’s settings "
        "there, under Advanced.",
    ),
    _account(190, TOKEN),
    _pace(341, "The shop’s app has asked WhatsApp for too much. It goes on a little later.", SOON),
    _account(368, BLOCKED),
    _pace(613, "The shop asked WhatsApp for too much at once. It goes on a little later.", SOON),
    _account(2500, TOKEN),
    _pace(80007, "The shop’s account has sent as much as it may for now. It goes on a little later.", SOON),
    _pace(80008, "The shop’s account has sent as much as it may for now. It goes on a little later.", SOON),
    _pace(130429, "Too many messages at once. It goes on a little later.", timedelta(seconds=30)),
    _person(
        130472,
        Cause.EXPERIMENT,
        "WhatsApp keeps this person out of marketing messages, as part of a trial of its own.",
    ),
    _person(
        130497,
        Cause.NOT_THIS_COUNTRY,
        "The shop may not write to people in this country by WhatsApp.",
    ),
    _unclear(131000, "WhatsApp could not say what went wrong. Handbill tries again."),
    _account(131005, RIGHTS),
    _content(131008, REQUEST),
    _content(131009, REQUEST),
    _unclear(131016, "WhatsApp was not available for a moment. Handbill tries again."),
    _person(131021, Cause.OWN_NUMBER, "This is the shop’s own number.", by_email=False),
    _person(131026, Cause.NOT_ON_WHATSAPP, "This number is not on WhatsApp, or can’t be reached there."),
    _person(
        131030,
        Cause.NOT_ON_THE_LIST,
        "The shop still has WhatsApp’s test number, which reaches only the numbers listed there.",
    ),
    _account(131031, BLOCKED),
    _account(131037, "The name of the shop’s number is not approved by WhatsApp yet."),
    _account(
        131042,
        "WhatsApp has trouble with how the shop pays. Look at the payment settings in WhatsApp Manager.",
    ),
    _account(131045, "The shop’s number is not registered at WhatsApp. Register it in WhatsApp Manager."),
    _person(
        131047,
        Cause.WINDOW_CLOSED,
        "This person has not written to the shop within 24 hours, so only a template may be sent.",
    ),
    _account(
        131048,
        "WhatsApp lets the shop’s number send no more for now: it has written to as many new people as it may in a day, or too "
        "many blocked or reported its messages. Wait a day, and write to fewer people.",
    ),
    WhatsAppError(
        131049,
        Cause.HELD_BY_WHATSAPP,
        "held",
        "Held by WhatsApp: this person gets many marketing messages just now, from any business.",
        HELD_FOR,
        True,
    ),
    _person(131050, Cause.STOPPED_THERE, "This person has stopped the shop’s marketing in WhatsApp."),
    _content(131051, "WhatsApp does not know this kind of message."),
    _content(131052, "WhatsApp could not fetch the picture or file of this message. Look at its address."),
    _content(131053, "WhatsApp could not take the picture or file of this message. Try a smaller one."),
    _pace(
        131056,
        "Two messages to one person came too close together. It goes on a little later.",
        timedelta(seconds=10),
    ),
    _unclear(131057, "WhatsApp is doing maintenance on the shop’s account. Handbill tries again."),
    _person(
        131062,
        Cause.NO_NUMBER_THERE,
        "WhatsApp takes this kind of message only for a telephone number, and this person has none there.",
    ),
    _account(
        131063,
        "Marketing is switched off for this way of sending. Switch it on in WhatsApp Manager, "
        "under the settings of the account.",
    ),
    _account(
        131064,
        "WhatsApp lets the shop send less, because templates were filed under the wrong kind. "
        "Open WhatsApp Manager to read more.",
    ),
    _content(132000, MISFIT),
    _content(132001, "This template does not exist at WhatsApp in this language, or is not approved yet."),
    _person(
        132005,
        Cause.TOO_LONG,
        "With this person’s details the message is longer than WhatsApp takes.",
    ),
    _content(
        132007, "WhatsApp finds that this template breaks its rules. Open WhatsApp Manager to read why."
    ),
    _content(132008, MISFIT),
    _content(132012, MISFIT),
    _content(132015, "WhatsApp has paused this template, because too many people did not like it."),
    _content(132016, "WhatsApp has switched this template off for good. Choose another one."),
    _content(132018, "What fills a gap of the template has line breaks or long runs of spaces."),
    _content(132068, "The form behind a button of this template is blocked."),
    _content(132069, "The form behind a button of this template may be sent only ten times an hour now."),
    _account(133000, "An earlier registration of the shop’s number was not finished. Try again in a while."),
    _account(133004, "WhatsApp can’t register numbers just now. Try again in a while."),
    _account(133005, "The PIN of the shop’s number is wrong. Look at it in WhatsApp Manager."),
    _account(133006, "The shop’s number has to be confirmed in WhatsApp Manager before it can send."),
    _account(133008, "The PIN of the shop’s number was wrong too often. Wait a while."),
    _account(133009, "The PIN of the shop’s number was entered too fast. Wait a while."),
    _account(133010, "The shop’s number is not registered at WhatsApp. Register it in WhatsApp Manager."),
    _account(133015, "The shop’s number was removed at WhatsApp lately. Wait five minutes, then try again."),
    _account(133016, "The shop’s number was registered too often. WhatsApp asks to wait 72 hours."),
    _account(
        134011, "WhatsApp’s terms for payments must be accepted first. Open WhatsApp Manager to do that."
    ),
    _account(134100, "Marketing by this way of sending is not set up for the shop’s account yet."),
    _content(134101, "WhatsApp is still preparing this template. Wait ten minutes, then go on."),
    _content(134102, "This template is not ready for this way of sending."),
    _content(135000, REQUEST),
    _person(
        137000,
        Cause.NOT_ON_WHATSAPP,
        "WhatsApp could not be sure that this is still the same person.",
    ),
)
TABLE: Final[Mapping[int, WhatsAppError]] = {one.code: one for one in _TABLE}


def error(code: int, *, status: int = 0, said: str = "", is_passing: bool = False) -> WhatsAppError:
    """Never fails. `status` is the one of the answer and `is_passing` their own word, where a number is not known here;
    `said`: their words, where the number alone does not tell whom it is about.
    """
    known = TABLE.get(code)
    if code in GENERAL and RECIPIENT.search(said):
        return _person(code, Cause.REFUSED_THERE, "WhatsApp does not take this number.")
    if known is not None:
        return known
    if is_passing:
        return _unclear(code, "WhatsApp could not say what went wrong. Handbill tries again.")
    if 200 <= code <= 299:
        return _account(code, RIGHTS)
    if 133000 <= code <= 133999:
        return _account(code, "The shop’s number is not set up at WhatsApp as it must be.")
    if status in (401, 403):
        return _account(code, TOKEN)
    if status == 429:
        return _pace(code, "Too many messages at once. It goes on a little later.", SOON)
    return _person(code, Cause.REFUSED_THERE, "WhatsApp did not take the message for this person.")


def by_words(code: int | None, reply: str | None) -> WhatsAppError | None:
    """What stands in a row of the ledger; None where those are the words of a mail server."""
    found = OURS.match(reply or "")
    if found:
        return error(int(found[1]), said=reply or "")
    return error(code) if code is not None and code >= 1000 else None


def every() -> Iterator[WhatsAppError]:
    yield from _TABLE


def words(code: int, *parts: str) -> str:
    """As the ledger keeps what the platform said; its own number first."""
    said = " ".join(" ".join(part.split()) for part in dict.fromkeys(parts) if part)
    return f"(#{code}) {OURS.sub('', said).strip()}".strip()[:500]
