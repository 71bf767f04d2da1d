"""What stands over every page while this may be a copy of the shop: nothing is sent, and who can change that."""

from collections.abc import Awaitable, Callable

from sqlalchemy.orm import Session

from data.database import now
from domain.shop import installation
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from jobs import fence
from ui.parts.basics import box, button, icon, put, text
from ui.parts.feedback import io, toast
from ui.words import counted, when

ASK_OWNER = "Nothing is sent until the owner has confirmed that this is the shop now."
CONFIRM = (
    "Nothing is sent until you confirm that this is the shop now. If the original still runs on another machine, "
    "switch it off first: otherwise both would write to your customers."
)


def sentence(session: Session, by: Actor) -> str:
    """Empty while there is no doubt."""
    here = installation.read(session)
    if here is None or here.fenced_at is None:
        return ""
    zone = shops.read(session).zone
    of = f", as it was {_lower(when(here.copied_at, zone, now()))}" if here.copied_at else ""
    return f"This looks like a copy of your shop{of}. {CONFIRM if _may(by) else ASK_OWNER}"


def draw(
    words: str, by: Actor, asks: Callable[[], Awaitable[Actor]], after: Callable[[], Awaitable[None]]
) -> None:
    """`asks` says who presses, `after` looks at everything again."""

    async def confirm() -> None:
        confirmed = await io(fence.confirm, await asks())
        toast(_outcome(confirmed.paused, confirmed.asked))
        await after()

    shape = "hb-banner bad copy" if _may(by) else "hb-banner bad"
    with put(box(shape, testid="copy-banner"), role="alert"):
        icon("alert")
        text(words, "say", "span")
        if _may(by):
            button("This is the shop now", confirm, small=True, testid="confirm-copy")


def _may(by: Actor) -> bool:
    return by.may(Right.MANAGE_SHOP)


def _outcome(paused: int, asked: int) -> str:
    told = ["This is the shop now."]
    if paused:
        told.append(f"{counted(paused, 'send is', 'sends are')} paused: look at each before it goes on.")
    if asked:
        one, many = "campaign whose time has passed is a draft", "campaigns whose time has passed are drafts"
        told.append(f"{counted(asked, one, many)} again.")
    return " ".join(told)


def _lower(moment: str) -> str:
    """Inside a sentence: "today, 10:00", and "on 24 Nov, 10:00"."""
    return f"on {moment}" if moment[0].isdigit() else moment[0].lower() + moment[1:]
