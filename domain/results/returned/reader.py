"""The door: the bytes of any mail go in, what came back comes out. Never an exception, whatever the bytes."""

import logging
from dataclasses import replace
from typing import Final

from domain.results.returned import answer, automatic, complaint, notice, notification, standard
from domain.results.returned.heading import Heading, heading_of
from domain.results.returned.opened import Opened, open_mail
from domain.results.returned.quoted import cut
from domain.results.returned.returned import Kind, Original, Person, Returned

MOST_ENCLOSED: Final = 30
DEEPEST: Final = 3  # a report forwarded as an attachment of a report that was forwarded


log = logging.getLogger(__name__)


def read_mail(raw: bytes) -> Returned:
    """A fault of ours must not stop the mail behind this one: it is logged, and the mail says nothing."""
    try:
        return read_closely(raw)
    except Exception:
        log.exception("A returned mail of %s bytes could not be read", len(raw))
        return Returned(Kind.OTHER)


def read_closely(raw: bytes) -> Returned:
    return _read(raw, DEEPEST)


def _read(raw: bytes, depth: int) -> Returned:
    mail = open_mail(raw)
    words, original = _apart(mail)
    if word := complaint.complaint_word(mail):
        return _returned(
            Kind.COMPLAINT, mail, original, complaint.complainers(mail, original, word), feedback=word
        )
    reports = [*mail.statuses, *(text for text in mail.texts if standard.has_groups(text))]
    if noted := notification.read_notification(mail):
        return _returned(noted[0], mail, original, noted[1], feedback=_word(noted[0]))
    if automatic.asks_who_you_are(mail):
        return _said(Kind.AUTO_REPLY, mail, original)
    if reports:
        told = standard.read_statuses(reports, original, words)
        if told.people:
            return _returned(Kind.BOUNCE, mail, original, told.people)
        if told.arrived:
            return _returned(Kind.OTHER, mail, original)
    return _without_report(mail, words, original, depth)


def _without_report(mail: Opened, words: str, original: Heading, depth: int) -> Returned:
    if _is_envelope(mail) and (inner := _enclosed(mail, depth)):
        return inner
    if _is_automatic(mail, words, original):
        return _said(Kind.AUTO_REPLY, mail, original)
    if mail.statuses or notice.is_bounce(mail, words, original):
        return _returned(Kind.BOUNCE, mail, original, notice.people_in(mail, words, original))
    if inner := _enclosed(mail, depth):
        return inner
    if complaint.is_told_in_words(mail, original) and not answer.is_answer(mail.heading):
        return _returned(
            Kind.COMPLAINT, mail, original, complaint.complainers(mail, original, ""), feedback="abuse"
        )
    if _from_nobody(mail):
        return _said(Kind.AUTO_REPLY, mail, original)
    if answer.is_answer(mail.heading):
        return _said(Kind.REPLY, mail, original)
    return _said(Kind.OTHER, mail, original)


def _is_automatic(mail: Opened, words: str, original: Heading) -> bool:
    """Reports call themselves automatic too: so what speaks of a failure is one, unless its subject says otherwise."""
    if mail.statuses or mail.heading.get("x-failed-recipients"):
        return False
    if automatic.is_challenge(mail):
        return not notice.in_subject(mail)
    if automatic.subject_says_so(mail):
        return not notice.names_a_failure(mail) or automatic.speaks_of_absence(mail)
    if _from_nobody(mail) and automatic.speaks_of_absence(mail):
        return not notice.in_subject(mail)
    return automatic.is_automatic(mail) and not notice.is_bounce(mail, words, original)


def _from_nobody(mail: Opened) -> bool:
    """Sent so that nothing can come back (RFC 3834): by a machine, though not always about a failure."""
    return mail.heading.get("return-path").strip() == "<>"


def _apart(mail: Opened) -> tuple[str, Heading]:
    """The notice without the message that came back, and the heading of that message."""
    notices, original = [], heading_of(mail.enclosed[0]) if mail.enclosed else Heading()
    for text in mail.texts:
        written, quoted = cut(text)
        notices.append(written)
        original = original or quoted
    return "\n".join(notices), original


def _enclosed(mail: Opened, depth: int) -> Returned | None:
    """Reports that somebody forwards, or that came in an envelope of their own; several are told as one."""
    if not depth:
        return None
    inner = [_read(text.encode("utf-8", "replace"), depth - 1) for text in mail.enclosed[:MOST_ENCLOSED]]
    found = [one for one in inner if one.kind in (Kind.BOUNCE, Kind.COMPLAINT)]
    if not found:
        return None
    people = {
        one.address.casefold(): one for each in found if each.kind is found[0].kind for one in each.recipients
    }
    return replace(found[0], recipients=tuple(people.values()))


def _is_envelope(mail: Opened) -> bool:
    """What came back is itself a report, which no message of ours is."""
    return any("delivery-status" in text.casefold() for text in mail.enclosed[:1])


def _returned(
    kind: Kind, mail: Opened, original: Heading, people: tuple[Person, ...] = (), *, feedback: str = ""
) -> Returned:
    return Returned(
        kind,
        people,
        _original(original),
        sender=next(iter(mail.heading.addresses("from")), ""),
        subject=mail.heading.get("subject")[:500],
        answers=answer.answered(mail.heading),
        delivered_to=tuple(mail.heading.addresses("delivered-to", "x-original-to", "to")[:20]),
        feedback=feedback,
    )


def _said(kind: Kind, mail: Opened, original: Heading) -> Returned:
    return replace(_returned(kind, mail, original), words=answer.written_words(mail.texts))


def _word(kind: Kind) -> str:
    return "abuse" if kind is Kind.COMPLAINT else ""


def _original(heading: Heading) -> Original:
    return Original(
        message_id=heading.get("message-id").strip().strip("<>")[:250],
        to=tuple(heading.addresses("to")[:50]),
        sender=next(iter(heading.addresses("from")), ""),
        subject=heading.get("subject")[:500],
        unsubscribe=heading.get("list-unsubscribe")[:1000],
        marks=tuple((name, heading.get(name)[:500]) for name in heading.names() if name.startswith("x-"))[
            :40
        ],
    )
