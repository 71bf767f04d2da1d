"""What an entry of the audit log speaks of: the name of it today, and the numbers of what is called something."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from domain.audience.segments import Segment
from domain.book.groups import Group
from domain.book.imports import Import
from domain.book.person import Customer
from domain.ledger.deliveries import Delivery
from domain.message.templates import Template
from domain.sending.campaigns import Campaign
from domain.sending.dispatches import Dispatch
from domain.shop.audit import AuditEntry
from domain.shop.mail import MailSettings
from domain.shop.people import User
from domain.shop.tokens import ApiToken

Subject = tuple[str, int]  # a kind, and its number

PERSON: Final = func.coalesce(
    func.nullif(func.trim(Customer.first_name + " " + Customer.last_name), ""), Customer.company
)
# The first part of an action tells what its subject is: a record's entry stands with its customer.
KINDS: Final[dict[str, tuple[Any, Any]]] = {
    "campaign": (Campaign.id, Campaign.name),
    "dispatch": (Dispatch.id, Dispatch.name),
    "delivery": (Delivery.id, Delivery.address_key),
    "customer": (Customer.id, PERSON),
    "segment": (Segment.id, Segment.name),
    "template": (Template.id, Template.name),
    "group": (Group.id, Group.name),
    "import": (Import.id, Import.file_name),
    "staff": (User.id, User.name),
    "mail": (MailSettings.id, MailSettings.name),
    "api_token": (ApiToken.id, ApiToken.name),
}
ALSO: Final = {"record": "customer", "one_shot": "dispatch", "password": "staff"}


def kind_of(action: str) -> str | None:
    """The kind of thing that the subject's number belongs to; none where an action has no numbered subject."""
    first = action.partition(".")[0]
    kind = ALSO.get(first, first)
    return kind if kind in KINDS else None


def actions_about(kind: str) -> ColumnElement[bool]:
    firsts = [kind, *(first for first, other in ALSO.items() if other == kind)]
    return or_(false(), *(AuditEntry.action.startswith(f"{first}.") for first in firsts))


def names(session: Session, entries: Iterable[AuditEntry]) -> dict[Subject, str]:
    """What the subjects are called today; who was erased, and what is gone, has no name."""
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        kind = kind_of(entry.action)
        if kind is not None and entry.subject_id is not None:
            wanted.setdefault(kind, set()).add(entry.subject_id)
    return {
        (kind, number): name
        for kind, numbers in wanted.items()
        for number, name in _called(session, kind, numbers)
        if name
    }


def called_like(words: str) -> ColumnElement[bool]:
    """Entries about something whose name has these words in it."""
    return or_(*(_about_one_called(kind, words) for kind in KINDS))


def _called(session: Session, kind: str, numbers: Collection[int]) -> list[tuple[int, str]]:
    number, name = KINDS[kind]
    return [(row[0], row[1]) for row in session.execute(select(number, name).where(number.in_(numbers)))]


def _about_one_called(kind: str, words: str) -> ColumnElement[bool]:
    number, name = KINDS[kind]
    return and_(
        actions_about(kind),
        AuditEntry.subject_id.in_(select(number).where(name.icontains(words, autoescape=True))),
    )
