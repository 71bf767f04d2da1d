"""Whether somebody's message is one of some words. Pure. A longer sentence with such a word in it is a letter."""

import unicodedata
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 200  # characters that are looked at
ENOUGH: Final = 4  # words that nobody writes in a row by chance
# Beside a sentence that agrees, any of these may take it back: then a person has to read it.
DOUBTFUL: Final = frozenset(
    [
        "no",
        "not",
        "don",
        "dont",
        "never",
        "stop",
        "nicht",
        "kein",
        "keine",
        "nie",
        "pas",
        "jamais",
        "non",
        "nunca",
        "niet",
        "geen",
        "nooit",
        "mai",
        "nao",
    ]
)


def plain(text: str) -> str:
    """Without accents, signs and pictures, in small letters: "  ARRÊTER ! " is "arreter"."""
    bare = unicodedata.normalize("NFKD", text[: LONGEST * 2]).casefold()
    letters = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return " ".join(letters.split())


def says(text: str, words: Iterable[str]) -> bool:
    said = plain(text) if len(text) <= LONGEST else ""
    return bool(said) and any(said == plain(one) for one in words)


def agrees(text: str, sentence: str) -> bool:
    """The sentence of the link, which people may add to before they send it: "Hi, ... Thanks, Anna". A short one only alone."""
    said, wanted = plain(text).split() if len(text) <= LONGEST * 2 else [], plain(sentence).split()
    if said == wanted:
        return bool(wanted)
    places = range(len(said) - len(wanted) + 1) if len(wanted) >= ENOUGH else ()
    at = next((place for place in places if said[place : place + len(wanted)] == wanted), None)
    return at is not None and DOUBTFUL.isdisjoint([*said[:at], *said[at + len(wanted) :]])
