"""The answers of a list about WhatsApp, written down and taken back: what counts today, the proof, and what stood before."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from data.listed import listed
from data.prepared import moment, plain
from domain.book import wordings
from domain.book.agreements import CHANNEL, TAKEN_BACK, Answer, Basis, Told, Weighed
from domain.book.bookkeeping import BEFORE, insert_into
from domain.book.imports import CHANGED, DONE, RUNNING, Import
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.book.preferences import Preference
from domain.book.proof import Consent

WISHES: Final = "wishes"  # under this name the way back is kept
SPEAKS: Final = frozenset({"whatsapp_agreed", "whatsapp_out"})  # columns of a file that can say no
PREFERENCE: Final = insert_into(
    "preferences",
    "customer_id, channel, message_type, allowed, changed_at",
    " ON CONFLICT (customer_id, channel, message_type) DO UPDATE SET allowed = excluded.allowed, "
    "changed_at = excluded.changed_at",
)
PROOF: Final = insert_into(
    "consents",
    "customer_id, address_hash, channel, message_type, allowed, at, how, source, wording, wording_id, by_name, "
    "by_user_id, address",
)
TOLD: Final = "whatsapp_told"  # among the options of an import: what became of it


def write_down(session: Session, weighed: Weighed, entry: Import, basis: Basis, zone: str) -> None:
    """Inside the unit in which the people themselves are written; `weighed` knows their numbers."""
    _count(entry, weighed.told)
    if not weighed.answers:
        return
    shown = wordings.number(session, basis.words, now=entry.created_at) if basis.words else None
    by = (entry.asked_by.get("name", ""), entry.by_user_id, "")
    preferences, proofs = [], []
    before: dict[int, dict[str, Any]] = {}
    for one in weighed.answers:
        at = plain(one.day or entry.created_at)
        kind = str(one.kind)
        preferences.append((one.customer_id, CHANNEL, kind, one.allowed, at))
        said = _rests_on(one, basis, zone), shown if one.allowed else None
        line = (one.customer_id, one.phone_hash, CHANNEL, kind, one.allowed, plain(entry.created_at))
        proofs.append((*line, "import", source(entry), *said, *by))
        stood = [one.before[0], plain(one.before[1])] if one.before else None
        before.setdefault(one.customer_id, {})[kind] = [stood, [one.allowed, at]]
    changes = [
        (entry.id, number, CHANGED, json.dumps({WISHES: told}), None) for number, told in before.items()
    ]
    connection = session.connection()
    for statement, rows in ((PREFERENCE, preferences), (PROOF, proofs), (BEFORE, changes)):
        connection.exec_driver_sql(statement, rows)
    session.flush()
    session.expire_all()


def mark_changed(session: Session, numbers: Sequence[int], now: datetime) -> None:
    """Whose answer is all that changed."""
    if numbers:
        them = update(Customer).where(Customer.id.in_(numbers))
        values = {"updated_at": now, "version": Customer.version + 1}
        session.execute(them.values(values).execution_options(synchronize_session=False))


def source(entry: Import) -> str:
    """Which file, and which time it was brought."""
    return f"{entry.file_name[:160]} (import {entry.id})"


def told_of(entry: Import) -> Told:
    return Told(**entry.options.get(TOLD, {}))


def _count(entry: Import, told: Told) -> None:
    total = told_of(entry) + told
    counts = {name: getattr(total, name) for name in Told.__slots__}
    if any(counts.values()):
        entry.options = {**entry.options, TOLD: counts}


def _rests_on(one: Answer, basis: Basis, zone: str) -> str:
    if not one.allowed:
        return ""
    day = one.day.astimezone(ZoneInfo(zone)) if one.day else None
    return f"{basis.how} ({f'{day.day} {day:%B %Y}' if day else 'no day stated'})"


class TakingBack:
    """The answers of one import, unsaid: where somebody has spoken since, their word stays."""

    def __init__(self, session: Session, entry: Import, customer_ids: Sequence[int], now: datetime) -> None:
        self.session, self.entry, self.now = session, entry, now
        mine = Preference.customer_id.in_(customer_ids), Preference.channel == CHANNEL
        rows = session.scalars(select(Preference).where(*mine)) if customer_ids else ()
        self.there = {(row.customer_id, str(row.message_type)): row for row in rows}
        self.lines: list[dict[str, Any]] = []
        self._gone: list[int] = []  # preferences
        self._keeps_noes = bool(customer_ids) and self._another_file_speaks()

    def write(self) -> None:
        """After all of them: one by one the database would look through everything at hand each time."""
        gone = delete(Preference).where(Preference.id.in_(listed(self._gone)))
        self.session.execute(gone.execution_options(synchronize_session=False))
        if self.lines:
            self.session.execute(insert(Consent), self.lines)

    def take_back(self, customer: Customer, told: Mapping[str, Any]) -> bool:
        """Whether all of it is gone again."""
        gone = [self._one(customer, kind, *both) for kind, both in told.items()]
        return all(gone)

    def _one(self, customer: Customer, kind: str, before: list[Any] | None, after: list[Any]) -> bool:
        row = self.there.get((customer.id, kind))
        if row is None or [row.allowed, plain(row.changed_at)] != after:
            return False
        if not row.allowed and self._keeps_noes:
            return False
        if before is None:
            self._gone.append(row.id)
        else:
            row.allowed, row.changed_at = before[0], moment(before[1]) or self.now
        self.lines.append(self._line(customer, kind, bool(before and before[0])))
        return True

    def _line(self, customer: Customer, kind: str, allowed: bool) -> dict[str, Any]:
        asked = self.entry.outcome["by"]
        return {
            "customer_id": customer.id,
            "address_hash": customer.phone_hash,
            "channel": CHANNEL,
            "message_type": str(MessageType(kind)),
            "allowed": allowed,
            "at": self.now,
            "how": "import",
            "source": f"{source(self.entry)}{TAKEN_BACK}",
            "by_name": asked["name"],
            "by_user_id": asked["user_id"],
        }

    def _another_file_speaks(self) -> bool:
        later = select(Import.mapping).where(Import.id > self.entry.id, Import.state.in_((DONE, RUNNING)))
        return any(SPEAKS & set(mapping.values()) for mapping in self.session.scalars(later))
