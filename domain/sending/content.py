"""What may stand in a campaign's fields: cleaned, or refused by name. Nothing is typed into a header unseen."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from domain.audience.audience import Audience
from domain.book.message_types import MessageType
from domain.channels.channel import Draft
from domain.refusal import Kind, Refusal, invalid
from domain.sending.dispatches import Dispatch
from domain.shop import people

EDITABLE = {
    "name", "message_type", "from_name", "from_email", "reply_to", "subject", "preheader", "html_body", "text_body",
    "template_id", "audience", "channel", "content",
}  # fmt: skip


CHANNELS = (
    "email",
    "whatsapp",
    "sms",
    "facebook",
    "linkedin",
    "ads",
)  # may be saved; launching asks the channel


LONGEST = {
    "name": 200,
    "from_name": 120,
    "from_email": 320,
    "reply_to": 320,
    "subject": 500,
    "preheader": 300,
}


LONGEST_BODY = 500_000
LONGEST_CONTENT = 20_000  # characters, as JSON


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    """What was typed or posted, without what can't be in a message. Raises Refusal by field."""
    unknown = set(fields) - EDITABLE
    if unknown:
        raise Refusal(
            "unknown_field",
            f"A campaign has no field called {sorted(unknown)[0]}.",
            Kind.MALFORMED,
        )
    return {name: _checked_one(name, value) for name, value in fields.items()}


def _checked_one(name: str, value: Any) -> Any:
    if name == "message_type":
        return _message_type(value)
    if name == "audience":
        return Audience.parse(value).as_json()
    if name == "template_id":
        return value
    if name == "content":
        return _content(value)
    if name == "channel":
        return _channel(value)
    if name in ("html_body", "text_body"):
        return _body(name, str(value or ""))
    if name in ("from_email", "reply_to") and value:
        return people.checked_email(str(value), name)
    return one_line(name, str(value or ""), LONGEST[name])


def _message_type(value: Any) -> MessageType:
    try:
        return MessageType(value)
    except ValueError:
        raise invalid("messageType", "Choose marketing, newsletter or operational.") from None


def _channel(value: Any) -> str:
    if value not in CHANNELS:
        raise invalid("channel", "Choose one of: " + ", ".join(CHANNELS) + ".")
    return str(value)


def _content(value: Any) -> dict[str, Any]:
    """What stands in it is its channel's business, which is asked before the launch; here only that it can be kept."""
    if not isinstance(value, Mapping):
        raise invalid("content", "This must be an object with the parts of the message.")
    try:
        written = json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise invalid("content", "This must be an object with the parts of the message.") from None
    if len(written) > LONGEST_CONTENT:
        raise Refusal("too_large", "The message is too long.", Kind.TOO_LARGE, field="content")
    return dict(value)


def _body(name: str, value: str) -> str:
    if len(value) > LONGEST_BODY:
        raise Refusal(
            "too_large",
            f"The message is longer than {LONGEST_BODY:,} characters.",
            Kind.TOO_LARGE,
            field=name,
        )
    return "".join(
        c
        for c in value.replace("\r\n", "\n")
        if c in "\n\t" or (ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF)
    )


def one_line(name: str, value: str, longest: int) -> str:
    """No line breaks and no control characters: this ends up in a header."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    if len(cleaned) > longest:
        raise invalid(name, f"This can have at most {longest} characters.")
    return cleaned


def frozen_draft(dispatch: Dispatch) -> Draft:
    """The content as it was at the launch, whatever became of the campaign since."""
    return Draft(
        message_type=MessageType(dispatch.message_type),
        from_name=dispatch.from_name,
        from_email=dispatch.from_email,
        reply_to=dispatch.reply_to,
        subject=dispatch.subject,
        preheader=dispatch.preheader,
        html_body=dispatch.html_body,
        text_body=dispatch.text_body,
        shop_name=dispatch.shop_name,
        postal_address=dispatch.postal_address,
        colour=dispatch.colour,
        content=dispatch.content or {},
    )


def content_hash(draft: Draft) -> str:
    """Two messages with the same one say the same, footer included; in which colour is all one."""
    said = {name: value for name, value in asdict(draft).items() if name != "content" or value}
    del said["colour"]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
