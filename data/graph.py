"""WhatsApp's Cloud API, spoken so that what is known about a message is never blurred: answered, certainly not sent, in doubt.

A message is handed over between "the connection is open" and "the first byte is written"; the body of every answer is kept.
"""

import json
import re
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import httpx2

from data.config import WHATSAPP_API_VERSION

Gate = Callable[[], Awaitable[bool]]

LARGEST: Final = 2_000_000  # bytes of an answer
PAGE, MOST_PAGES = 100, 60  # templates; an account has at most 6,000
SECONDS: Final = httpx2.Timeout(30.0, connect=10.0, write=20.0)
LOOK_SECONDS: Final = httpx2.Timeout(15.0, connect=8.0)
UNKNOWN_OBJECT: Final = 33  # a number among their errors
WRITTEN_OUT: Final = re.compile(r"\(#(\d{1,9})\)")  # "(#131026) Message undeliverable"
IDLE: Final = 25.0  # seconds that a connection is kept open for the next message


class HeldBack(Exception):
    """The gate stayed closed: no byte was written."""


class NotSent(Exception):
    """No byte of the message was written. The sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NoAnswer(NotSent):
    """The message was on its way, and nobody heard what became of it."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the platform is, whose number and account it is about, and what lets the shop in."""

    url: str
    number_id: str
    account_id: str
    token: str = field(repr=False)

    @property
    def base(self) -> str:
        return f"{self.url.rstrip('/')}/{WHATSAPP_API_VERSION}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the platform. `code` is the number of its error; 0 is one of them, so None where there is none."""

    status: int
    body: dict[str, Any]

    @property
    def error(self) -> Mapping[str, Any]:
        """Some programs in between have a list of them."""
        several = self.body.get("errors")
        first = several[0] if isinstance(several, list) and several else None
        found = self.body.get("error") or first
        return found if isinstance(found, Mapping) else {}

    @property
    def code(self) -> int | None:
        """That an object is not known hides among the wrong parameters; some have the number in the words only."""
        written = WRITTEN_OUT.match(self.words[0])
        told = self.error.get("code")
        code = _whole(written[1] if told is None and written else told)
        return (
            UNKNOWN_OBJECT
            if code == 100 and _whole(self.error.get("error_subcode")) == UNKNOWN_OBJECT
            else code
        )

    @property
    def is_passing(self) -> bool:
        """They say themselves that it may go well the next time."""
        return self.error.get("is_transient") is True

    @property
    def words(self) -> tuple[str, str]:
        """What the error is called, and the particulars."""
        about = self.error.get("error_data")
        details = about.get("details") if isinstance(about, Mapping) else ""
        more = details or self.error.get("details") or self.error.get("error_user_msg")
        return _text(self.error.get("message")) or _text(self.error.get("title")), _text(more)

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300 and not self.error

    @property
    def message_id(self) -> str:
        messages = self.body.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else messages
        return str(first.get("id") or "")[:200] if isinstance(first, Mapping) else ""

    @property
    def user_id(self) -> str:
        """The platform's own name for the person, where it tells one."""
        contacts = self.body.get("contacts")
        first = contacts[0] if isinstance(contacts, list) and contacts else None
        return str(first.get("user_id") or "")[:160] if isinstance(first, Mapping) else ""


def _whole(told: Any) -> int | None:
    if isinstance(told, str) and told.isascii() and told.isdecimal():
        told = int(told[:12])
    if isinstance(told, float) and told.is_integer():
        told = int(told)
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def _text(told: Any) -> str:
    return told if isinstance(told, str) else ""


class Sender:
    """One connection that stays open, for one message at a time."""

    def __init__(self, access: Access) -> None:
        self._url = f"{access.base}/{access.number_id}/messages"
        self._client = httpx2.AsyncClient(
            headers=access.headers,
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE),
            timeout=SECONDS,
            verify=_trust(),
            trust_env=False,
        )
        self._stream: Any = None

    async def send(self, message: bytes, hand_over: Gate) -> Told:
        """Raises HeldBack, NotSent or NoAnswer. `hand_over` commits that the message may from now on have been sent."""
        has_left = False

        async def watch(event: str, about: Mapping[str, Any]) -> None:
            nonlocal has_left
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                self._stream = about.get("return_value")
            if event.endswith("send_request_headers.started"):
                if not await hand_over():
                    raise HeldBack
                if self._is_closed():  # while it waited at the gate
                    raise NotSent("WhatsApp closed the connection.")
                has_left = True

        try:
            answer = await self._client.post(self._url, content=message, extensions={"trace": watch})
        except httpx2.HTTPError as error:
            raise (NoAnswer if has_left else NotSent)(_sentence(error)) from None
        return Told(answer.status_code, _object(answer.content))

    async def close(self) -> None:
        with suppress(httpx2.HTTPError, OSError):
            await self._client.aclose()

    def _is_closed(self) -> bool:
        """An idle connection has nothing to be read but its end."""
        return self._stream is not None and bool(self._stream.get_extra_info("is_readable"))


def look(access: Access, path: str, **asked: str) -> Told:
    """Ask for facts. Blocks. Raises NotSent."""
    return _fetched(access, "GET", f"{access.base}/{path}", asked)


def tell(access: Access, path: str, **said: str) -> Told:
    """Switch something on there. Blocks. Raises NotSent."""
    return _fetched(access, "POST", f"{access.base}/{path}", said)


def templates(access: Access, fields: str) -> Iterator[Told]:
    """Every page of the account's templates. The last one may be an error. Raises NotSent."""
    after = ""
    for _ in range(MOST_PAGES):
        asked = {"fields": fields, "limit": str(PAGE)} | ({"after": after} if after else {})
        told = look(access, f"{access.account_id}/message_templates", **asked)
        yield told
        after = _after(told.body)
        if not told.is_good or not after:
            return


def _after(body: Mapping[str, Any]) -> str:
    """Where the next page begins; empty on the last one. Their own link is not followed: it could lead anywhere."""
    paging = body.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, Mapping) else None
    if not isinstance(paging, Mapping) or not isinstance(cursors, Mapping) or not paging.get("next"):
        return ""
    return str(cursors.get("after") or "")


def _fetched(access: Access, how: str, url: str, asked: Mapping[str, str]) -> Told:
    try:
        with (
            httpx2.Client(
                headers=access.headers, timeout=LOOK_SECONDS, verify=_trust(), trust_env=False
            ) as client,
            client.stream(how, url, params=dict(asked)) as answer,
        ):
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise NotSent("WhatsApp answered with more than can be read.")
            return Told(answer.status_code, _object(body))
    except httpx2.HTTPError as error:
        raise NotSent(_sentence(error)) from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@lru_cache(1)
def _trust() -> ssl.SSLContext:
    """Read once: it takes a tenth of a second."""
    return httpx2.create_ssl_context()


def _sentence(error: Exception) -> str:
    match error:
        case httpx2.ConnectTimeout() | httpx2.ConnectError():
            return "WhatsApp can’t be reached. Is this computer online?"
        case httpx2.TimeoutException():
            return "WhatsApp did not answer in time."
    return "The connection to WhatsApp was lost."
