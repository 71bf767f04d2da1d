"""What somebody said on WhatsApp about being written to there. The later word counts, in whatever order they come in."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.book import consent, erasing, preferences, suppressions
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.book.preferences import Preference
from domain.book.proof import Consent
from domain.book.suppressions import OWN_WORD, Suppression
from domain.results.whatsapp import practised

CHANNEL: Final = "whatsapp"
SECOND: Final = timedelta(seconds=1)
KINDS: Final = tuple(kind for kind in MessageType if kind.needs_consent)


def say(
    session: Session,
    people: Sequence[Customer],
    number: str,
    allowed: bool,
    *,
    how: str,
    at: datetime,
    source: str = "",
    words: str = "",
) -> None:
    """Both kinds that need a yes. `number`: also where nobody in the book has it, a no is known should it come back."""
    how = practised.as_said(session, how)
    for person in people:
        for kind in KINDS:
            _say(session, person, kind, allowed, how, at, source, words)
    if number and allowed:
        _let_in(session, number, at)
    elif number and not people:
        _keep_out(session, number, how, at, source)


def _say(
    session: Session,
    person: Customer,
    kind: MessageType,
    allowed: bool,
    how: str,
    at: datetime,
    source: str,
    words: str,
) -> None:
    said = session.scalar(
        select(Preference).where(
            Preference.customer_id == person.id,
            Preference.channel == CHANNEL,
            Preference.message_type == kind,
        )
    )
    if said is not None and not (_is_later(at, allowed, said) or _no_to_a_list(session, allowed, said)):
        return
    if said is not None and said.allowed is allowed:
        latest = max(at, said.changed_at)
        preferences.keep(session, person, CHANNEL, kind, allowed, latest)  # said again: nothing to prove
        return
    write = consent.grant if allowed else consent.withdraw
    write(session, person.id, CHANNEL, kind, how=how, now=at, source=source, words=words)


def _is_later(at: datetime, allowed: bool, said: Preference) -> bool:
    """The platform tells whole seconds. Of two words within one, the no counts."""
    return at > said.changed_at or (not allowed and at + SECOND > said.changed_at)


def _no_to_a_list(session: Session, allowed: bool, said: Preference) -> bool:
    """A yes that a list said of them without a day is older than any no, however late that is told."""
    if allowed or not said.allowed:
        return False
    about = (
        Consent.customer_id == said.customer_id,
        Consent.channel == CHANNEL,
        Consent.message_type == str(said.message_type),
    )
    line = session.scalar(select(Consent).where(*about).order_by(Consent.id.desc()).limit(1))
    return line is not None and line.how == "import" and line.at == said.changed_at


def kept_out(session: Session, marks: Sequence[str]) -> dict[MessageType, datetime]:
    """What was said against being written to where nobody in the book had the number, and when."""
    theirs = select(Suppression.scope, Suppression.at).where(
        Suppression.channel == CHANNEL,
        Suppression.address_hash.in_(marks),
        Suppression.reason == OWN_WORD,
        Suppression.scope.in_([str(kind) for kind in KINDS]),
    )
    return {MessageType(scope): at for scope, at in session.execute(theirs)}


def _keep_out(session: Session, number: str, how: str, at: datetime, source: str) -> None:
    mark = suppressions.fingerprint(number)
    theirs = select(Suppression.scope).where(Suppression.channel == CHANNEL, Suppression.address_hash == mark)
    held = set(session.scalars(theirs))
    for kind in KINDS:
        if str(kind) not in held:
            suppressions.suppress(session, CHANNEL, mark, reason=OWN_WORD, now=at, scope=kind)
            line = Consent(
                address_hash=mark,
                channel=CHANNEL,
                message_type=kind,
                allowed=False,
                at=at,
                how=how,
                source=source,
            )
            session.add(line)


def welcome_back(session: Session, addresses: Collection[str], at: datetime) -> None:
    """Who was erased and asks again, from their own phone, is no longer kept out; nobody else can say that for them."""
    if practised.as_said(session, "click_to_chat") != "click_to_chat":
        return  # a practice phone is nobody's own
    theirs = delete(Suppression).where(
        Suppression.channel == CHANNEL,
        Suppression.address_hash.in_([suppressions.fingerprint(one) for one in addresses if one]),
        Suppression.reason == erasing.REASON,
        Suppression.at < at,
    )
    session.execute(theirs.execution_options(synchronize_session=False))


def _let_in(session: Session, number: str, at: datetime) -> None:
    theirs = delete(Suppression).where(
        Suppression.channel == CHANNEL,
        Suppression.address_hash == suppressions.fingerprint(number),
        Suppression.reason == OWN_WORD,
        Suppression.scope.in_([str(kind) for kind in KINDS]),
        Suppression.at < at,
    )
    session.execute(theirs.execution_options(synchronize_session=False))
