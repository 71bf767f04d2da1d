"""WhatsApp: the shop's own number, its templates, and how people stop it and say yes to it."""

from domain.shop.people import Actor, Right
from ui.frame import Page
from ui.parts import whatsapp_chat_link, whatsapp_connect
from ui.parts.feedback import io
from ui.parts.inputs import Tabs
from ui.parts.settings_room import settings_room
from ui.parts.whatsapp_chat_link import ChatLink, StopWords
from ui.parts.whatsapp_connect import WhatsAppConnect
from ui.parts.whatsapp_known import NumberCard, TemplatesCard

HERE = "/settings/whatsapp"


async def build(by: Actor, tab: str = "number") -> None:
    with settings_room(by, HERE):
        room = WhatsAppRoom(by)
        views = {
            "number": ("Number", room.number),
            "templates": ("Templates", room.templates),
            "words": ("Stop words", room.words),
            "yes": ("Saying yes", room.saying_yes),
        }
        tabs = Tabs(views, tab if tab in views else "number", testid="whatsapp")
        await tabs.show(tabs.value)


class WhatsAppRoom:
    """What was connected in one view is told in the others."""

    def __init__(self, by: Actor) -> None:
        self.by = by
        self.card: NumberCard | None = None
        self.list: TemplatesCard | None = None
        self.chat: ChatLink | None = None

    async def number(self) -> None:
        begun = await io(whatsapp_connect.begun, self.by)
        self.card = NumberCard()
        WhatsAppConnect(begun, self.changed)
        await self.card.fetch()

    async def templates(self) -> None:
        self.list = TemplatesCard()
        await self.list.fetch()

    async def words(self) -> None:
        StopWords((await io(whatsapp_chat_link.begun)).words)

    async def saying_yes(self) -> None:
        self.chat = ChatLink(await io(whatsapp_chat_link.begun))

    async def changed(self) -> None:
        for one in (self.card, self.list, self.chat):
            if one is not None:
                await one.fetch()


PAGES = [Page(HERE, "WhatsApp", build, right=Right.MANAGE_SHOP)]
