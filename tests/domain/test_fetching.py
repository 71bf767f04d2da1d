"""One look at an address of the web: nothing of our own network, nobody followed elsewhere, bounded in size and time."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from data import fetching
from data.fetching import LARGEST, NotFetched, fetch
from tests.twins.certificate import make_certificate

HOST = "elsewhere.example"
PAGE = b"a certificate, for example"
Act = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    acts: dict[str, Act] = {}
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.acts[self.path](self)

    def log_message(self, *_: object) -> None:
        pass

    def say(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def drip(handler: Handler, head: bytes = b"HTTP/1.0 200 OK\r\n\r\n") -> None:
    handler.wfile.write(head)
    while True:  # until the other side hangs up
        handler.wfile.write(b".")
        handler.wfile.flush()
        time.sleep(0.02)


Handler.acts = {
    "/page": lambda at: at.say(PAGE),
    "/page?with=words": lambda at: at.say(b"asked with words"),
    "/large": lambda at: at.say(b"x" * (LARGEST + 1)),
    "/just": lambda at: at.say(b"x" * LARGEST),
    "/endless": drip,
    "/endless-head": lambda at: drip(at, b"HTTP/1.1 200 OK\r\nX-Word: "),
    "/silent": lambda at: time.sleep(3),
    "/moved": lambda at: at.say(b"", 302, Location=f"https://{HOST}/page"),
    "/gone": lambda at: at.say(b"no", 404),
    "/broken": lambda at: at.say(b"", Content_Length="many", Transfer_Encoding="chunked"),
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Its port, and the authority that speaks for it."""
    made = make_certificate(tmp_path_factory.mktemp("web"), host=HOST)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = made.server_context().wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], made.file
    server.shutdown()
    server.server_close()


@pytest.fixture
def reached(web: tuple[int, Path], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`elsewhere.example` stands for a host of the wide web; gives what was asked for there."""
    port, authority = web
    monkeypatch.setattr(fetching, "PORT", port)
    monkeypatch.setattr(fetching, "_public_address", lambda host: "127.0.0.1")
    monkeypatch.setattr(fetching, "_trust", lambda: ssl.create_default_context(cafile=str(authority)))
    Handler.asked.clear()
    return Handler.asked


def test_what_lies_there_is_fetched(reached: list[str]) -> None:
    assert fetch(f"https://{HOST}/page") == PAGE
    assert fetch(f"https://{HOST}/page?with=words#but-not-this") == b"asked with words"
    assert len(fetch(f"https://{HOST}/just")) == LARGEST


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("moved", "answered 302"),
        ("gone", "answered 404"),
        ("large", "more than"),
        ("broken", "as it should"),
    ],
)
def test_whatever_else_is_said_is_not_taken_and_nobody_is_followed(
    reached: list[str], path: str, why: str
) -> None:
    with pytest.raises(NotFetched, match=why):
        fetch(f"https://{HOST}/{path}")
    assert reached == [f"/{path}"]


@pytest.mark.parametrize("path", ["endless", "endless-head", "silent"])
def test_nobody_is_waited_for_without_end(
    reached: list[str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(NotFetched):
        fetch(f"https://{HOST}/{path}")
    assert time.monotonic() - began < 2.5


def test_who_can_not_prove_to_be_the_host_is_not_read(reached: list[str]) -> None:
    with pytest.raises(NotFetched, match="SSL"):
        fetch("https://somebody-else.example/page")
    assert reached == []


@pytest.mark.parametrize(
    "address",
    [
        "http://elsewhere.example/page",
        "ftp://elsewhere.example/page",
        "file:///etc/hosts",
        "https:///page",
        "https://elsewhere.example:8443/page",
        "https://me:secret@elsewhere.example/page",
        "https://elsewhere.example/a b\r\nHost: inner",
        "//elsewhere.example/page",
        "",
    ],
)
def test_an_address_of_any_other_kind_is_not_even_asked(reached: list[str], address: str) -> None:
    with pytest.raises(NotFetched):
        fetch(address)
    assert reached == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "100.64.0.1"],
)  # fmt: skip
def test_our_own_network_is_never_asked(
    web: tuple[int, Path], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PORT", web[0])
    Handler.asked.clear()
    with pytest.raises(NotFetched):
        fetch(f"https://{host}/page")
    assert Handler.asked == []


def test_a_name_with_one_foot_in_our_network_is_not_asked(
    web: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was looked at is what is connected to: a name that leads elsewhere a moment later gains nothing."""
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, web[0])) for one in ("93.184.216.34", "127.0.0.1")
    ]
    looked = list[str]()

    def look_up(host: str, *_: object, **__: object) -> object:
        looked.append(host)
        return both

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(NotFetched, match="private network"):
        fetch(f"https://{HOST}/page")
    assert looked == [HOST]
