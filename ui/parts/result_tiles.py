"""What several sends came to, in six figures, each beside the span of equal length before."""

from domain.results.overview import Overview, Totals
from ui import words
from ui.parts.basics import Stat, box

UNKNOWN = "–"
NOT_REPORTED = "Not reported by your mail provider"
NOT_MEASURED = "Not measured"


def tiles(seen: Overview, *, testid: str = "result-tiles") -> None:
    """A figure that nobody could know is told as such, and never as nought."""
    now, before = seen.now, seen.before
    with box("hb-stats lines", testid=testid):
        Stat("Sent", words.number(now.sent), _sends(now, before), testid="tile-sent")
        Stat(
            "Delivered",
            share(now.delivery_rate) or UNKNOWN,
            _of(now.delivered, now.reported, before.delivery_rate) or NOT_REPORTED,
            testid="tile-delivered",
        )
        Stat(
            "Opened",
            share(now.open_rate) or UNKNOWN,
            _of(now.opened, now.measured, before.open_rate) or NOT_MEASURED,
            testid="tile-opened",
        )
        Stat(
            "Clicked",
            share(now.click_rate) or UNKNOWN,
            _of(now.clicked, now.linked, before.click_rate) or NOT_MEASURED,
            testid="tile-clicked",
        )
        Stat(
            "Unsubscribed",
            words.number(now.unsubscribed),
            _counted(now.unsubscribe_rate, before.unsubscribed, before.sent),
            testid="tile-unsubscribed",
        )
        Stat(
            "Came back",
            words.number(now.came_back),
            _counted(now.return_rate, before.came_back, before.sent),
            testid="tile-came-back",
        )


def share(rate: float | None) -> str:
    """Below ten per cent a tenth matters; empty where there is nothing to share."""
    if rate is None:
        return ""
    return f"{rate:.1%}" if 0 < rate < 0.0995 else f"{rate:.0%}"


def _sends(now: Totals, before: Totals) -> str:
    return _lines(f"in {words.counted(now.sends, 'send')}", f"before {words.number(before.sent)}")


def _of(part: int, whole: int, before: float | None) -> str:
    if not whole:
        return ""
    of = f"{words.number(part)} of {words.number(whole)}"
    return _lines(of, f"before {share(before)}" if before is not None else "")


def _counted(rate: float | None, before: int, sent_before: int) -> str:
    of = f"{share(rate)} of sent" if rate else ""
    return _lines(of, f"before {words.number(before)}" if sent_before else "")


def _lines(*parts: str) -> str:
    return "\n".join(filter(None, parts))
