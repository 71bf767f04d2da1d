"""The shop's door for reports, open on this computer: what posts there is a program like any other."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from ui.public import webhooks


@contextmanager
def open_door() -> Iterator[int]:
    """Gives its port."""
    shop = FastAPI()
    webhooks.install(shop)
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(shop, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([door],), daemon=True)
    thread.start()
    end = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < end, "the door did not open"
        time.sleep(0.01)
    try:
        yield int(door.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(5)
