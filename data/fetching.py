"""One look at an address on the web, where that can't be avoided: bounded in time and size, and never into our own network."""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from functools import cache
from typing import Final
from urllib.parse import urlsplit

SECONDS: Final = 10.0  # for all of it
LARGEST: Final = 64 * 1024  # bytes
AT_ONCE: Final = 8 * 1024
PORT: Final = 443


class NotFetched(Exception):
    """It can't be had just now. The sentence is for our log."""


def fetch(url: str) -> bytes:
    """What lies there, by https and without following anybody elsewhere. Raises NotFetched."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.port not in (None, PORT) or parts.username:
        raise NotFetched("Only https addresses are fetched.")
    until = time.monotonic() + SECONDS
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        return _read(_connected(parts.hostname, until), path, until)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise NotFetched(f"{parts.hostname} did not answer as it should: {type(problem).__name__}.") from None


class _Pinned(http.client.HTTPSConnection):
    """Connects to the address that was looked at, whatever the name leads to a moment later."""

    def __init__(self, host: str, address: str, seconds: float) -> None:
        super().__init__(host, PORT, timeout=seconds, context=_trust())
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, PORT), self.timeout)
        self.sock = _trust().wrap_socket(plain, server_hostname=self.host)


def _connected(host: str, until: float) -> http.client.HTTPSConnection:
    return _Pinned(host, _public_address(host), _left(until))


def _public_address(host: str) -> str:
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)}
    if not found or not all(ipaddress.ip_address(one).is_global for one in found):
        raise NotFetched(f"{host} leads into a private network.")
    return sorted(found, key=len)[0]


def _read(connection: http.client.HTTPSConnection, path: str, until: float) -> bytes:
    connection.connect()
    hanging_up = threading.Timer(
        _left(until), _hang_up, (connection.sock,)
    )  # also on who says a letter a second
    hanging_up.start()
    try:
        connection.request("GET", path, headers={"Accept": "*/*", "User-Agent": "Handbill"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise NotFetched(f"{connection.host} answered {answer.status}.")
        pieces: list[bytes] = []
        while piece := answer.read1(AT_ONCE):
            pieces.append(piece)
            if sum(map(len, pieces)) > LARGEST:
                raise NotFetched(f"{connection.host} sent more than was asked for.")
        _left(until)  # or it may be half of it
        return b"".join(pieces)
    finally:
        hanging_up.cancel()
        connection.close()


def _hang_up(line: ssl.SSLSocket) -> None:
    try:
        socket.socket.shutdown(line, socket.SHUT_RDWR)  # whoever reads from it sees the end
    except OSError:  # it has ended meanwhile
        return


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise NotFetched("It took too long.")
    return left


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()
