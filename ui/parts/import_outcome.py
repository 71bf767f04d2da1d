"""One import as a page: how far it is, what became of it, and the way back."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from nicegui import ui

from data.database import now, reading
from domain.book import agreeing, customers, duplicates, imports, undoing
from domain.book.agreements import OPTION
from domain.book.columns import CUSTOMERS
from domain.book.duplicates import MOST_SUGGESTED
from domain.book.imports import DONE, FAILED, KEPT_FOR, RUNNING, UNDOING, UNDONE, Import
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop
from jobs import importing as jobs
from ui import words
from ui.frame import current_actor
from ui.parts.basics import alert, box, button, card, facts, link, link_button, put, stats, text
from ui.parts.dialogs import confirm
from ui.parts.feedback import handled, io
from ui.parts.import_steps import reasons
from ui.words import counted, number

EVERY = 0.7  # seconds between looks while it moves
PATH = "/customers/import"
MOST_NAMED = 100
LARGEST_BOOK = 200_000  # in a larger one the search for people who may be the same would keep the shop busy
STATES = {
    RUNNING: ("Running", "busy"),
    DONE: ("In your book", "good"),
    FAILED: ("Broke off", "bad"),
    UNDOING: ("Being taken back", "busy"),
    UNDONE: ("Taken back", "mute"),
}


@dataclass(frozen=True)
class Seen:
    entry: Import
    zone: ZoneInfo
    kept: list[tuple[int, str, str]]  # customer, name, why they stay
    has_refused_file: bool


class Outcome:
    """Looks again while something moves, and draws anew when the state is another."""

    def __init__(self, import_id: int) -> None:
        self.id = import_id
        self.drawn = ""
        self.room = box("full hb-stack", testid="import-outcome")
        self.timer = ui.timer(EVERY, handled(self.look), immediate=False)

    async def look(self) -> None:
        seen = await io(_seen, self.id, await current_actor())
        if self.room.is_deleted:
            return
        if seen.entry.state != self.drawn:
            self._draw(seen)
        if seen.entry.is_open:
            self.bar.set(seen.entry)
        self.timer.active = seen.entry.is_open

    def _draw(self, seen: Seen) -> None:
        self.drawn = seen.entry.state
        self.room.clear()
        with self.room:
            if seen.entry.is_open:
                self._running(seen.entry)
            elif seen.entry.state == UNDONE:
                _taken_back(seen)
            else:
                self._over(seen)
            _details(seen)

    def _running(self, entry: Import) -> None:
        titles = {RUNNING: "The list is being taken", UNDOING: "The import is being taken back"}
        with card(
            titles[entry.state], "You may leave this page: it goes on by itself.", testid="import-running"
        ):
            self.bar = Bar(titles[entry.state])

    def _over(self, seen: Seen) -> None:
        entry = seen.entry
        if entry.state == FAILED:
            alert("The import broke off", entry.error, tone="bad", testid="import-failed")
        else:
            alert("The list is in your book", f"From {entry.file_name}.", tone="good", testid="import-done")
        stats(
            [
                ("Added", number(entry.added), "new in your book"),
                ("Updated", number(entry.updated), "gaps filled, facts corrected"),
                ("Unchanged", number(entry.unchanged), "nothing new about them"),
                ("Refused", number(entry.refused), "rows that were left out"),
            ]
        )
        self.alike = box("full")
        if entry.kind == CUSTOMERS and entry.added:
            ui.timer(0.1, handled(self._look_for_alike), once=True)
        if entry.refused:
            self._refused(seen)
        with box("hb-row wrap"):
            link_button(
                "See your customers", "/customers?order=newest", kind="primary", testid="see-customers"
            )
            link_button("Bring in another list", PATH, testid="another")
            if not undoing.why_not(entry, now()):
                button("Take this import back", self._ask, kind="ghost", icon="undo", testid="take-back")

    def _refused(self, seen: Seen) -> None:
        help_text = "Correct them in the downloaded file and bring that in: nobody is added twice."
        with card(f"{counted(seen.entry.refused, 'row')} left out", help_text):
            rows = sorted((one["row"], one["reason"]) for one in seen.entry.rejected)
            reasons(rows, total=seen.entry.refused)
            if seen.has_refused_file:
                with box("hb-row"):
                    button("Download these rows", self._download, icon="download", testid="download-rejected")

    async def _look_for_alike(self) -> None:
        count = await io(_how_many_alike, self.id)
        if count and not self.alike.is_deleted:
            with self.alike:
                alert(
                    f"{'At least ' * (count >= MOST_SUGGESTED)}{counted(count, 'pair')} may be the same person",
                    "They were taken as they are. Look at them side by side, and merge those who are one.",
                    actions=lambda: link("Look at them", "/customers/duplicates", testid="see-alike"),
                    testid="import-alike",
                )

    async def _ask(self) -> None:
        seen = await io(_seen, self.id, await current_actor())
        if await confirm(
            "Take this import back?",
            _what_will_happen(seen.entry),
            confirm_label="Take it back",
            cancel_label="Leave it",
            kind="danger",
            icon="undo",
        ):
            await io(jobs.take_back, self.id, await current_actor())
            await self.look()

    async def _download(self) -> None:
        seen = await io(_seen, self.id, await current_actor())
        content = await io(jobs.refused_file, seen.entry)
        ui.download.content(content or b"", "rows-to-correct.csv", "text/csv")


class Bar:
    """How far it is, in people or records."""

    def __init__(self, label: str) -> None:
        with box("hb-progress", testid="import-progress"):
            with put(
                box("track"), role="progressbar", aria_label=label, aria_valuemin="0", aria_valuemax="100"
            ) as self.track:
                self.part = box("", "i")
            with box("say"):
                self.done = text("", tag="b")

    def set(self, entry: Import) -> None:
        share = 100 * entry.done / max(1, entry.total)
        self.part.style(f"width: {share:.1f}%")
        put(self.track, aria_valuenow=str(round(share)))
        self.done.set_text(f"{number(entry.done)} of {number(entry.total)}")


def _taken_back(seen: Seen) -> None:
    told = seen.entry.outcome
    alert("This import was taken back", f"From {seen.entry.file_name}.", testid="import-undone")
    stats(
        [
            ("Gone again", number(told["removed"]), "had come with the list"),
            ("As before", number(told["restored"]), "got back what stood there"),
            ("Stay", number(told["stay"]), "changed since, or written to"),
        ]
    )
    if seen.kept:
        with card("Who stays as they are", testid="import-kept"), box("hb-reasons", "ul"):
            for customer, name, why in seen.kept:
                with box("", "li"):
                    link(name, f"/customers/{customer}")
                    text(f"{why[:1].upper()}{why[1:]}.", "", "span")
    with box("hb-row"):
        link_button("Bring in another list", PATH, kind="primary", testid="another")


def _details(seen: Seen) -> None:
    entry = seen.entry
    pairs = [
        ("File", entry.file_name),
        (
            "Brought in",
            f"{words.when(entry.created_at, seen.zone, now())} by {entry.asked_by.get('name', 'somebody')}",
        ),
    ]
    if entry.basis:
        pairs.append(("Reason for writing to them", entry.basis))
    pairs += _agreements(seen)
    if entry.state in (DONE, FAILED) and not undoing.why_not(entry, now()):
        last = (entry.finished_at or entry.created_at) + KEPT_FOR
        pairs.append(("Can be taken back until", words.day(last.astimezone(seen.zone).date())))
    if entry.undone_at:
        pairs.append(("Taken back", words.when(entry.undone_at, seen.zone, now())))
    with card("About this import"):
        facts(pairs, left=True)


def _agreements(seen: Seen) -> list[tuple[str, str]]:
    """Who agreed to WhatsApp by it, and what that rests on."""
    told, asked = agreeing.told_of(seen.entry), seen.entry.options.get(OPTION, {})
    found = []
    if told.agreed:
        found.append(("Opted in to WhatsApp", f"{counted(told.agreed, 'person', 'people')}: {asked['how']}"))
    elif told.claimed and not asked.get("how"):
        who = counted(told.claimed, "person is", "people are")
        found.append(("Opted in to WhatsApp", f"Nobody. {who} marked as agreed, and nothing says how."))
    if told.held:
        found.append(("Held back from WhatsApp", f"{counted(told.held, 'person', 'people')} said no before"))
    if told.refused:
        found.append(("Want no WhatsApp", counted(told.refused, "person", "people")))
    return found


def _what_will_happen(entry: Import) -> str:
    what = "customer" if entry.kind == CUSTOMERS else "record"
    parts = []
    if entry.added:
        parts.append(f"{counted(entry.added, what)} that came with it will go again")
    if entry.updated:
        parts.append(f"{counted(entry.updated, what)} will get back what stood there before")
    return (
        f"{', and '.join(parts) or 'Nothing was changed by it, so little will happen'}. "
        "Whoever was changed since, said no since or got a message since stays as they are."
    )


def _seen(import_id: int, by: Actor) -> Seen:
    with reading() as session:
        entry = imports.get(session, import_id, by=by)
        kept = undoing.who_stays(session, entry, most=MOST_NAMED) if entry.state == UNDONE else []
        return Seen(entry, read_shop(session).zone, kept, jobs.refused_file(entry) is not None)


def _how_many_alike(import_id: int) -> int:
    with reading() as session:
        if customers.how_many(session) > LARGEST_BOOK:
            return 0
        return len(duplicates.suggest(session, about=imports.added_by(session, import_id)))
