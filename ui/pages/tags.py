"""The tags of the shop: renamed, made one where two mean the same, taken away."""

from typing import Any
from urllib.parse import urlencode

from data.database import now, reading, unit
from domain.audience.names import Thing
from domain.book import tag_keeping
from domain.sending import retagging, uses
from domain.shop.people import Actor, Right
from ui.frame import Page
from ui.parts.basics import head, page
from ui.parts.word_list import Verbs, Word, WordList
from ui.words import counted, people


async def build() -> None:
    with page("narrow"):
        with head("Tags", "A new tag is made where somebody gets it.", back=("Customers", "/customers")):
            pass
        tags = WordList(
            "Your tags",
            "What is renamed here is renamed everywhere: for everybody who has it, in segments and in campaigns.",
            "tag",
            Verbs(_every, _save, None, _delete),
            thing=Thing.TAG,
            loses="It is taken off everybody who has it. Its people stay in the book.",
            testid="tags",
        )
        await tags.fetch()


def _every() -> list[Word]:
    with reading() as session:
        spoken = uses.every(session)
        return [
            Word(
                name,
                name,
                _note(count, len(spoken.get((Thing.TAG, name.casefold()), ()))),
                path=f"/customers?{urlencode({'tag': name})}" if count else "",
            )
            for name, count in tag_keeping.every(session)
        ]


def _note(count: int, places: int) -> str:
    had = people(count) if count else "Nobody has it"
    return f"{had} · used in {counted(places, 'place')}" if places else had


def _save(name: str | None, given: dict[str, Any], by: Actor) -> None:
    with unit() as session:
        retagging.rename(
            session, name or "", given["label"], merge=given.get("merge", False), by=by, now=now()
        )


def _delete(name: str, _: str | None, by: Actor) -> None:
    with unit() as session:
        retagging.delete(session, name, by=by, now=now())


PAGES: list[Any] = [Page("/customers/tags", "Tags", build, right=Right.EDIT_CUSTOMERS)]
