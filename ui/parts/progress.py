"""How far a send is, as a calm bar with the time that is left."""

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.sending.dispatches import DispatchState
from domain.sending.reports import Report
from ui.parts import holds
from ui.parts.basics import box, put, text
from ui.words import lasting, number

PARTS = {"sent": "", "failed": "bad", "not_sure": "warn"}


class Progress:
    """Seen while something moves; `set` changes it in place."""

    def __init__(self, label: str = "Progress of this send", testid: str = "progress") -> None:
        self.bars = {}
        with box("hb-progress", testid=testid) as self.root:
            with put(box("track"), role="progressbar", aria_label=label) as self.track:
                for part, tone in PARTS.items():
                    self.bars[part] = box(tone, "i")
            with box("say"):
                self.done = text("", tag="b", testid="progress-done")
                self.left = text("", tag="span", testid="progress-left")

    def set(self, report: Report, zone: ZoneInfo, now: datetime) -> None:
        books, whole = report.books, max(1, report.to_reach)
        self.root.visible = report.dispatch.is_running
        self.root.classes(**{"add" if holds.is_held(report.dispatch) else "remove": "is-held"})
        for part, bar in self.bars.items():
            bar.style(f"width: {100 * getattr(books, part) / whole:.2f}%")
        done = books.sent + books.failed + books.not_sure
        put(self.track, aria_valuenow=str(round(100 * done / whole)), aria_valuemin="0", aria_valuemax="100")
        self.done.set_text(f"{number(done)} of {number(report.to_reach)}")
        self.left.set_text(_time_left(report, zone, now))


def _time_left(report: Report, zone: ZoneInfo, now: datetime) -> str:
    if report.dispatch.state is DispatchState.WAITING:
        return "About to go. You can still call it back."
    if holds.is_held(report.dispatch):
        return f"{number(report.books.queued)} to go"
    if report.put_off and report.put_off == report.books.queued:
        again = f", next {holds.at(report.next_try, zone, now)}" if report.next_try else ""
        return f"Waiting for a second try{again}"
    if report.seconds_left is None:
        return "On its way"
    return f"{lasting(report.seconds_left).capitalize()} left"
