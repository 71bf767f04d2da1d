"""What a mail server's refusal means, in words for a shop owner. Pure: a reply code and the server's words go in.

Servers agree on three digits and little else. So the table is read from the top, the most telling words first; the
enhanced code (RFC 3463) decides where the words say nothing, and the three digits where there is no such code. What
nobody could read stays "refused", and the server's own words are always kept beside it.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from domain.ledger import whatsapp_errors
from domain.ledger.causes import TOLD, Cause, Explained

PERSON = (
    r"(?:(?!sender|from|return|reply|source|ip\b|helo|url|link)[\w-]+ ){0,2}"
    r"(?:user(?:id|name|s)?|mail ?(?:box|drop)(?:es)?|recipients?|rcpt|address(?:ee|es)?|account|alias|destination|local[ -]part|customer|subscriber)\b"
)  # whoever the message is for, with up to two words before it

# From the top: the first that fits. Words only, in any case; what is found in several languages stands together.
WORDS: list[tuple[Cause, str]] = [
    (Cause.NOT_WANTED, r"sendernotauthenticatedforgroup"),
    (Cause.ON_A_BLOCK_LIST, r"permanently deferred|not accepted from this ip"),
    (
        Cause.USED_UP,
        r"daily (user )?(sending|message) (limit|quota)|"
        r"(sending|message|hourly|daily) (quota|limit) (was |has been |is )?(exceeded|reached)|"
        r"maximum credits|recipient limit exceeded|limit on the number of (messages|recipients)|"
        r"too many (messages|mails|emails) (sent )?(today|this hour|per hour|per day)",
    ),
    (
        Cause.NOT_ALLOWED,
        r"relay(ing)? (access )?(denied|not permitted|disallowed)|unable to relay|as a relay|allowed rcpthosts|"
        r"not permitted to relay|must (issue a )?starttls|authentication (is )?required|"
        r"username and password not accepted|"
        r"authentication (failed|credentials invalid|unsuccessful)|not authenticated to send|"
        r"send as (this|the) sender|not owned by (the )?user|"
        r"sender address rejected: not (owned|logged)|(email )?address is not verified|"
        r"does not match a verified|not allowed to send",
    ),
    (
        Cause.NO_SUCH_DOMAIN,
        r"recipient (address rejected: |domain )?.{0,40}(domain not found|must exist|unknown domain)|unknown domain name",
    ),
    (
        Cause.NOT_TRUSTED,
        r"sender address (rejected|does|unknown)|sender.{0,30}(unknown|not exist)|helo command rejected|verify sender|"
        r"(unknown|invalid|bad) sender|find your (host|reverse)|"
        r"(absender|expéditeur|remitente|mittente|remetente|afzender|nadawc|отправител).{0,40}"
        r"(ungültig|unbekannt|nicht|inconnu|invalid|rejet|rechaz|desconocid|sconosciut|ongeldig|onbekend|odrzuc|не |отклон)|"
        r"\bvalid from\b|\bfrom:? (domain|address|header)|your (domain|e-?mail address) (is )?(invalid|not )|"
        r"\b(spf|dkim|dmarc)\b|unauthenticated|authentication (level|information|checks?)|"
        r"anti-?spoofing|spoof|ptr record|reverse dns|rdns|reverse lookup|no-?reverse|"
        r"(sender )?domain (not found|must exist|of sender address .* does not)|sender verif|"
        r"verification failed for|bad outbound sender|domain does not exist.*sender",
    ),
    (
        Cause.NO_SUCH_ADDRESS,  # so plain that the name of a filter in the same breath changes nothing
        r"(?<!many )(?<!much )(?<!excessive )\b(user unknown|unknown user|no such (user|mailbox|recipient|account|person)|invalid[ _-]recipient(?!s))\b|"
        r"\b(user|mailbox|recipient|account)( address)? (not found|unknown|does not exist|doesn.t exist|not exist)\b",
    ),
    (
        Cause.LINK_OR_FILE,
        r"virus|malware|phish|malicious|security issue|dangerous|\bs?url\b.*(block|list)|"
        r"(block|list).*\burl\b|uribl|surbl|infected|attachment|executable",
    ),
    (
        Cause.MAILBOX_FULL,
        r"over ?quota|quota ?exceeded|quota violation|(disk|storage|mail|diskspace|user'?s?) ?quota|"
        r"(over|exceed\w*|overdrawn|reached)\b.{0,40}quota|quota.{0,20}(exceed|full|reached|erreicht|dépass|superad)|"
        r"(full|over-?full) (mail|in) ?box|mailbox (is )?(almost )?full|mail ?folder is full|"
        r"exceeding (receiving|storage) limits|"
        r"(not|does ?n.t have) (have )?(enough|sufficient) (disk |storage )?space|space (is )?not enough|disk ?space (limit|quota)|"
        r"exceeds (its |the )?allowed size|exceeds? .{0,20}storage|zu ?viele mails auf dem server|too many messages on the server|"
        r"espace insuffisant|buz[oó]n .{0,20}llen|casella .{0,20}piena|postbus .{0,20}vol\b|caixa .{0,20}(cheia|lotada)|"
        r"skrzynka .{0,20}(pełna|przepełniona)|ящик .{0,20}переполнен|переполнен|メールボックス.{0,20}(いっぱい|容量)|容量|邮箱.{0,8}(已满|满)|"
        r"(mailbox|inbox|storage|account|maildir|user|recipient)\b.{0,40}\b(full|over quota|out of storage|exceeded|storage limit)|"
        r"exceeded storage|out of storage|insufficient (disk|storage) .*mailbox|"
        r"mailbox size limit|boîte.*pleine|postfach.*voll",
    ),
    (
        Cause.TOO_BIG,
        r"(message|mail|size|recipsizelimit|sendersizelimit)\b.{0,40}\b(too (big|large)|size limits?|exceeds?.{0,30}(size|limit|maximum)|exceeds fixed|exceeds (the )?maximum)|"
        r"size (limit )?exceed|sizelimit|too large",
    ),
    (
        Cause.TOO_MANY,
        r"too (many(?! hops)|much|fast|quickly)|rate.?(that prevents|limit)|"
        r"unusual (rate|sending|volume)|unexpected volume|user complaints|\btss?0\d\b|throttl|"
        r"slow down|sending rate|traffic|concurren|receiving mail (too|at a rate)|server busy|"
        r"try fewer",
    ),
    (
        Cause.ON_A_BLOCK_LIST,
        r"spamhaus|barracuda|spamcop|sorbs|proofpoint|\bdnsbl\b|\brbl\b|block ?list|black ?list|"
        r"(client )?(host|ip)\b.{0,60}\b(blocked|listed|rejected|denied|not accepted)|"
        r"(?<!not )(?<!n't )(?<!longer )\blisted (by|in|on|at)\b(?!.{0,40}(directory|address))|"
        r"blocked using|poor reputation|reputation|banned|\bs3150\b|\btosa@|weren't sent|"
        r"(for spam\.|bl\d{6})",
    ),
    (
        Cause.LOOKS_LIKE_SPAM,
        r"spam|unsolicited|junk|\buce\b|bulk mail|ofr_506|content (rejected|filter|denied)|"
        r"rejected.*content|message content|policy reasons|local policy|policy restrictions|"
        r"csi\.mimecast",
    ),
    (
        Cause.COME_BACK,
        r"gr[ea]ylist|greylisting|grey-list|come back later|first (time|contact)|"
        r"temporarily deferred.*retry|please retry in",
    ),
    (
        Cause.THEIR_TROUBLE,
        r"locked by another|(time|timer|retry|queue|queued|message|delivery|period|attempts?)\b.{0,40}\bexpired|\bexpired\b.{0,40}queue|"
        r"retry time(out)? (exceeded|not reached)|retry timeout|time-?out\b|timed out|host not found, try again|try again\)|"
        r"within the allowed queue|in the queue (too|for)|been in (the )?queue|for a long time|giv(en|ing) up after|"
        r"connection (was |has been )?(refused|reset|closed|lost|dropped|timed|failed|died|broken)|lost connection|"
        r"(could not|couldn.t|can.?not|can.t|unable to|wasn.t able to|not able to) (be )?(connect|establish|reach|contact|initiate)|"
        r"(not|did not|does not|isn.t) (respond|answer)|no (route to host|answer from)|network (is )?(unreachable|error)|"
        r"host (is )?(unreachable|down)|not reachable|(address|mail) loop|loops? back|system (config\w* )?error|"
        r"clos(ed|es|ing) (the )?connection|certificate|temporar(il)?y (disabled|locked|inactive|suspended|unavailable|rejected|closed)|"
        r"has not been collected|could not find a gateway|aborted after|message (has )?expired|"
        r"zeitüberschreitung|délai .{0,20}(dépassé|expir)|tiempo de espera|таймаут",
    ),
    (
        Cause.NOT_WANTED,
        r"recipient has blocked|blocked by (the )?(recipient|user)|rejected (due to|by|because of) (\w+ )?policy|recipient preferences",
    ),
    (
        Cause.MAILBOX_CLOSED,
        r"\b(account|mail ?box|user|recipient|(mail)?address|inbox|subscriber|customer|konto|compte|postfach|boite)\b.{0,80}"
        r"\b(disabled|inactive|not active|suspend(ed)?|deactivated|closed|expired|terminated|frozen|locked|cancell?ed|"
        r"deleted|removed|archiv\w+)\b|"
        r"\b(disabled|inactive|suspend(ed)?|deactivated|closed|expired|terminated|frozen|locked|deleted|archived)\b.{0,20}"
        r"\b(account|mail ?box|user|recipient|address)\b|currently suspended|suspend the service|has left the (company|organi[sz]ation)|"
        r"address (does not|doesn.t) (receive|accept) (e-?)?mail|"
        r"(due to|because of|for|after) (\w+ )?inactivity|inactive on this|now disabled|never (logged|signed) (on|in)|hasn.t (entered|logged)|"
        r"(not|never) (been )?activated|e-?mail (address )?has changed|mailbox owner has changed|deactivated due|"
        r"inutilizzo|falta de uso|estado: ?inactiv|inactiv[oa]\b|expirad[oa]|"
        r"no longer (in use|available|active|valid|works?|accepts?|employed|an? (employee|member)|with|used|exists?)|discontinued|compte.*bloqu|"
        r"(has |have )(moved|changed (his|her|their|its)? ?(e-?mail )?address)|has been replaced by|new address (is|:)|"
        r"gelöscht|geschlossen|fermée?\b|supprimée?\b|eliminad[oa]|cancellat[oa]|de?sactivad[oa]|gesloten|verwijderd|usunięt|удал[её]н|закрыт|"
        r"削除|삭제|已删除|已注销|已刪除|"
        r"deaktiviert|gesperrt|stillgelegt|désactivé|suspendid[oa]|desativad|disattivat|opgeheven|zablokowan|nieaktywn|"
        r"konto niedost[eę]pne|заблокирован|отключен|停用|已停|被禁用",
    ),
    (
        Cause.NO_SUCH_DOMAIN,
        r"(domain|host) (is )?not used for (e-?)?mail|indicated no (smtp|mail) service|bad destination (host|domain|system)|"
        r"domain (is )?(missing|malformed)|invalid host|host (or domain )?does not exist|"
        r"unrouteable|unroutable|(host|domain)( name)? (is )?(unknown|not found|lookup failed|invalid)|name or service not known|"
        r"name service error|malformed .{0,30}name ?server|host or domain name not found|"
        r"illegal host|(could not|couldn.t|cannot) (find|resolve|be (found|resolved)).{0,40}\b(host|domain|mx|dns)|non-?existent hosts?|"
        r"(domain|domäne|domaine|dominio) .{0,60}(couldn.t be found|wasn.t found|nicht gefunden|introuvable)|"
        r"unknown (host|domain)|nonexistent ?domain|no such (host|domain)|"
        r"domain .*does(n't| not) (exist|(receive|accept) (e-?)?mail)|no mx|null mx|does not accept mail|unable to route|nullmx",
    ),
    (
        Cause.NO_SUCH_ADDRESS,
        rf"\b(unknown|illegal|invalid|bad|wrong|incorrect|unavailable|non-?existent|un-?recogni[sz]ed)( or (unknown|illegal|invalid))?[ _-]{PERSON}|"
        rf"{PERSON}\b.{{0,60}}\b(is |are |was |were )?(not|no longer|cannot be|could not be|can.t be|never)( an?| been| currently| in| on)? "
        r"(valid|known|recogni[sz]ed|registered|member|ok|activated|allowed|verified|validated|accepted here|listed|found|exist|hosted|defined)|"
        rf"{PERSON}\b.{{0,60}}\b(is|are|were) (invalid|unknown|illegal|wrong|incorrect|unavailable)|"
        rf"\bnot an? ((valid|known|recogni[sz]ed|local|current|active|registered) )+{PERSON}|"
        r"(does|do) ?(not|n.t) have an? .{0,20}\b(account|mailbox|e-?mail)\b|not known at|incorrectly addressed|destination server rejected recipients|"
        r"unable to (validate|verify|find) (the )?(recipient|alias|user|mailbox|address)|handle mail for that (user|address)|"
        r"list of allowed recipients|final (e-?mail )?delivery point|user_unknown|not found in (the )?(ldap|local|directory|active)|"
        r"(destinatario|indirizzo|usuario|utente|dirección) (errat|inv[aá]lid|desconocid|incorrect)\w*|"
        r"ungültig|ongeldig|pas (été )?trouvé|no (es )?válid|inválid|inexistent|nie znaleziono|(hittades|hittas) inte|ikke fun[dn]e|ei löy|"
        r"nalezena?\b|nenalezen|nem található|nu a fost găsit|nu există|δεν (βρέθηκε|υπάρχει)|bulunamad|bulunmu|(kullanıcı|adres) yok|"
        r"okänd|ukendt|ukjent|tuntematon|neznám|ismeretlen|bilinmeyen|άγνωστ|пользовател\w+ нет|无此|無此|查无|찾을 수 없|לא נמצא|לא קיים|غير موجود|العثور|"
        r"(nie ma|brak) (takie\w+|u[zż]ytkownik\w*|konta)|"
        r"no such|not our customer|recip(ient)?notfound|bad[_ -]?recipient|badrcptto|invalid[_ -]recipient|"
        r"no mail ?box|non-?existent (user|mailbox|recipient|address|account)|(user|recipient|address) (is )?not known|"
        r"(?<!sender )address rejected[^:;]{0,60}$|addressee unknown|\S@\S+ is unknown|not a user here|recipient address rejected: (access denied|userunknown)|"
        r"(address|mailbox|user|recipients?)\b.{0,20}(not present|unavaiable|were unknown)|not an active address|"
        r"\b(does not|doesn.t|did not) exist|nessun utente|no valid recipient|valid ?rcptto|bad(rcpt|recipient)to|"
        r"recipients? (is |are |has been |have been )?(not (accepted|ok)|rejected|refused|denied|refuses to)|"
        r"envelope recipient has been denied|missing home directory|in name directory|>:? (is )?not found|not local user|"
        r"(unknown|invalid) (virtual |local |e-?mail |or unknown )+(user|address|part)|unknown local-part|"
        r"address could not be found|usuário desconhecido|sconosciut|несуществующ|recipient notfound|"
        r"final delivery userid|not (listed|found) in .{0,30}(directory|address book|table|list)|matches to nameserver|"
        r"did not exactly match|no (one|body) (at|by|with|here)|nobody by that name|(name|user) is not recogni[sz]ed|"
        r"not a (known|valid|local|current) (user|address|recipient|mailbox|account|subscriber)|no longer on server|"
        r"no se (encuentra|encontr[oó])|non (è stato )?trovat|não (foi )?encontrad|introuvable|n.existe (pas|plus)|inexistant|no existe|n[ãa]o existe|non esiste|inesistente|bestaat niet|onbekend|nie istnieje|"
        r"nieznan|не существует|не найден|неизвестн|нет такого|neexistuje|nem létezik|finns inte|findes ikke|finnes ikke|ei ole olemassa|"
        r"kein (benutzer|konto|postfach|empfänger)|unbekannte[rn]? (benutzer|empfänger)|existiert nicht|inconnue?\b|"
        r"リストにありません|不存在|存在しない|存在しません|見つかりません|宛先不明|找不到|查無|없는 (사용자|계정|메일)|존재하지|"
        r"(user|mailbox|recipient|address|account|alias)\b.{0,80}\b(unknown|not found|not exist|doesn.t exist|n't exist|invalid|unavailable|not local|not available|not listed)|"
        r"(unknown|invalid|no|not a valid|bad destination) (user|mailbox|recipient|address|account|local part|destination)|"
        r"doesn't have an?\b.{0,40}\baccount|couldn.t be found|wasn.t found|"
        r"is not a (known|valid)|adresse.*(invalide|inconnue)|unbekannt|"
        r"nicht (gefunden|vorhanden)|niet gevonden|desconocid",
    ),
    (
        Cause.NOT_WANTED,
        r"administrative prohibition|not authorized|access denied|not accepting|"
        r"refuses? (to accept )?mail|permission|envelope blocked|policy violation|violates|"
        r"prohibited|blocked",
    ),
    (
        Cause.THEIR_TROUBLE,
        r"insufficient (system )?(storage|resources)|temporar|system (problem|error|trouble)|"
        r"internal (server )?error|resources|service (is )?(currently |temporarily )?(un|not )available|try (again )?later|"
        r"essayer plus tard|lookup failure|timeout|timed out|connection (dropped|refused)|"
        r"queue file|local error|maintenance|loop|too many hops|hop count",
    ),
]
PATTERNS = [(cause, re.compile(words, re.IGNORECASE)) for cause, words in WORDS]

ENHANCED: list[tuple[str, Cause]] = [
    (r"5\.1\.(1|3|6|10)\b", Cause.NO_SUCH_ADDRESS),
    (r"5\.4\.1\b", Cause.NO_SUCH_ADDRESS),  # Exchange Online says so of unknown recipients
    (r"5\.1\.2\b|5\.4\.4\b", Cause.NO_SUCH_DOMAIN),
    (r"[45]\.1\.8\b", Cause.NOT_TRUSTED),
    (r"5\.1\.7\b", Cause.NOT_ALLOWED),
    (r"5\.2\.1\b", Cause.MAILBOX_CLOSED),
    (r"[45]\.2\.2\b", Cause.MAILBOX_FULL),
    (r"5\.2\.3\b|5\.3\.4\b", Cause.TOO_BIG),
    (r"[45]\.4\.5\b", Cause.USED_UP),
    (r"4\.7\.(28|500|650)\b", Cause.TOO_MANY),
    (r"[45]\.7\.(2[0-9]|3[0-2]|9|509|515)\b", Cause.NOT_TRUSTED),
    (r"5\.7\.(8|57|60)\b", Cause.NOT_ALLOWED),
    (r"5\.7\.(606|708|511)\b", Cause.ON_A_BLOCK_LIST),
    (r"5\.7\.(12\d|13\d|5\d\d)\b", Cause.NOT_WANTED),
    (r"4\.[34]\.\d+\b", Cause.THEIR_TROUBLE),
    (r"5\.4\.6\b", Cause.THEIR_TROUBLE),
]
CODES = [(re.compile(rf"^\D{{0,3}}(?:{code})"), cause) for code, cause in ENHANCED]
DIGITS = {
    421: Cause.THEIR_TROUBLE,
    450: Cause.COME_BACK,
    451: Cause.THEIR_TROUBLE,
    452: Cause.MAILBOX_FULL,
    530: Cause.NOT_ALLOWED,
    535: Cause.NOT_ALLOWED,
    551: Cause.NO_SUCH_ADDRESS,
    552: Cause.MAILBOX_FULL,
    556: Cause.NO_SUCH_DOMAIN,
}
DECISIVE = {"5.1.1", "5.1.10", "5.1.2", "5.4.1", "5.2.2", "4.2.2", "5.2.3", "5.3.4"}
AGAINST = {  # what words can hold against a code that says "nobody": some servers say 5.1.1 of everything
    Cause.MAILBOX_FULL,
    Cause.LOOKS_LIKE_SPAM,
    Cause.NOT_TRUSTED,
    Cause.NOT_WANTED,
    Cause.LINK_OR_FILE,
    Cause.COME_BACK,
    Cause.TOO_MANY,
    Cause.THEIR_TROUBLE,
}


def explain(code: int | None, reply: str | None) -> Explained:
    """Never fails: an answer that says nothing is simply a refusal. Words without a code are our own, not a server's."""
    of_whatsapp = whatsapp_errors.by_words(code, reply)
    if of_whatsapp is not None:
        return replace(TOLD[of_whatsapp.cause], sentence=of_whatsapp.sentence)
    if reply and not code:
        return TOLD[Cause.NOT_WRITTEN]
    return TOLD[cause_of(code or 0, reply or "")]


def cause_of(code: int, words: str) -> Cause:
    """What explain() reads, for words that may stand in a notice of any mail program; 0 where no code is told."""
    return _cause(code, " ".join(words.split())[:600])


def counted(answers: Iterable[tuple[int | None, str | None]]) -> dict[Cause, int]:
    """How often each cause is met, the most frequent first."""
    sums: dict[Cause, int] = {}
    for code, reply in answers:
        cause = explain(code, reply).cause
        sums[cause] = sums.get(cause, 0) + 1
    return dict(sorted(sums.items(), key=lambda one: -one[1]))


@lru_cache(2048)
def _cause(code: int, reply: str) -> Cause:
    enhanced, said = _by_enhanced_code(reply), _by_words(ADDRESS.sub("x@x", reply))
    if enhanced and reply.split(" ", 1)[0] in DECISIVE and not (enhanced in NOBODY and said in AGAINST):
        return enhanced
    return said or enhanced or DIGITS.get(code, Cause.REFUSED)


NOBODY = {Cause.NO_SUCH_ADDRESS, Cause.NO_SUCH_DOMAIN}
ADDRESS = re.compile(
    r"(?<![\w.+-])(?!tosa@)[\w+%=#&-]{1,100}(?:\.[\w+%=#&-]{1,100}){0,9}@[\w.-]{1,200}"
)  # "spam@" in a name says nothing of the message


def _by_enhanced_code(reply: str) -> Cause | None:
    return next((cause for code, cause in CODES if code.match(reply)), None)


def _by_words(reply: str) -> Cause | None:
    return next((cause for cause, words in PATTERNS if words.search(reply)), None)
