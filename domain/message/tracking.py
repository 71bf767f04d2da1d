"""Links that lead through the shop, and the picture that tells of an opening. Pure.

Only the HTML has them: in the plain text an address is read by people. A link with a merge field in its address stays as
it was written, because where it leads differs from person to person and is nobody else's business. So does whatever is
no web address.
"""

import html
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import idna

from domain.message.sanitize import Cover

TOKENS: Final = "hbToken"  # the field that holds a person's tokens; nobody's own field is called so
PIXEL: Final = "open"  # its token among them
LONGEST_WORDS: Final = 120
LONGEST_TARGET: Final = 4_000  # characters: some servers take no longer header
MOST: Final = 500  # addresses of one letter that are counted; the others stay as they are
ANCHOR: Final = re.compile(r'(<a\b(?:[^<>"]|"[^"<>]*")*?\shref=")([^"<>]*)("[^<>]*>)(.*?)(?=</a>|<a\b|\Z)', re.DOTALL)  # fmt: skip
ALT: Final = re.compile(r'<img\b[^<>]*?\salt="([^"<>]*)"[^<>]*>')
ODD: Final = re.compile(r"[\x00-\x20\x7f-\x9f\\<>\"\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a letter: where it leads, in ASCII, and what it says."""

    url: str
    words: str


def counted(markup: str, base_url: str) -> tuple[str, list[Link]]:
    """Cleaned HTML with its web links led through the shop, each address once, in the order of the letter."""
    cover, found = Cover(markup), dict[str, Link]()

    def lead_through(anchor: re.Match[str]) -> str:
        before, address, after, inside = anchor.groups()
        url = None if cover.holds_any(address) else target(html.unescape(address), base_url)
        if url is None or (len(found) >= MOST and url not in found):
            return anchor[0]
        found.setdefault(url, Link(url, _words(inside, cover)))
        return f"{before}{_through(base_url, 'c', token_name(list(found).index(url)))}{after}{inside}"

    return cover.uncover_words(ANCHOR.sub(lead_through, cover.text)), list(found.values())


def pixel(base_url: str) -> str:
    style = "display:block;width:1px;height:1px;border:0"
    return f'<img src="{_through(base_url, "o", PIXEL)}" width="1" height="1" alt="" style="{style}">'


def click_base(base_url: str) -> str:
    """What stands before the token of a counted link."""
    return f"{base_url.rstrip('/')}/t/c/"


def token_name(index: int) -> str:
    return f"l{index}"


def target(address: str, base_url: str = "") -> str | None:
    """A web address as a browser is told to go there; None for everything that is none, or hides where it leads."""
    address = address.strip(" \t\n")
    if ODD.search(address) or len(address) > LONGEST_TARGET:
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
        if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
            return None
        home = _in_ascii(host) + (f":{port}" if port is not None else "")
    except (ValueError, UnicodeError):
        return None
    path, query, end = (quote(part, safe=LEFT) for part in (parts.path, parts.query, parts.fragment))
    url = urlunsplit((parts.scheme, home, path, query, end))
    is_ours = bool(base_url) and url.startswith((f"{base_url.rstrip('/')}/u/", f"{base_url.rstrip('/')}/t/"))
    return None if is_ours or len(url) > LONGEST_TARGET else url


LEFT: Final = "%/:?#[]@!$&'()*+,;=~-._|{}^`"


def _in_ascii(host: str) -> str:
    """Letters of other scripts that look like ours show as what they are: xn--…"""
    if ":" in host:
        return f"[{host}]"
    return host if host.isascii() else idna.encode(host, uts46=True).decode()


def _through(base_url: str, door: str, name: str) -> str:
    return f"{html.escape(base_url.rstrip('/'))}/t/{door}/{{{{ {TOKENS}.{name} }}}}"


def _words(inside: str, cover: Cover) -> str:
    shown = re.sub(r"<[^<>]*>", " ", ALT.sub(r" \1 ", inside))
    return " ".join(html.unescape(cover.without(shown)).split())[:LONGEST_WORDS]
