"""Carries the twin's webhooks to the shop, as the platform does: again and again, a little later each time, until they are taken."""

import heapq
import http.client
import itertools
import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

from data.whatsapp_twin.account import Account
from data.whatsapp_twin.payloads import Change, post, signature

AGAIN: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)  # seconds; the platform goes on for days
AT_ONCE: Final = 100  # changes in one request
PATIENCE: Final = 20.0  # seconds for one answer
IDLE: Final = 3_600.0

log = logging.getLogger(__name__)


@dataclass(order=True, slots=True)
class Letter:
    due: float
    place: int
    changes: list[Change] = field(compare=False)
    tries: int = field(default=0, compare=False)


class Postman:
    """`changed` bends a body or its headers on the way, for tests. What was never taken stands in `lost`."""

    def __init__(self, account: Account, clock: Callable[[], float]) -> None:
        self.account, self.clock = account, clock
        self.url = ""
        self.again: Sequence[float] = AGAIN
        self.taken = 0  # requests
        self.lost: list[Change] = []
        self.changed: Callable[[bytes, dict[str, str]], tuple[bytes, dict[str, str]]] | None = None
        self._letters: list[Letter] = []
        self._places = itertools.count()
        self._under_way = 0
        self._news = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._link: tuple[SplitResult, http.client.HTTPConnection] | None = None

    def start(self) -> None:
        self._stopping = False
        self._thread = threading.Thread(target=self._walk, name="whatsapp-twin-post", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._news:
            self._stopping = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join(PATIENCE)
            self._thread = None

    def go_to(self, url: str) -> None:
        with self._news:
            self.url = url
            self._news.notify_all()

    def put(self, change: Change, after: float = 0.0) -> None:
        with self._news:
            heapq.heappush(self._letters, Letter(time.monotonic() + after, next(self._places), [change]))
            self._news.notify_all()

    def flush(self, seconds: float = 10.0) -> bool:
        """True once nothing is due within that time and nothing is on its way."""
        until = time.monotonic() + seconds
        with self._news:
            while self._letters or self._under_way:
                if not self._news.wait(until - time.monotonic()) and time.monotonic() >= until:
                    return False
            return True

    def challenge(self) -> bool:
        """Whether the shop proves that it knows the word that both know."""
        word = str(secrets.randbelow(10**10))
        asked = {
            "hub.mode": "subscribe",
            "hub.challenge": word,
            "hub.verify_token": self.account.verify_token,
        }
        with suppress(OSError, http.client.HTTPException):
            status, said = self._ask("GET", b"", {}, urlencode(asked))
            return status == 200 and said == word.encode()
        return False

    def _walk(self) -> None:
        while (letter := self._next()) is not None:
            self._deliver(letter)
        self._hang_up()

    def _next(self) -> Letter | None:
        """What is due, as one request; what has to be carried again goes by itself."""
        with self._news:
            while not self._stopping:
                now = time.monotonic()
                if self.url and self._letters and self._letters[0].due <= now:
                    letter = heapq.heappop(self._letters)
                    while not letter.tries and self._joins(letter, now):
                        letter.changes += heapq.heappop(self._letters).changes
                    self._under_way = 1
                    return letter
                self._news.wait(self._letters[0].due - now if self.url and self._letters else IDLE)
            return None

    def _joins(self, letter: Letter, now: float) -> bool:
        first = self._letters[0] if self._letters else None
        fits = first is not None and first.due <= now and not first.tries
        return fits and len(letter.changes) < AT_ONCE

    def _deliver(self, letter: Letter) -> None:
        is_taken = self._carry(letter.changes)
        with self._news:
            self._under_way = 0
            if is_taken:
                self.taken += 1
            elif letter.tries < len(self.again):
                due = time.monotonic() + self.again[letter.tries]
                again = Letter(due, next(self._places), letter.changes, letter.tries + 1)
                heapq.heappush(self._letters, again)
            else:
                self.lost += letter.changes
            self._news.notify_all()

    def _carry(self, changes: list[Change]) -> bool:
        body = post(self.account, changes, at=int(self.clock()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": signature(self.account.app_secret, body),
        }
        if self.changed is not None:
            body, headers = self.changed(body, headers)
        try:
            status, _ = self._ask("POST", body, headers)
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return False
        return 200 <= status < 300

    def _ask(self, method: str, body: bytes, headers: dict[str, str], query: str = "") -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        connection = self._connected(parts) if not query else _connection(parts)
        where = f"{parts.path}?{query}" if query else parts.path
        connection.request(method, where, body or None, headers)
        answer = connection.getresponse()
        said = answer.read()
        if query:
            connection.close()
        return answer.status, said

    def _connected(self, parts: SplitResult) -> http.client.HTTPConnection:
        if self._link is None or self._link[0][:2] != parts[:2]:
            self._hang_up()
            self._link = (parts, _connection(parts))
        return self._link[1]

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link[1].close()
            self._link = None


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=PATIENCE)
