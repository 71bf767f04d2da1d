"""Letters on the wire: what one person gets, read back by the standard library's own mail parser."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.message.compose import (
    AddressError,
    Content,
    EmptyBody,
    Letter,
    Sender,
    ShopFacts,
    compile_letter,
    full_name,
)
from domain.message.merge import MergeError
from domain.message.sanitize import UnsafeHtml
from domain.message.wire import one_line

SHOP = ShopFacts(
    "Golden Ring {{ x }} & Söhne", "1 High Street\nLeeds <LS1>", "shop.example", "https://shop.example"
)
SENDER = Sender("Olive, Golden Ring", "olive@shop.example", "hello@shop.example")
URL = "https://shop.example/u/" + "A_-9" * 8
DATE = "Sat, 21 Nov 2026 09:00:00 +0000"
HTML = (
    "<p>Dear {{ firstName | default: 'friend' }} {{ lastName }},</p>\n<p>.dots and -dashes café {{ attrs.note }}"
    "{{ email }}</p>"
    + "<p>Made by hand in our workshop, set with care.</p>" * 8
    + "<a href='{{ attrs.site }}'>x</a>"
)
TEXT = "Dear {{ firstName | default: 'friend' }} {{ lastName }}\n.\n..\n--x\n-- \nFrom us {{ attrs.note }}\n{{ email }}"
FLAT = Content(
    "{{ firstName | default: 'Friend' }}: autumn {{ attrs.note }}", "For {{ firstName }} & <you>", HTML, TEXT
)
TURNING = Content(
    FLAT.subject + "{% if firstName %}!{% endif %}",
    "{% if firstName %}For {{ firstName }}{% endif %} & <you>",
    HTML + "{% for one in attrs.list %}<p>.{{ one }}</p>{% endfor %}",
    TEXT + "{% for one in attrs.list %}\n.{{ one }}\n--{{ firstName }}{% endfor %}",
)


def letter(
    content: Content = FLAT, kind: str = "marketing", sender: Sender = SENDER, shop: ShopFacts = SHOP
) -> Letter:
    return compile_letter(content, sender, shop, kind)


def sent(
    one: Letter, person: dict[str, Any] | None = None, address: str = "ada@example.com", **more: str
) -> bytes:
    facts = {"unsubscribe_url": URL, "message_id": "d1.abc@shop.example", "date": DATE, **more}
    return one.render(person or {}, address=address, **facts)


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def bodies(raw: bytes) -> tuple[str, str]:
    plain, html = read(raw).iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    words = [cast(EmailMessage, part).get_content().replace("\r\n", "\n") for part in (plain, html)]
    return words[0], words[1]


def shown_name(raw: bytes, field: str = "To") -> str:
    """By the older of the library's two header readers: the newer one puts spaces between encoded words."""
    said, bracket, _ = message_from_bytes(raw)[field].rpartition("<")
    said = said.strip() if bracket else ""
    quoted = re.fullmatch(r'"(.*)"', said)
    return re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else str(make_header(decode_header(said)))


def assert_sound(raw: bytes, address_length: int = 30) -> None:
    """The rules of RFC 5321, 5322 and 2045 that no value may break."""
    assert b"\n" not in raw.replace(b"\r\n", b""), "a bare line feed"
    assert b"\r" not in raw.replace(b"\r\n", b""), "a bare carriage return"
    assert raw.isascii()
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= max(78, address_length + 6)
    boundary = read(raw).get_boundary()
    assert boundary
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not line.startswith(b"-") or line in (f"--{boundary}".encode(), f"--{boundary}--".encode())
    assert body.count(boundary.encode()) == 3


HEADERS = [
    "To", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post", "Date", "Message-ID", "From", "Reply-To", "List-Id",
    "MIME-Version", "Content-Type",
]  # fmt: skip
hostile = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(codec=None), max_size=40),
    st.text(alphabet="=?utf8bq.- \t\r\n\x00<>\"\\@,é😀\u202e\x85\u2028\ud800%{}", max_size=120),
    st.sampled_from(
        ["Zoë", "O'Brien", "a\r\nBcc: evil@example.com", "=?utf-8?q?=41?=", "=?utf-8?b?", "{{ 7 | times: 7 }}", "%s%b%%",
         "😀" * 60, "‮right to left", "x" * 500, "é" * 500, "a " * 250, ".", "..", "--", "-" * 200, "." * 200, "=", "=\r\n",
         "\r", "\n.\n", "\r\n.\r\n", " ", "a ", "\t", "\x00", "\ud83d", "]]>", "<b>&amp;", "handbill-", "QUIT", "x\x0by"]
    ),
)  # fmt: skip
people = st.fixed_dictionaries(
    {
        "firstName": st.none() | hostile,
        "lastName": hostile,
        "attrs": st.fixed_dictionaries({"note": hostile | st.integers() | st.booleans() | st.none(), "site": hostile, "list": st.lists(hostile, max_size=3)}),
    }
)  # fmt: skip
LETTERS = {"flat": letter(), "turning": letter(TURNING)}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["flat", "turning"])
@given(person=people)
@example(
    person={
        "firstName": "--" + cast(Any, "x"),
        "lastName": ".",
        "attrs": {"note": "\r", "site": "", "list": ["\n."]},
    }
)
@settings(max_examples=250, deadline=None)
def test_any_values_read_back_as_the_same_words(kind: str, person: dict[str, Any]) -> None:
    one = LETTERS[kind]
    raw = sent(one, person)
    assert_sound(raw)
    mail, shown = read(raw), one.preview({**person, "email": "ada@example.com"}, URL)
    assert mail.keys() == HEADERS
    assert bodies(raw) == (shown.text, shown.html)
    assert mail["subject"] == shown.subject
    assert mail["to"].addresses[0].addr_spec == "ada@example.com"
    assert shown_name(raw) == one_line(full_name(person))
    assert len(mail["to"].addresses) == 1


def test_both_kinds_of_letter_say_the_same() -> None:
    turning = Content(
        FLAT.subject,
        FLAT.preheader,
        "{% if true %}" + HTML + "{% endif %}",
        "{% if true %}" + TEXT + "{% endif %}",
    )
    assert (letter().is_flat, letter(turning).is_flat) == (True, False)
    for name in ("Ada", "Zoë <b>", "", "a\r\n.b", "😀" * 40):
        person = {
            "firstName": name,
            "lastName": "L",
            "attrs": {"note": "x" * 200, "site": "https://a.example"},
        }
        assert bodies(sent(letter(), person)) == bodies(sent(letter(turning), person))


def test_what_was_remembered_for_one_person_never_reaches_another() -> None:
    one = letter()
    for n in [*range(5000), 1, 2, 3]:
        person = {"firstName": f"N{n}", "lastName": "same", "attrs": {"note": n % 2 == 0 if n < 4 else n}}
        raw = sent(one, person, f"n{n}@example.com")
        if n < 4 or n > 4_990:
            shown = one.preview({**person, "email": f"n{n}@example.com"}, URL)
            assert bodies(raw) == (shown.text, shown.html)


@pytest.mark.parametrize("kind", ["marketing", "newsletter"])
def test_offers_and_newsletters_can_be_stopped_in_four_places(kind: str) -> None:
    raw = sent(letter(kind=kind), {})
    mail = read(raw)
    assert mail["list-unsubscribe"] == f"<{URL}>"
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    text, html = bodies(raw)
    assert URL in text
    assert f'href="{URL}"' in html


def test_an_operational_letter_says_why_it_came_and_has_no_list_headers() -> None:
    raw = sent(letter(kind="operational"), {})
    assert "list-unsubscribe" not in read(raw)
    assert "list-unsubscribe-post" not in read(raw)
    assert all(URL not in body and "about your own business with us" in body for body in bodies(raw))


@pytest.mark.parametrize("kind", ["marketing", "newsletter", "operational"])
def test_every_letter_names_the_shop_and_its_address_and_the_shops_name_is_no_template(kind: str) -> None:
    text, html = bodies(sent(letter(kind=kind), {}))
    assert "Golden Ring {{ x }} & Söhne" in text
    assert "1 High Street\nLeeds <LS1>" in text
    assert "Golden Ring {{ x }} &amp; Söhne" in html
    assert "1 High Street<br>Leeds &lt;LS1&gt;" in html


def test_the_footer_stays_when_the_author_wrote_an_unsubscribe_link() -> None:
    own = Content("s", "", '<p>x <a href="{{ unsubscribeUrl }}">leave</a></p>', "x {{ unsubscribeUrl }}")
    text, html = bodies(sent(letter(own)))
    assert (text.count(URL), html.count(URL)) == (2, 2)


def test_headers_say_who_writes_to_whom() -> None:
    mail = read(
        sent(letter(), {"firstName": "Ada", "lastName": "Lovelace"}, message_id="<d1.abc@shop.example>")
    )
    assert mail["from"].addresses[0].display_name == "Olive, Golden Ring"
    assert mail["from"].addresses[0].addr_spec == "olive@shop.example"
    assert mail["reply-to"] == "hello@shop.example"
    assert mail["to"] == "Ada Lovelace <ada@example.com>"
    assert mail["message-id"] == "<d1.abc@shop.example>"
    assert mail["date"] == DATE
    assert mail["list-id"].endswith("<marketing.shop.example>")
    assert mail.get_content_type() == "multipart/alternative"
    assert "full" in read(sent(letter(), {"fullName": "the full name", "firstName": "Ada"}))["to"]


def test_nothing_we_add_ourselves_can_inject_a_header() -> None:
    evil = "x\r\nBcc: evil@example.com\r\n\r\nbody"
    one = letter(sender=Sender(evil, "olive@shop.example"), shop=ShopFacts(evil, evil, "shop.example", evil))
    raw = sent(one, unsubscribe_url=evil, message_id=evil, date=evil)
    assert_sound(raw)
    assert "bcc" not in read(raw)


@pytest.mark.parametrize(
    "name",
    [
        "a" * 40,
        "a" * 200,
        "é" * 31,
        "é" * 200,
        'Quote " and \\ back',
        "a, b; c <d@e>",
        "=?utf-8?q?x?=",
        '"' * 50,
    ],
)
@pytest.mark.parametrize("address", ["ada@example.com", "a" * 60 + "@" + "b" * 60 + ".example"])
def test_long_and_odd_names_fold_and_read_back(name: str, address: str) -> None:
    raw = sent(letter(), {"fullName": name}, address)
    assert_sound(raw, len(address))
    assert shown_name(raw) == name
    assert read(raw)["to"].addresses[0].addr_spec == address


def test_a_foreign_domain_travels_in_its_ascii_form() -> None:
    assert b"<ada@xn--bcher-kva.example>" in sent(letter(), {"firstName": "A"}, "ada@Bücher.example")


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@example.com", "ada@", "ädä@example.com", "a b@example.com", "a@b@example.com", "a@x\r\nBcc: e@x.example",
     "a\x00@example.com", "a@exa mple.com", "<a@example.com>", "a@" + "é" * 300, "a@\ud800.example", "a..b@example.com"],
)  # fmt: skip
def test_an_impossible_address_is_refused_and_nothing_else_is_raised(address: str) -> None:
    with pytest.raises(AddressError) as caught:
        sent(letter(), {}, address)
    assert caught.value.sentence.endswith(".")


def test_one_body_is_made_from_the_other() -> None:
    text, html = bodies(
        sent(
            letter(Content("s", "", "", "Hello {{ firstName }} <3\n\nsee https://x.example/a")),
            {"firstName": "A&B"},
        )
    )
    assert text.startswith("Hello A&B <3\n\nsee https://x.example/a")
    assert "<p>Hello A&amp;B &lt;3</p>" in html
    assert '<a href="https://x.example/a">' in html
    text, html = bodies(
        sent(letter(Content("s", "", "<h1>Hi</h1><a href='https://x.example'>See</a>", "")), {})
    )
    assert text.startswith("Hi\n\nSee: https://x.example")


@pytest.mark.parametrize("empty", ["", "  \n", "<script>x</script>", "<p> </p>", "<!-- x -->"])
def test_an_empty_message_is_refused(empty: str) -> None:
    with pytest.raises(EmptyBody):
        letter(Content("s", "p", empty, ""))


def test_a_message_of_one_picture_is_not_empty() -> None:
    assert "<img" in bodies(sent(letter(Content("s", "", '<img src="https://x.example/a.png">', ""))))[1]


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (Content("{{ firstName", "", "x", ""), "Subject, line 1, column 1:"),
        (Content("s", "a {% if %}", "x", ""), "Preheader, line 1"),
        (Content("s", "", "<p>\n  {{ a | nope }}</p>", ""), "Message, line 2, column 10:"),
        (Content("s", "", "x", "a\n{% endif %}"), "Plain text, line 2, column 4:"),
    ],
)
def test_a_liquid_fault_is_told_in_the_authors_own_lines(content: Content, start: str) -> None:
    with pytest.raises(MergeError) as caught:
        letter(content)
    assert caught.value.sentence.startswith(start)


def test_unsafe_html_is_refused() -> None:
    with pytest.raises(UnsafeHtml):
        letter(Content("s", "", "<a {{ firstName }}>x</a>", ""))


def test_a_letter_lists_its_fields_and_those_nobody_has() -> None:
    content = Content("{{ firstName }}", "{{ lastNam }}", "<p>{{ attrs.ring }} {{ attrs.rin }}</p>", "")
    one = compile_letter(content, SENDER, SHOP, "marketing", attr_keys=frozenset({"ring"}))
    assert one.fields_used == {"firstName", "lastNam", "attrs.ring", "attrs.rin"}
    assert [(field.part, field.name, field.suggestion) for field in one.unknown_fields] == [
        ("Preheader", "lastNam", "lastName"),
        ("Message", "attrs.rin", "attrs.ring"),
    ]


def test_no_script_reaches_the_mail_through_any_door() -> None:
    evil = "<script>alert(1)</script>"
    content = Content(
        f"{evil}{{{{ firstName }}}}", f"{evil}{{{{ firstName }}}}", f"<p>{evil}{{{{ firstName }}}}</p>", ""
    )
    _, html = bodies(
        sent(letter(content, shop=ShopFacts(evil, evil, "shop.example", "x")), {"firstName": evil})
    )
    assert "<script" not in html


def test_the_frame_suits_phones_and_the_preheader_is_hidden() -> None:
    html = (
        letter(
            Content("s", "Only <today>", "<style>@media (max-width:9px){p{color:red}}</style><p>x</p>", "")
        )
        .preview({})
        .html
    )
    head, _, body = html.partition("<body")
    assert head.startswith("<!doctype html>")
    assert "@media (max-width:9px){p{color:red}}" in head
    assert re.search(r"display:none[^>]*>Only &lt;today&gt;", body)
    assert "max-width:600px" in body


def test_the_estimate_is_about_the_size() -> None:
    one = letter()
    assert abs(one.size_estimate - len(sent(one, {"firstName": "Ada"}))) < 400
