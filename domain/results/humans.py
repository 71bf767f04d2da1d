"""Who opened a message, or clicked in it: a person, a machine, or nobody can tell; and the rule that says so. Pure.

A verdict depends on all hits on one message and on nothing else, so in whatever order they come in, and however often
they are judged, the end is the same. It may change with a later hit: that everything was pressed at once is known only
at the second link.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from domain.ledger.events import CLICKED, OPENED


class Who(StrEnum):
    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"


class Rule(StrEnum):
    PERSON = "person"  # a browser or mail program, in its own time
    GOOGLE = "google_proxy"  # Gmail fetches pictures for its reader at the moment of reading
    YAHOO = "yahoo_proxy"  # so does Yahoo
    PRACTICE = "practice"  # acted out by hand in the practice inbox
    PREFETCH = "prefetch"  # says itself that nobody looks yet
    APPLE = "apple_prefetch"  # Apple fetches for everybody, read or not
    SCANNER = "scanner"  # a guard that looks whether mail is dangerous
    ROBOT = "robot"  # a search engine, a link preview, a program
    NO_AGENT = "no_agent"
    PROXY_CLICK = "proxy_click"  # proxies fetch pictures; they press nothing
    OLD = "old_browser"  # of a kind that only scanners still claim to be
    TOO_SOON = "too_soon"  # sooner than mail reaches a mailbox
    SOON = "soon"
    BURST = "burst"  # several links at once
    UNKNOWN = "unknown_agent"
    TOLD_MACHINE = "provider_says"  # the provider called it one
    RECEIPT = "read_receipt"  # the app itself tells that they looked at it
    TOLD = "provider"  # heard from a provider, which does not say who it was


@dataclass(frozen=True, slots=True)
class Hit:
    """One look at the picture (`link` is None), or one press of a link."""

    kind: str  # opened, clicked
    at: datetime
    sent_at: datetime | None  # when the message was handed over; None: not known
    agent: str = ""
    link: int | None = None
    is_prefetch: bool = False  # a header says so
    is_practice: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    who: Who
    rule: Rule


TOO_SOON: Final = timedelta(
    seconds=2
)  # mail takes about so long from our server to the screen of a telephone
SOON: Final = timedelta(seconds=5)
AT_ONCE: Final = timedelta(seconds=1)  # two links within it are pressed by no finger
IN_A_ROW: Final = timedelta(seconds=10)  # nor are three within this
BESIDE: Final = timedelta(seconds=10)  # what the same program fetched around a burst belongs to it
TOGETHER: Final = IN_A_ROW + BESIDE  # what lies further apart says nothing about each other


RECEIPT: Final = Verdict(Who.HUMAN, Rule.RECEIPT)


def alone(hit: Hit) -> Verdict:
    """What one hit says by itself."""
    if hit.is_practice:
        return Verdict(Who.HUMAN, Rule.PRACTICE)
    if hit.is_prefetch:
        return Verdict(Who.MACHINE, Rule.PREFETCH)
    return _by_name(hit.kind, hit.agent) or _by_time(hit) or _by_looks(hit.agent)


def together(hits: Sequence[Hit], first: Sequence[Verdict]) -> list[Verdict]:
    """What they say side by side. `first`: what each says by itself, in the same order."""
    bursts = _bursts(hits)
    return [_beside(hit, verdict, bursts) for hit, verdict in zip(hits, first, strict=True)]


def judged(hits: Sequence[Hit]) -> list[Verdict]:
    return together(hits, [alone(hit) for hit in hits])


def reported(kind: str, agent: str, *, is_machine: bool) -> Verdict:
    """What a provider told of a hit. It knows its own robots; what it does not call one is not therefore a person."""
    if is_machine:
        return Verdict(Who.MACHINE, Rule.TOLD_MACHINE)
    if not agent:
        return Verdict(Who.UNSURE, Rule.TOLD)
    return _by_name(kind, agent) or _by_looks(agent)


@lru_cache(4_096)
def device(agent: str) -> str:
    """phone, tablet, computer; empty where a proxy stands between, or nothing is said."""
    if not agent or GOOGLE.search(agent) or YAHOO.search(agent) or agent.strip() in PLAIN:
        return ""
    if TABLET.search(agent) or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    if PHONE.search(agent):
        return "phone"
    return "computer" if COMPUTER.search(agent) else ""


@lru_cache(4_096)
def _by_name(kind: str, agent: str) -> Verdict | None:
    agent = agent.strip()
    if not agent:
        return Verdict(Who.MACHINE, Rule.NO_AGENT)
    if SCANNER.search(agent):
        return Verdict(Who.MACHINE, Rule.SCANNER)
    for proxy, rule in ((GOOGLE, Rule.GOOGLE), (YAHOO, Rule.YAHOO)):
        if proxy.search(agent):
            is_open = kind == OPENED
            return Verdict(Who.HUMAN, rule) if is_open else Verdict(Who.MACHINE, Rule.PROXY_CLICK)
    if agent in PLAIN:
        return Verdict(Who.MACHINE, Rule.APPLE)
    if ROBOT.search(agent):
        return Verdict(Who.MACHINE, Rule.ROBOT)
    if OLD.search(agent) and not OUTLOOK.search(agent):
        return Verdict(Who.MACHINE, Rule.OLD)
    return None


def _by_time(hit: Hit) -> Verdict | None:
    if hit.sent_at is None:
        return None
    since = hit.at - hit.sent_at
    if since < TOO_SOON:
        return Verdict(Who.MACHINE, Rule.TOO_SOON)
    return Verdict(Who.UNSURE, Rule.SOON) if since < SOON else None


@lru_cache(4_096)
def _by_looks(agent: str) -> Verdict:
    if AGED.search(agent):
        return Verdict(Who.UNSURE, Rule.OLD)
    if PERSON.search(agent):
        return Verdict(Who.HUMAN, Rule.PERSON)
    return Verdict(Who.UNSURE, Rule.UNKNOWN)


def _beside(hit: Hit, verdict: Verdict, bursts: dict[str, list[datetime]]) -> Verdict:
    """What the same program fetched around the burst belongs to it."""
    if verdict.who is Who.MACHINE or verdict.rule in SURE:
        return verdict
    moments = bursts.get(hit.agent, [])
    at = bisect_left(moments, hit.at - BESIDE)
    is_near = at < len(moments) and moments[at] <= hit.at + BESIDE
    return Verdict(Who.MACHINE, Rule.BURST) if is_near else verdict


def _bursts(hits: Sequence[Hit]) -> dict[str, list[datetime]]:
    """When several links were pressed at once, by the programs that took part: some go by a new name for each link."""
    pressed = (one for one in hits if one.kind == CLICKED and one.link is not None and not one.is_practice)
    clicks = sorted(pressed, key=_moment)
    found: dict[str, set[datetime]] = {}
    for one in (*_at_once(clicks, AT_ONCE, 2), *_at_once(clicks, IN_A_ROW, 3)):
        found.setdefault(one.agent, set()).add(one.at)
    return {agent: sorted(moments) for agent, moments in found.items()}


def _at_once(clicks: Sequence[Hit], span: timedelta, fewest: int) -> Iterator[Hit]:
    """All presses in any stretch of that length that has so many different links."""
    links: dict[int | None, int] = {}
    first = told = 0
    for last, hit in enumerate(clicks):
        links[hit.link] = links.get(hit.link, 0) + 1
        while hit.at - clicks[first].at > span:
            gone = clicks[first].link
            links[gone] -= 1
            if not links[gone]:
                del links[gone]
            first += 1
        if len(links) >= fewest:
            yield from clicks[max(first, told) : last + 1]
            told = last + 1


def _moment(hit: Hit) -> datetime:
    return hit.at


SURE: Final = (Rule.PRACTICE, Rule.RECEIPT, Rule.GOOGLE, Rule.YAHOO, Rule.TOLD, Rule.TOLD_MACHINE)
PLAIN: Final = ("Mozilla/5.0",)  # Apple says no more
GOOGLE: Final = re.compile(r"GoogleImageProxy|ggpht\.com", re.IGNORECASE)
YAHOO: Final = re.compile(r"YahooMailProxy", re.IGNORECASE)
# Guards in front of mailboxes, by the names they go by.
SCANNER: Final = re.compile(
    r"barracuda|proofpoint|mimecast|safelinks|microsoft defender|ms-?defender|atp-?scan|existence discovery|fireeye|trellix"
    r"|symantec|messagelabs|broadcom|trend ?micro|sophos|ironport|cisco-?(email|esa|talos|umbrella)|talos|forcepoint|websense"
    r"|zscaler|fortinet|fortimail|fortiguard|bitdefender|kaspersky|\beset\b|mcafee|skyhigh|f-secure|withsecure"
    r"|checkpoint|check point|avanan|abnormal|hornetsecurity|spamtitan|titanhq|vade ?secure|retarus|cloudmark"
    r"|phish|urlscan|virustotal|safebrowsing|netcraft|palo ?alto|paloalto|expanse|cloudflare-?area|area ?1|ironscales"
    r"|spam|antivirus|malware|security ?scan|link ?(check|scan|protect)|url ?(check|scan|defen[cs]e|protect)",
    re.IGNORECASE,
)
ROBOT: Final = re.compile(
    r"(?<!cu)bot\b|(?<!cu)bot[/;_-]|crawl|spider|slurp|scrap|preview|facebookexternalhit|whatsapp/|telegram|slack|discord|skype"
    r"|pinterest/|embedly|monitor|uptime|pingdom|headless|phantomjs|selenium|puppeteer|playwright|lighthouse"
    r"|^curl|wget|python|aiohttp|httpx|urllib|okhttp|java/|apache-httpclient|go-http-client|^node|node-fetch|axios|undici|got \("
    r"|libwww|lwp|perl|php|guzzle|ruby|faraday|dart/|winhttp|powershell|restsharp|postman|insomnia|^microsoft office/"
    r"|fetch",
    re.IGNORECASE,
)
OLD: Final = re.compile(r"MSIE \d|Windows NT 5\.|Windows 9[58]", re.IGNORECASE)
AGED: Final = re.compile(r"(Chrome|Firefox)/[1-5]?\d\.(?!.*Mobile)")  # some shop's till, or a scanner
OUTLOOK: Final = re.compile(
    r"ms-?office|MSOffice|Microsoft Outlook|Outlook/", re.IGNORECASE
)  # shows mail as an old IE
PERSON: Final = re.compile(
    r"Mozilla/5\.0 \(.{4,}|ms-?office|MSOffice|Microsoft Outlook|Outlook|Thunderbird|Apple ?Mail|^Mail/|Spark|Airmail|Dalvik"
    r"|SamsungEmail|Samsung|K-9|Opera/9\.80|Edge|Evolution|KMail|eM ?Client|Postbox|The Bat|Lotus|Blue ?Mail",
    re.IGNORECASE,
)
TABLET: Final = re.compile(r"iPad|Tablet|Kindle|Silk/", re.IGNORECASE)
PHONE: Final = re.compile(r"iPhone|iPod|Android|Mobile|Windows Phone|BlackBerry", re.IGNORECASE)
COMPUTER: Final = re.compile(
    r"Windows NT|Macintosh|X11|Linux|CrOS|ms-?office|MSOffice|Thunderbird|Outlook", re.IGNORECASE
)
