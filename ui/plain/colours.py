"""The shop's colour on the pages that its customers see. Every other page keeps ours."""

import base64
from functools import lru_cache
from hashlib import sha256
from typing import Final

from domain.shop import colour as colours
from domain.shop.colour import Shades

BY_DAY, BY_NIGHT = ".customers", ":root[data-look=dark] .customers"
NOBODY_CHOSE: Final = ":root:not([data-look]) .customers"


@lru_cache(maxsize=64)
def sheet(colour: str) -> str:
    """Empty where the shop has chosen none."""
    if not colour:
        return ""
    day, night = _values(colours.by_day(colour)), _values(colours.by_night(colour))
    on_paper = f".poster h1,.poster .brand{{color:{colours.by_day(colour).ink}}}"  # white by night, too
    return (
        f"{BY_DAY}{{{day}}}{BY_NIGHT}{{{night}}}{on_paper}"
        f"@media (prefers-color-scheme:dark){{{NOBODY_CHOSE}{{{night}}}}}"
        ".customers{border-top:6px solid var(--brand)}"
    )


def allowance(sheet: str) -> str:
    """What the policy of a page must say, so that this sheet and no other may stand in it."""
    return f"'sha256-{base64.b64encode(sha256(sheet.encode()).digest()).decode()}'"


def _values(shades: Shades) -> str:
    return (
        f"--brand:{shades.base};--brand-hover:{shades.hover};--on-brand:{shades.on_base};"
        f"--brand-soft:{shades.soft};--brand-ink:{shades.ink}"
    )
