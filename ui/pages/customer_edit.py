"""Writing somebody down, and changing what is known of them."""

from typing import Any

from nicegui import ui

from data.database import now, reading, unit
from domain.book import customers
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, head, link_button, page
from ui.parts.customer_form import CustomerForm, Start, start_change, start_new
from ui.parts.feedback import io, refusals_to, toast

BOOK = ("Customers", "/customers")


async def build_new() -> None:
    await _form(await io(_start_new), "Add customer", back=BOOK)


async def build_edit(id: int) -> None:
    begin = await io(_start_change, id)
    await _form(begin, f"Edit {begin.name}", back=(begin.name, f"/customers/{id}"))


async def _form(begin: Start, title: str, *, back: tuple[str, str]) -> None:
    with page("narrow"):
        with head(title, back=back):
            pass
        with box("hb-stack"):
            form = CustomerForm(begin)
            with box("hb-actions"):
                box("grow")
                link_button("Cancel", back[1], testid="cancel")
                button("Save", lambda: _save(begin, form), kind="primary", icon="check", testid="save")
    await form.look_at_address()


async def _save(begin: Start, form: CustomerForm) -> None:
    by = await current_actor()
    form.clear()
    with refusals_to(form.wrong):
        customer_id, name = await io(_saved, begin, form.values, by)
        toast(f"{name} is saved.")
        ui.navigate.to(f"/customers/{customer_id}")


def _start_new() -> Start:
    with reading() as session:
        return start_new(session)


def _start_change(customer_id: int) -> Start:
    with reading() as session:
        return start_change(session, customer_id)


def _saved(begin: Start, values: dict[str, Any], by: Actor) -> tuple[int, str]:
    with unit() as session:
        if begin.customer_id is None:
            saved = customers.create(session, values, by=by, now=now())
        else:
            saved = customers.change(
                session, begin.customer_id, values, by=by, now=now(), version=begin.version
            )
        return saved.id, saved.shown_name


PAGES: list[Any] = [
    Page("/customers/new", "Add customer", build_new, right=Right.EDIT_CUSTOMERS),
    Page("/customers/{id}/edit", "Edit customer", build_edit, right=Right.EDIT_CUSTOMERS),
]
