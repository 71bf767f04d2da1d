"""Everything the book knows, to be taken away: some people at a time, each with all that hangs on them.

What stands in a table has one line for each person, or for each record, or for each thing they said about mail; the
headings are such that Handbill reads its own file again and changes nothing.
"""

import csv
import io
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.book import customers, merging, own_fields, record_kinds, search, statuses, wordings
from domain.book.columns import OWN_HEADING
from domain.book.groups import Group, GroupMember
from domain.book.message_types import MessageType
from domain.book.person import Customer, CustomerDate, CustomerTag, Tag
from domain.book.preferences import Preference
from domain.book.proof import Consent
from domain.book.record import CustomerRecord
from domain.book.search import Narrowing
from domain.book.sheet import BIRTHDAY
from domain.shop import audit
from domain.shop.people import Actor, Right

What = Literal["customers", "records", "consents", "communications", "answers"]

NOTHING: Final = Narrowing()
OWN_DAYS: Final = {
    BIRTHDAY: "Birthday",
    "wedding": "Wedding",
    "engagement": "Engagement",
    "name_day": "Name day",
}
SAID: Final = {MessageType.MARKETING: "Marketing by email", MessageType.NEWSLETTER: "Newsletter by email"}
SAID_THERE: Final = (
    "WhatsApp opt-in"  # yes or no to all that needs a yes; empty where they said nothing, or of each
)
COLUMNS: Final = {
    "id": "Customer number", "first_name": "First name", "last_name": "Last name", "company": "Company", "email": "Email",
    "phone": "Phone", "postcode": "Postcode", "status": "Status", "language": "Language", "timezone": "Time zone",
    "preferred_channel": "Preferred channel",
}  # fmt: skip
RECORD_COLUMNS: Final = {
    "customer_id": "Customer number", "email": "Email", "name": "Name", "kind": "Kind", "title": "Title",
    "category": "Category", "staff": "Staff", "mode": "Mode", "starts_at": "Starts at", "ends_at": "Ends at",
    "status": "Status", "amount": "Amount in the smallest unit", "currency": "Currency", "uses_left": "Uses left",
    "source": "Source", "external_id": "External id", "created_at": "Written down at",
}  # fmt: skip
CONSENT_COLUMNS: Final = {
    "customer_id": "Customer number", "email": "Email", "name": "Name", "at": "At", "channel": "Channel",
    "message_type": "Message type", "allowed": "Allowed", "how": "How", "source": "Source", "wording": "Wording",
    "by_name": "By",
}  # fmt: skip
# The ledger knows the next two, which lies above the book: whoever writes the file puts them beside the rest.
LETTER_COLUMNS: Final = {
    "customer_id": "Customer number", "email": "Email", "name": "Name", "at": "At", "send": "Send", "subject": "Subject",
    "channel": "Channel", "message_type": "Message type", "state": "State", "address": "Sent to",
}  # fmt: skip
ANSWER_COLUMNS: Final = {
    "customer_id": "Customer number", "email": "Email", "name": "Name", "at": "At", "channel": "Channel",
    "subject": "Subject", "words": "Words",
}  # fmt: skip
COLUMNS_OF: Final = {
    "records": RECORD_COLUMNS, "consents": CONSENT_COLUMNS, "communications": LETTER_COLUMNS, "answers": ANSWER_COLUMNS,
}  # fmt: skip
RECORD_FIELDS: Final = (
    "id", "kind", "title", "category", "staff", "mode", "starts_at", "ends_at", "status", "amount", "currency",
    "uses_left", "source", "external_id", "attrs", "created_at", "updated_at",
)  # fmt: skip
CONSENT_FIELDS: Final = (
    "at",
    "channel",
    "message_type",
    "allowed",
    "how",
    "source",
    "wording",
    "by_name",
    "address",
)


def begin(
    session: Session, what: str, narrowed: Narrowing = NOTHING, *, by: Actor, now: datetime
) -> "array[int] | None":
    """Asks for the right, and notes that somebody takes the book away, or these people of it.

    Answers with their numbers, for `some`; with None for the whole book.
    """
    by.require(Right.EDIT_CUSTOMERS)
    those = search.everybody(session, narrowed) if narrowed else None
    number = customers.how_many(session) if those is None else len(those)
    after = {"what": what, "customers": number, **_noted(narrowed)}
    audit.write(session, "customers.exported", by=by, now=now, after=after)
    return those


def _noted(narrowed: Narrowing) -> dict[str, Any]:
    """Without the words that were searched for: they may be a name, and the log keeps what it was told."""
    told = {"status": narrowed.status, "tag": narrowed.tag, "group": narrowed.group}
    return {name: value for name, value in told.items() if value} | (
        {"searched": True} if narrowed.search.strip() else {}
    )


def note_access(session: Session, customer_id: int, *, by: Actor, now: datetime) -> None:
    """Somebody was given all that is known about them, or about a customer."""
    by.require(Right.EDIT_CUSTOMERS)
    audit.write(session, "customer.exported", by=by, now=now, subject_id=customer_id)


def people(session: Session, *, after: int = 0, most: int = 1000) -> list[dict[str, Any]]:
    """Those of the book behind the customer `after`, in its order, each with everything."""
    living = select(Customer).where(Customer.deleted_at.is_(None), Customer.id > after)
    return _whole(session, session.scalars(living.order_by(Customer.id).limit(most)).all())


def some(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """These people, each with everything; who left meanwhile is missing."""
    these = select(Customer).where(Customer.deleted_at.is_(None), Customer.id.in_(ids))
    return _whole(session, session.scalars(these.order_by(Customer.id)).all())


def person(session: Session, customer_id: int) -> dict[str, Any]:
    return _whole(session, [session.get_one(Customer, customer_id)])[0]


class Tables:
    """The tables: `headings()`, and `rows(people)` for some of them at a time."""

    def __init__(self, session: Session, what: What) -> None:
        self.what = what
        self._statuses = {status.key: status.label for status in statuses.every(session)}
        self._kinds = record_kinds.labels(session)
        labels = {field.key: field.label for field in own_fields.every(session)}
        self._own = {key: labels.get(key, key) for key in sorted(merging.own_fields(session))}

    def headings(self) -> list[str]:
        if self.what != "customers":
            return list(COLUMNS_OF[self.what].values())
        own = [f"{OWN_HEADING}{label}" for label in self._own.values()]
        beside = [
            "Other dates",
            "Notes",
            "Unsubscribed",
            *SAID.values(),
            SAID_THERE,
            "Address trouble",
            "Records",
            "Added on",
        ]
        return [*COLUMNS.values(), "Tags", "Groups", *OWN_DAYS.values(), *beside, *own]

    def rows(self, people: Iterable[Mapping[str, Any]]) -> Iterable[list[Any]]:
        for one in people:
            if self.what == "customers":
                yield self._line(one)
                continue
            whose = {"customer_id": one["id"], "email": one["email"], "name": _name(one)}
            for row in one[self.what]:
                yield [_cell((whose | row)[name]) for name in COLUMNS_OF[self.what]]

    def _line(self, one: Mapping[str, Any]) -> list[Any]:
        plain = {
            **one,
            "status": self._statuses.get(one["status"], one["status"]),
            "phone": _phone(one["phone"]),
        }
        days = {day["kind"]: _spreadsheet_day(day["date"]) for day in one["dates"] if not day["note"]}
        said = {
            row["message_type"]: row["allowed"] for row in one["preferences"] if row["channel"] == "email"
        }
        return [
            *(plain[name] for name in COLUMNS),
            _listed(one["tags"]),
            _listed(one["groups"]),
            *(days.get(kind, "") for kind in OWN_DAYS),
            _other_days(one["dates"]),
            one["notes"],
            _cell(one["marketing_opt_out"]),
            *(_cell(said.get(kind)) for kind in SAID),
            _opt_in(one["preferences"]),
            one["address_trouble"],
            len(one["records"]),
            _cell(one["created_at"]),
            *(_cell(one["attrs"].get(key)) for key in self._own),
        ]


def _opt_in(wishes: Iterable[Mapping[str, Any]]) -> str:
    said = {row["allowed"] for row in wishes if row["channel"] == "whatsapp"}
    return _cell(said.pop()) if len(said) == 1 else ""


def _whole(session: Session, people: Sequence[Customer]) -> list[dict[str, Any]]:
    home = _homes(session, [one.id for one in people])
    ids = [one.id for one in people]
    tags = _gathered(session, select(CustomerTag.customer_id, Tag.name).join(Tag, Tag.id == CustomerTag.tag_id).where(CustomerTag.customer_id.in_(ids)).order_by(Tag.name))  # fmt: skip
    groups = _gathered(session, select(GroupMember.customer_id, Group.name).join(Group, Group.id == GroupMember.group_id).where(GroupMember.customer_id.in_(ids)).order_by(Group.name))  # fmt: skip
    dates, records = _rows(session, CustomerDate, ids), _rows(session, CustomerRecord, ids)
    wishes, lines = _rows(session, Preference, ids), _rows(session, Consent, list(home), home)
    shown = wordings.of(session, [row.wording_id for rows in lines.values() for row in rows])
    whole = []
    for one in people:
        days = [
            {"kind": row.kind, "date": str(row.as_day), "note": row.note} for row in dates.get(one.id, [])
        ]
        whole.append(
            {
                **_own_columns(one),
                "tags": tags.get(one.id, []),
                "groups": groups.get(one.id, []),
                "dates": days,
                "preferences": [_picked(row, ("channel", "message_type", "allowed", "changed_at")) for row in wishes.get(one.id, [])],
                "records": [_picked(row, RECORD_FIELDS) for row in records.get(one.id, [])],
                "consents": [_said(row, shown) for row in lines.get(one.id, [])],
            }
        )  # fmt: skip
    return whole


def _own_columns(one: Customer) -> dict[str, Any]:
    names = (
        *COLUMNS,
        "marketing_opt_out",
        "notes",
        "attrs",
        "source",
        "created_at",
        "updated_at",
        "active_at",
        "wa_user_id",
    )
    trouble = {"address_trouble": one.email_trouble, "phone_trouble": one.whatsapp_trouble}
    return {**_picked(one, names), **trouble, "attrs": one.attrs or {}}


def _homes(session: Session, ids: list[int]) -> dict[int, int]:
    """Whose card each number belongs to today: their own, and those that were merged into it."""
    merged = select(Customer.id, Customer.merged_into).where(Customer.merged_into.in_(ids))
    return {number: number for number in ids} | {other: home or 0 for other, home in session.execute(merged)}


def _gathered(session: Session, query: Any) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for customer_id, name in session.execute(query):
        found.setdefault(customer_id, []).append(name)
    return found


def _rows(
    session: Session, model: Any, ids: list[int], home: Mapping[int, int] | None = None
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in session.scalars(select(model).where(or_(model.customer_id.in_(ids))).order_by(model.id)):
        found.setdefault(home[row.customer_id] if home else row.customer_id, []).append(row)
    return found


def _said(row: Consent, shown: Mapping[int, str]) -> dict[str, Any]:
    """With the words they saw, in place of their number."""
    return _picked(row, CONSENT_FIELDS) | {
        "wording": wordings.told(row.wording, shown.get(row.wording_id or 0, ""))
    }


def _picked(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _name(one: Mapping[str, Any]) -> str:
    return f"{one['first_name']} {one['last_name']}".strip() or str(one["company"])


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else value


def _phone(phone: str) -> str:
    """A spreadsheet makes a number of "+442079460018" and loses the plus; after an apostrophe it is text."""
    return f"'{phone}" if phone.startswith("+") else phone


def _spreadsheet_day(day: str) -> str:
    """A spreadsheet would work out "--05-17"; the year nought says the same."""
    return f"0000{day[1:]}" if day.startswith("--") else day


def _other_days(days: Sequence[Mapping[str, Any]]) -> str:
    others = [day for day in days if day["note"] or day["kind"] not in OWN_DAYS]
    return "; ".join(
        f"{day['kind']}{' (' + day['note'] + ')' if day['note'] else ''} {_spreadsheet_day(day['date'])}"
        for day in others
    )


def _listed(names: Sequence[str]) -> str:
    """Names with signs of their own stand in quotes."""
    if not any(sign in name for name in names for sign in ',;|"'):
        return "; ".join(names)
    out = io.StringIO()
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="").writerow(names)
    return out.getvalue()
