"""The letter as one customer gets it, drawn in a frame that can neither run nor fetch anything."""

import re
from collections.abc import Callable
from typing import Any, Final

from nicegui import ui
from sqlalchemy.orm import Session

from data.database import reading
from domain.channels.channel import Draft
from domain.refusal import Refusal
from domain.sending import preview
from domain.sending.preview import Sight
from ui.parts.basics import avatar, box, icon, put, text
from ui.parts.feedback import io, sentence_for
from ui.parts.inputs import Segmented
from ui.parts.shown_to import ShownTo

# The frame has no scripts and no origin; this keeps it from the network too. Links are shown, not followed.
LOCK: Final = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    'img-src data:"><base target="_blank"><style>a{pointer-events:none}</style>'
)
OUTSIDE_PICTURE: Final = re.compile(r'(<img\b[^>]*?)\ssrc="(?!data:)[^"]*"', re.IGNORECASE)
NOTHING_YET: Final = (
    '<!doctype html><html><head></head><body style="margin:0;padding:48px 28px;background:#fff;color:#5f6961;'
    'font:15px/1.6 system-ui,sans-serif;text-align:center">Your message appears here.</body></html>'
)


class PreviewFrame:
    """`on_problem(part, sentence)` hears where the letter can't be read, with its line and column; empty when it can."""

    def __init__(self, *, on_problem: Callable[[str, str], Any] | None = None) -> None:
        self.on_problem = on_problem
        self.fields: dict[str, Any] = {}
        self.asked = 0
        with put(box("hb-card hb-preview", "aside", testid="preview-card"), aria_label="Preview"):
            self._bar()
            self.to = ShownTo(self._again)
            self._mail_head()
            self._doubts()
            with box("hb-stage") as self.stage:
                self.frame = _sandbox("preview")
                self.plain = text("", "hb-plain-letter", "pre", testid="preview-text")
        self.plain.visible = False

    async def begin(self, fields: dict[str, Any]) -> None:
        """The first look, as the first customer in the book."""
        await self.to.begin()
        # Somebody may have typed meanwhile, and what they wrote is newer than `fields`.
        await self.show(self.fields or fields)

    async def show(self, fields: dict[str, Any]) -> None:
        """Draw these fields of a campaign. A late answer to an earlier call is dropped."""
        self.fields = fields
        self.asked += 1
        mine = self.asked
        try:
            sight = await io(_sight, fields, self.to.id)
        except Refusal as refusal:
            self._unreadable(mine, refusal)
        except Exception as error:
            self._note(mine, [sentence_for(error)])
        else:
            self._paint(mine, sight)

    def _bar(self) -> None:
        views = {"desktop": "Desktop", "phone": "Phone", "text": "Text"}
        with box("hb-preview-bar"):
            text("Preview", "hb-card-title grow", "h2")
            Segmented(views, "desktop", self._look, "Preview as", testid="preview-as")

    def _mail_head(self) -> None:
        with box("hb-mailhead"):
            self.initials = avatar("")
            with box("grow"):
                self.subject = text("No subject yet", "subject clip", testid="preview-subject")
                self.sender = text("", "muted small clip", testid="preview-sender")

    def _doubts(self) -> None:
        with put(box("hb-preview-note", testid="preview-note"), role="status") as self.note:
            icon("alert")
            self.note_words = text("", "grow")
        self.note.visible = False

    def _look(self, view: str) -> None:
        self.stage.classes(add="phone") if view == "phone" else self.stage.classes(remove="phone")
        self.frame.classes(add="is-away") if view == "text" else self.frame.classes(remove="is-away")
        self.plain.visible = view == "text"

    async def _again(self) -> None:
        await self.show(self.fields)

    def _paint(self, mine: int, sight: Sight) -> None:
        if mine != self.asked or self.frame.is_deleted:
            return
        self._head(sight)
        self._draw(_locked(sight.html))
        self.plain.set_text(sight.text)
        pictures = (
            ["Pictures from the web are not loaded here."] if OUTSIDE_PICTURE.search(sight.html) else []
        )
        self._note(mine, [*sight.doubts, *pictures])
        if self.on_problem:
            self.on_problem("", "")

    def _unreadable(self, mine: int, refusal: Refusal) -> None:
        if mine != self.asked or self.frame.is_deleted:
            return
        self._note(mine, [refusal.sentence])
        if self.on_problem:
            self.on_problem(str(refusal.details.get("part", "")), refusal.sentence)

    def _head(self, sight: Sight) -> None:
        self.subject.set_text(sight.subject or "No subject yet")
        self.sender.set_text(sight.sender)
        self.initials.set_text(
            "".join(word[0] for word in sight.sender.split()[:2] if word[0].isalnum()).upper() or "?"
        )

    def _draw(self, page: str) -> None:
        if self.frame.props.get("srcdoc") != page:
            self.frame.props["srcdoc"] = page

    def _note(self, mine: int, sentences: list[str]) -> None:
        if mine == self.asked and not self.note.is_deleted:
            self.note_words.set_text(" ".join(sentences))
            self.note.visible = bool(sentences)


def _sandbox(testid: str) -> ui.element:
    frame = put(
        ui.element("iframe"), testid=testid, title="The message as it arrives", referrerpolicy="no-referrer"
    )
    frame.props["sandbox"] = ""
    return frame


def _locked(page: str) -> str:
    return OUTSIDE_PICTURE.sub(r"\1", page.replace("<head>", f"<head>{LOCK}", 1))


def _sight(fields: dict[str, Any], customer_id: int | None) -> Sight:
    with reading() as session:
        draft = _drafted(session, fields)
        try:
            return preview.sight(session, draft, customer_id)
        except Refusal as refusal:
            if refusal.code != "empty_body":
                raise
            return Sight(preview.sender_of(draft), draft.subject, NOTHING_YET, "", ())


def _drafted(session: Session, fields: dict[str, Any]) -> Draft:
    """An address that is only half typed keeps nobody from seeing the letter."""
    try:
        return preview.drafted(session, fields)
    except Refusal as refusal:
        if refusal.details.get("field") not in ("from_email", "reply_to"):
            raise
    return preview.drafted(session, fields | {"from_email": "", "reply_to": ""})
