"""The rows of the list of sends, fetched at once and told in words: who was reached, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.book.message_types import MessageType
from domain.ledger.deliveries import Books
from domain.results import figures
from domain.results.figures import Figures, Told
from domain.sending import reports
from domain.sending.dispatches import Dispatch, DispatchState
from domain.sending.reports import Sent, Wanted
from domain.shop.shop import read as read_shop
from ui import channel_words, words
from ui.parts import holds, tables
from ui.parts.sent_message import readable
from ui.parts.tables import MOST_ROWS

PATH = "/marketing/sends"
ANY = "any"
MOST_MONTHS = 24  # to choose from


@dataclass(frozen=True)
class Seen:
    rows: list[tables.Row]
    total: int
    moves: bool
    sent: Sent | None  # in the chosen month


def look(month: str, kind: str, page: int) -> Seen:
    """`month` is one of `months`, such as "2026-10"; `kind` a message type; or "any"."""
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        since, until = _span(month, zone)
        wanted = Wanted(since, until, MessageType(kind) if kind in list(MessageType) else None)
        found, total = reports.send_rows(session, wanted, page=page, size=MOST_ROWS)
        books = {row.dispatch.id: row.books for row in found}
        told = figures.of_many(session, [row.dispatch for row in found], books, now=moment)
        sent = reports.sent_between(session, since, until, wanted.kind) if since and until else None
    rows = [_row(row.dispatch, told[row.dispatch.id], zone, moment) for row in found]
    return Seen(rows, total, any(row.dispatch.is_running for row in found), sent)


def months() -> dict[str, str]:
    """Any time, and each month since the first send, the newest first; named as the shop's calendar has them."""
    moment = now()
    with reading() as session:
        zone, first = read_shop(session).zone, reports.first_launch(session)
    found = {ANY: "Any time"}
    for back in range(MOST_MONTHS):
        since, until = reports.month(moment, zone, back)
        if first is None or until <= first:
            break
        name = {0: "This month", 1: "Last month"}.get(back, f"{since:%B %Y}")
        found[f"{since:%Y-%m}"] = name
    return found


def month_said(sent: Sent, name: str) -> str:
    """The answer to "what did we send last month?"."""
    span = name if name in ("This month", "Last month") else f"In {name}"
    if not sent.sends:
        return f"{span}, nothing was sent."
    return (
        f"{span}, {words.counted(sent.messages, 'message')} went out in {words.counted(sent.sends, 'send')}."
    )


def _span(month: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    try:
        first = datetime.strptime(month, "%Y-%m").replace(day=2, tzinfo=zone)
    except ValueError:
        return None, None
    return reports.month(first, zone)


def _row(dispatch: Dispatch, found: Figures, zone: ZoneInfo, moment: datetime) -> tables.Row:
    books = found.books
    label, tone = holds.state_of(dispatch)
    when = words.when(dispatch.created_at, zone, moment)
    undone = dispatch.state is DispatchState.UNDONE
    held = holds.sentence(dispatch, zone, moment) if holds.is_held(dispatch) else ""
    kind = words.MESSAGE_TYPE.get(dispatch.message_type, str(dispatch.message_type))
    return {
        "id": dispatch.id,
        "href": f"{PATH}/{dispatch.id}",
        "when": when,
        "name": readable(dispatch.name),
        "sub": f"{held}, {words.people(books.queued)} to go" if held else _to_whom(dispatch),
        "type": kind,
        "recipients": books.recipients,
        "sent": None if undone else books.sent,
        "sentSub": "" if undone else _sent_share(books),
        **_results(found, is_called_back=undone),
        "status": label,
        "tone": tone,
        "facts": " · ".join(filter(None, [when, kind, *_counts(found)])),
    }


def _to_whom(dispatch: Dispatch) -> str:
    is_deleted = dispatch.deleted_at and not dispatch.purged_at
    told = f"Deleted. {dispatch.audience_label}" if is_deleted else dispatch.audience_label
    return " · ".join(filter(None, [channel_words.by(dispatch.channel), told]))


def _sent_share(books: Books) -> str:
    share = words.percent(books.sent, books.recipients)
    failed = f"{words.number(books.failed)} failed" if books.failed else ""
    return ", ".join(filter(None, [f"{share}%" if share is not None else "", failed]))


def _results(found: Figures, *, is_called_back: bool) -> tables.Row:
    """What nobody counts, or nobody reports, is no zero."""
    counts, whole = found.counts, found.whole
    went_out = found.books.sent > 0 and not is_called_back
    reported = went_out and found.told is Told.YES
    opened = went_out and found.counts_opens
    clicked = went_out and found.counts_clicks
    return {
        "delivered": found.delivered if reported else None,
        "deliveredSub": f"{words.percent(found.delivered, found.books.sent)}%" if reported else "",
        "back": found.came_back if reported or found.came_back else None,
        "opened": counts.unique_opens if opened else None,
        "openedSub": f"{words.percent(counts.unique_opens, whole)}%" if opened and whole else "",
        "clicked": counts.unique_clicks if clicked else None,
        "clickedSub": f"{words.percent(counts.unique_clicks, whole)}%" if clicked and whole else "",
    }


def _counts(found: Figures) -> list[str]:
    books, counts = found.books, found.counts
    told = [f"{words.number(books.sent)} of {words.number(books.recipients)} sent"]
    for count, word in (
        (found.delivered, "delivered"),
        (found.came_back, "came back"),
        (counts.unique_opens, "opened"),
        (counts.unique_clicks, "clicked"),
    ):
        if count:
            told.append(f"{words.number(count)} {word}")
    return told
