"""Practice: the phones of the customers, with the WhatsApp messages that left this computer nowhere."""

from dataclasses import dataclass
from typing import Final

from nicegui import events, ui

from data.database import now, reading, unit
from domain.book import customers
from domain.message import practice_messages
from domain.shop import shop as shops
from domain.shop import whatsapp
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Page, current_actor
from ui.parts.basics import alert, box, button, empty, head, page, put
from ui.parts.dialogs import confirm
from ui.parts.feedback import handled, io, toast
from ui.parts.practice_chat import TO_THE_END, Chat, PracticeChat, looked_at, taken_up
from ui.parts.practice_ways import PHONES, practice_ways
from ui.parts.tables import Row

EVERY: Final = 2.0  # seconds between looks for something new
AT_ONCE: Final = 50  # phones
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


async def build(by: Actor, number: str = "") -> None:
    await Phones(by).draw(number)


class Phones:
    def __init__(self, by: Actor) -> None:
        self.by = by
        self.open, self.newest, self.size = "", -1, AT_ONCE
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
            self.table = ui.table(columns=[], rows=[], row_key="id").props(
                'grid flat hide-pagination hide-header :rows-per-page-options="[0]"'
            )
            self.table.classes("hb-table").add_slot("item", ITEM)
            self.table.on("read", handled(self._pressed))
            self.further = button("Show more phones", self._more, kind="ghost", testid="more-phones")

    async def _look(self) -> None:
        """What the shop writes down of an answer comes a moment after it."""
        if await io(_newest) != self.newest:
            await self._fetch()
        if self.open and await io(looked_at, self.open) != self.chat:
            await self._show(self.open)

    async def _fetch(self) -> None:
        await current_actor()
        seen = await io(_seen, self.size)
        if self.root.is_deleted:
            return
        self.newest, self.rows = seen.newest, seen.rows
        self.bare.visible, self.room.visible = not seen.rows, bool(seen.rows)
        self.live.visible, self.further.visible = seen.connected, seen.more
        if self.by.may(Right.EDIT_CAMPAIGNS):
            self.emptying.visible = bool(seen.rows)
        self.table.rows = [{**row, "on": row["id"] == self.open} for row in self.rows]

    async def _more(self) -> None:
        self.size += AT_ONCE
        await self._fetch()

    async def _pressed(self, event: events.GenericEventArguments) -> None:
        await self._show(str(event.args))

    async def _show(self, number: str) -> None:
        await current_actor()
        chat = await io(taken_up, number)
        if self.root.is_deleted or not chat.said:
            return
        self.open, self.chat = number, chat
        self.pane.clear()
        with self.pane:
            PracticeChat(chat, self._changed, self._close)
        put(self.room, data_show="read")
        await self._fetch()
        ui.run_javascript(TO_THE_END)

    async def _changed(self) -> None:
        await self._show(self.open)

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


def _seen(size: int) -> Seen:
    moment = now()
    with reading() as session:
        zone = shops.read(session).zone
        chats = practice_messages.chats(session, limit=size + 1)
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
        return Seen(
            rows, practice_messages.newest(session), len(chats) > size, whatsapp.is_connected(session)
        )


def _short(newest: practice_messages.PracticeMessage) -> str:
    said = " ".join(str(newest.shown.get("body") or "").split())[:120]
    return said if newest.from_shop else f"Answered: {said}"


def _emptied(by: Actor) -> None:
    with unit() as session:
        practice_messages.empty(session, by=by)


PAGES = [Page(PHONES, "Practice phones", build)]
