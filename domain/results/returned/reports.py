"""A returned mail in the words in which every provider's news is told, so that one place draws the consequences."""

import hashlib
from typing import Final

from domain.results.report import Kind as News
from domain.results.report import Report
from domain.results.returned.complaint import is_of_a_server
from domain.results.returned.returned import Action, Kind, Person, Returned

MAILBOX: Final = "mailbox"  # the provider's name for what came back as mail


def reports_of(mail: Returned, raw: bytes) -> list[Report]:
    """One for each person; the same bytes read again tell the same. Answers of people are no report."""
    if mail.kind is Kind.BOUNCE:
        return [_report(mail, raw, one, _news(one)) for one in mail.recipients]
    if mail.kind is Kind.COMPLAINT:
        people = mail.recipients or (Person("", None, None),)  # blacked out: our mark has to name the person
        news = News.OTHER if is_of_a_server(mail.feedback) else News.COMPLAINT
        return [_report(mail, raw, one, news) for one in people]
    if mail.kind is Kind.AUTO_REPLY:
        return [_report(mail, raw, Person(mail.sender, None, None), News.AUTO_REPLY)]
    return []


def _news(one: Person) -> News:
    return News.DELAY if one.action is Action.DELAYED else News.BOUNCE


def _report(mail: Returned, raw: bytes, one: Person, kind: News) -> Report:
    return Report(
        provider=MAILBOX,
        kind=kind,
        event_id=hashlib.sha256(raw + one.address.casefold().encode("utf-8", "replace")).hexdigest()[:40],
        address=one.address,
        permanent=one.permanent,
        reason=one.cause,
        status=one.status,
        diagnostic=one.diagnostic[:500],
        message_id=mail.original.message_id or next(iter(mail.answers), ""),
        mark=mail.original.mark,
        said=mail.feedback or (one.action if mail.kind is Kind.BOUNCE else mail.kind).value,
    )
