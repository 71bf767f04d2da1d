"""The Practice inbox: what customers would have got, while nothing leaves this machine."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import events, ui
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.book import customers
from domain.message import practice, practice_messages
from domain.results import acting
from domain.shop import mail
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import Nav, Page, current_actor
from ui.pages import practice_phones
from ui.parts.basics import alert, box, button, empty, head, icon_button, link, page, put, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import handled, io, toast
from ui.parts.inputs import Segmented, search_field
from ui.parts.mail_frame import MailFrame
from ui.parts.practice_ways import LETTERS as PATH
from ui.parts.practice_ways import NEWEST, practice_ways
from ui.parts.tables import MOST_ROWS, Row

EVERY = 2.0  # seconds between looks for new mail
# The list was drawn anew: the keyboard stays where it was, and a phone sees the message from its beginning.
STAY = """requestAnimationFrame(() => {
  document.querySelector('.hb-mail-item.is-on')?.focus({preventScroll: true});
  document.querySelector('.hb-mail-read')?.scrollIntoView({block: 'nearest'});
})"""
VIEWS = {"html": "As it looks", "text": "Plain text", "headers": "Headers"}

ITEM = """<button type="button" class="hb-mail-item" :class="{'is-on': props.row.on, 'is-new': props.row.fresh}"
  :aria-current="props.row.on ? 'true' : null" data-testid="mail" @click="$parent.$emit('read', props.row.id)">
  <div class="who"><b class="clip">{{ props.row.to }}</b><span>{{ props.row.when }}</span></div>
  <div class="what clip">{{ props.row.subject }}<span v-if="props.row.fresh" class="hb-hidden">, not read yet</span></div></button>"""


@dataclass(frozen=True)
class Seen:
    rows: list[Row]
    count: int
    unread: int
    newest: int
    practising: bool
    more: bool


@dataclass(frozen=True)
class Mail:
    id: int
    sender: str
    to: str
    subject: str
    when: str
    html: str
    text: str
    headers: str
    customer_id: int | None
    customer: str


async def build(by: Actor, mail_id: int | None = None) -> None:
    await Inbox(by).draw(mail_id)


async def newest(by: Actor) -> None:
    """The letters or the phones: where something came last."""
    await (practice_phones.build(by) if await io(_is_on_a_phone) else build(by))


def _is_on_a_phone() -> bool:
    with reading() as session:
        letter, message = practice.latest(session), practice_messages.latest(session)
        return message is not None and (letter is None or message > letter)


class Inbox:
    def __init__(self, by: Actor) -> None:
        self.by = by
        self.search, self.newest, self.open_id, self.view = "", -1, 0, "html"
        self.size = MOST_ROWS
        self.rows: list[Row] = []

    async def draw(self, mail_id: int | None) -> None:
        with page("wide") as self.root:
            with head(
                "Practice inbox", "What your customers would have got. Nothing in here left this machine."
            ):
                practice_ways(PATH)
                icon_button("refresh", "Refresh", self._fetch, testid="refresh").classes("hb-hide-phone")
                if self.by.may(Right.EDIT_CAMPAIGNS):
                    self.emptying = button("Empty inbox", self._empty, icon="trash", testid="empty-inbox")
            self.live = alert(
                "A mail account is set, so messages really leave now",
                "This inbox keeps what came while you practised.",
                testid="live",
            )
            self.bare = box("hb-card")
            with self.bare:
                empty(
                    "inbox",
                    "No mail yet",
                    "Send a campaign: while you practise, every message of it lands here as your customers would get it.",
                    "To the campaigns",
                    target="/marketing/campaigns",
                    icon_name="mail",
                    testid="inbox-empty",
                )
            with put(box("hb-card hb-mail", testid="inbox"), data_show="list") as self.mail:
                self._list()
                self.pane = box("hb-mail-read", "section", testid="reading")
        with self.pane:
            _nothing_open()
        await self._fetch()
        if mail_id:
            await self._open(mail_id)
        self.timer = ui.timer(EVERY, handled(self._look), immediate=False)

    def _list(self) -> None:
        with box("hb-mail-list"):
            with box("hb-mail-find"):
                search_field("Search address or subject", self._find, testid="mail-search").classes(
                    remove="search"
                )
                self.said = text("", "hb-help", testid="inbox-count")
            self.table = ui.table(columns=[], rows=[], row_key="id").props(
                'grid flat hide-pagination hide-header :rows-per-page-options="[0]"'
            )
            self.table.classes("hb-table").add_slot("item", ITEM)
            self.table.add_slot("no-data", '<div class="hb-mail-none muted">No mail fits.</div>')
            self.table.on("read", handled(self._pressed))
            self.further = button("Show older mail", self._older, kind="ghost", testid="older")

    async def _look(self) -> None:
        if await io(_newest) != self.newest:
            await self._fetch()

    async def _find(self, search: str) -> None:
        self.search, self.size = search, MOST_ROWS
        await self._fetch()

    async def _older(self) -> None:
        self.size += MOST_ROWS
        await self._fetch()

    async def _fetch(self) -> None:
        await current_actor()
        search = self.search
        seen = await io(_seen, search, self.size)
        if self.root.is_deleted or search != self.search:
            return
        self.newest, self.rows = seen.newest, seen.rows
        self.bare.visible, self.mail.visible = not seen.count, bool(seen.count)
        self.live.visible = not seen.practising
        self.further.visible = seen.more
        if self.by.may(Right.EDIT_CAMPAIGNS):
            self.emptying.visible = seen.count > 0
        self.said.set_text(
            f"{words.counted(seen.count, 'message')}, {words.number(seen.unread)} not read yet"
        )
        self._paint()

    def _paint(self) -> None:
        self.table.rows = [{**row, "on": row["id"] == self.open_id} for row in self.rows]

    async def _pressed(self, event: events.GenericEventArguments) -> None:
        await self._open(int(event.args))

    async def _open(self, mail_id: int) -> None:
        await current_actor()
        found = await io(_read, mail_id)
        if self.root.is_deleted:
            return
        self.open_id = found.id
        self.pane.clear()
        with self.pane:
            self._pane(found)
        put(self.mail, data_show="read")
        await self._fetch()
        ui.run_javascript(STAY)

    def _pane(self, found: Mail) -> None:
        with box("hb-mail-top"):
            with box("hb-row apart"):
                text(found.subject or "(no subject)", "hb-card-title grow", "h2", testid="mail-subject")
                icon_button("x", "Close this message", self._close, testid="mail-close")
            text(f"From {found.sender}", "muted small", testid="mail-from")
            with box("hb-row wrap small"):
                text(f"To {found.to}", "muted", "span", testid="mail-to")
                if found.customer_id:
                    link(found.customer, f"/customers/{found.customer_id}", testid="mail-customer")
                text(found.when, "muted", "span")
            if acting.is_measured(found.html):
                with box("hb-row wrap"):
                    button(
                        "Act out an opening", lambda: self._act_open(found.id), icon="eye", testid="act-open"
                    )
                    text("A link that you press counts as their click.", "hb-help", "span")
            Segmented(VIEWS, self.view, lambda key: self._switch(key, found), "How to show it", testid="view")
        self.body = box("hb-mail-body")
        self._switch(self.view, found)

    def _switch(self, view: str, found: Mail) -> None:
        self.view = view
        self.body.clear()
        with self.body:
            if view == "html" and found.html:
                MailFrame("The message", links=True, testid="mail-html").show(
                    acting.without_picture(found.html)
                )
            elif view == "headers":
                text(found.headers, "hb-code", "pre", testid="mail-headers")
            else:
                text(found.text or "This message has no plain text.", "hb-code", "pre", testid="mail-text")

    async def _act_open(self, mail_id: int) -> None:
        by = await current_actor()
        await io(_opened, mail_id, by)
        toast("Counted as opened")

    def _close(self) -> None:
        self.open_id = 0
        self.pane.clear()
        with self.pane:
            _nothing_open()
        put(self.mail, data_show="list")
        self._paint()

    async def _empty(self) -> None:
        sure = await confirm(
            "Empty the Practice inbox?",
            "The reports of your sends stay as they are.",
            confirm_label="Empty it",
            kind="danger",
            icon="trash",
        )
        if sure:
            by = await current_actor()
            await io(_emptied, by)
            self._close()
            await self._fetch()
            toast("The Practice inbox is empty")


def _nothing_open() -> None:
    empty("inbox", "Choose a message", "It is shown here just as a mail program would.").classes("small")


def _newest() -> int:
    with reading() as session:
        return practice.newest(session)


def _seen(search: str, size: int) -> Seen:
    moment = now()
    with reading() as session:
        zone = read_shop(session).zone
        mails = practice.page(session, search=search, limit=size + 1)
        return Seen(
            [_row(one, zone, moment) for one in mails[:size]],
            practice.count(session),
            practice.unread(session),
            practice.newest(session),
            mail.is_practice(session),
            len(mails) > size,
        )


def _row(one: practice.PracticeMail, zone: ZoneInfo, moment: datetime) -> Row:
    return {
        "id": one.id,
        "to": one.recipient,
        "subject": one.subject or "(no subject)",
        "when": words.when(one.received_at, zone, moment),
        "fresh": one.seen_at is None,
        "on": False,
    }


def _read(mail_id: int) -> Mail:
    moment = now()
    with unit() as session:
        practice.mark_seen(session, mail_id, now=moment)
        one = practice.read(session, mail_id)
        customer_id, customer = _customer(session, one.recipient)
        zone = read_shop(session).zone
        return Mail(
            one.id,
            one.sender,
            one.recipient,
            one.subject,
            words.when(one.received_at, zone, moment),
            one.html,
            one.text,
            _headers(one.raw),
            customer_id,
            customer,
        )


def _customer(session: Session, address: str) -> tuple[int | None, str]:
    """Whoever has this address; a couple may share one, then the first of them."""
    found = customers.others_with(session, address.strip().casefold())
    return (found[0].id, found[0].shown_name) if found else (None, "")


def _headers(raw: bytes) -> str:
    return raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")


def _opened(mail_id: int, by: Actor) -> None:
    with unit() as session:
        acting.opened(session, mail_id, by=by, now=now())


def _emptied(by: Actor) -> None:
    with unit() as session:
        practice.empty(session, by=by)


PAGES = [
    Page(PATH, "Practice inbox", build, nav=Nav("Reach", "inbox", "Practice inbox")),
    Page(NEWEST, "Practice inbox", newest),
    *practice_phones.PAGES,
]
