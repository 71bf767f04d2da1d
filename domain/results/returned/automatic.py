"""Mail that nobody wrote: out of office, received with thanks, and "prove that you are a person"."""

import re
from typing import Final

from domain.results.returned.answer import is_answer
from domain.results.returned.opened import Opened

SURE: Final = re.compile(
    r"(?i)out of (the )?office|^\s*(auto(matic)?[ -]?(reply|response|responder|answer)|auto(re)?:)|auto-?(reply|response)\b"
    r"|automatische (antwort|r[üu]ckantwort)|abwesenheitsnotiz|r[ée]ponse automatique|message d.absence|notification d.absence"
    r"|absen(t|ce) du bureau|respuesta autom[áa]tica|fuera de (la |mi )?oficina|resposta autom[áa]tica|fora do escrit[óo]rio"
    r"|risposta automatica|fuori (sede|ufficio)|automatisch antwoord|autosvar|automatiskt? svar|automaattinen vastaus"
    r"|odpowied[źz] automatyczna|automatyczna odpowied|autoodpowied|automatick[áa] odpov|automatikus v[áa]lasz"
    r"|otomatik yan[ıi]t|ofis d[ıi][şs][ıi]nda|r[ăa]spuns automat|αυτόματη απάντηση|автоответ|автоматический ответ|вне офиса"
    r"|תשובה אוטומטית|מענה אוטומטי|رد تلقائي|自動(返信|応答)|自动(回复|答复)|自動回覆|자동 (회신|응답)"
)
LIKELY: Final = re.compile(
    r"(?i)^\s*((thank you|thanks) for (contacting|your)|vielen dank f[üu]r ihre|merci (de|pour) votre|we have received your)"
    r"|\bvacation\b|on (annual |maternity |parental )?leave\b|away from (my|the) (mail|desk|office|computer)|\bis away\b|on holidays?\b"
    r"|\babwesen|nicht im (b[üu]ro|haus)|im urlaub|eingangsbest[äa]tigung|en cong[ée]|\bausen(te|cia)\b|aus[êe]ncia|assenza|afwezig|niet aanwezig"
    r"|fr[åa]nvaro|ikke til stede|frav[æa]r|poissa|nieobecno|poza biurem|mimo kancel|h[áa]zon k[íi]v[üu]l|нет на месте|不在|外出|부재"
)
QUESTIONERS: Final = re.compile(
    r"(?i)boxbe|bluebottle|spam ?arrest|earthlink.{0,40}spamblocker|\btmda\b|knowspam|mailblocks|choicemail|challenge.?response"
)
QUESTION: Final = re.compile(
    r"(?i)(confirm|verify|authenticate|prove)\b.{0,60}\b(your (message|mail|e-?mail)|you are (a |an )?(real|human|person|not)|human)"
    r"|(please|must) (confirm|verify|reply|click).{0,100}\b(white ?list|human|approved sender|release your|deliver your (message|mail|e-?mail)|be delivered)"
    r"|(waiting|held|holding|pending|awaiting)\b.{0,60}(your (confirmation|verification)|(for|sender) approval|white ?list)"
    r"|white-?list(ed)? sender|not (yet )?(on|in) my (list|guest|approved|white)"
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
    """An answer without a person. Bounces were told apart before."""
    return _says_so(mail) or subject_says_so(mail)


def asks_who_you_are(mail: Opened) -> bool:
    """Some filters dress their question up as a delivery report: the message waits, nothing is wrong with the address."""
    opening = " ".join([mail.heading.get("from"), *(text[:3000] for text in mail.texts[:2])])
    return bool(WAITLISTED.search(" ".join(opening.split())))


WAITLISTED: Final = re.compile(r"(?i)boxbe\.com|has been waitlisted|spamarrest\.com|sender not pre-approved")


def subject_says_so(mail: Opened) -> bool:
    """Whoever answers a letter about the summer vacation is not on vacation."""
    subject = mail.heading.get("subject")
    return bool(SURE.search(subject)) or (not is_answer(mail.heading) and bool(LIKELY.search(subject)))


def is_challenge(mail: Opened) -> bool:
    """A spam filter's question. "Please confirm" in a person's answer is none."""
    opening = " ".join(
        " ".join([mail.heading.get("subject"), *(text[:1500] for text in mail.texts[:2])]).split()
    )
    if QUESTIONERS.search(opening):
        return True
    return bool(QUESTION.search(opening)) and (_says_so(mail) or not is_answer(mail.heading))


def speaks_of_absence(mail: Opened) -> bool:
    return bool(mail.texts and ABSENT.search(" ".join(mail.texts[0][:1200].split())))


def _says_so(mail: Opened) -> bool:
    head = mail.heading
    submitted = head.get("auto-submitted").casefold()
    return (
        submitted.startswith(("auto-replied", "auto-notified", "auto-generated"))
        or "disposition-notification" in mail.report  # "your message was displayed"
        or bool(head.get(*NAMED_SO))
        or any("auto_reply" in head.get(name).casefold().replace("-", "_") for name in PRECEDENCE)
        or "autorespon" in f"{head.get('x-post-messageclass')} {head.get('delivered-to')}".casefold()
        or head.get("x-mailer").casefold().startswith(("vacation", "autorespond", "auto"))
    )


NAMED_SO: Final = (
    "x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply", "x-vacation", "x-autoreply-from", "x-mail-autoreply",
    "x-fc-machinegenerated",
)  # fmt: skip
PRECEDENCE: Final = ("precedence", "x-precedence", "preference")
