"""The plain doors of the shop without its pages: what a program that speaks HTTP meets."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.database import unit
from domain.shop import shop as shops
from tests.cast import PASSWORD, Cast, email_of
from ui import entrance, files, guard
from ui.public import health, join, tracking, unsubscribe, webhooks

HERE = "http://127.0.0.1:8080"


def client(address: str = "198.51.100.7") -> TestClient:
    """A visitor with a cookie jar of their own, who follows no redirects by themselves."""
    shop = FastAPI()
    guard.install(shop)
    webhooks.install(shop)
    tracking.install(shop)
    for door in (entrance, files, health, join, unsubscribe):
        shop.include_router(door.router)
    return TestClient(shop, base_url=HERE, follow_redirects=False, client=(address, 50_000))


def open_for_business(cast: Cast) -> None:
    """The welcome pages are done."""
    with unit() as session:
        shop = shops.kept(session)
        shop.name, shop.timezone, shop.ready = "Marlow & Finch", "Europe/London", True


def credentials(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"email": email_of(name), "password": password}
