"""One customer or record as before an import, field by field: what somebody changed since is left alone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import flag_modified

from domain.book import statuses
from domain.book.agreeing import WISHES, TakingBack
from domain.book.groups import GroupMember
from domain.book.imports import DONE, RUNNING, Import, ImportChange
from domain.book.message_types import EVERY_TYPE
from domain.book.person import Customer, CustomerDate
from domain.book.proof import Consent
from domain.book.records import CustomerRecord
from domain.book.suppressions import fingerprint

TOGETHER: Final = (("email", "email_key"), ("phone", "phone_key"))  # as typed, and as it is found
MOMENTS: Final = frozenset({"active_at", "starts_at", "ends_at"})
SAYS_NO: Final = frozenset({"opted_out", "subscribed", "status"})  # columns of a file that can say no


class PuttingBack:
    def __init__(
        self, session: Session, entry: Import, changes: Sequence[ImportChange], now: datetime
    ) -> None:
        self.session, self.entry, self.now = session, entry, now
        self.customers = self._customers(changes)
        self.merged = self._merged(changes)
        self.records = self._records(changes)
        self.statuses = set(statuses.keys(session))
        self.keep_no = self._who_keeps_their_no(changes)
        self.wishes = TakingBack(session, entry, self._who_answered(changes), now)
        self.lines: list[dict[str, Any]] = []

    def put_back(self, change: ImportChange) -> tuple[bool, bool]:
        """Whether something was put back, and whether something stays as it is now."""
        if change.record_id is not None:
            return self._record(change)
        customer = self.customers.get(change.customer_id or 0)
        if customer is None:
            return False, change.customer_id in self.merged
        told = change.before
        steps = [*self._facts(customer, told.get("facts", {})), *self._attrs(customer, told.get("attrs", {}))]
        steps += self._tags(customer, told.get("tags", ()))
        steps += self._groups(customer, told.get("groups", ()))
        steps += [self._date(customer, *one) for one in told.get("dates", ())]
        if "trouble" in told and customer.email == told["facts"].get("email", [None])[0]:
            customer.email_trouble = told["trouble"]
        if told.get("out"):
            steps.append(self._consent(customer))
        if WISHES in told:
            is_unsaid = self.wishes.take_back(customer, told[WISHES])
            if customer.import_id == self.entry.id:
                return False, False  # whom it added goes by themselves, or stays and is told of there
            steps.append(is_unsaid)
        if any(steps):
            customer.updated_at = self.now
            flag_modified(customer, "updated_at")
        return any(steps), not all(steps)

    def write(self) -> None:
        self.session.flush()
        if self.lines:
            self.session.execute(insert(Consent), self.lines)
        self.wishes.write()

    def _facts(self, customer: Customer, facts: dict[str, Any]) -> Iterable[bool]:
        groups = [*TOGETHER, *((name,) for name in facts if not any(name in pair for pair in TOGETHER))]
        for names in groups:
            here = [name for name in names if name in facts]
            if here:
                yield self._fact(customer, {name: facts[name] for name in here})
        customer.email_hash = fingerprint(customer.email_key) if customer.email_key else None
        customer.phone_hash = fingerprint(customer.phone_key) if customer.phone_key else None

    def _fact(self, row: Customer | CustomerRecord, facts: dict[str, Any]) -> bool:
        facts = {name: [_read(name, value) for value in both] for name, both in facts.items()}
        if any(getattr(row, name) != after for name, (_, after) in facts.items()):
            return False
        if "status" in facts and isinstance(row, Customer) and facts["status"][0] not in self.statuses:
            return False  # the shop has no such status any more
        for name, (before, _) in facts.items():
            setattr(row, name, before)
        return True

    def _attrs(self, customer: Customer, attrs: dict[str, Any]) -> Iterable[bool]:
        present = dict(customer.attrs)
        for key, (before, after) in attrs.items():
            same = present.get(key) == after
            if same and before is None:
                del present[key]
            elif same:
                present[key] = before
            yield same
        if present != customer.attrs:
            customer.attrs = present

    @staticmethod
    def _tags(customer: Customer, numbers: Sequence[int]) -> Iterable[bool]:
        """A tag that somebody has taken off since needs no putting back."""
        there = [tag for tag in customer.tags if tag.id in numbers]
        for tag in there:
            customer.tags.remove(tag)
        return [True] if there else []

    def _groups(self, customer: Customer, numbers: Sequence[int]) -> Iterable[bool]:
        if not numbers:
            return []
        mine = (GroupMember.customer_id == customer.id, GroupMember.group_id.in_(numbers))
        gone = delete(GroupMember).where(*mine).execution_options(synchronize_session=False)
        self.session.execute(gone)
        return [True]

    def _date(
        self, customer: Customer, kind: str, before: list[int | None] | None, after: list[int | None]
    ) -> bool:
        row = next((day for day in customer.dates if day.kind == kind and not day.note), None)
        if row is None or [row.month, row.day, row.year] != after:
            return False
        if before is None:
            customer.dates.remove(row)
        else:
            _set_day(row, before)
        return True

    def _consent(self, customer: Customer) -> bool:
        """The file had said no for them. Nobody else did, so what they had said before counts again."""
        if not customer.marketing_opt_out or customer.id in self.keep_no:
            return False
        customer.marketing_opt_out = False
        self.lines.append(taken_back(self.entry, customer, True, self.now))
        return True

    def _record(self, change: ImportChange) -> tuple[bool, bool]:
        record = self.records.get(change.record_id or 0)
        if record is None:
            return False, False
        steps = [self._fact(record, {name: both}) for name, both in change.before.get("facts", {}).items()]
        if any(steps):
            record.updated_at = self.now
        return any(steps), not all(steps)

    def _customers(self, changes: Sequence[ImportChange]) -> dict[int, Customer]:
        numbers = {change.customer_id for change in changes if change.record_id is None}
        rows = select(Customer).where(Customer.id.in_(numbers), Customer.deleted_at.is_(None))
        found = self.session.scalars(rows.options(selectinload(Customer.tags), selectinload(Customer.dates)))
        return {row.id: row for row in found}

    @staticmethod
    def _who_answered(changes: Sequence[ImportChange]) -> list[int]:
        return [change.customer_id for change in changes if change.customer_id and WISHES in change.before]

    def _merged(self, changes: Sequence[ImportChange]) -> set[int]:
        """Whose card became part of another, with what the import had written on it."""
        numbers = {change.customer_id for change in changes if change.record_id is None}
        rows = select(Customer.id).where(Customer.id.in_(numbers), Customer.merged_into.is_not(None))
        return set(self.session.scalars(rows))

    def _records(self, changes: Sequence[ImportChange]) -> dict[int, CustomerRecord]:
        numbers = {change.record_id for change in changes if change.record_id is not None}
        rows = select(CustomerRecord).where(CustomerRecord.id.in_(numbers)) if numbers else None
        return {row.id: row for row in self.session.scalars(rows)} if rows is not None else {}

    def _who_keeps_their_no(self, changes: Sequence[ImportChange]) -> set[int]:
        """Whoever has said no by themselves since; and all, where another file since then could have said it too."""
        numbers = {
            change.customer_id for change in changes if change.before.get("out") and change.customer_id
        }
        if not numbers:
            return set()
        if self._another_file_speaks_of_consent():
            return numbers
        own = or_(
            Consent.how != "import",
            Consent.source != self.entry.file_name,
            Consent.at != self.entry.created_at,
        )
        since = select(Consent.customer_id).where(
            Consent.customer_id.in_(numbers),
            Consent.allowed.is_(False),
            Consent.message_type == EVERY_TYPE,
            Consent.at >= self.entry.created_at,
            own,
        )
        return {number for number in self.session.scalars(since) if number}

    def _another_file_speaks_of_consent(self) -> bool:
        later = select(Import.mapping).where(
            Import.id > self.entry.id, Import.state.in_((DONE, RUNNING)), Import.kind == self.entry.kind
        )
        return any(SAYS_NO & set(mapping.values()) for mapping in self.session.scalars(later))


def taken_back(entry: Import, customer: Customer, allowed: bool, now: datetime) -> dict[str, Any]:
    """The line in the ledger: what the import had said about consent counts no more."""
    asked = entry.outcome["by"]
    return {
        "customer_id": customer.id,
        "address_hash": customer.email_hash,
        "channel": "email",
        "message_type": EVERY_TYPE,
        "allowed": allowed,
        "at": now,
        "how": "import",
        "source": f"{entry.file_name[:180]}: taken back",
        "by_name": asked["name"],
        "by_user_id": asked["user_id"],
    }


def _set_day(row: CustomerDate, day: list[int | None]) -> None:
    month, number, year = day
    row.month, row.day, row.year = month or row.month, number or row.day, year


def _read(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in MOMENTS and value else value
