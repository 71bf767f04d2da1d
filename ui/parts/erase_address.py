"""Somebody asks to be forgotten and names an address: who is known by it is found, the deleted too, and erased."""

from dataclasses import dataclass

from nicegui import ui

from data.database import now, reading, unit
from domain.book import erasing
from domain.ledger import farewells
from domain.refusal import Kind, Refusal
from domain.shop.people import Actor, Right
from ui.frame import current_actor
from ui.parts.basics import box, button, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, text_input
from ui.words import number, people

MOST_NAMED = 5
ONLY_EARLIER = (
    "Nobody has this address any more. It goes from the history of who had it, and nobody writes to it again. If they ask "
    "to be forgotten altogether, erase them on their own page."
)


@dataclass(frozen=True)
class Known:
    address: str
    living: tuple[str, ...]
    deleted: tuple[str, ...]
    earlier: tuple[str, ...]
    records: int
    waiting: int

    @property
    def erased(self) -> int:
        return len(self.living) + len(self.deleted)


async def erase_address() -> None:
    known = await _asked_for()
    if known is None or not await _is_sure(known):
        return
    gone = await io(_erased, known.address, await current_actor())
    toast(
        f"{people(len(gone))} {'is' if len(gone) == 1 else 'are'} erased."
        if gone
        else "The address is forgotten."
    )
    ui.navigate.to("/customers")


async def _asked_for() -> Known | None:
    with sheet("Erase all that is known by an address") as dialog:
        text("For somebody who asks to be forgotten. Also finds who was deleted before.", "body", "p")
        field = Field("Email address or phone number", testid="erase-address-field")
        with field.body:
            entry = text_input(label="Email address or phone number", testid="erase-address")
            entry.props("autofocus")

        async def go() -> None:
            by = await current_actor()
            field.wrong()
            with refusals_to(lambda _, sentence: field.wrong(sentence)):
                dialog.submit(await io(_known, (entry.value or "").strip(), by))

        entry.on("keydown.enter", go, [])
        with box("actions"):
            button("Cancel", lambda: dialog.submit(None))
            button("Look", go, kind="primary", testid="erase-look")
    known: Known | None = await ask(dialog)
    return known


async def _is_sure(known: Known) -> bool:
    return await confirm(
        f"Erase {people(known.erased)} for good?" if known.erased else "Forget this address for good?",
        erasing.STAYS if known.erased else ONLY_EARLIER,
        pairs=[
            *([("In the book", _named(known.living))] if known.living else []),
            *([("Deleted before", _named(known.deleted))] if known.deleted else []),
            *([("Had it earlier, keeps their card", _named(known.earlier))] if known.earlier else []),
            *([("Records that go", number(known.records))] if known.erased else []),
            *([("Messages called off", number(known.waiting))] if known.waiting else []),
            ("Can be undone", "No"),
        ],
        confirm_label="Erase for good",
        kind="danger",
        typed=known.address,
    )


def _named(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {number(more)} more" if more > 0 else "")


def _known(address: str, by: Actor) -> Known:
    """Raises Refusal where nobody is known by it, or where it is no address."""
    by.require(Right.EDIT_CUSTOMERS)
    with reading() as session:
        cards = erasing.known_by(session, address)
        earlier = farewells.had_it_earlier(session, address)
        if not (cards or earlier):
            raise Refusal("not_found", farewells.UNKNOWN, Kind.MISSING, field="address")
        foreseen = [erasing.foresee(session, card.id) for card in cards]
        return Known(
            address,
            tuple(card.shown_name for card in cards if card.deleted_at is None),
            tuple(card.shown_name for card in cards if card.deleted_at is not None),
            tuple(card.shown_name for card in earlier),
            sum(one.records for one in foreseen),
            sum(farewells.how_many_wait(session, card.id) for card in cards),
        )


def _erased(address: str, by: Actor) -> list[int]:
    with unit() as session:
        return farewells.erase_address(session, address, by=by, now=now())
