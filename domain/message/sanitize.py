"""The one sanitiser: what an author pasted becomes HTML that is safe in a mail, in a preview and unrendered.

bleach does the judging; this file does what bleach can't: documents become fragments, style blocks go inline,
scripts vanish with their content, and Liquid is carried around it under cover names and put back after.
"""

import html
import re
from typing import Final

import bleach
import css_inline
from html_to_markdown import ConversionOptions, convert

from domain.message import styles
from domain.message.language import chunks, unclosed
from domain.message.words import plain

MAX_SOURCE: Final = 500_000  # characters; bleach needs about 4 s for a megabyte
LOOSE_BRACES: Final = "There are curly braces here that are no complete merge field."
MAX_CHUNKS: Final = 2_000


class UnsafeHtml(ValueError):
    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


def clean_html(source: str) -> str:
    """A safe fragment, at most led by one `<style>` of @media rules.  Cleaning twice changes nothing."""
    if len(source) > MAX_SOURCE:
        raise UnsafeHtml("This message is too long: half a million characters of HTML are the limit.")
    cover = Cover(plain(source))
    markup, css = _take_styles(cover.text)
    if cover.holds_any(css):
        raise UnsafeHtml("Merge fields can't be used inside a style block.")
    markup = _body(_without_hidden(markup))
    cover.refuse_in_names(markup)
    markup = cover.in_comments(markup)
    if css.strip():
        markup = _inlined(markup, css)
    markup = _cleaner(cover).clean(markup)
    return styles.media_block(css) + cover.uncover(markup)


def harden(clean: str) -> str:
    """The cleaned HTML ready for Liquid: every field inside a link or a style gets the filter that place needs."""
    cover = Cover(clean)
    for kind, value in re.findall(r' (href|src|style)="([^"<>]*)"', cover.text):
        cover.filter_within(kind, value)
    return cover.uncover(cover.text)


def text_from_html(clean: str) -> str:
    """The plain-text part: the words in reading order, link addresses kept, layout tables unwrapped."""
    cover = Cover(re.sub(r"(?s)^<style>.*?</style>", "", clean))
    options = ConversionOptions(extract_metadata=False, autolinks=False, bullets="-", heading_style="atx")
    marked = convert(_unwrapped(cover.text), options).content or ""
    text = "\n".join(line.rstrip() for line in _spoken_links(marked).split("\n"))
    text = re.sub(r"([{])(?=[{%])", r"\1 ", re.sub(r"\n{3,}", "\n\n", text).strip())
    return cover.uncover_words(text)


def html_from_text(text: str) -> str:
    """Paragraphs, line breaks and live web links out of plain words; everything escaped, Liquid kept."""
    cover = Cover(plain(text))
    paragraphs = re.split(r"\n[ \t]*\n\s*", cover.text.strip("\n"))
    return cover.uncover("\n".join(f"<p>{_lines(one)}</p>" for one in paragraphs if one.strip()))


class Cover:
    """Liquid under cover: each piece of it stands in the text as one plain word that no parser minds."""

    def __init__(self, source: str) -> None:
        self._prefix = _unused_word(source)
        self._word = re.compile(self._prefix + r"(\d+)z")
        self._pieces: list[str] = []
        self.text = self._hide(source)

    def _hide(self, source: str) -> str:
        if unclosed(source) is not None:
            raise UnsafeHtml(LOOSE_BRACES)
        shown, position = [], 0
        for start, end, kind in chunks(source):
            if kind in ("RAW", "DOC"):
                raise UnsafeHtml("The Liquid tags raw and doc can't be used in a message.")
            shown += [source[position:start], f"{self._prefix}{len(self._pieces)}z"]
            self._pieces.append(_harmless(source[start:end]))
            position = end
        if len(self._pieces) > MAX_CHUNKS:
            raise UnsafeHtml("This message has more merge fields than it can hold.")
        return "".join(shown) + source[position:]

    def holds_any(self, text: str) -> bool:
        return bool(self._word.search(text))

    def refuse_in_names(self, markup: str) -> None:
        if re.search(rf"</?\s*[\w:-]*{self._prefix}", markup):
            raise UnsafeHtml("A merge field can't be the name of an HTML tag.")

    def allow(self, tag: str, name: str, value: str) -> bool:
        """The attribute rule given to bleach."""
        if self._prefix in name:
            raise UnsafeHtml(
                f"Liquid can't stand between the attributes of <{tag}>; put it inside a value's quotes."
            )
        if name == "src" and not re.match(rf"\s*(https?:|{self._prefix})", value, re.IGNORECASE):
            return False
        return name in ANYWHERE or name in ATTRIBUTES.get(tag, ())

    def in_comments(self, markup: str) -> str:
        """Liquid tags between HTML tags travel as comments: as words they would be pushed out of a table's rows."""
        parts = re.split(TAG, markup)
        parts[::2] = [self._word.sub(self._as_comment, words) for words in parts[::2]]
        return "".join(parts)

    def _as_comment(self, word: re.Match[str]) -> str:
        return f"<!--{word[0]}-->" if self._pieces[int(word[1])].startswith("{%") else word[0]

    def uncover(self, markup: str) -> str:
        """Put Liquid back; whatever else now reads as Liquid was put together by the cleaning and is refused."""
        markup = re.sub(rf"(?:<|&lt;)!--({self._prefix}\d+z)--(?:>|&gt;)", r"\1", markup)
        markup = re.sub(r"(?s)<!.*?(?:-->|\Z)", "", markup)
        parts = re.split(TAG, markup)
        parts[1::2] = [self._word.sub(self._in_quotes, tag) for tag in parts[1::2]]
        expected = [self._pieces[int(word)] for word in self._word.findall(markup)]
        result = "".join([*(self._word.sub(self._piece, part) for part in parts)])
        found = [result[start:end] for start, end, _ in chunks(result)]
        if [_one_quote(piece) for piece in found] != [_one_quote(piece) for piece in expected]:
            raise UnsafeHtml(LOOSE_BRACES)
        return result

    def uncover_words(self, text: str) -> str:
        return self._word.sub(self._piece, text)

    def without(self, text: str) -> str:
        """The words with a gap where Liquid stands."""
        return self._word.sub("…", text)

    def _piece(self, word: re.Match[str]) -> str:
        return self._pieces[int(word[1])]

    def _in_quotes(self, word: re.Match[str]) -> str:
        piece = _one_quote(self._pieces[int(word[1])])
        if '"' in piece:
            raise UnsafeHtml(
                "Inside an HTML attribute, use only one kind of quotation mark in a merge field."
            )
        return piece

    def filter_within(self, kind: str, value: str) -> None:
        for word in self._word.finditer(value):
            index = int(word[1])
            if self._pieces[index].startswith("{{"):
                self._pieces[index] = _filtered(
                    self._pieces[index], self._filter(kind, value[: word.start()])
                )

    def _filter(self, kind: str, before: str) -> str:
        if kind == "style":
            return "within_style"
        certain = self._word.split(before)[0]
        return (
            "within_link" if re.match(r"\s*(https?:|mailto:|tel:|[/?#])", certain, re.IGNORECASE) else "link"
        )


TAG: Final = re.compile(r"""(</?[a-zA-Z](?:[^<>"']|"[^"<]*"|'[^'<]*')*>)""")
HIDDEN: Final = (
    "script|title|iframe|object|embed|applet|svg|math|noscript|noembed|noframes|template|textarea|select|xml"
    "|audio|video|canvas|frameset|xmp|plaintext"
)
TAG_NAMES: Final = """
    a abbr address article aside b big blockquote br caption center cite code col colgroup dd del div dl dt
    em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s
    section small span strike strong sub sup table tbody td tfoot th thead tr tt u ul
"""
ALLOWED: Final = frozenset(TAG_NAMES.split())
COMMON_ATTRIBUTES: Final = """
    align bgcolor class dir height id lang role style title valign width
"""
ANYWHERE: Final = frozenset(COMMON_ATTRIBUTES.split())
ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "a": ("href", "name"),
    "img": ("src", "alt", "border", "hspace", "vspace"),
    "table": ("border", "cellpadding", "cellspacing", "summary"),
    "td": ("colspan", "rowspan", "nowrap", "headers"),
    "th": ("colspan", "rowspan", "nowrap", "headers", "scope"),
    "col": ("span",),
    "colgroup": ("span",),
    "ol": ("start", "type", "reversed"),
    "ul": ("type",),
    "li": ("value", "type"),
    "font": ("color", "face", "size"),
    "hr": ("color", "size", "noshade"),
    "br": ("clear",),
    "blockquote": ("cite",),
}


def _cleaner(cover: Cover) -> bleach.Cleaner:
    return bleach.Cleaner(
        tags=ALLOWED,
        attributes=cover.allow,
        protocols=frozenset({"http", "https", "mailto", "tel"}),
        strip=True,
        strip_comments=False,
        css_sanitizer=styles.MailStyles(),
    )


def _take_styles(markup: str) -> tuple[str, str]:
    found: list[str] = []

    def take(block: re.Match[str]) -> str:
        found.append(block[1])
        return ""

    rest = re.sub(r"(?is)<style\b[^<>]*>(.*?)(?:</style\s*>|\Z)", take, markup)
    return rest, re.sub("<!--|-->", "", "\n".join(found))


def _without_hidden(markup: str) -> str:
    """Comments, declarations and whatever carries no words of the author go with their content."""
    markup = re.sub(r"(?s)<!--.*?(?:-->|\Z)", "", markup)
    markup = re.sub(rf"(?is)<({HIDDEN})\b[^<>]*>.*?(?:</\1\s*>|\Z)", "", markup)
    markup = re.sub(r"(?is)<(?:!doctype|\?xml)[^<>]*>", "", markup)
    return re.sub(r"<(?=[!?])", "&lt;", markup)


def _body(markup: str) -> str:
    """The inside of a pasted document; the body's own colours stay on a box around it."""
    start = re.search(r"""(?is)<body\b((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>""", markup)
    if not start:
        return re.sub(r"(?is)<head\b[^<>]*>.*?</head\s*>", "", markup, count=1)
    inside = re.split(r"(?i)</body\s*>", markup[start.end() :], maxsplit=1)[0]
    return f"<div{start[1]}>{inside}</div>" if re.search(r"(?i)\b(style|bgcolor)\s*=", start[1]) else inside


def _inlined(markup: str, css: str) -> str:
    """Only the plain rules: at-rules can't live in an attribute, and nothing is ever fetched."""
    try:
        return INLINER.inline_fragment(markup, styles.plain_rules(css))
    except (css_inline.InlineError, ValueError):
        return markup


INLINER: Final = css_inline.CSSInliner(
    keep_style_tags=False,
    keep_link_tags=False,
    keep_at_rules=False,
    load_remote_stylesheets=False,
)


def _unused_word(source: str) -> str:
    """A prefix that the source nowhere contains, in any case."""
    lower, number = source.lower(), 0
    while f"zq{number}x" in lower:
        number += 1
    return f"zq{number}x"


def _harmless(piece: str) -> str:
    if re.search(r"<[a-zA-Z/!?]", piece):
        raise UnsafeHtml("HTML can't be written inside a merge field or a Liquid tag.")
    return piece


def _one_quote(piece: str) -> str:
    return piece.replace('"', "'") if "'" not in piece else piece


def _filtered(piece: str, name: str) -> str:
    inside = re.fullmatch(r"(?s)(\{\{-?)(.*?)(-?\}\})", piece)
    return f"{inside[1]}{inside[2].rstrip()} | {name} {inside[3]}" if inside else piece


LAYOUT: Final = re.compile(r"(?i)<(/?)(table|tbody|thead|tfoot|caption|tr|td|th|center)\b[^>]*>")
EMPHASIS: Final = re.compile(
    r"(?i)</?(b|strong|i|em|u|s|strike|del|ins|mark|code|tt|kbd|pre|span|font|small|big|sub|sup)\b[^>]*>"
)


def _unwrapped(markup: str) -> str:
    markup = re.sub(
        r'(?i)<img\b[^>]*\balt="([^"]*)"[^>]*>|<img\b[^>]*>',
        lambda image: image[1] or "",
        markup,
    )
    markup = re.sub(r"(?i)<(/?)h[1-6]\b[^>]*>", r"<\1p>", EMPHASIS.sub("", markup))
    return LAYOUT.sub(lambda tag: f"<{tag[1]}div>", markup)


def _spoken_links(marked: str) -> str:
    """`[See it](https://…)` reads "See it: https://…"; a link that shows its own address is said once."""
    return re.sub(
        r'\[([^\[\]]*)\]\(<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?: "[^"]*")?\)',
        _spoken,
        marked,
    )


def _spoken(found: re.Match[str]) -> str:
    words, address = found[1].strip(), html.unescape(found[2])
    bare = re.sub("^(mailto|tel):", "", address)
    return address if not words else words if words in (address, bare) else f"{words}: {bare}"


WEB: Final = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def _lines(paragraph: str) -> str:
    shown, position = [], 0
    for found in WEB.finditer(paragraph):
        address = html.escape(found[0])
        shown += [
            html.escape(paragraph[position : found.start()]),
            f'<a href="{address}">{address}</a>',
        ]
        position = found.end()
    shown.append(html.escape(paragraph[position:]))
    return "".join(shown).replace("\n", "<br>\n")
