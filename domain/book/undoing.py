"""Taking an import back (N18): what it changed is kept for some days, and whoever was changed since stays as they are."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from domain.book import customers, imports
from domain.book.groups import GroupMember
from domain.book.imports import (
    CHANGED,
    DONE,
    FAILED,
    KEPT_FOR,
    RUNNING,
    UNDOING,
    UNDONE,
    Import,
    ImportChange,
)
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.book.putting_back import PuttingBack, taken_back
from domain.book.records import CustomerRecord
from domain.refusal import Kind, Refusal
from domain.shop import audit
from domain.shop.people import Actor, Right, Role

__all__ = ["WHY", "ImportChange", "WrittenTo", "begin", "finish", "forget_old", "go_on", "is_over", "why_not"]

AT_ONCE: Final = 500  # customers in one unit of work, where nobody says how many
KEPT_NAMES: Final = 500  # of those who stay, so many are told by name
RECORDS, CHANGES, PEOPLE, OVER = "records", "changes", "people", "over"  # in this order: see _people
WHY: Final = {
    "changed": "somebody changed them since",
    "records": "they have orders or appointments since",
    "written_to": "they got a message since",
}
WrittenTo = Callable[[Session, Sequence[int]], set[int]]  # which of these customers got a message


def why_not(entry: Import, now: datetime) -> str:
    """A sentence where this import can't be taken back (any more)."""
    if entry.state == RUNNING:
        return "This import is still running. Wait until it is through."
    if entry.state in (UNDOING, UNDONE):
        return "This import was taken back already."
    if now - (entry.finished_at or entry.created_at) > KEPT_FOR:
        return f"An import can be taken back for {KEPT_FOR.days} days, and they are over."
    if entry.state == FAILED and not entry.done:
        return "Nothing of this import was taken."
    return ""


def begin(session: Session, import_id: int, *, by: Actor, now: datetime) -> Import:
    """From now on it is being taken back; `go_on` does it some at a time."""
    by.require(Right.EDIT_CUSTOMERS)
    entry = imports.get(session, import_id, by=by)
    if sentence := why_not(entry, now):
        raise Refusal("not_undoable", sentence, Kind.CONFLICT)
    asked = {
        "user_id": by.user_id,
        "name": by.name,
        "role": str(by.role),
        "via": by.via,
        "address": by.address,
    }
    entry.outcome = {
        "stage": RECORDS,
        "at": 0,
        "removed": 0,
        "restored": 0,
        "kept": [],
        "stay": 0,
        "by": asked,
    }
    entry.state, entry.worker_id, entry.done = UNDOING, None, 0
    entry.total = _how_much(session, entry)
    session.flush()
    return entry


def go_on(
    session: Session, entry: Import, written_to: WrittenTo, most: int | None = None, *, now: datetime
) -> None:
    """The next some. Inside a unit that writes; the import is the caller's."""
    run = _Run(session, entry, written_to, most or AT_ONCE, now)
    step = {RECORDS: run.records, CHANGES: run.changes, PEOPLE: run.people}[run.told["stage"]]
    step()
    if run.told["stage"] != entry.outcome["stage"]:
        run.told["at"] = 0
    entry.outcome = run.told
    session.flush()
    session.expire_all()


def is_over(entry: Import) -> bool:
    return bool(entry.outcome.get("stage") == OVER)


def finish(session: Session, entry: Import, *, now: datetime) -> None:
    entry.state, entry.undone_at, entry.worker_id = UNDONE, now, None
    told = entry.outcome
    after = {
        "file": entry.file_name,
        "removed": told["removed"],
        "restored": told["restored"],
        "stay": told["stay"],
    }
    audit.write(session, "import.undone", by=_asker(entry), now=now, subject_id=entry.id, after=after)
    session.flush()


def who_stays(session: Session, entry: Import, *, most: int) -> list[tuple[int, str, str]]:
    """Number, name and reason of the first of those who stay as they are."""
    kept = entry.outcome.get("kept", [])[:most]
    numbers = [one["customerId"] for one in kept]
    names = {
        row.id: row.shown_name for row in session.scalars(select(Customer).where(Customer.id.in_(numbers)))
    }
    return [(one["customerId"], names.get(one["customerId"], "Somebody"), WHY[one["why"]]) for one in kept]


def forget_old(session: Session, *, now: datetime) -> None:
    """What stood there before an import that can't be taken back any more."""
    old = select(Import.id).where(
        Import.state.in_((DONE, FAILED, UNDONE)),
        func.coalesce(Import.finished_at, Import.created_at) < now - KEPT_FOR,
    )
    session.execute(delete(ImportChange).where(ImportChange.import_id.in_(old)))


class _Run:
    """Some of the way back, in one unit of work."""

    def __init__(
        self, session: Session, entry: Import, written_to: WrittenTo, most: int, now: datetime
    ) -> None:
        self.session, self.entry, self.written_to, self.now = session, entry, written_to, now
        self.most = most
        self.told: dict[str, Any] = {**entry.outcome, "kept": list(entry.outcome["kept"])}

    def records(self) -> None:
        """Those it added; who was changed since stays."""
        mine = select(CustomerRecord).where(CustomerRecord.import_id == self.entry.id)
        rows = self._next(
            mine.where(CustomerRecord.id > self.told["at"]).order_by(CustomerRecord.id), CHANGES
        )
        for row in rows:
            self.told["at"] = row.id
            if row.updated_at is None:
                self.session.delete(row)
                self.told["removed"] += 1
            else:
                self._stays(row.customer_id, "changed")

    def changes(self) -> None:
        """The last one first: where a file changed something twice, the way back is the same."""
        mine = (
            select(ImportChange)
            .where(ImportChange.import_id == self.entry.id, ImportChange.what == CHANGED)
            .order_by(ImportChange.id.desc())
        )
        rows = self._next(mine.where(ImportChange.id < self.told["at"]) if self.told["at"] else mine, PEOPLE)
        back = PuttingBack(self.session, self.entry, rows, self.now)
        for row in rows:
            self.told["at"] = row.id
            put_back, stays = back.put_back(row)
            self.told["restored"] += put_back
            if stays and row.customer_id:
                self._stays(customers.followed(self.session, row.customer_id), "changed")
        back.write()

    def people(self) -> None:
        """Those it added. After the records: whoever still has one has more than this import gave them."""
        mine = select(Customer).where(Customer.import_id == self.entry.id, Customer.deleted_at.is_(None))
        rows = self._next(mine.where(Customer.id > self.told["at"]).order_by(Customer.id), OVER)
        if not rows:
            return
        reasons = self._reasons([row.id for row in rows])
        going = [row for row in rows if row.version == 1 and row.id not in reasons]
        for row in rows:
            self.told["at"] = row.id
            if row.version != 1 or row.id in reasons:
                self._stays(row.id, reasons.get(row.id, "changed"))
        self._remove(going)

    def _next(self, rows: Any, then: str) -> list[Any]:
        found = list(self.session.scalars(rows.limit(self.most)))
        self.entry.done += len(found)
        if len(found) < self.most:
            self.told["stage"] = then
        return found

    def _reasons(self, numbers: Sequence[int]) -> dict[int, str]:
        """Why somebody stays although their own row was not changed."""
        acts = select(Consent.customer_id).where(Consent.customer_id.in_(numbers), Consent.how != "import")
        records = select(CustomerRecord.customer_id).where(CustomerRecord.customer_id.in_(numbers))
        found = {number: "changed" for number in self.session.scalars(acts) if number}
        found |= dict.fromkeys(self._put_into_groups(numbers), "changed")
        found |= dict.fromkeys(self.session.scalars(records), "records")
        return found | dict.fromkeys(self.written_to(self.session, numbers), "written_to")

    def _put_into_groups(self, numbers: Sequence[int]) -> Iterable[int]:
        """By a hand: the groups that the file named are noted."""
        listed = func.json_each(ImportChange.before, "$.groups").table_valued("value", name="listed")
        by_the_file = (
            select(1)
            .select_from(ImportChange, listed)
            .where(
                ImportChange.import_id == self.entry.id,
                ImportChange.customer_id == GroupMember.customer_id,
                listed.c.value == GroupMember.group_id,
            )
        )
        members = select(GroupMember.customer_id).where(GroupMember.customer_id.in_(numbers))
        return self.session.scalars(members.where(~exists(by_the_file.correlate(GroupMember))))

    def _stays(self, customer_id: int, why: str) -> None:
        self.told["stay"] += 1
        if len(self.told["kept"]) < KEPT_NAMES:
            self.told["kept"].append({"customerId": customer_id, "why": why})

    def _remove(self, going: Sequence[Customer]) -> None:
        """As if they had never been in the file: a no that was only written there does not outlive it.

        What an address had said before that lies with the customer who said it.
        """
        if not going:
            return
        gone = update(Customer).where(Customer.id.in_([row.id for row in going]))
        values = {"deleted_at": self.now, "updated_at": self.now, "marketing_opt_out": False}
        self.session.execute(
            gone.values(**values, version=Customer.version + 1).execution_options(synchronize_session=False)
        )
        lines = [taken_back(self.entry, row, False, self.now) for row in going if row.email_hash]
        if lines:
            self.session.execute(insert(Consent), lines)
        self.told["removed"] += len(going)


def _how_much(session: Session, entry: Import) -> int:
    counts = (
        select(func.count()).where(CustomerRecord.import_id == entry.id),
        select(func.count()).where(ImportChange.import_id == entry.id, ImportChange.what == CHANGED),
        select(func.count()).where(Customer.import_id == entry.id, Customer.deleted_at.is_(None)),
    )
    return sum(session.scalar(count) or 0 for count in counts)


def _asker(entry: Import) -> Actor:
    asked = entry.outcome["by"]
    return Actor(asked["user_id"], asked["name"], Role(asked["role"]), asked["via"], False, asked["address"])
