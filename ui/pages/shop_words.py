"""The shop's own words: what its records are called, what they are about, who serves, and what it asks of a customer."""

from typing import Any, Final

from data.database import now, reading, unit
from domain.audience.names import Thing
from domain.book import categories, own_fields, record_kinds, staff
from domain.book.record import RecordKind
from domain.sending import uses
from domain.shop.people import Actor, Right
from ui.frame import Page
from ui.parts.basics import box, link, text
from ui.parts.record_look import colour_choice, icon_choice
from ui.parts.settings_room import settings_room
from ui.parts.word_list import Ask, Verbs, Word, WordList
from ui.words import counted

ALONE: Final = ""
SORTS: Final = {
    "text": "A text",
    "number": "A number",
    "date": "A day",
    "yes_no": "Yes or no",
    "choice": "One of a list",
}


async def build(by: Actor) -> None:
    with settings_room(by, "/settings/words"):
        with box("hb-row wrap"):
            text("Tags stand with the customers who have them.", "muted")
            link("To the tags", "/customers/tags", testid="to-tags")
        shelves = [
            WordList(
                "Own fields",
                "What you ask of every customer, such as a ring size. Messages and segments can use it.",
                "field",
                Verbs(_fields, _save_field, _order_fields, _delete_field),
                asks=(
                    Ask("sort", "What it holds", options=lambda: SORTS),
                    Ask(
                        "choices",
                        "The list to choose from",
                        "One on each line.",
                        "lines",
                        only=("sort", "choice"),
                    ),
                ),
                thing=uses.OWN_FIELD,
                testid="fields",
            ),
            WordList(
                "Kinds of records",
                "What a customer may have had from you. The usual ones can be renamed.",
                "kind",
                Verbs(_kinds, _save_kind, _order_kinds, _delete_kind),
                asks=(
                    Ask("has_end", "It lasts until some day", kind="tick"),
                    Ask("icon", "Drawing", build=icon_choice),
                    Ask("colour", "Colour", build=colour_choice),
                ),
                thing=Thing.KIND,
                testid="kinds",
            ),
            WordList(
                "Categories",
                "What a record is about, such as rings under jewellery.",
                "category",
                Verbs(_categories, _save_category, _order_categories, _delete_category),
                asks=(Ask("parent", "Stands under", options=_tops),),
                replaces=True,
                thing=Thing.CATEGORY,
                testid="categories",
            ),
            WordList(
                "Who serves your customers",
                "Names on records. Who may sign in stands under Staff.",
                "name",
                Verbs(_staff, _save_staff, _order_staff, _delete_staff),
                replaces=True,
                thing=Thing.STAFF,
                testid="names",
            ),
        ]
        for shelf in shelves:
            await shelf.fetch()


def _fields() -> list[Word]:
    with reading() as session:
        return [
            Word(
                one.key,
                one.label,
                f"{SORTS[one.sort]} · {counted(own_fields.used(session, one.key), 'customer')}",
                {"sort": one.sort, "choices": "\n".join(one.choices)},
            )
            for one in own_fields.every(session)
        ]


def _save_field(key: str | None, given: dict[str, Any], by: Actor) -> None:
    choices = str(given["choices"] or "").splitlines()
    with unit() as session:
        if key is None:
            own_fields.define(session, given["label"], sort=given["sort"], choices=choices, by=by, now=now())
        else:
            own_fields.change(
                session, key, label=given["label"], sort=given["sort"], choices=choices, by=by, now=now()
            )


def _order_fields(keys: list[str], by: Actor) -> None:
    with unit() as session:
        own_fields.order(session, keys, by=by, now=now())


def _delete_field(key: str, _: str | None, by: Actor) -> None:
    with unit() as session:
        used_by = uses.named(session, uses.OWN_FIELD, key)
        own_fields.delete(session, key, used_by=used_by, by=by, now=now())


def _kinds() -> list[Word]:
    with reading() as session:
        used = record_kinds.counts(session)
        return [_kind(one, used.get(one.key, 0)) for one in record_kinds.every(session)]


def _kind(one: RecordKind, used: int) -> Word:
    usual = record_kinds.is_usual(one.key)
    why = "comes with Handbill, so it stays" if usual else "stays as long as it has records" if used else ""
    return Word(
        one.key,
        one.label,
        f"{_used(used)} · {why}" if why else _used(used),
        {"has_end": one.has_end, "icon": one.icon, "colour": one.colour},
        stays=bool(why),
        look=(one.icon, one.colour),
    )


def _save_kind(key: str | None, given: dict[str, Any], by: Actor) -> None:
    with unit() as session:
        if key is None:
            record_kinds.add(session, given, by=by, now=now())
        else:
            record_kinds.change(session, key, given, by=by, now=now())


def _order_kinds(keys: list[str], by: Actor) -> None:
    with unit() as session:
        record_kinds.order(session, keys, by=by, now=now())


def _delete_kind(key: str, _: str | None, by: Actor) -> None:
    with unit() as session:
        used_by = uses.named(session, Thing.KIND, key)
        record_kinds.delete(session, key, used_by=used_by, by=by, now=now())


def _categories() -> list[Word]:
    with reading() as session:
        used, labels = categories.counts(session), categories.labels(session)
        return [
            Word(
                one.key,
                one.label,
                _under(one, labels, used.get(one.key, 0)),
                {"parent": one.parent_key or ALONE},
            )
            for one in categories.every(session)
        ]


def _under(one: categories.Category, labels: dict[str, str], used: int) -> str:
    above = f"Under {labels.get(one.parent_key, one.parent_key)} · " if one.parent_key else ""
    return f"{above}{_used(used)}"


def _tops() -> dict[str, str]:
    """Those that may have others under them."""
    with reading() as session:
        tops = {one.key: one.label for one in categories.every(session) if one.parent_key is None}
    return {ALONE: "On its own", **tops}


def _save_category(key: str | None, given: dict[str, Any], by: Actor) -> None:
    parent = given["parent"] or None
    with unit() as session:
        if key is None:
            categories.add(session, given["label"], parent=parent, by=by, now=now())
            return
        categories.rename(session, key, given["label"], by=by, now=now())
        if categories.get(session, key).parent_key != parent:
            categories.nest(session, key, parent, by=by, now=now())


def _order_categories(keys: list[str], by: Actor) -> None:
    with unit() as session:
        categories.order(session, keys, by=by, now=now())


def _delete_category(key: str, instead: str | None, by: Actor) -> None:
    with unit() as session:
        used_by = uses.named(session, Thing.CATEGORY, key)
        categories.delete(session, key, replacement=instead, used_by=used_by, by=by, now=now())


def _staff() -> list[Word]:
    with reading() as session:
        used = staff.counts(session)
        return [Word(one.key, one.label, _used(used.get(one.key, 0))) for one in staff.every(session)]


def _save_staff(key: str | None, given: dict[str, Any], by: Actor) -> None:
    with unit() as session:
        if key is None:
            staff.add(session, given["label"], by=by, now=now())
        else:
            staff.rename(session, key, given["label"], by=by, now=now())


def _order_staff(keys: list[str], by: Actor) -> None:
    with unit() as session:
        staff.order(session, keys, by=by, now=now())


def _delete_staff(key: str, instead: str | None, by: Actor) -> None:
    with unit() as session:
        used_by = uses.named(session, Thing.STAFF, key)
        staff.delete(session, key, replacement=instead, used_by=used_by, by=by, now=now())


def _used(count: int) -> str:
    return counted(count, "record") if count else "Not used yet"


PAGES: list[Any] = [Page("/settings/words", "Words of the shop", build, right=Right.MANAGE_SHOP)]
