"""A bounce without a standard report: a letter by a mail program, of which there are a hundred kinds.

They have three things in common: they say in the sender, the subject or the first lines that something did not arrive;
they name the person apart from their sentences (on a line, in pointed brackets, behind "to"); and the server's words
stand near the name. So no program is known here by name. Handbill writes to one person at a time: where the notice
names nobody, the person is whoever stands in the To of the message that came back.
"""

import re
from typing import Final

from domain.ledger.causes import Cause
from domain.results.returned.heading import Heading, addresses_in, unique
from domain.results.returned.opened import Opened
from domain.results.returned.phrases import BODY, DAEMON, DELAYED, SUBJECT
from domain.results.returned.reasons import REPLY_CODE, cause_in, judge, status_in
from domain.results.returned.returned import Action, Person

MOST_LINES: Final = 5_000
MOST_PEOPLE: Final = 1_000
MACHINES: Final = re.compile(
    r"(?i)^(mailer-?daemon|post-?master|mail-?delivery|abuse|noreply|no-reply|do-?not-?reply|helpdesk|help|support|hostmaster|admin|administrator|root|daemon|listserv|majordomo)@"
)
ALONE: Final = re.compile(
    r"(?i)^[\s>*•·|\d.)(\[-]*(?:(?:the )?(?:e-?mail )?(?:failed |intended |unknown |final |original )?"
    r"(?:recipients?|rcpt to|user|address|addressee|mailbox|e-?mail|empf[äa]nger|destinataire|destinatario|destinat[áa]rio|ontvanger|ge?adresseerde|adres|adresat|odbiorca|kime|получатель|кому)"
    r"(?: address| name|adresse| list)?\s*(?:[:=]|\bis\b)\s*|(?:(?:ultimately )?generated from|expanded from|originally addressed to):?\s*)?"
    r"(?:\"[^\"]{0,80}\"\s*|'[^']{0,80}'\s*|[\w .,'-]{1,60}(?=[<\[(]))?[<(\[\"']*(?:mailto:|smtp:|rfc822;)?\s*@@"
)
REFUSAL: Final = re.compile(
    r"(?i)rcpt to|unknown|did ?n[o']t|not found|no such|does ?n[o']t exist|fail|unable|undeliver|not (be )?deliver|could ?n[o']t|cannot|can't"
    r"|full|quota|reject|refus|denied|disabled|inactive|suspend|invalid|bounced|blocked|error|returned|inconnu|unbekannt"
    r"|nicht|impossible|imposible|\b[45]\d\d\b|delayed|warning|not accept|no longer|reached"
)


def is_bounce(mail: Opened, notice: str, original: Heading) -> bool:
    """A machine says that something failed; or anybody does, in the subject, and shows what or for whom."""
    if mail.heading.get("x-failed-recipients"):
        return True
    if _by_machine(mail):
        return in_subject(mail) or _in_body(notice) or bool(mail.enclosed)
    if ANSWERED.match(mail.heading.get("subject")) and mail.heading.get("in-reply-to", "references"):
        return False
    if not in_subject(mail):
        return False
    return bool(mail.enclosed) or (_in_body(notice) and _shows_whom(mail, notice, original))


def _shows_whom(mail: Opened, notice: str, original: Heading) -> bool:
    """People complain of a failed delivery too, but they name no address but their own."""
    own = {one.casefold() for one in mail.heading.addresses("from", "to", "reply-to")}
    return bool(original) or any(one.casefold() not in own for one in addresses_in(notice[:20_000]))


def in_subject(mail: Opened) -> bool:
    return bool(SUBJECT.search(mail.heading.get("subject")))


ANSWERED: Final = re.compile(r"(?i)^\s*(re|aw|antw|sv|odp|fwd?|wg|tr)\s*:")


def names_a_failure(mail: Opened) -> bool:
    """From a machine and under a heading that speaks of failure."""
    return _by_machine(mail) and in_subject(mail)


def _by_machine(mail: Opened) -> bool:
    head = mail.heading
    return (
        bool(DAEMON.search(head.get("from")))
        or head.get("return-path").strip() == "<>"
        or head.get("sender", "from").strip() in ("<>", "")
        or "delivery-status" in mail.report
    )


def _in_body(notice: str) -> bool:
    return bool(BODY.search(" ".join(notice[:4000].split())))


def people_in(mail: Opened, notice: str, original: Heading) -> tuple[Person, ...]:
    """Whoever the notice names, each with the words that stand beside the name."""
    action = _action(mail, notice)
    named = _named(mail, notice, original)
    lines = _lines(notice)
    places = _places(lines)
    beside = [_words_beside(lines, places, address) for address in named[:MOST_PEOPLE]]
    silent = all(cause_in(words) is Cause.REFUSED for words in beside)
    common = notice if silent else ""
    return tuple(
        _judged(address, words, common, action) for address, words in zip(named, beside, strict=False)
    )


def _judged(address: str, words: str, common: str, action: Action) -> Person:
    """`common`: what the notice says to all, where it says nothing of anybody alone."""
    status = status_in(words) or status_in(common)
    cause, permanent = judge(status, words, action, common)
    return Person(address, permanent, cause, status, words[:1000], action)


def _action(mail: Opened, notice: str) -> Action:
    told = f"{mail.heading.get('subject')} {' '.join(notice[:3000].split())}"
    return Action.DELAYED if DELAYED.search(told) else Action.FAILED


def _named(mail: Opened, notice: str, original: Heading) -> list[str]:
    """From the surest to the least sure."""
    told = mail.heading.addresses("x-failed-recipients")
    if told:
        return told
    ours = original.addresses("to", "x-rcpt-to", "apparently-to")
    known = {one.casefold() for one in ours}
    not_them = _not_them(mail, original) | _by_the_way(notice)
    for found in (_apart(notice), _announced(notice), _in_refusals(notice), addresses_in(notice)[:1]):
        people = _likely(found, not_them)
        if any(one.casefold() in known for one in people):
            return [one for one in people if one.casefold() in known or _has_a_reason(notice, one)]
        if people:
            return people
    return _last_resort(mail, notice, ours)


def _has_a_reason(notice: str, address: str) -> bool:
    """Beside somebody whom we wrote to, others count only where the notice says of them alone what went wrong."""
    lines = _lines(notice)
    if any(FORWARDED.match(one) for one in lines):  # the same person by two names
        return False
    line = next((one for one in lines if _alone(one).casefold() == address.casefold()), "")
    return bool(line) and cause_in(_words_beside(lines, _places(lines), address)) is not Cause.REFUSED


def _last_resort(mail: Opened, notice: str, ours: list[str]) -> list[str]:
    if len(ours) == 1:
        return ours
    home = mail.heading.get("from").rstrip(">").rpartition("@")[2]
    if names := SCREEN_NAME.findall(notice) if FOLLOWING.search(notice) and home else []:
        return [f"{name}@{home.lower()}" for name in names[:20]]
    return [one for one in _apart(notice) if not MACHINES.match(one)][:1]


SCREEN_NAME: Final = re.compile(
    r"(?m)^[ \t]+([A-Za-z0-9][A-Za-z0-9._-]{2,40})[ \t]*$"
)  # AOL leaves its own name out
FOLLOWING: Final = re.compile(
    r"(?i)(following|these|this|folgende|suivant|siguiente|seguent|seguinte|volgende|następując|следующ)\w* ?.{0,40}"
    r"(recipient|address|user|person|addressee|group|list|empfänger|adress|destinata|destinatario|indirizz|endereço|ontvanger|geadresseerde|odbiorc|получател|адрес)"
)


def _likely(found: list[str], not_them: set[str]) -> list[str]:
    return [one for one in found if one.casefold() not in not_them and not MACHINES.match(one)]


def _by_the_way(notice: str) -> set[str]:
    """ "Not accepting mail from us@there" names us, "please use them@there" names a new address."""
    return {one.casefold() for found in BY_THE_WAY.findall(notice) for one in addresses_in(found)}


BY_THE_WAY: Final = re.compile(
    r"(?i)\b(?:(?:mail|message|messages|sender|sent|von|de)[ \n]+(?:from|by)|use|try|contact|write to|new address(?: is)?)"
    r"[: \n]+<?(\S{1,150}@\S{1,150})"
)


def _not_them(mail: Opened, original: Heading) -> set[str]:
    """Who wrote the message and who sent the notice; and message ids, which look like addresses."""
    ours = [
        *mail.heading.addresses(
            "to", "from", "reply-to", "sender", "delivered-to", "x-original-to", "message-id"
        ),
        *original.addresses("from", "reply-to", "sender", "return-path", "message-id", "errors-to"),
    ]
    return {one.casefold() for one in ours}


def _apart(notice: str) -> list[str]:
    """Addresses at the beginning of a line, or behind "Recipient:"."""
    return unique(one for line in _lines(notice) if (one := _alone(line)))


def _alone(line: str) -> str:
    found = addresses_in(line[:300])
    if not found:
        return ""
    place = line.find(found[0])
    return found[0] if place >= 0 and ALONE.match(line[:place] + "@@") else ""


def _announced(notice: str) -> list[str]:
    """In the first paragraph after "the following recipients"."""
    lines = _lines(notice)
    for at, line in enumerate(lines):
        if FOLLOWING.search(line) and any(one.rstrip().endswith((":", "：")) for one in lines[at : at + 2]):
            after = [one for one in lines[at + 1 : at + 8] if one.strip()][:4]
            if found := addresses_in(" ".join(after)[:1000]):
                return found
    return []


def _in_refusals(notice: str) -> list[str]:
    """In the sentences that speak of a refusal."""
    return unique(
        one
        for sentence in _sentences(notice)
        if "@" in sentence and REFUSAL.search(sentence)
        for one in addresses_in(sentence)
    )


def _sentences(notice: str) -> list[str]:
    paragraphs = re.split(r"\n[ \t]*\n", "\n".join(_lines(notice)))
    return [
        one
        for paragraph in paragraphs
        for one in re.split(r"(?<=[.!?])\s+(?=[A-Z])", " ".join(paragraph.split()))
    ]


def _places(lines: list[str]) -> dict[str, int]:
    """Where each address is named first."""
    places: dict[str, int] = {}
    for at, line in enumerate(lines):
        for one in addresses_in(line) if "@" in line else ():
            places.setdefault(one.casefold(), at)
    return places


def _words_beside(lines: list[str], places: dict[str, int], address: str) -> str:
    """The paragraph that names the person, up to the next person; where it says nothing more, the one after it too."""
    at = places.get(address.casefold())
    if at is None:
        return _said_by_server(lines)
    while at and FORWARDED.match(lines[at]) and lines[at - 1].strip():
        at -= 1
    nexts = {place for one, place in places.items() if place > at and one != address.casefold()}
    taken: list[str] = []
    for place in range(at, min(at + 14, len(lines))):
        line = lines[place]
        if place in nexts and _alone(line) and not FORWARDED.match(line):
            break
        if not line.strip() and len(" ".join(taken)) > len(address) + 12:
            break
        taken.append(line.strip())
    return " ".join(" ".join(taken).split())


FORWARDED: Final = re.compile(
    r"(?i)^\s*\(?((ultimately )?generated|expanded) from\b"
)  # belongs to the line above


def _said_by_server(lines: list[str]) -> str:
    return next((" ".join(line.split()) for line in lines if REPLY_CODE.search(line) or status_in(line)), "")


def _lines(notice: str) -> list[str]:
    return [line[:1000] for line in notice.splitlines()[:MOST_LINES]]
