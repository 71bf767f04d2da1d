"""WhatsApp's Cloud API as it is from outside, on this computer only: it takes messages, sends nothing on, and reports by
webhook what would have become of them. Practice mode and the tests talk to it by real HTTP.
"""

import asyncio
import itertools
import json
import logging
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from data.whatsapp_twin import door, payloads
from data.whatsapp_twin.account import Account
from data.whatsapp_twin.calls import Answered, Asked, Sent, refusal
from data.whatsapp_twin.desk import KEPT, Desk
from data.whatsapp_twin.payloads import Change
from data.whatsapp_twin.postman import Postman
from data.whatsapp_twin.refusals import Refused, told_later
from data.whatsapp_twin.templates import Template, practice_templates

PATIENCE: Final = 5.0  # seconds that starting or stopping may take

log = logging.getLogger(__name__)

Store = Callable[[Sent], None]


@dataclass(slots=True)
class Manners:
    """How soon what is reported, in seconds; None: only by hand. `repeats` tells each that often, `backwards` the last first."""

    sent: float | None = 0.1
    delivered: float | None = 0.6
    read: float | None = None
    failed: float | None = 0.3
    repeats: int = 1
    backwards: bool = False
    hides_numbers: bool = False  # the people have user names: only their ids are told


@dataclass(frozen=True, slots=True)
class Act:
    """Something out of the ordinary that a test wants. `takes`: the message is taken all the same."""

    status: int = 0
    body: bytes = b""
    hangs_up: bool = False
    waits: float = 0.0  # seconds before the answer
    takes: bool = False


@dataclass(slots=True)
class Twin:
    """Start and stop it, or use it as a context. `store` runs in a thread of its own before the sender hears an answer."""

    account: Account = field(default_factory=Account)
    templates: Iterable[Template] = field(default_factory=practice_templates)
    manners: Manners = field(default_factory=Manners)
    clock: Callable[[], float] = time.time
    act: Callable[[Asked], Act | None] | None = None
    store: Store | None = None
    port: int = 0
    keeps: int = KEPT  # messages, and requests, that it remembers
    calls: deque[Asked] = field(init=False)
    desk: Desk = field(init=False)
    post: Postman = field(init=False)
    _lock: Any = field(default_factory=threading.RLock, repr=False)
    _server: door.Server | None = field(default=None, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count, repr=False)
    _pool: ThreadPoolExecutor | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.desk = Desk(self.account, {one.key: one for one in self.templates}, self.clock, keeps=self.keeps)
        self.calls = deque(maxlen=self.keeps)
        self.post = Postman(self.account, self.clock)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sent(self) -> list[Sent]:
        """What was taken, the oldest first."""
        with self._lock:
            return list(self.desk.sent.values())

    def start(self) -> None:
        """Raises OSError where no port can be had."""
        way_in = socket.socket()
        way_in.bind(("127.0.0.1", 0))
        self.port = way_in.getsockname()[1]
        self.desk.office.home = self.url
        self._pool = ThreadPoolExecutor(1, "whatsapp-twin-store")
        self._server = door.Server(door.settings(self._serve))
        self._thread = threading.Thread(
            target=self._server.run, args=([way_in],), name="whatsapp-twin", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(PATIENCE):
            self.stop()
            raise TimeoutError("the practice WhatsApp did not start")
        self.post.start()

    def stop(self) -> None:
        self.post.stop()
        server, thread = self._server, self._thread
        self._server = self._thread = None
        self.port = 0
        if server is not None:
            server.should_exit = True
        if thread is not None:
            thread.join(PATIENCE)
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    # What the people at the other end do

    def report_to(self, url: str, *, ask: bool = True) -> bool:
        """From now on everything is told there. Whether the shop answered the challenge, where it was asked."""
        self.post.go_to(url)
        is_verified = ask and self.post.challenge()
        self.account.reports_to = url if is_verified else self.account.reports_to
        return is_verified

    def say(self, number: str, words: str, *, name: str = "", answers: str = "") -> str:
        """They write. Answers with the message's id."""
        return self.send(number, "text", {"body": words}, name=name, answers=answers)

    def press(self, sent: Sent, words: str, payload: str = "") -> str:
        """They press a button of a template that answers by itself."""
        said = {"text": words, "payload": payload or words}
        return self.send(sent.number, "button", said, answers=sent.id)

    def send(
        self, number: str, kind: str, content: dict[str, Any], *, name: str = "", answers: str = ""
    ) -> str:
        """They send something of any kind."""
        digits, message_id = number.lstrip("+"), f"wamid.in{secrets.token_hex(12).upper()}"
        with self._lock:
            self.desk.windows[digits] = self.clock()
        said = payloads.message(
            self.account, kind, content, message_id=message_id, name=name, answers=answers, **self._who(digits)
        )  # fmt: skip
        self.tell(said)
        return message_id

    def prefer(self, number: str, wish: str) -> None:
        """They stop or resume marketing in the app itself."""
        self.tell(payloads.preference(self.account, wish, **self._who(number.lstrip("+"))))

    def change_number(self, old: str, new: str) -> None:
        before, after = old.lstrip("+"), new.lstrip("+")
        self.tell(
            payloads.new_number(
                self.account, message_id=f"wamid.sys{next(self._numbers)}", at=self._now(), old=before, new=after,
                user=payloads.user_id(before),
            )
        )  # fmt: skip

    def read(self, sent: Sent) -> None:
        self._report(sent, "read")

    def deliver(self, sent: Sent) -> None:
        self._report(sent, "delivered")

    def fail(self, sent: Sent, code: int) -> None:
        self._report(sent, "failed", errors=[told_later(code)])

    # What the platform does

    def tell(self, change: Change, after: float = 0.0) -> None:
        self.post.put(change, after)

    def flush(self, seconds: float = 10.0) -> bool:
        """True once the shop has taken everything."""
        return self.post.flush(seconds)

    def set_template(self, name: str, language: str, status: str, reason: str = "NONE") -> None:
        """PAUSED, DISABLED, APPROVED, REJECTED, DELETED: known at once, and told by a webhook."""
        with self._lock:
            found = self.desk.templates[name, language]
            found.status = status
            if status == "DELETED":
                del self.desk.templates[name, language]
        self.tell(
            payloads.template_status(
                template_id=found.id, name=name, language=language, event=status, category=found.category, reason=reason
            )
        )  # fmt: skip

    def set_quality(self, name: str, language: str, quality: str) -> None:
        with self._lock:
            found = self.desk.templates[name, language]
            before, found.quality = found.quality, quality
        self.tell(
            payloads.template_quality(
                template_id=found.id, name=name, language=language, before=before, after=quality
            )
        )

    def set_category(self, name: str, language: str, category: str) -> None:
        with self._lock:
            found = self.desk.templates[name, language]
            before, found.category = found.category, category
        self.tell(
            payloads.template_category(
                template_id=found.id, name=name, language=language, before=before, after=category
            )
        )

    def set_tier(self, tier: str, event: str = "") -> None:
        before, self.account.tier = self.account.tier, tier
        told = event or ("UPGRADE" if before < tier else "DOWNGRADE")
        self.tell(payloads.number_quality(self.account, event=told, before=before, after=tier))

    def _who(self, digits: str) -> dict[str, Any]:
        number = "" if self.manners.hides_numbers else digits
        return {"at": self._now(), "number": number, "user": payloads.user_id(digits)}

    def _now(self) -> int:
        return int(self.clock())

    def _follow(self, sent: Sent) -> None:
        """What is reported about a message by itself."""
        how = self.manners
        if sent.fails:
            steps = [("failed", how.failed)]
        else:
            steps = [("sent", how.sent), ("delivered", how.delivered), ("read", how.read)]
        due = [(said, after) for said, after in steps if after is not None]
        if how.backwards:
            due = [(said, after) for (said, _), (_, after) in zip(reversed(due), due, strict=True)]
        errors = [told_later(sent.fails)] if sent.fails else None
        for said, after in due:
            for _ in range(how.repeats):
                self._report(sent, said, after, errors)

    def _report(
        self, sent: Sent, said: str, after: float = 0.0, errors: list[dict[str, Any]] | None = None
    ) -> None:
        told = payloads.status(
            self.account,
            message_id=sent.id,
            said=said,
            at=int(self.clock() + after),
            number="" if self.manners.hides_numbers else sent.number,
            user=sent.user_id,
            mark=sent.mark,
            errors=errors,
            category=sent.category,
            name=sent.name,
        )
        self.tell(told, after)

    # The door

    async def _serve(self, scope: door.Scope, receive: door.Receive, send: door.Send) -> None:
        body = await door.body_of(receive)
        if body is None:
            await door.answer(send, 413, b"")
            return
        asked = door.read(scope, body)
        self.calls.append(asked)
        act = self.act(asked) if self.act is not None else None
        with self._lock:
            answered = self.desk.answer(asked) if act is None or act.takes else Answered(act.status, {})
        answered = await self._kept(answered)
        if answered.sent is not None:
            self._follow(answered.sent)
        if act is not None and act.waits:
            await asyncio.sleep(act.waits)
        if act is not None and act.hangs_up:
            send.__self__.transport.abort()  # type: ignore[attr-defined]  # uvicorn's own; there is no other way
            await receive()
            return
        if act is not None and act.status:
            await door.answer(send, act.status, act.body)
            return
        await door.answer(send, answered.status, json.dumps(answered.body).encode())

    async def _kept(self, answered: Answered) -> Answered:
        """As taken, once it is stored."""
        if answered.sent is None or self.store is None:
            return answered
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self.store, answered.sent)
        except Exception:
            log.exception("a practice message could not be stored")
            return refusal(Refused(131000, "The message could not be stored just now"))
        return answered
