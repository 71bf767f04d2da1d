"""The Liquid filters a letter may use.  None of them reads the clock, decodes hidden bytes or marks text as safe."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Final
from urllib.parse import quote

from liquid.undefined import Undefined

LIQUID_NAMES: Final = """
    abs append at_least at_most capitalize ceil compact concat divided_by downcase first floor join last
    lstrip map minus modulo plus prepend remove remove_first remove_last replace replace_first replace_last
    reverse round rstrip size slice sort sort_natural split squish strip strip_newlines sum times truncate
    truncatewords uniq upcase url_encode where
"""
FROM_LIQUID: Final = frozenset(LIQUID_NAMES.split())


def default(value: Any, fallback: object = "", *, allow_false: bool = False) -> Any:
    """Liquid's `default`, and blanks count as nothing: an imported name of one space is no name."""
    if isinstance(value, str):
        return value if value.strip() else fallback
    if value is False:
        return False if allow_false else fallback
    if value is None or isinstance(value, Undefined) or value in ([], {}):
        return fallback
    return value


def on_date(value: Any, pattern: object = "%-d %B %Y") -> Any:
    """A date or ISO text written out; anything that is no date passes unchanged, because values are data."""
    moment = _moment(value)
    if moment is None:
        return "" if isinstance(value, Undefined) else value
    try:
        return moment.strftime(str(pattern))
    except (ValueError, UnicodeError):
        return value


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def unchanged(value: Any) -> Any:
    """`escape`: whatever Liquid prints into HTML is escaped anyway, and twice would show `&amp;`."""
    return value


SCHEME = re.compile(r"[\s\x00-\x20]*([^/?#]*?):")
WELCOME: Final = frozenset({"http", "https", "mailto", "tel"})
URL_SAFE: Final = "%/:?#[]@!$&()*+,;=~"


def link(value: Any) -> str:
    """A value that may be the beginning of an address: only web, mail and phone links pass, the rest becomes "#"."""
    text = _words(value).strip()
    scheme = SCHEME.match(text)
    if scheme and scheme[1].strip().lower() not in WELCOME:
        return "#"
    return quote(text, safe=URL_SAFE)


def within_link(value: Any) -> str:
    """A value inside an address whose beginning the author wrote."""
    return quote(_words(value).strip(), safe=URL_SAFE)


def within_style(value: Any) -> str:
    """A value inside a style attribute: one plain colour, number or word, so that it can open no new declaration."""
    return re.sub(r"[^\w#%., -]", "", _words(value))


def _words(value: Any) -> str:
    return "" if value is None else str(value).encode("utf-8", "replace").decode()


OURS: Final[dict[str, Callable[..., Any]]] = {
    "default": default,
    "date": on_date,
    "escape": unchanged,
    "link": link,
    "within_link": within_link,
    "within_style": within_style,
}
