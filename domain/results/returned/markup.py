"""The words of an HTML notice, line by line. Only for reading: what comes out is never shown as HTML."""

import html
import re
from typing import Final

UNSEEN: Final = re.compile(
    r"(?is)<(style|script|head|title)\b[^<>]*>[^<]*+(?:<(?!/?\1\b)[^<]*+)*+</\1\s*>|<!--.{0,5000}?-->"
)
BREAK: Final = re.compile(
    r"(?i)<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?table|/?ul|/?blockquote|/?pre|hr)\b[^<>]{0,2000}>"
)
TAG: Final = re.compile(r"</?[A-Za-z][^<>@]{0,4000}>|<[!?][^<>]{0,4000}>")
MAILTO: Final = re.compile(r"(?i)<a\b[^<>]{0,2000}>")


def words_of_html(markup: str) -> str:
    """Tags go, an address in pointed brackets stays."""
    seen = MAILTO.sub(" ", UNSEEN.sub(" ", markup))
    lines = TAG.sub(" ", BREAK.sub("\n", seen))
    return "\n".join(line.strip() for line in html.unescape(lines).replace("\xa0", " ").splitlines())
