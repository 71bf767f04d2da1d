"""The two sorts of things that lie in practice: letters, and messages on phones."""

from typing import Final

from ui.parts.basics import box, link, put

LETTERS: Final = "/practice"
PHONES: Final = "/practice/whatsapp"
NEWEST: Final = "/practice/newest"  # the one of them where something came last
WAYS: Final = ((LETTERS, "Email"), (PHONES, "WhatsApp"))


def practice_ways(here: str) -> None:
    with put(box("hb-seg", "nav"), aria_label="What lies here"):
        for path, label in WAYS:
            classes = "hb-seg-btn is-on" if path == here else "hb-seg-btn"
            made = link(label, path, classes=classes, testid=f"practice-{label.lower()}")
            put(made, aria_current="page" if path == here else None)
