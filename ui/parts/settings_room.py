"""What all pages of the settings share: the title, and the ways between them that a role may go."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from domain.shop.people import Actor, Right
from ui.parts.basics import box, head, link, page, put

WAYS = (
    ("/settings", "Shop", Right.MANAGE_SHOP),
    ("/settings/mail", "Mail account", Right.MANAGE_SHOP),
    ("/settings/reports", "Delivery reports", Right.MANAGE_SHOP),
    ("/settings/whatsapp", "WhatsApp", Right.MANAGE_SHOP),
    ("/settings/sending", "Sending rules", Right.VIEW),
    ("/settings/sign-up", "Sign-up form", Right.MANAGE_SHOP),
    ("/settings/measuring", "Opens and clicks", Right.VIEW),
    ("/settings/statuses", "Statuses", Right.MANAGE_SHOP),
    ("/settings/words", "Words", Right.MANAGE_SHOP),
    ("/settings/staff", "Staff", Right.MANAGE_SHOP),
    ("/settings/audit", "Audit log", Right.MANAGE_SHOP),
    ("/settings/deleted", "Deleted", Right.MANAGE_SHOP),
    ("/settings/account", "My account", Right.VIEW),
)


# On a phone the ways are one line to push along, and the present one is not left outside.
SHOW_PRESENT = """requestAnimationFrame(() =>
  document.querySelector(".hb-subnav .is-on")?.scrollIntoView({ block: "nearest", inline: "center" }))"""


@contextmanager
def settings_room(by: Actor, here: str) -> Iterator[None]:
    """`here` is the path of the page that is drawn inside."""
    with page("narrow"):
        with head("Settings"):
            pass
        ways = [(path, label) for path, label, right in WAYS if by.may(right)]
        if len(ways) > 1:
            with put(box("hb-subnav", "nav"), aria_label="Settings"):
                for path, label in ways:
                    made = link(
                        label,
                        path,
                        classes="is-on" if path == here else "",
                        testid=f"settings{path.replace('/', '-')}",
                    )
                    put(made, aria_current="page" if path == here else None)
            ui.run_javascript(SHOW_PRESENT)
        with box("hb-stack full"):
            yield
