"""Two customers who are one person become one: the survivor takes over everything, the other one leads to them.

The book's part of it; the ledger's part, and the verb for the doors, stand in `domain/ledger/farewells`.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, literal, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from domain.book import consent, customers, preferences
from domain.book.customers import Customer, CustomerDate
from domain.book.duplicates import DifferentPeople
from domain.book.groups import GroupMember
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.preferences import Preference
from domain.book.record import CustomerRecord
from domain.book.sheet import LONGEST_NOTES
from domain.book.suppressions import Suppression
from domain.refusal import Kind, Refusal
from domain.shop import audit
from domain.shop.people import Actor, Right

# What can be taken from the other one, and the columns that go together.
TOGETHER: Final = {
    "email": ("email", "email_key", "email_hash"),
    "phone": ("phone", "phone_key", "phone_hash", "whatsapp_trouble", "wa_user_id", "wa_user_hash"),
}
PLAIN: Final = (
    "first_name", "last_name", "company", "status", "language", "timezone", "preferred_channel", "postcode", "notes",
)  # fmt: skip
DATES: Final = ("birthday", "wedding", "engagement", "name_day")
FIELDS: Final = (*PLAIN, *TOGETHER, *DATES)
OWN: Final = "attrs."
A_NO: Final = ("unsubscribed", "complained")  # reasons of a suppression that are a person's own words
CARRIED_OVER: Final = "Carried over from customer {number}, who is the same person."


def join(
    session: Session,
    survivor_id: int,
    other_id: int,
    *,
    take: Collection[str] = (),
    by: Actor,
    now: datetime,
) -> Customer:
    """`take` names the fields that come from the other one, such as "email" or "attrs.ring_size".

    Everything else stays the survivor's, whose gaps are filled. A no of either one counts for both.
    """
    by.require(Right.EDIT_CUSTOMERS)
    if survivor_id == other_id:
        raise Refusal("same_customer", "These are one customer already.")
    survivor, other = customers.get(session, survivor_id), customers.get(session, other_id)
    _require_known(take)
    before, theirs = customers.seen(session, survivor), customers.seen(session, other)
    refused = _refusals(session, survivor) | _refusals(session, other)
    _fill(survivor, other, take)
    _carry_dates(session, survivor, other, take)
    session.flush()
    _move_belongings(session, survivor.id, other.id)
    _carry_refusals(session, survivor, other, refused, by, now)
    _retire(session, survivor, other, now)
    session.expire_all()
    survivor = customers.get(session, survivor_id)
    _note(session, survivor, before, theirs, other_id, by, now)
    session.flush()
    return survivor


def _require_known(take: Collection[str]) -> None:
    for name in take:
        if name not in FIELDS and not (name.startswith(OWN) and len(name) > len(OWN)):
            raise Refusal("unknown_field", f"A customer has no field called {name[:60]}.", Kind.MALFORMED)


def _fill(survivor: Customer, other: Customer, take: Collection[str]) -> None:
    trouble = {one.email_key: one.email_trouble for one in (other, survivor) if one.email_trouble}
    for name in PLAIN:
        if name in take or not getattr(survivor, name):
            setattr(survivor, name, getattr(other, name) or getattr(survivor, name))
        elif name == "notes":
            survivor.notes = _both(survivor.notes, other.notes)
    for name, columns in TOGETHER.items():
        if getattr(other, name) and (name in take or not getattr(survivor, name)):
            for column in columns:
                setattr(survivor, column, getattr(other, column))
    if other.wa_user_id and not survivor.wa_user_id and not other.phone_key:
        survivor.wa_user_id, survivor.wa_user_hash = other.wa_user_id, other.wa_user_hash
    survivor.email_trouble = trouble.get(survivor.email_key) if survivor.email_key else None
    survivor.attrs = _own_fields(survivor.attrs or {}, other.attrs or {}, take)
    survivor.active_at = max(survivor.active_at, other.active_at)
    survivor.created_at = min(survivor.created_at, other.created_at)


def _both(notes: str, others: str) -> str:
    """Nothing that staff wrote is lost; where both together are too long, the other card keeps its own."""
    if not others or others in notes:
        return notes
    together = f"{notes}\n\n{others}"
    return together if len(together) <= LONGEST_NOTES else notes


def _own_fields(mine: dict[str, Any], theirs: dict[str, Any], take: Collection[str]) -> dict[str, Any]:
    filled = {key: value for key, value in mine.items() if value != ""}
    chosen = {key: value for key, value in theirs.items() if OWN + key in take and value != ""}
    return {**mine, **theirs, **filled, **chosen}


def _carry_dates(session: Session, survivor: Customer, other: Customer, take: Collection[str]) -> None:
    mine = {(row.kind, row.note): row for row in survivor.dates}
    for row in other.dates:
        there = mine.get((row.kind, row.note))
        if there is None:
            survivor.dates.append(
                CustomerDate(kind=row.kind, note=row.note, month=row.month, day=row.day, year=row.year)
            )
        elif row.kind in take:
            there.month, there.day, there.year = row.month, row.day, row.year
    with session.no_autoflush:
        known = {tag.id for tag in survivor.tags}
        survivor.tags = [*survivor.tags, *(tag for tag in other.tags if tag.id not in known)]


def _move_belongings(session: Session, survivor_id: int, other_id: int) -> None:
    there = select(GroupMember.group_id, literal(survivor_id)).where(GroupMember.customer_id == other_id)
    session.execute(
        insert(GroupMember).from_select(["group_id", "customer_id"], there).on_conflict_do_nothing()
    )
    for statement in (
        update(CustomerRecord).where(CustomerRecord.customer_id == other_id).values(customer_id=survivor_id),
        update(Customer).where(Customer.merged_into == other_id).values(merged_into=survivor_id),
        delete(DifferentPeople).where(
            DifferentPeople.first_id.in_([survivor_id, other_id]),
            DifferentPeople.second_id.in_([survivor_id, other_id]),
        ),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def _refusals(session: Session, person: Customer) -> set[tuple[str, str]]:
    """(channel, type) of every no: what they said, and what is known of the address they may give up by this."""
    said = select(Preference.channel, Preference.message_type).where(
        Preference.customer_id == person.id, Preference.allowed.is_(False)
    )
    refused = {(channel, str(kind)) for channel, kind in session.execute(said)}
    marks = [mark for mark in (person.email_hash, person.phone_hash, person.wa_user_hash) if mark]
    held = select(Suppression.channel, Suppression.scope).where(
        Suppression.address_hash.in_(marks), Suppression.reason.in_(A_NO)
    )
    refused |= {(channel, kind) for channel, scope in session.execute(held) for kind in _types(scope)}
    if person.email_trouble == "complained":
        refused |= {("email", kind) for kind in _types(EVERY_TYPE)}
    if person.marketing_opt_out:
        refused.add(("email", EVERY_TYPE))  # the one no that is wider than its channel
    return refused


def _types(scope: str) -> list[str]:
    return [str(kind) for kind in MessageType if kind.needs_consent] if scope == EVERY_TYPE else [scope]


def _carry_refusals(
    session: Session,
    survivor: Customer,
    other: Customer,
    refused: set[tuple[str, str]],
    by: Actor,
    now: datetime,
) -> None:
    """With a line in the ledger for each no that is new to the survivor; and a yes of the other one fills a gap."""
    source = CARRIED_OVER.format(number=other.id)
    for channel, kind in sorted(refused):
        if not _says_no(session, survivor, channel, kind):
            consent.withdraw(session, survivor.id, channel, kind, how="staff", now=now, source=source, by=by)
    for said in preferences.states(session, other.id):
        if said.allowed and preferences.allows(session, survivor.id, said.channel, said.message_type) is None:
            consent.grant(
                session,
                survivor.id,
                said.channel,
                said.message_type,
                how="staff",
                now=now,
                source=source,
                by=by,
            )
            preferences.keep(session, survivor, said.channel, said.message_type, True, said.changed_at)


def _says_no(session: Session, person: Customer, channel: str, kind: str) -> bool:
    if kind == EVERY_TYPE:
        return person.marketing_opt_out
    return preferences.allows(session, person.id, channel, kind) is False


def _retire(session: Session, survivor: Customer, other: Customer, now: datetime) -> None:
    """Out of the lists. What stands on the card stays, so that the address keeps what was said about it."""
    other.merged_into, other.deleted_at, other.updated_at = survivor.id, now, now
    survivor.updated_at = now
    session.flush()
    session.execute(delete(GroupMember).where(GroupMember.customer_id == other.id))


def _note(
    session: Session,
    survivor: Customer,
    before: dict[str, Any],
    theirs: dict[str, Any],
    other_id: int,
    by: Actor,
    now: datetime,
) -> None:
    after = customers.seen(session, survivor)
    changed = [name for name in after if after[name] != before[name]]
    audit.write(
        session,
        "customer.merged",
        by=by,
        now=now,
        subject_id=survivor.id,
        before={"mine": {name: before[name] for name in changed}, "other": customers.filled(theirs)},
        after={"other_id": other_id, **{name: after[name] for name in changed}},
    )
    audit.write(
        session, "customer.merged_away", by=by, now=now, subject_id=other_id, after={"into": survivor.id}
    )
