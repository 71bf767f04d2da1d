"""Practice: the phones of the customers, with the WhatsApp messages that left this computer nowhere."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

from nicegui import events, ui

from data.database import now, reading, unit
from domain.book import customers
from domain.book import search as book
from domain.message import practice_messages
from domain.message.whatsapp_look import marked
from domain.shop import shop as shops
from domain.shop import whatsapp
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Page, current_actor
from ui.parts.basics import alert, box, button, empty, head, page, put, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import handled, io, toast
from ui.parts.inputs import search_field
from ui.parts.practice_chat import AT_ONCE as PER_PHONE
from ui.parts.practice_chat import STAY, TO_THE_END, Chat, PracticeChat, looked_at, taken_up
from ui.parts.practice_ways import PHONES, practice_ways
from ui.parts.tables import Row

TAGS: Final = re.compile(r"<[^>]+>")
EVERY: Final = 2.0  # seconds between looks for something new
AT_ONCE: Final = 50  # phones
MOST_NAMES: Final = 500  # people whose name fits
WHAT: Final = "The phones of your customers. Answer for them and see what the shop does. Nothing in here left this machine."
ITEM: Final = """<button type="button" class="hb-mail-item" :class="{'is-on': props.row.on, 'is-new': props.row.fresh}"
  :aria-current="props.row.on ? 'true' : null" data-testid="phone-item" @click="$parent.$emit('read', props.row.id)">
  <div class="who"><b class="clip">{{ props.row.to }}</b><span>{{ props.row.when }}</span></div>
  <div class="what clip">{{ props.row.words }}<span v-if="props.row.fresh" class="hb-hidden">, not seen yet</span></div></button>"""


@dataclass(frozen=True)
class Seen:
    rows: list[Row]
    newest: int
    more: bool
    connected: bool
    said: str


async def build(by: Actor, number: str = "") -> None:
    await Phones(by).draw(number)


class Phones:
    def __init__(self, by: Actor) -> None:
        self.by = by
        self.open, self.newest, self.size, self.search = "", -1, AT_ONCE, ""
        self.most = PER_PHONE
        self.chat: Chat | None = None
        self.rows: list[Row] = []

    async def draw(self, number: str) -> None:
        with page("wide") as self.root:
            with head("Practice inbox", WHAT):
                practice_ways(PHONES)
                if self.by.may(Right.EDIT_CAMPAIGNS):
                    self.emptying = button("Empty phones", self._empty, icon="trash", testid="empty-phones")
            self.live = alert(
                "Your own number is connected, so messages really leave now",
                "These phones keep what came while you practised.",
                testid="live",
            )
            self.bare = box("hb-card")
            with self.bare:
                empty(
                    "chat",
                    "No messages yet",
                    "Write to customers by WhatsApp: while you practise, every message lands here as on their phone.",
                    "Write by WhatsApp",
                    target="/marketing/whatsapp-campaigns",
                    icon_name="chat",
                    testid="phones-empty",
                )
            with put(box("hb-card hb-mail", testid="phones"), data_show="list") as self.room:
                self._list()
                self.pane = put(box("hb-mail-read", "section", testid="phone-pane"), aria_label="The phone")
        self._nothing_open()
        await self._fetch()
        if number:
            await self._show(f"+{number.strip().lstrip('+')}")
        self.timer = ui.timer(EVERY, handled(self._look), immediate=False)

    def _list(self) -> None:
        with box("hb-mail-list"):
            with box("hb-mail-find"):
                search_field("Search name, number or words", self._find, testid="phone-search").classes(
                    remove="search"
                )
                self.said = text("", "hb-help", testid="phones-count")
            self.table = ui.table(columns=[], rows=[], row_key="id").props(
                'grid flat hide-pagination hide-header :rows-per-page-options="[0]"'
            )
            self.table.classes("hb-table").add_slot("item", ITEM)
            self.table.add_slot("no-data", '<div class="hb-mail-none muted">No phone fits.</div>')
            self.table.on("read", handled(self._pressed))
            self.further = button("Show more phones", self._more, kind="ghost", testid="more-phones")

    async def _look(self) -> None:
        """What the shop writes down of an answer comes a moment after it."""
        if await io(_newest) != self.newest:
            await self._fetch()
        if self.open and await io(looked_at, self.open, self.most) != self.chat:
            await self._renew()
            ui.run_javascript(TO_THE_END)

    async def _find(self, search: str) -> None:
        self.search, self.size = search, AT_ONCE
        await self._fetch()

    async def _fetch(self) -> None:
        await current_actor()
        search = self.search
        seen = await io(_seen, search, self.size)
        if self.root.is_deleted or search != self.search:
            return
        self.newest, self.rows = seen.newest, seen.rows
        self.bare.visible, self.room.visible = not seen.newest, bool(seen.newest)
        self.live.visible, self.further.visible = seen.connected, seen.more
        self.said.set_text(seen.said)
        if self.by.may(Right.EDIT_CAMPAIGNS):
            self.emptying.visible = bool(seen.newest)
        self.table.rows = [{**row, "on": row["id"] == self.open} for row in self.rows]

    async def _more(self) -> None:
        self.size += AT_ONCE
        await self._fetch()

    async def _pressed(self, event: events.GenericEventArguments) -> None:
        await self._show(str(event.args))

    async def _show(self, number: str) -> None:
        await current_actor()
        chat = await io(taken_up, number, PER_PHONE)
        if self.root.is_deleted or not chat.said:
            return
        self.open, self.chat, self.most = number, chat, PER_PHONE
        self.pane.clear()
        with self.pane:
            self.phone = PracticeChat(chat, self._changed, self._earlier, self._close)
        put(self.room, data_show="read")
        await self._fetch()
        ui.run_javascript(TO_THE_END)

    async def _earlier(self) -> None:
        self.most += PER_PHONE
        await self._renew()
        ui.run_javascript(STAY)

    async def _changed(self) -> None:
        await self._renew()
        await self._fetch()
        ui.run_javascript(TO_THE_END)
        ui.run_javascript(STAY)

    async def _renew(self) -> None:
        """The phone that is open, as it is now."""
        number = self.open
        chat = await io(taken_up, number, self.most)
        if not self.root.is_deleted and number == self.open:
            self.chat = chat
            self.phone.show(chat)

    def _close(self) -> None:
        self.open, self.chat = "", None
        self._nothing_open()
        put(self.room, data_show="list")
        self.table.rows = [{**row, "on": False} for row in self.rows]

    def _nothing_open(self) -> None:
        self.pane.clear()
        with self.pane:
            empty("phone", "Choose a phone", "Its messages are shown as the customer has them.").classes(
                "small"
            )

    async def _empty(self) -> None:
        sure = await confirm(
            "Empty all practice phones?",
            "The reports of your sends stay as they are.",
            confirm_label="Empty them",
            kind="danger",
            icon="trash",
        )
        if sure:
            by = await current_actor()
            await io(_emptied, by)
            self._close()
            await self._fetch()
            toast("The practice phones are empty")


def _newest() -> int:
    with reading() as session:
        return practice_messages.newest(session)


def _seen(search: str, size: int) -> Seen:
    moment = now()
    with reading() as session:
        zone = shops.read(session).zone
        theirs = book.phones(session, search, MOST_NAMES) if search else []
        chats = practice_messages.chats(session, search=search, of=theirs, limit=size + 1)
        names = customers.with_numbers(session, [one.number for one in chats])
        rows = [
            {
                "id": one.number,
                "to": names[one.number].shown_name if one.number in names else one.number,
                "words": _short(one.newest),
                "when": words.when(one.newest.at, zone, moment),
                "fresh": bool(one.unseen),
                "on": False,
            }
            for one in chats[:size]
        ]
        there, fresh = practice_messages.phones(session)
        said = f"{words.counted(there, 'phone')}, {words.number(fresh)} with something new"
        newest, connected = practice_messages.newest(session), whatsapp.is_connected(session)
        return Seen(rows, newest, len(chats) > size, connected, said)


def _short(newest: practice_messages.PracticeMessage) -> str:
    said = unescape(TAGS.sub("", marked(" ".join(str(newest.shown.get("body") or "").split())[:120])))
    return said if newest.from_shop else f"Answered: {said}"


def _emptied(by: Actor) -> None:
    with unit() as session:
        practice_messages.empty(session, by=by)


PAGES = [Page(PHONES, "Practice phones", build)]
