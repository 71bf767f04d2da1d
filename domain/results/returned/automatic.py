"""Mail that nobody wrote: out of office, received with thanks, and "prove that you are a person"."""

import re
from typing import Final

from domain.results.returned.opened import Opened

SUBJECT: Final = re.compile(
    r"(?i)^\s*(thank you for (contacting|your)|thanks for (contacting|your)|vielen dank f[üu]r ihre|merci (de|pour) votre|we have received your)|out of (the )?office|^\s*(auto(matic)?[ -]?(reply|response|responder|answer)|auto(re)?:)|auto-?(reply|response)"
    r"|\bvacation\b|on (annual |maternity |parental )?leave\b|away from (my|the) (mail|desk|office|computer)|\bis away\b|on holidays?\b"
    r"|abwesen|automatische (antwort|r[üu]ckantwort)|nicht im (b[üu]ro|haus)|im urlaub|eingangsbest[äa]tigung"
    r"|r[ée]ponse automatique|absen(t|ce) du bureau|message d.absence|en cong[ée]|notification d.absence"
    r"|respuesta autom[áa]tica|fuera de (la |mi )?oficina|ausente|ausencia|resposta autom[áa]tica|fora do escrit[óo]rio|aus[êe]ncia"
    r"|risposta automatica|fuori (sede|ufficio)|assenza|automatisch antwoord|afwezig|niet aanwezig"
    r"|autosvar|automatisk svar|automatiskt svar|fr[åa]nvaro|ikke til stede|frav[æa]r|automaattinen vastaus|poissa"
    r"|odpowied[źz] automatyczna|automatyczna odpowied|autoodpowied|nieobecno|poza biurem|automatick[áa] odpov|mimo kancel|automatikus v[áa]lasz|h[áa]zon k[íi]v[üu]l"
    r"|otomatik yan[ıi]t|ofis d[ıi][şs][ıi]nda|r[ăa]spuns automat|αυτόματη απάντηση|автоответ|автоматический ответ|вне офиса|нет на месте"
    r"|自動(返信|応答)|不在|自动(回复|答复)|自動回覆|外出|부재|자동 (회신|응답)|مكتب|automaticky"
)
CHALLENGE: Final = re.compile(
    r"(?i)boxbe|bluebottle|spamarrest|spam arrest|earthlink.*spamblocker|\btmda\b|knowspam|mailblocks|choicemail"
    r"|(confirm|verify|verification|authenticate|approve)\b.{0,60}\b(your (message|mail|email|e-mail)|you are|sender|human)"
    r"|(please|must) (confirm|verify|reply|click).{0,100}\b(deliver|release|human|whitelist|approved)"
    r"|(waiting|held|holding|pending|awaiting)\b.{0,60}(your (confirmation|approval|verification)|approval|white ?list)"
    r"|challenge.?response|white-?list(ed)? sender|not (yet )?(on|in) my (list|guest|approved|white)"
)
ABSENT: Final = re.compile(
    r"(?i)\b(i am|i'm|i will be|we are|ich bin|je suis|estoy|sono|ik ben) .{0,40}"
    r"(out of (the )?office|on (leave|vacation|holiday)|away|not in|urlaub|abwesend|absent|cong|fuera|ausente|assente|ferie|afwezig)"
    r"|out of (the )?office|automat(ic|ed) (reply|response|message|notification)|autoresponder|auto-?reply"
    r"|no longer (works?|employed|with (the|this|us))|has left the (company|organi)|(will|shall) (respond|reply|get back)"
    r"|thank you for (contacting|your (e-?mail|message|enquiry|inquiry|order))|we have received your"
    r"|nie ma mnie|jestem na urlopie|jestem nieobecn"
)


def is_automatic(mail: Opened) -> bool:
    """An answer without a person, a question of a spam filter included. Bounces were told apart before."""
    return _says_so(mail) or subject_says_so(mail)


def asks_who_you_are(mail: Opened) -> bool:
    """Some filters dress their question up as a delivery report: the message waits, nothing is wrong with the address."""
    opening = " ".join([mail.heading.get("from"), *(text[:3000] for text in mail.texts[:2])])
    return bool(WAITLISTED.search(" ".join(opening.split())))


WAITLISTED: Final = re.compile(r"(?i)boxbe\.com|has been waitlisted|spamarrest\.com|sender not pre-approved")


def subject_says_so(mail: Opened) -> bool:
    return bool(SUBJECT.search(mail.heading.get("subject")))


def is_challenge(mail: Opened) -> bool:
    opening = " ".join([mail.heading.get("subject"), *(text[:1500] for text in mail.texts[:2])])
    return bool(CHALLENGE.search(" ".join(opening.split())))


def speaks_of_absence(mail: Opened) -> bool:
    return bool(mail.texts and ABSENT.search(" ".join(mail.texts[0][:1200].split())))


def _says_so(mail: Opened) -> bool:
    head = mail.heading
    submitted = head.get("auto-submitted").casefold()
    return (
        submitted.startswith(("auto-replied", "auto-notified"))
        or bool(head.get("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply", "x-vacation"))
        or head.get("precedence").casefold() in ("auto_reply", "auto-reply")
        or head.get("x-precedence").casefold() in ("auto_reply", "auto-reply")
        or head.get("x-mailer").casefold().startswith(("vacation", "autorespond", "auto"))
    )
