"""The message templates that WhatsApp has approved for the shop, or not: a copy of what lies there, taken now and then."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant

APPROVED: Final = "APPROVED"
GAP: Final = re.compile(r"\{\{\s*[A-Za-z_]")  # one that has a name and no number


class WhatsAppTemplate(Base):
    """One language of one template. The words for category, status and quality are the platform's own."""

    __tablename__ = "whatsapp_templates"
    __table_args__ = (UniqueConstraint("name", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    remote_id: Mapped[str] = mapped_column(String(64), default="")
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(30), default="")  # MARKETING, UTILITY, AUTHENTICATION
    status: Mapped[str] = mapped_column(
        String(30), default=""
    )  # APPROVED, PENDING, REJECTED, PAUSED, DISABLED, ...
    quality: Mapped[str] = mapped_column(String(20), default="")  # GREEN, YELLOW, RED, UNKNOWN
    named: Mapped[bool] = mapped_column(default=False)  # its parameters have names, not numbers
    components: Mapped[list[Any]] = mapped_column(JSON)
    rejected_reason: Mapped[str] = mapped_column(Text, default="")
    synced_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def is_approved(self) -> bool:
        return self.status == APPROVED


@dataclass(frozen=True, slots=True)
class Synced:
    """What a look at the platform changed here."""

    there: int
    new: int
    gone: int


def every(session: Session) -> list[WhatsAppTemplate]:
    """By name and language."""
    rows = select(WhatsAppTemplate).order_by(WhatsAppTemplate.name, WhatsAppTemplate.language)
    return list(session.scalars(rows))


def find(session: Session, name: str, language: str) -> WhatsAppTemplate | None:
    named = (WhatsAppTemplate.name == name) & (WhatsAppTemplate.language == language)
    return session.scalar(select(WhatsAppTemplate).where(named))


def meant(session: Session, name: str, language: str, number: str = "") -> WhatsAppTemplate | None:
    """The one a notice is about: by the platform's number, or by name; "en-US" there is "en_US" in the list of templates."""
    if number:
        by_number = select(WhatsAppTemplate).where(WhatsAppTemplate.remote_id == number)
        if (found := session.scalars(by_number.limit(2)).all()) and len(found) == 1:
            return found[0]
    named = select(WhatsAppTemplate).where(WhatsAppTemplate.name == name)
    same = [row for row in session.scalars(named) if spelled(row.language) == spelled(language)]
    return same[0] if same else None


def spelled(language: str) -> str:
    return language.replace("-", "_").casefold()


def keep(session: Session, told: Iterable[Mapping[str, Any]], *, now: datetime) -> Synced:
    """The whole list as the platform gave it: what is not in it any more is gone."""
    before = {(row.name, row.language): row for row in every(session)}
    new, seen = 0, set()
    for one in told:
        key = str(one.get("name", ""))[:512], str(one.get("language", ""))[:20]
        if not all(key) or key in seen:
            continue
        seen.add(key)
        row = before.get(key)
        if row is None:
            row, new = WhatsAppTemplate(name=key[0], language=key[1]), new + 1
        _fill(row, one, now)
        session.add(row)
    gone = [row.id for key, row in before.items() if key not in seen]
    session.execute(delete(WhatsAppTemplate).where(WhatsAppTemplate.id.in_(gone)))
    session.flush()
    return Synced(len(seen), new, len(gone))


def note_status(session: Session, name: str, language: str, status: str, reason: str = "") -> bool:
    """A notice from the platform, ahead of the next look. False: no such template is known here."""
    row = find(session, name, language)
    if row is None:
        return False
    if status.upper() in ("DELETED", "ARCHIVED"):
        session.delete(row)
    else:
        row.status = _word(status)
        row.rejected_reason = "" if reason in ("", "NONE") else reason[:1_000]
    session.flush()
    return True


def note_quality(session: Session, name: str, language: str, quality: str) -> bool:
    row = find(session, name, language)
    if row is not None:
        row.quality = _word(quality)
    return row is not None


def note_category(session: Session, name: str, language: str, category: str) -> bool:
    row = find(session, name, language)
    if row is not None:
        row.category = _word(category)
    return row is not None


def forget_all(session: Session) -> None:
    """Another account has other templates."""
    session.execute(delete(WhatsAppTemplate))


def _fill(row: WhatsAppTemplate, told: Mapping[str, Any], now: datetime) -> None:
    score = told.get("quality_score")
    row.remote_id = str(told.get("id", ""))[:64]
    row.category, row.status = _word(told.get("category")), _word(told.get("status"))
    row.quality = _word(score.get("score") if isinstance(score, Mapping) else score)
    components = told.get("components")
    row.components = components if isinstance(components, list) else []
    row.named = _is_named(_word(told.get("parameter_format")), row.components)
    reason = str(told.get("rejected_reason") or "")
    row.rejected_reason = "" if reason == "NONE" else reason[:1_000]
    row.synced_at = now


def _is_named(kind: str, components: list[Any]) -> bool:
    """Where the platform does not say so, the gaps do."""
    texts = (one.get("text") for one in components if isinstance(one, Mapping))
    return kind == "NAMED" if kind else any(GAP.search(text) for text in texts if isinstance(text, str))


def _word(said: Any) -> str:
    return said.strip().upper()[:20] if isinstance(said, str) else ""
