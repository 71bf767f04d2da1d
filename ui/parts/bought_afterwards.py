"""What those who got a send bought in the days after, beside as many days before. It is called nothing more than that."""

from datetime import datetime
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.results import bought
from domain.results.bought import CHOICES, Bought, Comparison
from domain.sending import dispatches
from domain.sending.dispatches import Dispatch
from domain.shop.shop import read as read_shop
from ui import words
from ui.frame import current_actor
from ui.parts.basics import box, card, facts, text
from ui.parts.feedback import io
from ui.parts.inputs import Segmented
from ui.parts.records_list import money

CAUTION = "Orders of the people it went out to. They might have bought anyway: nobody can know that."

PRACTISED = "Orders of the people on the list. This was practice: nobody really got it."


class BoughtAfterwards:
    """On the page of a send that has begun. Call `fill` once it is drawn."""

    def __init__(self, dispatch: Dispatch) -> None:
        self.id, self.days = dispatch.id, bought.USUAL
        with card("Bought afterwards", PRACTISED if dispatch.practice else CAUTION, testid="bought"):
            Segmented({str(days): f"{days} days" for days in CHOICES}, str(self.days), self._choose, "Days")
            self.room = box("full")

    async def _choose(self, days: str) -> None:
        self.days = int(days)
        await self.fill()

    async def fill(self) -> None:
        await current_actor()
        seen, zone = await io(_seen, self.id, self.days)
        if self.room.is_deleted:
            return
        self.room.clear()
        with self.room:
            if seen.is_empty:
                text(
                    "Nobody among them bought anything in that time, or before.",
                    "muted",
                    testid="bought-nothing",
                )
            else:
                facts(rows(seen, zone, now()), testid="bought-facts")


def rows(seen: Comparison, zone: ZoneInfo, at: datetime) -> list[tuple[str, str]]:
    passed = max(0, (at - seen.since).days)
    so_far = f"In {words.counted(passed, 'day')} so far" if passed else "Since it began"
    return [
        (f"In the {seen.days} days after" if seen.is_over else so_far, told(seen.after)),
        ("In as long before", told(seen.before)),
        ("Counted from", words.when(seen.since, zone, at)),
    ]


def told(what: Bought) -> str:
    if not what.orders:
        return "Nothing"
    amounts = [money(amount, currency) for currency, amount in what.amounts.items()]
    return ", ".join([f"{words.counted(what.orders, 'order')} by {words.people(what.people)}", *amounts])


def _seen(dispatch_id: int, days: int) -> tuple[Comparison, ZoneInfo]:
    with reading() as session:
        dispatch = dispatches.get(session, dispatch_id)
        return bought.afterwards(session, dispatch, days=days, now=now()), read_shop(session).zone
