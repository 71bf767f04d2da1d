"""Writing many people down at once, for an import: few statements, whatever their number."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Table, Update, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.orm import Session

from domain.book import statuses, tags
from domain.book.comparing import Change, Comparison, opts_out_from_the_start
from domain.book.consent import EVERY_TYPE, Consent, MessageType, Preference, fingerprint
from domain.book.incoming import Incoming
from domain.book.memory import CARRIED_OVER, Memory
from domain.book.person import Customer, CustomerDate, CustomerTag
from domain.shop.people import Actor

Rows = list[dict[str, Any]]
BLANK: Final = dict.fromkeys(
    ("first_name", "last_name", "company", "email", "phone", "language", "notes"), ""
)
NO_KEYS: Final = {"email_key": None, "phone_key": None}


class _Sheets:
    """The rows to be written, table by table, gathered before the first is."""

    def __init__(self, file_name: str, basis: str, by: Actor, now: datetime) -> None:
        self.customers: Rows = []
        self.changes: Rows = []
        self.dates: Rows = []
        self.consents: Rows = []
        self.preferences: Rows = []
        self.tags: list[tuple[int, str]] = []  # customer, folded name
        self.names: dict[str, str] = {}  # folded name -> as written
        self._line = {"channel": "email", "at": now, "how": "import", "source": file_name, "address": ""}
        self._line |= {"wording": basis, "by_name": by.name, "by_user_id": by.user_id}
        self.now = now

    def tag(self, customer_id: int, names: dict[str, str]) -> None:
        self.names = {**names, **self.names}
        self.tags += [(customer_id, key) for key in names]

    def date(self, customer_id: int, kind: str, day: Any) -> None:
        row = {"kind": kind, "month": day.month, "day": day.day, "year": day.year, "note": ""}
        self.dates.append({"customer_id": customer_id, **row})

    def proof(
        self, customer_id: int, address_hash: str | None, allowed: bool, message_type: str, **more: Any
    ) -> None:
        row = {"customer_id": customer_id, "address_hash": address_hash, "allowed": allowed}
        self.consents.append({**self._line, **row, "message_type": message_type, **more})

    def remember(
        self, customer_id: int, address_hash: str | None, remembered: Memory | None, out: bool
    ) -> None:
        """A no from before counts on; a global one is on the customer already."""
        for word in sorted(remembered.refused) if remembered else ():
            if word != EVERY_TYPE:
                self.preferences.append(
                    {
                        "customer_id": customer_id,
                        "channel": "email",
                        "message_type": MessageType(word),
                        "allowed": False,
                        "changed_at": self.now,
                    }
                )
            if word != EVERY_TYPE or out:
                self.proof(customer_id, address_hash, False, word, source=CARRIED_OVER, wording="")


def write_down(
    session: Session,
    comparison: Comparison,
    import_id: int,
    file_name: str,
    basis: str,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Inside a unit that writes: nobody else can take the same customer numbers meanwhile."""
    sheets = _Sheets(file_name, basis, by, now)
    _gather_new(session, sheets, comparison, import_id)
    for change in comparison.changed:
        _gather_change(sheets, change, comparison.remembered.get(change.columns["email_key"] or ""))
    session.flush()
    _write(session, sheets)
    session.expire_all()


def count_opting_out(comparison: Comparison) -> int:
    new = (person for person in comparison.added if person.opted_out)
    return sum(1 for _ in new) + sum(change.opts_out for change in comparison.changed)


def _gather_new(session: Session, sheets: _Sheets, comparison: Comparison, import_id: int) -> None:
    last = session.scalar(select(func.max(Customer.id))) or 0
    common = {"status": statuses.first(session), "timezone": "", "source": "import", "import_id": import_id}
    common |= {"created_at": sheets.now, "updated_at": sheets.now, "active_at": sheets.now, "version": 1}
    for number, person in enumerate(comparison.added, start=last + 1):
        remembered = comparison.remembered.get(person.email_key or "")
        _gather_person(sheets, number, person, remembered, common)


def _gather_person(
    sheets: _Sheets, number: int, person: Incoming, remembered: Memory | None, common: dict[str, Any]
) -> None:
    out = opts_out_from_the_start(person, remembered)
    row = {"id": number, **common, **BLANK, **NO_KEYS, "attrs": {}, **person.columns}
    row |= _hashes(row) | {
        "marketing_opt_out": out,
        "email_trouble": remembered.trouble if remembered else None,
    }
    sheets.customers.append(row)
    sheets.tag(number, person.tags)
    for kind, day in person.days.items():
        sheets.date(number, kind, day)
    if row["email_key"]:
        sheets.proof(number, row["email_hash"], not person.opted_out, EVERY_TYPE)
    elif person.opted_out:
        sheets.proof(number, None, False, EVERY_TYPE)
    sheets.remember(number, row["email_hash"], remembered, out)


def _gather_change(sheets: _Sheets, change: Change, remembered: Memory | None) -> None:
    number, before = change.customer_id, remembered if change.new_address else None
    out = change.opts_out or bool(before and EVERY_TYPE in before.refused)
    row = {"the_id": number, **change.columns, **_hashes(change.columns), "updated_at": sheets.now}
    row |= {"opts_out": out, "email_trouble": before.trouble if before else change.trouble}
    sheets.changes.append(row)
    sheets.tag(number, change.tags)
    for there, kind, day in change.days:
        if there is None:
            sheets.date(number, kind, day)
        else:
            there.month, there.day, there.year = day.month, day.day, day.year
    if change.opts_out:
        sheets.proof(number, row["email_hash"], False, EVERY_TYPE)
    sheets.remember(number, row["email_hash"], before, out)


def _hashes(row: dict[str, Any]) -> dict[str, str | None]:
    return {
        "email_hash": fingerprint(row["email_key"]) if row["email_key"] else None,
        "phone_hash": fingerprint(row["phone_key"]) if row["phone_key"] else None,
    }


def _write(session: Session, sheets: _Sheets) -> None:
    known = {tag.name.casefold(): tag.id for tag in tags.named(session, sheets.names.values())}
    tagged: Rows = [
        {"customer_id": number, "tag_id": known[key]} for number, key in dict.fromkeys(sheets.tags)
    ]
    if sheets.changes:
        session.execute(_update_of_one(), sheets.changes)
    for model, rows in (
        (Customer, sheets.customers),
        (CustomerDate, sheets.dates),
        (Consent, sheets.consents),
    ):
        if rows:
            session.execute(insert(_table(model)), rows)
    if tagged:
        session.execute(upsert(_table(CustomerTag)).on_conflict_do_nothing(), tagged)
    if sheets.preferences:
        known_no = upsert(_table(Preference))
        keys = ["customer_id", "channel", "message_type"]
        session.execute(
            known_no.on_conflict_do_update(index_elements=keys, set_={"allowed": False}), sheets.preferences
        )


def _update_of_one() -> Update:
    """The columns come by name from each row; opting out is only ever added."""
    table = _table(Customer)
    out = or_(table.c.marketing_opt_out, bindparam("opts_out", type_=Boolean))
    return (
        update(table)
        .where(table.c.id == bindparam("the_id"))
        .values(marketing_opt_out=out, version=table.c.version + 1)
    )


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table
