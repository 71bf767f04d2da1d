"""Where a notice ends and the message that came back begins."""

import re
from typing import Final

from domain.results.returned.heading import FIELD, Heading, heading_of

ANNOUNCED: Final = re.compile(
    r"(?i)^[\s>*=_#-]*("
    r"(this is a|below (is|this line is) a|here is( a)?|following is a|included is a|attached is a|the following is a)?\s*"
    r"(copy of (the|your) (original |returned |undelivered )?(message|mail|headers?)|copy of your message)"
    r"|(the )?(original|returned|undelivered|unsent|your|failed|rejected) (message|mail|e-?mail)( text| headers?| body| content| envelope)?( is| are)?( enclosed)?( follows?| below| attached| begins)?"
    r"|(message|mail) (header|headers|contents?|text|body)( (and|of) .{0,40})?( follows?)?"
    r"|(the )?(headers?|start|text|body|contents?|first .{0,30}(lines|bytes)) of (the |your )?(original|returned|undelivered|unsent|message|mail).{0,40}"
    r"|your (message|mail) (reads|was|began|begins|follows).{0,30}|forwarded message"
    r"|(kopie|auszug) (ihrer|der) .{0,30}(nachricht|mail).{0,40}|(die |ihre )?(original-?|urspr[üu]ngliche )(nachricht|mail|kopfzeilen).{0,30}"
    r"|(le |votre )?message (d'origine|original|retourn[ée]).{0,30}|(el )?mensaje original.{0,20}|(il )?messaggio originale.{0,20}|mensagem original.{0,20}"
    r")[\s:.*=_#-]*$"
)
TELLING: Final = ("received", "message-id", "return-path", "mime-version", "dkim-signature", "x-mailer")


def cut(text: str) -> tuple[str, Heading]:
    """The notice, and the heading of the message quoted behind it."""
    lines = text.splitlines()
    at = _beginning(lines)
    if at is None:
        return text, Heading()
    rest = [line.removeprefix("> ").removeprefix(">") for line in lines[at : at + 400]]
    start = next((place for place, line in enumerate(rest) if FIELD.match(line.lstrip())), len(rest))
    return "\n".join(lines[:at]), heading_of(_unindented(rest[start:]))


def _beginning(lines: list[str]) -> int | None:
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if at and ANNOUNCED.match(line[:200]) and _is_announced(lines, at):
            return at
        if FIELD.match(_bare(line)) and _is_heading(lines, at):
            return at
    return None


def _is_announced(lines: list[str], at: int) -> bool:
    """Something that looks like a heading has to follow; "your message" alone may be the beginning of a sentence."""
    if re.match(r"^\s*[-=*_]{3,}.*[a-z]", lines[at], re.IGNORECASE):
        return True
    following = [line for line in lines[at + 1 : at + 8] if line.strip()]
    return any(FIELD.match(line.lstrip("> \t|")) for line in following[:3]) and not _is_summary(lines, at)


def _is_summary(lines: list[str], at: int) -> bool:
    """Exchange and others repeat To and Subject, indented, before they say what went wrong."""
    following = [line for line in lines[at + 1 : at + 10] if line.strip()][:6]
    names = [found[1].casefold() for line in following if (found := FIELD.match(line.strip()))]
    return not any(name in TELLING for name in names) and len(names) <= 4


def _bare(line: str) -> str:
    return line.removeprefix(">").removeprefix(" ") if line.startswith(">") else line


def _is_heading(lines: list[str], at: int) -> bool:
    """Three fields without a gap, one of them such as only mail programs write."""
    names: list[str] = []
    for line in map(_bare, lines[at : at + 60]):
        if not line.strip():
            break
        if line[:1] in " \t":
            continue
        if not (found := FIELD.match(line)):
            break
        names.append(found[1].casefold())
    if any(
        name in ("final-recipient", "original-recipient", "diagnostic-code", "action", "reporting-mta")
        for name in names
    ):
        return False
    return len(names) >= 3 and any(name in TELLING for name in names)


def _unindented(lines: list[str]) -> str:
    if not lines:
        return ""
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines)
