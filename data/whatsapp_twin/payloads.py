"""The platform's webhooks, in its own documented shapes. Pure."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from data.whatsapp_twin.account import Account

Change = dict[str, Any]  # {"field": ..., "value": ...}


def post(account: Account, changes: Iterable[Change], *, at: int) -> bytes:
    """One request. Letters outside ASCII and slashes are escaped, as the platform's own are."""
    messages: list[Change] = []
    others: list[Change] = []
    for one in changes:
        (messages if one["field"] in WITHOUT_TIME else others).append(one)
    entry: list[dict[str, Any]] = []
    if messages:
        entry.append({"id": account.business_account_id, "changes": messages})
    if others:
        entry.append({"id": account.business_account_id, "time": at, "changes": others})
    whole = {"object": "whatsapp_business_account", "entry": entry}
    return json.dumps(whole, separators=(",", ":")).replace("/", "\\/").encode()


NOWHERE = "ZZ."  # no country has these letters, so nobody's id begins with them
WITHOUT_TIME = frozenset({"messages", "user_preferences", "user_id_update"})


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def user_id(number: str) -> str:
    """The business-scoped id of a person: the same for the same number. Real ones begin with a country."""
    return f"{NOWHERE}{int(hashlib.sha256(number.encode()).hexdigest(), 16) % 10**20}"


def status(
    account: Account,
    *,
    message_id: str,
    said: str,
    at: int,
    number: str = "",
    user: str = "",
    mark: str = "",
    errors: list[dict[str, Any]] | None = None,
    category: str = "marketing",
    name: str = "",
) -> Change:
    """`failed` names nobody but the number that was written to."""
    about: dict[str, Any] = {"id": message_id, "status": said, "timestamp": str(at)}
    if number:
        about["recipient_id"] = number
    if user and (said != "failed" or not number):
        about["recipient_user_id"] = user
    if mark:
        about["biz_opaque_callback_data"] = mark
    if said in ("sent", "delivered", "read"):
        about["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": category}
    if said == "sent":
        about["conversation"] = {
            "id": hashlib.sha256(message_id.encode()).hexdigest()[:32],
            "expiration_timestamp": str(at + 86_400),
            "origin": {"type": category},
        }
    if errors:
        about["errors"] = errors
    value = _value(account)
    if said != "failed":
        value["contacts"] = [contact(number, user, name)]
    return {"field": "messages", "value": value | {"statuses": [about]}}


def message(
    account: Account,
    kind: str,
    content: Mapping[str, Any],
    *,
    message_id: str,
    at: int,
    number: str = "",
    user: str = "",
    name: str = "",
    answers: str = "",
) -> Change:
    """Somebody wrote to the shop. `content` is what stands under the kind's own name, and beside it for "unsupported"."""
    about: dict[str, Any] = {"id": message_id, "timestamp": str(at), "type": kind}
    if number:
        about["from"] = number
    if user:
        about["from_user_id"] = user
    if answers:
        about["context"] = {"from": account.number, "id": answers}
    if content:
        about[kind] = dict(content)
    value = _value(account) | {"contacts": [contact(number, user, name)], "messages": [about]}
    return {"field": "messages", "value": value}


def preference(
    account: Account, wish: str, *, at: int, number: str = "", user: str = "", name: str = ""
) -> Change:
    """`wish`: stop or resume."""
    about: dict[str, Any] = {
        "detail": f"User requested to {wish} marketing messages",
        "category": "marketing_messages",
        "value": wish,
        "timestamp": at,
    }
    who = {key: value for key, value in (("wa_id", number), ("user_id", user)) if value}
    value = _value(account) | {
        "contacts": [contact(number, user, name)],
        "user_preferences": [who | about],
    }
    return {"field": "user_preferences", "value": value}


def new_number(account: Account, *, message_id: str, at: int, old: str, new: str, user: str) -> Change:
    about = {
        "from": old,
        "id": message_id,
        "timestamp": str(at),
        "type": "system",
        "system": {
            "body": f"User changed from {old} to {new}",
            "wa_id": new,
            "user_id": user,
            "type": "user_changed_number",
        },
    }
    return {"field": "messages", "value": _value(account) | {"messages": [about]}}


def template_status(
    *, template_id: str, name: str, language: str, event: str, category: str, reason: str = "NONE"
) -> Change:
    value: dict[str, Any] = {
        "event": event,
        "message_template_id": int(template_id),
        "message_template_name": name,
        "message_template_language": language,
        "message_template_category": category,
        "reason": reason,
    }
    if event == "PAUSED":
        value["other_info"] = {"title": "FIRST_PAUSE", "description": "The template was paused for 3 hours."}
    if event == "DISABLED":
        value["disable_info"] = {"disable_date": 1_760_000_000}
    return {"field": "message_template_status_update", "value": value}


def template_quality(*, template_id: str, name: str, language: str, before: str, after: str) -> Change:
    value = {
        "previous_quality_score": before,
        "new_quality_score": after,
        "message_template_id": int(template_id),
        "message_template_name": name,
        "message_template_language": language,
    }
    return {"field": "message_template_quality_update", "value": value}


def template_category(*, template_id: str, name: str, language: str, before: str, after: str) -> Change:
    value = {
        "message_template_id": int(template_id),
        "message_template_name": name,
        "message_template_language": language,
        "previous_category": before,
        "new_category": after,
    }
    return {"field": "template_category_update", "value": value}


def number_quality(account: Account, *, event: str, before: str, after: str) -> Change:
    value = {
        "display_phone_number": account.number,
        "event": event,
        "old_limit": before,
        "current_limit": after,
        "max_daily_conversations_per_business": after,
    }
    return {"field": "phone_number_quality_update", "value": value}


def account_update(account: Account, event: str, **more: Any) -> Change:
    return {"field": "account_update", "value": {"phone_number": account.number, "event": event, **more}}


def contact(number: str, user: str, name: str) -> dict[str, Any]:
    who: dict[str, Any] = {"profile": {"name": name}} if name else {"profile": {}}
    if number:
        who["wa_id"] = number
    if user:
        who["user_id"] = user
    return who


def _value(account: Account) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": account.number,
            "phone_number_id": account.phone_number_id,
        },
    }
