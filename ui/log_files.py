"""The email log as a file, written while it is read, and the question to it as addresses and forms hold it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from fastapi.responses import StreamingResponse

from data import csv_file
from data.database import now, reading
from domain.ledger.deliveries import OPEN, Heard, Line, State
from domain.results import log
from domain.results.log import Asked
from domain.sending.dispatches import Dispatch
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui.parts.delivery_rows import reason_of, state_of
from ui.parts.sent_message import readable
from ui.shop_days import midnight

ANY: Final = ""
CAME_BACK: Final = (Heard.RETURNED, Heard.BOUNCED)
STATES: Final[dict[str, tuple[State, ...]]] = {
    "sent": (State.SENT,),
    "failed": (State.FAILED,),
    "not_sure": (State.UNKNOWN,),
    "queued": OPEN,
    "skipped": (State.SKIPPED,),
    "cancelled": (State.CANCELLED,),
}
HEARD: Final[dict[str, tuple[Heard, ...]]] = {
    "delivered": (Heard.DELIVERED,),
    "came_back": CAME_BACK,
    "complained": (Heard.COMPLAINED,),
}
EMAIL, WHATSAPP, HELD = "email", "whatsapp", "held"
ADDRESS: Final = {EMAIL: "Email", WHATSAPP: "Number"}
WITHOUT_THE_HELD: Final = ("failed", "came_back")
HEADINGS: Final = (
    "Message number", "Send", "Subject", "Name", "Email", "State", "Reason", "Server code", "Server words", "Time (UTC)",
    "Launched (UTC)",
)  # fmt: skip
LOT: Final = 1_000


@dataclass(frozen=True)
class Wanted:
    """What the log is asked for. Days are the shop's, both of them included."""

    search: str = ""
    state: str = ""  # of STATES or HEARD, or HELD
    since: str = ""
    until: str = ""
    channel: str = ""  # empty: by email

    @property
    def is_by_mail(self) -> bool:
        return self.channel != WHATSAPP

    @property
    def narrowed(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value.strip()}

    def asked(self, zone: ZoneInfo) -> Asked:
        return Asked(
            states=STATES.get(self.state, ()),
            heard=HEARD.get(self.state, ()),
            search=self.search,
            since=midnight(self.since, zone, "since"),
            until=midnight(self.until, zone, "until", days=1),
            channel=EMAIL if self.is_by_mail else WHATSAPP,
            held=None if self.is_by_mail else self._held,
        )

    @property
    def _held(self) -> bool | None:
        return True if self.state == HELD else False if self.state in WITHOUT_THE_HELD else None


def file(wanted: Wanted, by: Actor) -> StreamingResponse:
    """Asks for the right before the first byte, and for the first lot, which may be refused."""
    by.require(Right.VIEW)
    with reading() as session:
        asked = wanted.asked(read_shop(session).zone)
        log.page(session, asked, limit=1)
    named = EMAIL if wanted.is_by_mail else WHATSAPP
    headers = {
        "Content-Disposition": f'attachment; filename="{named}-log-{now():%Y-%m-%d}.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(_csv(asked), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(asked: Asked) -> Iterator[str]:
    """Each lot in a look of its own, so that a slow reader holds nothing open."""
    yield csv_file.opening([heading.replace("Email", ADDRESS[asked.channel]) for heading in HEADINGS])
    after: int | None = None
    while True:
        with reading() as session:
            lines = log.lot(session, asked, after=after, limit=LOT)
            sends = log.sends_of(session, lines)
            written = "".join(csv_file.line(_cells(line, sends[line.dispatch_id])) for line in lines)
        yield written
        if len(lines) < LOT:
            return
        after = lines[-1].id


def _cells(line: Line, send: Dispatch) -> Sequence[object]:
    said = line.heard_said if line.heard_said and not line.reply else line.reply
    return (
        line.id,
        readable(send.name),
        send.subject,
        line.name,
        line.address,
        state_of(line, send.channel)[0],
        reason_of(line, send.channel),
        line.code,
        said,
        _plain(line.at),
        _plain(send.created_at),
    )


def _plain(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
