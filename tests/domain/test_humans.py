"""Who it was: a tape of scanners, proxies and people, each line with what it has to be judged as."""

import random
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from domain.ledger.events import CLICKED, OPENED
from domain.results import humans
from domain.results.humans import Hit, Rule, Who

SENT: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
MAC_MAIL = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
EDGE = f"{CHROME} Edg/142.0.0.0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
THUNDERBIRD = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0"
OUTLOOK = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; .NET4.0E; ms-office; MSOffice 16)"
CUBOT = "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
APPLE = "Mozilla/5.0"
OLD_IE = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0)"
XP = "Mozilla/5.0 (Windows NT 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/49.0.2623.112 Safari/537.36"
AGED = "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2272.89 Safari/537.36"

# The line's number is its message; minutes or seconds after sending; which link, or 0 for the picture.
TAPE: Final = """
 1 | 40 m | 0 | IPHONE      | human   person
 1 | 41 m | 1 | IPHONE      | human   person
 1 | 44 m | 2 | IPHONE      | human   person
 2 |  6 s | 0 | IPHONE      | human   person
 3 |  2 h | 0 | GMAIL       | human   google_proxy
 3 |  2 h | 1 | CHROME      | human   person
 4 |  1 s | 0 | GMAIL       | human   google_proxy
 5 |  9 m | 0 | YAHOO       | human   yahoo_proxy
 6 | 30 s | 0 | APPLE       | machine apple_prefetch
 7 |  5 h | 0 | APPLE       | machine apple_prefetch
 7 |  5 h | 1 | IPHONE      | human   person
 8 | 12 m | 0 | OUTLOOK     | human   person
 8 | 13 m | 1 | EDGE        | human   person
 9 | 25 m | 0 | THUNDERBIRD | human   person
 9 | 25 m | 1 | FIREFOX     | human   person
10 |  3 m | 0 | CUBOT       | human   person
10 |  3 m | 1 | CUBOT       | human   person
11 |  1 s | 0 | Barracuda Sentinel (EE)                                     | machine scanner
11 |  1 s | 1 | Barracuda Sentinel (EE)                                     | machine scanner
12 | 20 m | 1 | Mozilla/5.0 (compatible; Proofpoint URL Defense)            | machine scanner
13 | 10 m | 1 | Mimecast Targeted Threat Protection                         | machine scanner
14 |  9 m | 1 | Mozilla/5.0 (Windows NT 10.0) SafeLinks                     | machine scanner
15 |  9 m | 1 | Microsoft Office Existence Discovery                        | machine scanner
16 | 50 m | 0 | OLD_IE                                                      | machine old_browser
17 | 50 m | 1 | XP                                                          | machine old_browser
18 | 50 m | 1 | AGED                                                        | unsure  old_browser
19 |  4 m | 1 |                                                             | machine no_agent
20 |  8 m | 1 | python-requests/2.32.3                                      | machine robot
21 |  8 m | 1 | curl/8.5.0                                                  | machine robot
22 |  8 m | 1 | Go-http-client/1.1                                          | machine robot
23 |  8 m | 1 | Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html) | machine robot
24 |  8 m | 1 | facebookexternalhit/1.1                                     | machine robot
25 |  8 m | 1 | Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)  | machine robot
26 |  8 m | 1 | Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0.0.0    | machine robot
27 |  8 m | 1 | GMAIL       | machine proxy_click
28 |  1 s | 1 | CHROME      | machine too_soon
29 |  1 s | 0 | CHROME      | machine too_soon
30 |  4 s | 1 | CHROME      | unsure  soon
31 |  8 m | 0 | CompanyMail 4.2 | unsure unknown_agent
32 | 90 s | 0 | CHROME      | machine burst
32 | 90 s | 1 | CHROME      | machine burst
32 | 90 s | 2 | CHROME      | machine burst
32 |  3 h | 1 | CHROME      | human   person
33 | 20 s | 1 | EDGE        | machine burst
33 | 23 s | 2 | CHROME      | machine burst
33 | 27 s | 3 | FIREFOX     | machine burst
33 | 28 s | 0 | GMAIL       | human   google_proxy
34 | 60 s | 1 | CHROME      | human   person
34 | 66 s | 2 | CHROME      | human   person
35 | 60 s | 1 | IPHONE      | human   person
35 | 60 s | 1 | IPHONE      | human   person
"""
SPANS: Final = {"s": 1, "m": 60, "h": 3600}


def tape() -> list[tuple[int, Hit, tuple[str, str]]]:
    found = []
    for line in TAPE.strip().splitlines():
        number, after, link, agent, expected = (one.strip() for one in line.split("|"))
        much, unit = after.split()
        at = SENT + timedelta(seconds=int(much) * SPANS[unit])
        named = globals().get(agent, agent) if agent else ""
        hit = Hit(OPENED if link == "0" else CLICKED, at, SENT, named, int(link) or None)
        who, rule = expected.split()
        found.append((int(number), hit, (who, rule)))
    return found


def split(lines: list[tuple[int, Hit]]) -> list[tuple[str, str]]:
    """Message by message, as the books do it; in the order of the lines."""
    answers: dict[int, tuple[str, str]] = {}
    for number in {number for number, _ in lines}:
        mine = [at for at, (whose, _) in enumerate(lines) if whose == number]
        for at, verdict in zip(mine, humans.judged([lines[at][1] for at in mine]), strict=True):
            answers[at] = (str(verdict.who), str(verdict.rule))
    return [answers[at] for at in range(len(lines))]


def test_the_tape_is_split_as_expected() -> None:
    told = split([(number, hit) for number, hit, _ in tape()])
    wrong = [
        f"message {number}, {hit.agent[:60]}: {got} instead of {wanted}"
        for (number, hit, wanted), got in zip(tape(), told, strict=True)
        if got != wanted
    ]
    assert wrong == []


def test_in_whatever_order_it_comes_the_split_is_the_same() -> None:
    lines = tape()
    for turn in range(20):
        random.Random(turn).shuffle(lines)
        assert split([(number, hit) for number, hit, _ in lines]) == [wanted for _, _, wanted in lines]


def test_what_says_itself_that_nobody_looks_is_a_machine() -> None:
    hit = Hit(OPENED, SENT + timedelta(hours=1), SENT, IPHONE, is_prefetch=True)
    assert humans.alone(hit) == humans.Verdict(Who.MACHINE, Rule.PREFETCH)


def test_what_is_acted_out_in_practice_counts_at_once_and_all_together() -> None:
    hits = [Hit(CLICKED, SENT, SENT, IPHONE, link, is_practice=True) for link in (1, 2, 3)]
    assert {verdict.rule for verdict in humans.judged(hits)} == {Rule.PRACTICE}


def test_ten_thousand_presses_of_one_message_are_judged_quickly() -> None:
    """Whoever floods one link keeps the books busy for a moment, not for minutes."""
    hits = [
        Hit(CLICKED, SENT + timedelta(minutes=1, milliseconds=at), SENT, CHROME, at % 7)
        for at in range(10_000)
    ]
    assert {verdict.rule for verdict in humans.judged(hits)} == {Rule.BURST}


@pytest.mark.parametrize(
    ("agent", "is_machine", "verdict"),
    [
        ("", False, (Who.UNSURE, Rule.TOLD)),
        ("", True, (Who.MACHINE, Rule.TOLD_MACHINE)),
        (IPHONE, True, (Who.MACHINE, Rule.TOLD_MACHINE)),
        (IPHONE, False, (Who.HUMAN, Rule.PERSON)),
        (GMAIL, False, (Who.HUMAN, Rule.GOOGLE)),
        (APPLE, False, (Who.MACHINE, Rule.APPLE)),
        ("Barracuda Sentinel (EE)", False, (Who.MACHINE, Rule.SCANNER)),
    ],
)
def test_what_a_provider_tells_is_judged_by_the_same_rules(
    agent: str, is_machine: bool, verdict: tuple[Who, Rule]
) -> None:
    assert humans.reported(OPENED, agent, is_machine=is_machine) == humans.Verdict(*verdict)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (IPHONE, "phone"), (CUBOT, "phone"), (IPAD, "tablet"), (CHROME, "computer"), (MAC_MAIL, "computer"),
        (OUTLOOK, "computer"), (GMAIL, ""), (YAHOO, ""), (APPLE, ""), ("", ""), ("CompanyMail 4.2", ""),
    ],
)  # fmt: skip
def test_the_device_is_told_where_it_can_be(agent: str, device: str) -> None:
    assert humans.device(agent) == device
