"""When people open, as bars with their numbers; with few openings it says that these tell nothing yet."""

from domain.results.hours import BLOCK, ENOUGH, Hours
from ui import words
from ui.parts.basics import box, card, put, text

CAUTION = (
    "First openings by people, on the shop’s clock. Most open soon after a message came, so this also shows when "
    "you send."
)


def best_hours(seen: Hours) -> None:
    with card("When people open", CAUTION, testid="best-hours"):
        text(verdict(seen), "strong", "p", testid="hours-verdict")
        if seen.total:
            _bars({f"{hour:02}–{hour + BLOCK:02} h": count for hour, count in seen.blocks.items()}, "Hours")
            _bars(seen.days, "Days")


def verdict(seen: Hours) -> str:
    if not seen.total:
        return "Nobody has opened anything yet, or it was not measured."
    if not seen.are_enough:
        opened = words.counted(seen.total, "opening")
        return f"{opened} so far: too few to tell. From {ENOUGH} on it says which hours are best."
    hour, day = seen.best_block, seen.best_day
    best = [f"between {hour:02}:00 and {hour + BLOCK:02}:00"] if hour is not None else []
    best += [f"on {day}s"] if day else []
    return f"Opened most often {', and '.join(best)}." if best else "No hour stands out."


def _bars(counts: dict[str, int], label: str) -> None:
    most, total = max(counts.values()), sum(counts.values())
    with put(box("hb-bars", "ul"), aria_label=label):
        for name, count in counts.items():
            with box("", "li"):
                text(name, "name", "span")
                with box("bar", "span"):
                    box("", "i").style(f"width: {100 * count / most if most else 0:.1f}%")
                share = f", {words.percent(count, total) or 0}%" if count else ""
                text(f"{words.number(count)}{share}", "num" if count else "num muted", "span")
