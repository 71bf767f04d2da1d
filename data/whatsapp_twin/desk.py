"""What the twin answers to each call of the Graph API: who asks, about what, and what stands in the account."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from data.whatsapp_twin import rules
from data.whatsapp_twin.account import Account
from data.whatsapp_twin.payloads import user_id
from data.whatsapp_twin.refusals import Refused, asked_for
from data.whatsapp_twin.templates import Shown, Template, shown

DAY: Final = 86_400.0  # seconds
KEPT: Final = 50_000  # messages that the twin remembers
VERSION: Final = re.compile(r"v\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def steps(self) -> list[str]:
        steps = [one for one in self.path.split("/") if one]
        return steps[1:] if steps and VERSION.fullmatch(steps[0]) else steps


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was taken. `fails`: the code it fails with later; 0: it does not."""

    id: str
    number: str  # digits; empty where only the user id was given
    user_id: str
    mark: str
    kind: str  # template, text
    category: str
    shown: Shown
    template: str
    language: str
    request: Mapping[str, Any]
    at: float  # seconds since 1970
    fails: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Mapping[str, Any]
    sent: Sent | None = None


@dataclass(slots=True)
class Desk:
    """Not for several threads at a time: whoever asks holds the twin's lock."""

    account: Account
    templates: dict[tuple[str, str], Template]
    clock: Callable[[], float]
    windows: dict[str, float] = field(default_factory=dict)  # when somebody last wrote, by number
    sent: OrderedDict[str, Sent] = field(default_factory=OrderedDict)
    subscriptions: dict[str, str] = field(default_factory=dict)  # callback_url, verify_token
    home: str = ""
    keeps: int = KEPT
    _pace: deque[float] = field(default_factory=deque)
    _last: dict[str, float] = field(default_factory=dict)  # to each person
    _reached: OrderedDict[str, float] = field(default_factory=OrderedDict)  # in the last 24 hours

    def answer(self, asked: Asked) -> Answered:
        try:
            self._admit(asked)
            return self._answer(asked)
        except Refused as refused:
            return Answered(refused.status, refused.as_json(_trace()))

    def _admit(self, asked: Asked) -> None:
        scheme, _, told = asked.headers.get("authorization", "").partition(" ")
        token = told if scheme.casefold() == "bearer" else asked.query.get("access_token", "")
        if not token:
            raise Refused(190, message="An access token is required to request this resource.")
        if not hmac.compare_digest(token.encode(), self.account.access_token.encode()):
            raise Refused(190, message="Invalid OAuth access token - Cannot parse access token")
        if self.account.is_expired:
            said = "Error validating access token: Session has expired."
            raise Refused(190, message=said, subcode=463)
        proof = asked.query.get("appsecret_proof")
        if proof is not None and not hmac.compare_digest(proof.encode(), self._proof(token).encode()):
            raise Refused(100, message="Invalid appsecret_proof provided in the API argument")

    def _proof(self, token: str) -> str:
        return hmac.new(self.account.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()

    def _answer(self, asked: Asked) -> Answered:
        node, edge, *more = [*asked.steps, "", ""]
        if any(more) or not node:
            raise _unknown(node)
        if node == "debug_token" and not edge:
            return Answered(200, {"data": self.account.token_facts()})
        if node in ("app", self.account.app_id):
            return self._app(asked, edge)
        if node == self.account.phone_number_id:
            return self._number(asked, edge)
        if node == self.account.business_account_id:
            return self._business(asked, edge)
        raise _unknown(node)

    def _app(self, asked: Asked, edge: str) -> Answered:
        if edge == "subscriptions" and asked.method == "POST":
            told = _fields_of(asked)
            self.subscriptions |= {"callback_url": told.get("callback_url", "")}
            return Answered(200, {"success": True})
        if edge:
            raise _unknown(edge)
        return Answered(200, {"id": self.account.app_id, "name": "Practice", "link": "https://example.com/"})

    def _number(self, asked: Asked, edge: str) -> Answered:
        if edge == "messages" and asked.method == "POST":
            return self._take(asked)
        if edge:
            raise _unknown(edge)
        return Answered(200, _chosen(self.account.number_facts(), asked))

    def _business(self, asked: Asked, edge: str) -> Answered:
        if edge == "message_templates":
            return self._list(asked)
        if edge == "phone_numbers":
            return Answered(
                200, {"data": [_chosen(self.account.number_facts(), asked)], **_cursors("0", "0")}
            )
        if edge == "subscribed_apps":
            return self._subscribed(asked)
        if edge:
            raise _unknown(edge)
        return Answered(200, _chosen(self.account.account_facts(), asked))

    def _subscribed(self, asked: Asked) -> Answered:
        if asked.method == "GET":
            apps = [
                {
                    "whatsapp_business_api_data": {
                        "id": one,
                        "name": "Practice",
                        "link": "https://example.com/",
                    }
                }
                for one in self.account.subscribed
            ]
            return Answered(200, {"data": apps})
        self.account.subscribed = [] if asked.method == "DELETE" else [self.account.app_id]
        return Answered(200, {"success": True})

    def _list(self, asked: Asked) -> Answered:
        wanted = [one for one in self.templates.values() if _fits(one, asked.query)]
        limit = min(int(asked.query.get("limit", "25") or 25), 1_000)
        first = _place(asked.query.get("after", ""))
        page = wanted[first : first + limit]
        fields = tuple(one.partition("{")[0] for one in asked.query.get("fields", "").split(",") if one)
        answer: dict[str, Any] = {"data": [one.as_json(fields) for one in page]}
        if page:
            answer |= _cursors(_cursor(first), _cursor(first + len(page)))
        if first + limit < len(wanted):
            answer["paging"]["next"] = f"{self.home}{asked.path}?after={_cursor(first + len(page))}"
        return Answered(200, answer)

    def _take(self, asked: Asked) -> Answered:
        message = _json(asked)
        number, user = rules.recipient(message)
        mark, now = rules.mark(message), self.clock()
        if number == self.account.number:
            raise Refused(131021, "Sender and recipient phone number is the same")
        wanted = asked_for(number)
        if wanted is not None and not wanted.is_late:
            raise Refused(wanted.code, "This number asks for this answer.")
        sent = self._written(message, number, user, mark, now, wanted.code if wanted else 0)
        self._keep_pace(number or user, now)
        self._remember(sent)
        who = {"input": message.get("to") or user} | ({"wa_id": number} if number else {"user_id": user})
        taken = {"id": sent.id} | ({"message_status": "accepted"} if sent.kind == "template" else {})
        return Answered(200, {"messaging_product": "whatsapp", "contacts": [who], "messages": [taken]}, sent)

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
        """Somebody new to whom the shop speaks first, when it has spoken to as many as it may."""
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


def _unknown(what: str) -> Refused:
    said = (
        f"Unsupported request. Object with ID '{what}' does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation."
    )
    return Refused(100, message=said, subcode=33, kind="GraphMethodException")


def _json(asked: Asked) -> dict[str, Any]:
    try:
        found = json.loads(asked.body)
    except (ValueError, RecursionError):
        raise Refused(100, message="(#100) The body is no JSON") from None
    if not isinstance(found, dict):
        raise Refused(100, message="(#100) The body is no object")
    return found


def _fields_of(asked: Asked) -> dict[str, str]:
    told = _json(asked) if asked.body else {}
    return {**asked.query, **{name: str(value) for name, value in told.items()}}


def _fits(template: Template, query: Mapping[str, str]) -> bool:
    shown_values = {"name": template.name, "status": template.status, "language": template.language}
    return all(query.get(name) in (None, "", value) for name, value in shown_values.items())


def _chosen(facts: dict[str, Any], asked: Asked) -> dict[str, Any]:
    fields = [one for one in asked.query.get("fields", "").split(",") if one]
    return (
        {name: facts[name] for name in dict.fromkeys([*fields, "id"]) if name in facts} if fields else facts
    )


def _cursors(before: str, after: str) -> dict[str, Any]:
    return {"paging": {"cursors": {"before": before, "after": after}}}


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"place:{place}".encode()).decode()


def _place(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix("place:"))
    except ValueError:
        raise Refused(100, message="(#100) Invalid cursor") from None


def _message_id(who: str) -> str:
    raw = (
        b"\x1d\x06\x16\x0b"
        + who.encode()
        + b"\x15\x02\x00\x11\x18\x12"
        + secrets.token_hex(9).upper().encode()
        + b"\x00"
    )
    return "wamid." + base64.b64encode(raw).decode()


def _trace() -> str:
    return "A" + secrets.token_urlsafe(16)
