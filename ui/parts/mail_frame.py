"""A message as a mail program shows it: shut off from the page, without scripts, and nothing is fetched from outside."""

import re

from nicegui import ui

from ui.parts.basics import box, put

LINKS_OPEN = "allow-popups allow-popups-to-escape-sandbox"
# A policy of its own stands before anything the message brings along, and every link wants a new tab.
FIRST = (
    '<!doctype html><meta charset="utf-8">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
    '<meta name="viewport" content="width=device-width"><base target="_blank">'
)
DOCTYPE = re.compile(r"\A\s*<!doctype[^>]*>", re.IGNORECASE)


class MailFrame:
    """`links` says whether they may open in a new tab; they never lead the frame itself elsewhere."""

    def __init__(self, title: str, *, links: bool = False, testid: str = "mail-frame") -> None:
        self.root = put(box("", "iframe", testid=testid), title=title, sandbox=LINKS_OPEN if links else "")

    def show(self, html: str) -> None:
        self.root.props["srcdoc"] = framed(html)
        self.root.update()

    @property
    def element(self) -> ui.element:
        return self.root


def framed(html: str) -> str:
    return FIRST + DOCTYPE.sub("", html, count=1)
