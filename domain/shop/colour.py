"""The shop's own colour, made fit to be seen: a pale one is darkened on white paper, a dark one lightened at night. Pure.

The measure is WCAG 2.2: 4.5 to 1 for words, 3 to 1 for what a thing is known by.
"""

import re
from dataclasses import dataclass
from typing import Final

from domain.refusal import invalid

Rgb = tuple[float, float, float]  # each from 0 to 1

BLACK, WHITE, INK = "#000000", "#ffffff", "#161a17"
WORDS, SHAPES = 4.5, 3.0  # contrast
STEPS: Final = 50  # between a colour and black or white
HOVER, TINT = 0.14, 0.10  # how far a pressed button goes on, and how much of the colour a tinted ground has
_WRITTEN: Final = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shades:
    """What a page needs: the colour of a button and of what is switched on, with the words upon it."""

    base: str
    hover: str
    on_base: str
    soft: str
    ink: str  # for words in this colour


def checked(field: str, value: str) -> str:
    """ "#7a1f3d", or empty for none. Raises Refusal."""
    typed = value.strip()
    if not typed:
        return ""
    found = _WRITTEN.fullmatch(typed)
    if found is None:
        raise invalid(field, "Give a colour as six letters and digits, such as #7a1f3d, or choose one.")
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(one * 2 for one in digits))


def by_day(colour: str) -> Shades:
    return _shades(colour, ("#f6f7f5", "#ffffff"), BLACK)


def by_night(colour: str) -> Shades:
    return _shades(colour, ("#101311", "#181c19"), WHITE)


def is_changed_by_day(colour: str) -> bool:
    """Whether it is shown darker than it was chosen."""
    return by_day(colour).base != colour


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    light, dark = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _shades(colour: str, grounds: tuple[str, ...], towards: str) -> Shades:
    base = _until(colour, towards, grounds, SHAPES)
    on_base = max((WHITE, INK), key=lambda words: contrast(base, words))
    if contrast(base, on_base) < WORDS:  # a middling tone that neither reads well on: a little further
        base = _until(base, towards, (on_base,), WORDS) if towards != on_base else base
        on_base = max((WHITE, BLACK), key=lambda words: contrast(base, words))
    away = BLACK if on_base == WHITE else WHITE
    return Shades(
        base=base,
        hover=_mixed(base, away, HOVER),
        on_base=on_base,
        soft=_mixed(grounds[-1], base, TINT),
        ink=_until(base, towards, (*grounds, _mixed(grounds[-1], base, TINT)), WORDS),
    )


def _until(colour: str, towards: str, grounds: tuple[str, ...], least: float) -> str:
    """As little changed as it takes to stand out from each of the grounds."""
    for step in range(STEPS + 1):
        tried = _mixed(colour, towards, step / STEPS)
        if all(contrast(tried, ground) >= least for ground in grounds):
            return tried
    return towards


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return "#" + "".join(f"{round((a + (b - a) * share) * 255):02x}" for a, b in pairs)


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
