"""What the list of customers takes: questions for `tests.load.growth`. Each is one page of fifty with its total."""

from collections.abc import Callable
from functools import partial
from typing import Any

from data.database import reading
from domain.book import search

PAGES: dict[str, dict[str, Any]] = {
    "first page": {},
    "newest first": {"sort": "newest"},
    "one letter": {"search": "f"},
    "a first name": {"search": "first12"},
    "first and last name": {"search": "first12 last7"},
    "part of an address": {"search": "person4217"},
    "a telephone number": {"search": "020 00004217"},
    "nobody": {"search": "zzz"},
    "a status": {"status": "vip"},
    "a tag": {"tag": "gold"},
    "a tag and a word": {"tag": "gold", "search": "last70"},
}
TYPED = ("f", "first12", "first12 last7", "020 00004217")
DEEP = 100


def questions() -> dict[str, Callable[[], object]]:
    found: dict[str, Callable[[], object]] = {
        f"list, {name}": partial(page, asked) for name, asked in PAGES.items()
    }
    found[f"list, page {DEEP}"] = partial(page, {"after": place_of(DEEP)})
    return found | {f"typed \u201c{typed}\u201d": partial(suggest, typed) for typed in TYPED}


def page(asked: dict[str, Any]) -> search.Page:
    with reading() as session:
        return search.page(session, **asked)


def place_of(number: int) -> str | None:
    """The cursor of that page; where the list is shorter, of its last."""
    after = None
    for _ in range(number - 1):
        after = page({"after": after}).next_cursor or after
    return after


def suggest(typed: str) -> None:
    with reading() as session:
        search.suggest(session, typed)
