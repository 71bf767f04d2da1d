"""Every door of the shop, mounted on one application: for people, for programs, for recipients."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from nicegui import ui

from ui import frame, theme

# In the order in which the ways stand in the sidebar.
ROOMS = (
    "hub", "campaigns", "builder", "campaign", "one_shot", "sends", "practice_inbox", "customers", "customer",
    "importing", "segments", "segment", "templates", "template", "settings", "staff",
)  # fmt: skip

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def rooms() -> list[Any]:
    return [import_module(f"ui.pages.{name}") for name in ROOMS if find_spec(f"ui.pages.{name}")]


def build(lifespan: Lifespan | None = None) -> FastAPI:
    """The public and the machine doors stand on the outer application: NiceGUI would give each of them a session."""
    shop = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    for name in ("ui.guard", "ui.api.mount"):
        if find_spec(name):
            import_module(name).install(shop)
    for name in ("ui.entrance", "ui.files", "ui.public.health", "ui.public.unsubscribe"):
        if find_spec(name):
            shop.include_router(import_module(name).router)
    shop.add_api_route("/", lambda: RedirectResponse("/marketing", 303), include_in_schema=False)
    theme.install(shop)
    above = [import_module("ui.parts.undo_bar").build] if find_spec("ui.parts.undo_bar") else []
    frame.register([page for room in rooms() for page in room.PAGES], above=above)
    ui.run_with(
        shop,
        title="Handbill",
        favicon=theme.FAVICON,
        dark=None,
        tailwind=False,
        reconnect_timeout=120,
        show_welcome_message=False,
    )
    return shop
