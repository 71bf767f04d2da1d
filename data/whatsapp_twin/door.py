"""The twin's door: a web server of its own on this computer, without a framework."""

import socket
import threading
from collections.abc import Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl

import uvicorn

from data.whatsapp_twin.calls import Asked

LARGEST: Final = 1024 * 1024  # bytes of one request

Scope = MutableMapping[str, Any]
Receive = Callable[[], Any]
Send = Callable[[MutableMapping[str, Any]], Any]


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def settings(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        interface="asgi3",
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )


def read(scope: MutableMapping[str, Any], body: bytes) -> Asked:
    return Asked(
        scope["method"],
        scope["path"],
        dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body,
    )


async def body_of(receive: Receive) -> bytes | None:
    """None: larger than the platform takes."""
    pieces, size, more = [], 0, True
    while more:
        event = await receive()
        pieces.append(event.get("body", b""))
        size += len(pieces[-1])
        more = event.get("more_body", False)
        if size > LARGEST:
            return None
    return b"".join(pieces)


async def answer(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json; charset=UTF-8"),
        (b"content-length", str(len(body)).encode()),
        (b"facebook-api-version", b"v24.0"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
