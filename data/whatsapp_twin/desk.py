"""How the twin takes a message: what it looks at, the paces it keeps, and whom it may reach within a day."""

import base64
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from data.whatsapp_twin import rules
from data.whatsapp_twin.account import SENDS, Account
from data.whatsapp_twin.calls import Answered, Asked, Sent, refusal
from data.whatsapp_twin.office import Office
from data.whatsapp_twin.payloads import user_id
from data.whatsapp_twin.refusals import CODES, Refused, asked_for
from data.whatsapp_twin.templates import Shown, Template, shown

DAY: Final = 86_400.0  # seconds
KEPT: Final = 50_000  # messages that the twin remembers


@dataclass(slots=True)
class Desk:
    """Not for several threads at a time: whoever asks holds the twin's lock."""

    account: Account
    templates: dict[tuple[str, str], Template]
    clock: Callable[[], float]
    windows: dict[str, float] = field(default_factory=dict)  # when somebody last wrote, by number
    sent: OrderedDict[str, Sent] = field(default_factory=OrderedDict)
    keeps: int = KEPT
    office: Office = field(init=False)
    _pace: deque[float] = field(default_factory=deque)
    _last: dict[str, float] = field(default_factory=dict)  # to each person
    _reached: OrderedDict[str, float] = field(default_factory=OrderedDict)  # in the last 24 hours

    def __post_init__(self) -> None:
        self.office = Office(self.account, self.templates)

    def answer(self, asked: Asked) -> Answered:
        try:
            self.office.admit(asked)
            if asked.method == "POST" and asked.steps == [self.account.phone_number_id, "messages"]:
                return self._take(asked)
            return self.office.answer(asked)
        except Refused as refused:
            return refusal(refused)

    def _take(self, asked: Asked) -> Answered:
        message = asked.as_json()
        self._require_ready()
        number, user = rules.recipient(message)
        mark, now = rules.mark(message), self.clock()
        if number == self.account.number:
            raise Refused(131021, "Sender and recipient phone number is the same")
        wanted = asked_for(number)
        if wanted is not None and not wanted.is_late:
            raise Refused(wanted.code, "This number asks for this answer.")
        fails = wanted.code if wanted else self.account.hindered_by
        sent = self._written(message, number, user, mark, now, fails)
        self._keep_pace(number or user, now)
        self._remember(sent)
        who = {"input": message.get("to") or user} | ({"wa_id": number} if number else {"user_id": user})
        taken = {"id": sent.id} | ({"message_status": "accepted"} if sent.kind == "template" else {})
        return Answered(200, {"messaging_product": "whatsapp", "contacts": [who], "messages": [taken]}, sent)

    def _require_ready(self) -> None:
        """What the account itself lacks is said of every message."""
        if SENDS not in self.account.scopes:
            raise Refused(10, message="(#10) Application does not have permission for this action")
        code = self.account.hindered_by
        if code and not CODES[code].is_late:
            raise Refused(code, "This account can't send now.")

    def _written(
        self, message: Mapping[str, Any], number: str, user: str, mark: str, now: float, fails: int
    ) -> Sent:
        kind = message.get("type", "text")
        common: dict[str, Any] = {
            "id": _message_id(number or user),
            "number": number,
            "user_id": user or user_id(number),
            "mark": mark,
            "kind": kind,
            "request": message,
            "at": now,
        }
        if kind == "template":
            template, asked = rules.template_of(message, self.templates)
            return Sent(
                **common,
                category=template.category.lower(),
                shown=shown(template, asked),
                template=template.name,
                language=template.language,
                fails=fails or self._beyond_reach(number or user, now),
            )
        if kind != "text":
            raise Refused(131051, f"The twin can't send messages of type {kind}")
        words = Shown(body=rules.text_of(message))
        is_open = now - self.windows.get(number or user, 0.0) < DAY
        late = fails or (0 if is_open else 131047)
        return Sent(**common, category="service", shown=words, template="", language="", fails=late)

    def _keep_pace(self, who: str, now: float) -> None:
        while self._pace and self._pace[0] <= now - 1.0:
            self._pace.popleft()
        if len(self._pace) >= self.account.per_second:
            raise Refused(130429, "Message failed to send because there were too many messages sent.")
        if now - self._last.get(who, float("-inf")) < self.account.per_person:
            raise Refused(131056, "Too many messages sent to the same recipient in a short period of time.")
        self._pace.append(now)
        self._last[who] = now
        if len(self._last) > KEPT:
            self._last = {one: at for one, at in self._last.items() if now - at < self.account.per_person}

    def _beyond_reach(self, who: str, now: float) -> int:
        """Somebody new to whom the shop speaks first, when it has spoken to as many as it may: the number is kept from more."""
        while self._reached and next(iter(self._reached.values())) <= now - DAY:
            self._reached.popitem(last=False)
        most = self.account.reach
        is_known = who in self._reached or now - self.windows.get(who, 0.0) < DAY
        if not is_known and most is not None and len(self._reached) >= most:
            return 131048
        self._reached[who] = now
        self._reached.move_to_end(who)
        return 0

    def _remember(self, sent: Sent) -> None:
        self.sent[sent.id] = sent
        while len(self.sent) > self.keeps:
            self.sent.popitem(last=False)


def _message_id(who: str) -> str:
    raw = (
        b"\x1d\x06\x16\x0b"
        + who.encode()
        + b"\x15\x02\x00\x11\x18\x12"
        + secrets.token_hex(9).upper().encode()
        + b"\x00"
    )
    return "wamid." + base64.b64encode(raw).decode()
