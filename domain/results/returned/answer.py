"""What a person wrote, without what they quote: the words that land beside the customer."""

import re
from typing import Final

from domain.results.returned.heading import Heading

LONGEST: Final = 2_000  # characters
QUOTE_BEGINS: Final = re.compile(
    r"(?i)^\s*(-{2,}\s*(original message|originalnachricht|urspr[üu]ngliche nachricht|message d'origine|mensaje original|messaggio originale|oorspronkelijk bericht|forwarded message).*"
    r"|_{10,}|(on|am|le|el|il|op|den|em|dnia)\b.{5,120}(wrote|schrieb|écrit|escribi[óo]|ha scritto|schreef|skrev|escreveu|napisał).{0,10}"
    r"|.{0,100}\b(wrote|schrieb.{0,80}|a écrit|escribió|ha scritto|schreef.{0,60})\s?:"
    r"|(from|von|de|da|van|fra|från|od):\s.{0,200}@.*)$"
)
ANSWER: Final = re.compile(
    r"(?i)^\s*(re|aw|antw|antwort|sv|vs|tr|rif|r|ref|res|odp|ynt|回复|答复|回覆)(\[\d+\]|\(\d+\))?\s*[:：]"
)
IDENTIFIER: Final = re.compile(r"<([^<>\s]{3,250})>")


def written_words(texts: list[str]) -> str:
    """The first text of the mail, up to where the quoted message begins."""
    kept: list[str] = []
    for line in (texts[0] if texts else "").splitlines()[:400]:
        if QUOTE_BEGINS.match(line[:400]):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()[:LONGEST]


def answered(heading: Heading) -> tuple[str, ...]:
    """The messages it answers to, the nearest first."""
    nearest = IDENTIFIER.findall(heading.get("in-reply-to"))
    before = IDENTIFIER.findall(heading.get("references"))
    return tuple(dict.fromkeys([*nearest, *reversed(before)]))[:20]


def is_answer(heading: Heading) -> bool:
    return bool(answered(heading)) or bool(ANSWER.match(heading.get("subject")))
