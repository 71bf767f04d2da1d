"""A complaint: somebody pressed "this is spam" (RFC 5965, and the forms that Hotmail and AOL used before it).

Servers complain in the same form, that they could not tell who the sender is (RFC 6591): a complaint too, but nobody's
wish, so nothing follows from it for the person. `not-spam` is the opposite of one.
"""

import re
from typing import Final

from domain.ledger.causes import Cause
from domain.results.returned.heading import Heading, heading_of, unique
from domain.results.returned.opened import Opened
from domain.results.returned.returned import Person

FROM_PEOPLE: Final = {"", "abuse", "fraud", "virus", "opt-out", "opt-out-list", "unsubscribe", "complaint", "miscategorized", "other"}  # fmt: skip
OF_SERVERS: Final = ("auth-failure", "dmarc")
PRAISE: Final = ("not-spam",)
REPORTERS: Final = ("staff@hotmail.com", "complaints@email-abuse.amazonses.com", "scomp@aol.net")
BLACKED_OUT: Final = ("redacted", "undisclosed", "xxxx", "hidden", "removed@", "[")


def complaint_word(mail: Opened) -> str:
    """The complaint's own word for itself; empty where the mail is none."""
    if mail.feedback or "feedback-report" in mail.report:
        word = _facts(mail).get("feedback-type", "abuse-type").casefold() or "abuse"
        return "" if word.startswith(PRAISE) else word
    if _is_told_in_the_heading(mail.heading) or mail.report == "abuse-report":
        return "abuse"
    if mail.heading.get("x-apple-unsubscribe").casefold() == "true":
        return "opt-out"
    return ""


def _is_told_in_the_heading(heading: Heading) -> bool:
    """Some send our own message back as it was, with no report at all."""
    subject, sender = heading.get("subject").casefold(), heading.get("from").casefold()
    return (
        bool(heading.get("x-hmxmroriginalrecipient"))
        or bool(heading.get("x-xarf"))
        or heading.get("x-loop").casefold() == "scomp"
        or "complaint about message from" in subject
        or subject.startswith("email feedback report for ip")
        or any(one in sender for one in REPORTERS)
    )


def is_told_in_words(mail: Opened, original: Heading) -> bool:
    """A letter about our message, which it encloses, that somebody called spam."""
    if mail.feedback:
        return False  # which says so itself, or says the opposite
    opening = " ".join([mail.heading.get("subject"), *(text[:800] for text in mail.texts[:2])])
    return bool(original) and bool(CALLED_SPAM.search(" ".join(opening.split())))


CALLED_SPAM: Final = re.compile(
    r"(?i)\b(e-?mail )?(abuse|spam|feedback) (report|complaint)\b|\bcomplaint about (a |your )?(message|mail|e-?mail)\b"
    r"|\b(reported|marked|flagged)\b.{0,60}\bas (spam|junk|unsolicited|abuse)"
)


def is_of_a_server(word: str) -> bool:
    return word.startswith(OF_SERVERS)


def complainers(mail: Opened, original: Heading, word: str) -> tuple[Person, ...]:
    """Whoever complained, as far as the report tells: many black the address out."""
    facts = _facts(mail)
    told = facts.addresses("original-rcpt-to", "removal-recipient", "redacted-address", "final-recipient")
    told = told or mail.heading.addresses("x-hmxmroriginalrecipient")
    told = told or original.addresses("x-hmxmroriginalrecipient") or _only(original)
    if not told and mail.heading.get("x-apple-unsubscribe"):
        told = mail.heading.addresses("from")
    shown = unique(one for one in told if not any(mark in one.casefold() for mark in BLACKED_OUT))
    note = next((line.strip() for text in mail.texts for line in text.splitlines() if line.strip()), "")
    cause = Cause.NOT_TRUSTED if is_of_a_server(word) else None
    return tuple(Person(one, None, cause, diagnostic=note[:300]) for one in shown)


def _only(original: Heading) -> list[str]:
    return original.addresses("to") or original.addresses("x-original-to", "delivered-to", "cc")


def _facts(mail: Opened) -> Heading:
    return heading_of(mail.feedback[0]) if mail.feedback else Heading()
