"""A word about an address for answers that nobody seems to read. A warning: it stands in nobody's way."""

from domain.shop import no_reply
from ui.parts.basics import box, icon, put, text


class NoReply:
    """Stands beside the address, and is not there where all is well. `look` again after each change."""

    def __init__(self, address: str, inbox: str) -> None:
        with put(box("hb-alert warn", testid="no-reply"), role="status") as self.box:
            icon("alert")
            with box("say"):
                text("Answers may reach nobody", tag="b")
                self.words = text("")
        self.look(address, inbox)

    def look(self, address: str, inbox: str) -> None:
        """`inbox` is the one that Handbill reads by itself; empty: none."""
        sentence = no_reply.warning(address, inbox)
        self.words.set_text(sentence)
        self.box.visible = bool(sentence)
