"""Every door of the shop, mounted on one application: for people, for programs, for recipients."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from nicegui import ui

from ui import entrance, files, frame, guard, theme
from ui.api import mount as api
from ui.pages import (
    audit,
    builder,
    campaign,
    campaigns,
    customer,
    customers,
    deleted,
    duplicates,
    email_log,
    groups,
    hub,
    importing,
    one_shot,
    practice_inbox,
    results,
    segment,
    segments,
    sends,
    settings,
    staff,
    tags,
    template,
    templates,
    whatsapp_campaigns,
)  # fmt: skip
from ui.parts import undo_bar
from ui.public import health, join, tracking, unsubscribe, webhooks

# In the order in which the ways stand in the sidebar.
ROOMS = (
    hub, campaigns, builder, campaign, one_shot, whatsapp_campaigns, sends, email_log, results, practice_inbox, customers, customer, duplicates, groups, tags, importing,
    segments,
    segment, templates, template, settings, staff, audit, deleted,
)  # fmt: skip

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def pages() -> list[frame.Page]:
    return [page for room in ROOMS for page in room.PAGES]


def build(lifespan: Lifespan | None = None) -> FastAPI:
    """The public and the machine doors stand on the outer application: NiceGUI would give each of them a session."""
    shop = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    guard.install(shop)
    webhooks.install(shop)
    tracking.install(shop)
    api.install(shop)
    for door in (entrance, files, health, join, unsubscribe):
        shop.include_router(door.router)
    shop.add_api_route("/", lambda: RedirectResponse("/marketing", 303), include_in_schema=False)
    theme.install(shop)
    frame.register(pages(), above=[undo_bar.build])
    ui.run_with(
        shop,
        title="Handbill",
        favicon=theme.FAVICON,
        dark=None,
        language="en-GB",
        tailwind=False,
        reconnect_timeout=120,
        show_welcome_message=False,
    )
    return shop
