"""A shop whose doors are open to programs: the real application on a real database, without a worker.

What a test may ask for:
    api       the application as Olive's program sees it; `api.as_("sal")` is somebody else's, `api.nobody` has no token
    doors     the application itself: NiceGUI can be mounted once in a process, so all tests share it
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from data.database import now as present
from data.database import unit
from domain.audience import segments
from domain.shop import shop, tokens
from domain.shop.people import User
from jobs.queue import close_queue, open_queue
from tests.cast import Cast

HOME = "/api/marketing"
FACTS = {
    "name": "Marlow & Finch",
    "postal_address": "4 Market Row, Harrogate",
    "timezone": "Europe/London",
    "country": "GB",
    "sender_name": "Marlow & Finch",
    "sender_email": "hello@marlow.example",
}


@dataclass(frozen=True)
class Api:
    """Addresses are those below /api/marketing, unless they begin with a slash."""

    client: TestClient
    cast: Cast
    token: str | None = None
    home: str = HOME

    def as_(self, name: str) -> "Api":
        return replace(self, token=token_of(getattr(self.cast, name).user_id))

    @property
    def nobody(self) -> "Api":
        return replace(self, token=None)

    def at(self, home: str) -> "Api":
        return replace(self, home=home)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            more["content"] = json.dumps(body)
            more["headers"] = {"Content-Type": "application/json"} | more.get("headers", {})
        where = path if path.startswith("/") else f"{self.home}/{path}"
        more["headers"] = headers | more.get("headers", {})
        return self.client.request(method, where, follow_redirects=False, **more)

    def get(self, path: str, **more: Any) -> Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Response:
        return self.ask("POST", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> Response:
        return self.ask("PUT", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Response:
        return self.ask("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> Response:
        return self.ask("DELETE", path, **more)


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    from ui.doors import build

    return build()


@pytest.fixture(scope="session")
def client(doors: FastAPI) -> Iterator[TestClient]:
    with TestClient(doors, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def api(shop_db: Path, cast: Cast, client: TestClient) -> Iterator[Api]:
    with unit() as session:
        shop.change(session, FACTS, by=cast.olive, now=present())
        shop.open_doors(session, by=cast.olive)
        segments.ensure_system(session, present())
    open_queue(shop_db)
    client.cookies.clear()
    yield Api(client, cast, token_of(cast.olive.user_id))
    close_queue()


def token_of(user_id: int | None, at: datetime | None = None) -> str:
    """An access token, as the sign-in hands it out; made directly, for Argon2 takes its time."""
    with unit() as session:
        user = session.get(User, user_id)
        assert user is not None
        return tokens.access_token(user, at or present())
