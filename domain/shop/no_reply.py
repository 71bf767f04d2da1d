"""Addresses that nobody seems to read. Whoever answers a message should be heard, so they are worth a word. Pure."""

import re
from itertools import combinations
from typing import Final

# "No reply", "do not reply" and the like, in the languages of our neighbours, without what stands between the words.
UNREAD: Final = frozenset({
    "noreply", "noreplies", "noresponse", "donotreply", "dontreply", "donotrespond", "donotanswer", "unattended", "unmonitored",
    "nichtantworten", "bittenichtantworten", "keineantwort", "antwortenichtmoeglich", "nepasrepondre", "nereplypas",
    "sansreponse", "noresponder", "norespondas", "sinrespuesta", "nonrispondere", "naoresponder", "naoresponda", "semresposta",
    "nietantwoorden", "nietbeantwoorden", "geenantwoord", "nieodpowiadac", "nieodpowiadaj", "neodpovidat", "neodpovidejte",
    "svarainte", "ejsvar", "svarikke", "ikkesvar", "alavastaa", "mailerdaemon", "nobody", "devnull",
})  # fmt: skip
MOST_PARTS: Final = 8  # of an address; who takes more apart has something else in mind


def is_unread(address: str) -> bool:
    """By its name or by that of its domain, such as hello@no-reply.shop.example."""
    name, _, host = address.strip().casefold().rpartition("@")
    return _says_so(name) or any(_says_so(label) for label in host.split(".")[:-1])


def warning(address: str, inbox: str = "") -> str:
    """What is worth a word about where answers go; empty where they are read. `inbox` is read by Handbill itself."""
    if not is_unread(address) or address.strip().casefold() == inbox.strip().casefold():
        return ""
    return f"Answers go to {address.strip()}, which nobody seems to read. Choose an address where customers are heard."


def _says_so(name: str) -> bool:
    parts = [part for part in re.split(r"[\W\d_]+", name) if part][:MOST_PARTS]
    spans = combinations(range(len(parts) + 1), 2)
    return any(part.startswith(("noreply", "donotreply")) for part in parts) or any(
        "".join(parts[first:last]) in UNREAD for first, last in spans
    )
