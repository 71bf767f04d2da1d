"""A complaint: somebody pressed "this is spam" (RFC 5965, and the form that Hotmail used before it)."""

from typing import Final

from domain.results.returned.heading import Heading, heading_of, unique
from domain.results.returned.opened import Opened
from domain.results.returned.returned import Person

FROM_PEOPLE: Final = {"", "abuse", "fraud", "virus", "opt-out", "opt-out-list", "unsubscribe", "complaint", "miscategorized", "other"}  # fmt: skip
NOT_PEOPLE: Final = (
    "auth-failure",
    "dmarc",
    "not-spam",
)  # programs that check senders; somebody who likes us
REPORTERS: Final = ("staff@hotmail.com", "complaints@email-abuse.amazonses.com", "scomp@aol.net")
BLACKED_OUT: Final = ("redacted", "undisclosed", "xxxx", "hidden", "removed@", "[")


def complaint_word(mail: Opened) -> str:
    """The complaint's own word for itself; empty where the mail is none."""
    if mail.feedback or "feedback-report" in mail.report:
        word = _facts(mail).get("feedback-type", "abuse-type").casefold() or "abuse"
        return "" if any(word.startswith(one) for one in NOT_PEOPLE) else word
    sender = mail.heading.get("from").casefold()
    if "complaint about message from" in mail.heading.get("subject").casefold() or any(
        one in sender for one in REPORTERS
    ):
        return "abuse"
    if mail.heading.get("x-apple-unsubscribe").casefold() == "true":
        return "opt-out"
    return ""


def complainers(mail: Opened, original: Heading) -> tuple[Person, ...]:
    """Whoever complained, as far as the report tells: many black the address out."""
    facts = _facts(mail)
    told = facts.addresses("original-rcpt-to", "removal-recipient", "redacted-address", "final-recipient")
    told = told or original.addresses("x-hmxmroriginalrecipient") or _only(original)
    if not told and mail.heading.get("x-apple-unsubscribe"):
        told = mail.heading.addresses("from")
    shown = unique(one for one in told if not any(mark in one.casefold() for mark in BLACKED_OUT))
    note = next((line.strip() for text in mail.texts for line in text.splitlines() if line.strip()), "")
    return tuple(Person(one, None, None, diagnostic=note[:300]) for one in shown)


def _only(original: Heading) -> list[str]:
    return original.addresses("to") or original.addresses("x-original-to", "delivered-to", "cc")


def _facts(mail: Opened) -> Heading:
    return heading_of(mail.feedback[0]) if mail.feedback else Heading()
