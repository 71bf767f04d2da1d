"""Who is let in at the twin, and what it tells of the account: its app, its number, its templates, and where it reports to."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.whatsapp_twin.account import MANAGES, Account
from data.whatsapp_twin.calls import Answered, Asked
from data.whatsapp_twin.refusals import Refused
from data.whatsapp_twin.templates import Template

APP = {"name": "Practice", "link": "https://example.com/"}


@dataclass(slots=True)
class Office:
    account: Account
    templates: dict[tuple[str, str], Template]
    home: str = ""

    def admit(self, asked: Asked) -> None:
        """Raises Refused."""
        token = asked.token
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

    def answer(self, asked: Asked) -> Answered:
        """Raises Refused."""
        node, edge, *more = [*asked.steps, "", ""]
        if any(more) or not node:
            raise _unknown(node)
        if node == "debug_token" and not edge:
            return Answered(200, {"data": self.account.token_facts()})
        if node in ("app", self.account.app_id):
            return self._app(asked, edge)
        self._require(MANAGES)
        if node == self.account.phone_number_id and not edge:
            return Answered(200, self._number(asked))
        if node == self.account.other_number_id and not edge:
            return Answered(200, _chosen(self.account.other_facts(), asked, "WhatsAppBusinessPhoneNumber"))
        if node == self.account.business_account_id:
            return self._business(asked, edge)
        raise _unknown(node)

    def _proof(self, token: str) -> str:
        return hmac.new(self.account.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()

    def _require(self, right: str) -> None:
        if right not in self.account.scopes:
            said = f"(#200) You do not have the necessary permissions required to take this action: {right}"
            raise Refused(200, message=said)

    def _app(self, asked: Asked, edge: str) -> Answered:
        if edge == "subscriptions" and asked.method == "POST":
            self.account.reports_to = asked.fields().get("callback_url", "")
            return Answered(200, {"success": True})
        if edge:
            raise _unknown(edge)
        return Answered(200, {"id": self.account.app_id, **APP})

    def _number(self, asked: Asked) -> dict[str, Any]:
        """How it fares and where it reports to are told only where they are asked for."""
        extra = {
            "health_status": self.account.health_facts(),
            "webhook_configuration": {"application": self.account.reports_to}
            if self.account.reports_to
            else {},
        }
        wanted = {name: extra[name] for name in asked.wanted if name in extra}
        return _chosen(self.account.number_facts() | wanted, asked, "WhatsAppBusinessPhoneNumber")

    def _business(self, asked: Asked, edge: str) -> Answered:
        if edge == "message_templates":
            return self._list(asked)
        if edge == "phone_numbers":
            held = [_chosen(self.account.number_facts(), asked, "WhatsAppBusinessPhoneNumber")]
            return Answered(200, {"data": held, **_cursors("0", "0")})
        if edge == "subscribed_apps":
            return self._subscribed(asked)
        if edge:
            raise _unknown(edge)
        return Answered(200, _chosen(self.account.account_facts(), asked, "WhatsAppBusinessAccount"))

    def _subscribed(self, asked: Asked) -> Answered:
        if asked.method == "GET":
            apps = [{"whatsapp_business_api_data": {"id": one, **APP}} for one in self.account.subscribed]
            return Answered(200, {"data": apps})
        self.account.subscribed = [] if asked.method == "DELETE" else [self.account.app_id]
        return Answered(200, {"success": True})

    def _list(self, asked: Asked) -> Answered:
        wanted = [one for one in self.templates.values() if _fits(one, asked.query)]
        limit = min(int(asked.query.get("limit", "25") or 25), 1_000)
        first = _place(asked.query.get("after", ""))
        page = wanted[first : first + limit]
        answer: dict[str, Any] = {"data": [one.as_json(tuple(asked.wanted)) for one in page]}
        if page:
            answer |= _cursors(_cursor(first), _cursor(first + len(page)))
        if first + limit < len(wanted):
            answer["paging"]["next"] = f"{self.home}{asked.path}?after={_cursor(first + len(page))}"
        return Answered(200, answer)


def _unknown(what: str) -> Refused:
    said = (
        f"Unsupported request. Object with ID '{what}' does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation."
    )
    return Refused(100, message=said, subcode=33, kind="GraphMethodException")


def _chosen(facts: dict[str, Any], asked: Asked, kind: str) -> dict[str, Any]:
    """Raises Refused where something has no such field: so one sees that an ID belongs to something else."""
    if not asked.wanted:
        return facts
    for name in asked.wanted:
        if name not in facts:
            raise Refused(
                100, message=f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})"
            )
    return {name: facts[name] for name in dict.fromkeys([*asked.wanted, "id"])}


def _fits(template: Template, query: Mapping[str, str]) -> bool:
    shown_values = {"name": template.name, "status": template.status, "language": template.language}
    return all(query.get(name) in (None, "", value) for name, value in shown_values.items())


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
