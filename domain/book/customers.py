"""The customer book: writing people down, changing and removing them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import flag_modified

from domain.book import (
    consent,
    groups,
    memory,
    message_types,
    own_fields,
    preferences,
    sheet,
    statuses,
    suppressions,
    tags,
)
from domain.book.person import Customer, CustomerDate, CustomerTag, Tag
from domain.book.sheet import BIRTHDAY, Sheet
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit, shop
from domain.shop.people import Actor, Right

__all__ = [
    "Customer",
    "CustomerDate",
    "CustomerTag",
    "Tag",
    "change",
    "create",
    "delete",
    "get",
    "others_with",
    "with_numbers",
]

SOME_WAY_TO_KNOW = ("first_name", "last_name", "company", "email", "phone")
COLUMNS_IN_AUDIT = (
    *SOME_WAY_TO_KNOW, "status", "language", "timezone", "preferred_channel", "postcode", "notes", "attrs",
)  # fmt: skip


def create(
    session: Session, fields: dict[str, Any], *, by: Actor, now: datetime, source: str = "typed"
) -> Customer:
    by.require(Right.EDIT_CUSTOMERS)
    read = _read(session, fields, now)
    customer = Customer(**_empty(session), source=source, created_at=now, updated_at=now, active_at=now)
    session.add(customer)
    _fill(session, customer, read)
    _refuse_nobody(customer)
    session.flush()
    _join_groups(session, customer, read)
    _write_wishes(session, customer, read, by, now)
    _remember(session, customer, now)
    audit.write(
        session,
        "customer.created",
        by=by,
        now=now,
        subject_id=customer.id,
        after=filled(seen(session, customer)),
    )
    session.flush()
    return customer


def change(
    session: Session,
    customer_id: int,
    fields: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Customer:
    """Change what is given. `version` is the one the editor saw; another one means that somebody was faster."""
    by.require(Right.EDIT_CUSTOMERS)
    customer = get(session, customer_id)
    if version is not None and version != customer.version:
        sentence = (
            "Somebody else changed this customer in the meantime. Load the page again to see what is new."
        )
        raise Refusal("changed_meanwhile", sentence, Kind.CONFLICT, version=customer.version)
    before, old_key = seen(session, customer), customer.email_key
    read = _read(session, fields, now)
    _fill(session, customer, read)
    _refuse_nobody(customer)
    _join_groups(session, customer, read)
    _write_wishes(session, customer, read, by, now)
    if customer.email_key != old_key:
        customer.email_trouble = None
        session.flush()
        _remember(session, customer, now)
    _note_change(session, customer, before, by, now)
    session.flush()
    return customer


def delete(session: Session, customer_id: int, *, by: Actor, now: datetime) -> None:
    """Out of the lists at once. Their "no" is remembered if they come back (see memory)."""
    by.require(Right.EDIT_CUSTOMERS)
    customer = get(session, customer_id)
    customer.deleted_at = customer.updated_at = now
    audit.write(
        session,
        "customer.deleted",
        by=by,
        now=now,
        subject_id=customer_id,
        before=filled(seen(session, customer)),
    )
    session.flush()


def get(session: Session, customer_id: int) -> Customer:
    """With tags and dates."""
    wanted = select(Customer).where(Customer.id == customer_id, Customer.deleted_at.is_(None))
    customer = session.scalar(wanted.options(selectinload(Customer.tags), selectinload(Customer.dates)))
    if customer is None:
        raise _gone(session, customer_id)
    return customer


def followed(session: Session, customer_id: int) -> int:
    """Where somebody's page is today: their own, or that of the customer they were merged into."""
    return session.scalar(select(Customer.merged_into).where(Customer.id == customer_id)) or customer_id


def others_with(session: Session, email_key: str | None, except_id: int | None = None) -> list[Customer]:
    """Other people at the same address: allowed, for families share one, but worth a hint on the screen."""
    if not email_key:
        return []
    rows = select(Customer).where(Customer.email_key == email_key, Customer.deleted_at.is_(None))
    return list(session.scalars(rows.where(Customer.id != (except_id or 0)).order_by(Customer.id).limit(5)))


def with_numbers(session: Session, phone_keys: Sequence[str]) -> dict[str, Customer]:
    """Who has which telephone number; of a couple with one number the first."""
    rows = select(Customer).where(Customer.phone_key.in_(phone_keys), Customer.deleted_at.is_(None))
    return {str(one.phone_key): one for one in session.scalars(rows.order_by(Customer.id.desc()))}


def birthday_of(customer: Customer) -> str:
    """As "1984-05-17" or "--05-17"; empty when unknown."""
    return next((str(day.as_day) for day in customer.dates if day.kind == BIRTHDAY), "")


def how_many(session: Session) -> int:
    """All, less the deleted, who are few and in an index of their own: nobody's card is opened."""
    every = select(func.count()).select_from(Customer)
    gone = every.where(Customer.deleted_at.is_not(None)).scalar_subquery()
    return session.scalar(select(every.scalar_subquery() - gone)) or 0


def _gone(session: Session, customer_id: int) -> Refusal:
    survivor = followed(session, customer_id)
    if survivor == customer_id:
        return missing("customer")
    sentence = "This customer was merged with another one, who has everything now."
    return Refusal("merged", sentence, Kind.MISSING, customer_id=survivor)


def _read(session: Session, fields: dict[str, Any], now: datetime) -> Sheet:
    return sheet.read(fields, country=shop.read(session).country, statuses=statuses.keys(session), now=now)


def _empty(session: Session) -> dict[str, Any]:
    """A blank card; the lists are set so that nothing has to be loaded."""
    names = dict.fromkeys((name for name in COLUMNS_IN_AUDIT if name not in ("status", "attrs")), "")
    return {
        **names,
        "status": statuses.first(session),
        "attrs": {},
        "marketing_opt_out": False,
        "tags": [],
        "dates": [],
    }


def _fill(session: Session, customer: Customer, read: Sheet) -> None:
    if "attrs" in read.columns:
        with session.no_autoflush:
            read.columns["attrs"] = own_fields.checked(session, read.columns["attrs"], customer.attrs or {})
    for name, value in read.columns.items():
        if getattr(customer, name) != value:
            setattr(customer, name, value)
    customer.email_hash = suppressions.fingerprint(customer.email_key) if customer.email_key else None
    customer.phone_hash = suppressions.fingerprint(customer.phone_key) if customer.phone_key else None
    if read.tags is not None:
        with session.no_autoflush:
            customer.tags = tags.named(session, read.tags)
    if read.dates is not None:
        _set_dates(customer, read)
    if read.says_birthday:
        _set_birthday(customer, read)


def _join_groups(session: Session, customer: Customer, read: Sheet) -> None:
    if read.groups is not None:
        groups.set_of(session, customer.id, groups.ids_of(session, read.groups))


def _set_dates(customer: Customer, read: Sheet) -> None:
    wanted = read.dates or {}
    for row in [row for row in customer.dates if row.kind != BIRTHDAY]:
        day = wanted.get((row.kind, row.note))
        if day is None:
            customer.dates.remove(row)
        else:
            row.month, row.day, row.year = day.month, day.day, day.year
    there = {(row.kind, row.note) for row in customer.dates}
    customer.dates += [
        CustomerDate(kind=kind, note=note, month=day.month, day=day.day, year=day.year)
        for (kind, note), day in wanted.items()
        if (kind, note) not in there
    ]


def _set_birthday(customer: Customer, read: Sheet) -> None:
    row, day = (next((row for row in customer.dates if row.kind == BIRTHDAY), None), read.birthday)
    if day is None and row is not None:
        customer.dates.remove(row)
    elif day is not None and row is not None:
        row.month, row.day, row.year = day.month, day.day, day.year
    elif day is not None:
        customer.dates.append(
            CustomerDate(kind=BIRTHDAY, note="", month=day.month, day=day.day, year=day.year)
        )


def _refuse_nobody(customer: Customer) -> None:
    if not any(getattr(customer, name) for name in SOME_WAY_TO_KNOW):
        raise invalid("first_name", "Give at least a name, a company, an email address or a phone number.")


def _remember(session: Session, customer: Customer, now: datetime) -> None:
    """A new address, or a person who comes back: what is known about that address counts from the start.

    It comes after what the form says: being written down anew is no way round an earlier no.
    """
    if customer.email_key is None:
        return
    known = memory.of_addresses(session, [customer.email_key], except_id=customer.id).get(customer.email_key)
    if known is None:
        return
    customer.email_trouble = known.trouble
    for message_type in known.refused - ({message_types.EVERY_TYPE} if customer.marketing_opt_out else set()):
        consent.withdraw(
            session, customer.id, "email", message_type, how="staff", now=now, source=memory.CARRIED_OVER
        )


def _write_wishes(session: Session, customer: Customer, read: Sheet, by: Actor, now: datetime) -> None:
    how = "api" if by.via == "api" else "staff"
    for message_type, allowed in read.preferences.items():
        if preferences.allows(session, customer.id, "email", message_type) is not allowed:
            write = consent.grant if allowed else consent.withdraw
            write(
                session,
                customer.id,
                "email",
                message_type,
                how=how,
                now=now,
                source=read.opt_out_reason,
                by=by,
            )
    if read.opt_out is not None and read.opt_out is not customer.marketing_opt_out:
        consent.set_by_staff(
            session, customer.id, opted_out=read.opt_out, reason=read.opt_out_reason, by=by, now=now
        )


def _note_change(
    session: Session, customer: Customer, before: dict[str, Any], by: Actor, now: datetime
) -> None:
    after = seen(session, customer)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return
    customer.updated_at = now
    flag_modified(customer, "updated_at")  # a new version also when only tags or dates changed
    audit.write(
        session,
        "customer.changed",
        by=by,
        now=now,
        subject_id=customer.id,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def seen(session: Session, customer: Customer) -> dict[str, Any]:
    """What the audit log keeps of somebody. With tags and dates loaded."""
    columns = {name: getattr(customer, name) for name in COLUMNS_IN_AUDIT}
    dates = sorted(f"{row.kind} {row.note} {row.as_day}".replace("  ", " ") for row in customer.dates)
    joined = [group.name for group in groups.of(session, customer.id)]
    return {**columns, "tags": sorted(tag.name for tag in customer.tags), "dates": dates, "groups": joined}


def filled(seen: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in seen.items() if value}
