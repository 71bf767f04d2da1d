"""Whether somebody's whole message is one of some words. Pure. A longer sentence with such a word in it is a letter."""

import unicodedata
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 200  # characters that are looked at


def plain(text: str) -> str:
    """Without accents, signs and pictures, in small letters: "  ARRÊTER ! " is "arreter"."""
    bare = unicodedata.normalize("NFKD", text[: LONGEST * 2]).casefold()
    letters = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return " ".join(letters.split())


def says(text: str, words: Iterable[str]) -> bool:
    said = plain(text) if len(text) <= LONGEST else ""
    return bool(said) and any(said == plain(one) for one in words)
