"""Where the doors for programs stand: one set of rooms at three addresses, their description, and "there is nothing here"."""

from typing import Final

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from ui.api import (
    analytics,
    audience,
    audit,
    campaigns,
    channels,
    customers,
    dashboard,
    deleted,
    deliveries,
    description,
    dispatches,
    duplicates,
    exports,
    groups,
    health,
    imports,
    installation,
    lists,
    login,
    platforms,
    providers,
    records,
    results,
    segments,
    settings,
    tags,
    templates,
)
from ui.api.door import Open
from ui.api.faults import answer
from ui.api.replies import Reply
from ui.api.words import ALIASES

HOME: Final = "/api/marketing"
# Those with a word where others have a customer's number come first.
ROOMS: Final = (
    imports, duplicates, exports, customers, records, groups, tags, audience, segments, templates, campaigns, dispatches, deliveries, results, analytics, dashboard, platforms, settings, channels, providers, lists, installation, deleted, audit, health,
)  # fmt: skip
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
NOTHING_BEHIND: Final = ("/api", "/api/{path:path}", "/crm/{path:path}", "/t/{path:path}")


def install(shop: FastAPI) -> None:
    """Before pages are mounted: those answer everything that nobody answered before."""
    shop.include_router(login.router)
    shop.include_router(_rooms(), prefix=HOME)
    shop.include_router(description.router)
    for alias in ALIASES:
        shop.include_router(_rooms(), prefix=alias, include_in_schema=False)
    shop.include_router(_nothing(list(shop.routes)))


def _rooms() -> APIRouter:
    every = APIRouter()
    for room in ROOMS:
        every.include_router(room.router)
    return every


def _nothing(doors: list[BaseRoute]) -> APIRouter:
    """A kind word in JSON where there is no door, or a door that opens another way."""
    router = APIRouter(include_in_schema=False, route_class=Open)

    def nothing(request: Request) -> Reply:
        known = any(door.matches(dict(request.scope))[0] is Match.PARTIAL for door in doors)
        return answer(HTTPException(405 if known else 404))

    for path in NOTHING_BEHIND:
        router.add_api_route(path, nothing, methods=METHODS)
    return router
