"""A message as it reads, and the facts of the send that carried it."""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui

from domain.sending.dispatches import Dispatch
from domain.sending.preview import Sight
from domain.sending.reports import Report
from ui import words
from ui.parts.basics import avatar, box, icon_button, put, text
from ui.parts.feedback import toast
from ui.parts.mail_frame import MailFrame
from ui.parts.whatsapp_templates import language

Pairs = list[tuple[str, str]]
FIELD = re.compile(r"\{\{.*?(?:default:\s*(?P<quote>['\"])(?P<fallback>.*?)(?P=quote).*?)?\}\}")


def message_card(sight: Sight, reader: str = "") -> None:
    """The letter, shut off in its frame; `reader` is whose copy it is."""
    with box("hb-card", "section", testid="preview"):
        with box("hb-mailhead"):
            avatar(sight.sender)
            with box("grow"):
                text(sight.subject, "subject", testid="preview-subject")
                text(sight.sender, "hb-cell-sub clip")
                if reader:
                    text(f"As {reader} reads it", "hb-cell-sub clip")
        with box("hb-stage"):
            MailFrame("The message", testid="preview-frame").show(sight.html)


def send_facts(report: Report, zone: ZoneInfo, moment: datetime) -> Pairs:
    """Who pressed, and when."""
    dispatch = report.dispatch
    pairs: Sequence[tuple[str, str | None]] = [
        ("Subject", readable(dispatch.subject)),
        ("By", "WhatsApp" if dispatch.channel == "whatsapp" else None),
        ("Template", _template(dispatch)),
        ("From", None if dispatch.channel == "whatsapp" else _sender(dispatch)),
        ("Type", words.MESSAGE_TYPE.get(dispatch.message_type, str(dispatch.message_type))),
        ("Audience", dispatch.audience_label),
        ("Sent by", dispatch.created_by_name),
        ("Pressed", words.when(dispatch.created_at, zone, moment)),
        ("Was due", words.when(dispatch.due_at, zone, moment) if dispatch.due_at else None),
        ("Began", words.when(dispatch.started_at, zone, moment) if dispatch.started_at else None),
        ("Finished", words.when(dispatch.finished_at, zone, moment) if dispatch.finished_at else None),
        ("Time zone", zone.key),
    ]
    return [(name, value) for name, value in pairs if value]


def _sender(dispatch: Dispatch) -> str:
    return ", ".join(filter(None, [dispatch.from_name, dispatch.from_email]))


def _template(dispatch: Dispatch) -> str | None:
    named = (dispatch.content or {}).get("template")
    return f"{named.get('name')}, {language(str(named.get('language')))}" if isinstance(named, dict) else None


def readable(words_: str) -> str:
    """A subject for a list: a merge field stands as its fallback, or as dots where it has none."""
    return FIELD.sub(lambda found: found["fallback"] or "…", words_)


def copyable(label: str, value: str, *, testid: str) -> None:
    """A number that support asks for, with a button that copies it."""
    with box("hb-row apart hb-copy"):
        text(label, "muted", "span")
        with box("hb-row", "span"):
            put(text(value, "mono strong", "span", testid=testid), tabindex="0")
            icon_button(
                "copy", f"Copy the {label.lower()}", lambda: _copy(label, value), testid=f"copy-{testid}"
            )


def _copy(label: str, value: str) -> None:
    ui.clipboard.write(value)
    toast(f"{label} copied")
