"""What a whole message must say so that the shop stops, or goes on; and the sentence that a link to chat begins with.

Whoever sends that sentence has agreed, and what stood beside the link is kept as what they saw.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.refusal import invalid
from domain.shop import audit, whatsapp
from domain.shop import shop as shops
from domain.shop.people import Actor, Right

ONLY: Final = 1
MOST_WORDS, LONGEST_WORD, LONGEST_JOIN, LONGEST_WORDING = 100, 60, 120, 1_000
STOP: Final = (
    "stop", "stop all", "stop promotions", "unsubscribe", "opt out", "optout",  # and in each of the languages
    "stopp", "abmelden", "abbestellen", "austragen", "keine werbung", "keine werbung mehr",
    "arrêt", "arrêter", "stop pub", "désabonner", "me désabonner", "désinscrire", "désabonnement",
    "baja", "darme de baja", "darse de baja", "parar", "no más", "cancelar suscripción",
    "cancella", "cancellami", "cancellazione", "disiscrivi", "disiscrivimi", "fermare",
    "afmelden", "uitschrijven", "stoppen",
    "sair", "descadastrar", "cancelar inscrição", "parar de receber",
)  # fmt: skip
START: Final = (
    "start", "unstop", "subscribe", "resume", "opt in",
    "anmelden", "wieder anmelden", "reprendre", "s'abonner", "alta", "darme de alta", "iscrivimi", "riprendi",
    "aanmelden", "recomeçar", "inscrever",
)  # fmt: skip


class WhatsAppWords(Base):
    """One row, or none: then the usual ones count."""

    __tablename__ = "whatsapp_words"

    id: Mapped[int] = mapped_column(primary_key=True)
    stop: Mapped[list[str]]
    start: Mapped[list[str]]
    join_words: Mapped[str] = mapped_column(String(LONGEST_JOIN), default="")
    join_wording: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class Words:
    stop: tuple[str, ...]
    start: tuple[str, ...]
    join: str  # what the link to chat types for them
    wording: str  # what stands beside the link


def read(session: Session) -> Words:
    kept, name = session.get(WhatsAppWords, ONLY), shops.read(session).name or "the shop"
    join = (kept and kept.join_words) or f"Please send me news from {name} by WhatsApp"
    wording = (kept and kept.join_wording) or (
        f"With this message you agree that {name} sends you offers and news by WhatsApp. Reply STOP at any time to end it."
    )
    return Words(
        tuple(kept.stop) if kept else STOP, tuple(kept.start) if kept else START, join[:LONGEST_JOIN], wording
    )


def change(session: Session, wish: Mapping[str, Any], *, by: Actor, now: datetime) -> Words:
    """`stop` and `start` are lists, `join` and `wording` texts; what is left out stays, what is empty is the usual one again."""
    by.require(Right.MANAGE_SHOP)
    kept = session.get(WhatsAppWords, ONLY)
    row = kept or WhatsAppWords(id=ONLY, stop=list(STOP), start=list(START), join_words="", join_wording="")
    if "stop" in wish:
        row.stop = _list("stop", wish["stop"]) or list(STOP)
    if "start" in wish:
        row.start = _list("start", wish["start"]) or list(START)
    if "join" in wish:
        row.join_words = _text("join", wish["join"], LONGEST_JOIN)
    if "wording" in wish:
        row.join_wording = _text("wording", wish["wording"], LONGEST_WORDING)
    row.updated_at = now
    session.add(row)
    session.flush()
    audit.write(session, "whatsapp.words", by=by, now=now, after={"changed": sorted(wish)})
    return read(session)


def chat_link(session: Session, number: str) -> str:
    """For a QR code or a button: WhatsApp opens with the sentence typed already. `number`: digits, any spelling."""
    digits = "".join(one for one in number if one.isascii() and one.isdecimal())
    return f"https://wa.me/{digits}?text={quote(read(session).join)}"


def own_chat_link(session: Session) -> str:
    """Empty until the platform has told the shop's own number: to the practice number nobody can write."""
    row = whatsapp.number(session)
    if row is None or row.practice or not row.shown or not whatsapp.is_connected(session):
        return ""
    return chat_link(session, row.shown)


def _list(field: str, given: Any) -> list[str]:
    words = [" ".join(one.split()) for one in given if isinstance(one, str) and one.strip()]
    if len(words) > MOST_WORDS or any(len(one) > LONGEST_WORD for one in words):
        raise invalid(
            field, f"Give at most {MOST_WORDS} words or short phrases of {LONGEST_WORD} characters."
        )
    return list(dict.fromkeys(words))


def _text(field: str, given: Any, most: int) -> str:
    text = str(given or "").strip()
    if len(text) > most:
        raise invalid(field, f"This can have at most {most} characters.")
    return text
