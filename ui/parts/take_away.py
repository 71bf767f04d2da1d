"""The customer book as files: which of its tables, or everything at once."""

from typing import Final

from ui.parts.basics import box, button, link, text
from ui.parts.dialogs import ask, sheet

TABLES: Final = {
    "customers": ("The people", "One line for each, with tags, groups, dates, notes and own fields."),
    "records": ("Their records", "One line for each order, appointment, repair and so on."),
    "consents": ("What they said about mail", "One line for each yes and no, with when and how."),
    "communications": ("What they were sent", "One line for each message, with what became of it."),
    "answers": ("What they answered", "One line for each, as it came into the inbox."),
}


async def take_away() -> None:
    with sheet("Take the book away") as dialog:
        text("Tables open in any spreadsheet. Handbill reads the first two again.", "body", "p")
        with box("hb-stack tight hb-uses", "ul"):
            for what, (words, about) in TABLES.items():
                with box("", "li"):
                    link(words, f"/customers/export.csv?what={what}", whole=True, testid=f"take-{what}")
                    text(about, "muted small")
            with box("", "li"):
                link("Everything as JSON", "/customers/export.json", whole=True, testid="take-everything")
                text("For another program: each person with all that is known of them.", "muted small")
        with box("actions"):
            button("Close", lambda: dialog.submit(True), testid="take-close")
    await ask(dialog)
